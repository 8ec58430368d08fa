// SPDX-License-Identifier: GPL-2.0-only
/* What /proc says of how a process stands. */
#include <errno.h>
#include <unistd.h>

#include "source/standing.h"
#include "unit.h"

static struct standing parsed(const char *text)
{
	char *copy = exact_copy(text, strlen(text) + 1);
	struct standing s = { 0 };

	standing_parse_status(copy, &s);
	free(copy);
	return s;
}

static void a_status_tells_the_umask_and_sighup(void **state)
{
	struct standing s = parsed("Name:\tx\nUmask:\t0027\nSigIgn:\t0000000000000001\n");

	(void)state;
	assert_true(s.has_umask);
	assert_int_equal(s.umask, 027);
	assert_int_equal(s.ignores_hup, YES);
	s = parsed("Name:\tx\nUmask:\t0000\nSigIgn:\tfffffffffffffffe\n");
	assert_true(s.has_umask);
	assert_int_equal(s.umask, 0);
	assert_int_equal(s.ignores_hup, NO);
}

static void what_a_status_does_not_say_is_not_known(void **state)
{
	struct standing s = parsed("Name:\tUmask:\t0\n");

	(void)state;
	assert_false(s.has_umask); /* a name is no line of its own */
	assert_int_equal(s.ignores_hup, NOT_KNOWN);
	s = parsed("");
	assert_false(s.has_umask);
	s = parsed("Name:\tx\nUmask:\t\nSigIgn:\tx\n");
	assert_false(s.has_umask);
	assert_int_equal(s.ignores_hup, NOT_KNOWN);
}

static bool is_journal(const char *env, size_t len)
{
	char *copy = exact_copy(env, len);
	bool is = standing_is_journal(copy, len, 9, 4711);

	free(copy);
	return is;
}

#define JOURNAL(env) is_journal(env, sizeof(env) - 1)

static void the_journal_is_named_by_device_and_inode(void **state)
{
	(void)state;
	assert_true(JOURNAL("JOURNAL_STREAM=9:4711"));
	assert_true(JOURNAL("A=b\0JOURNAL_STREAM=9:4711\0C=d\0"));
	assert_false(JOURNAL("A=b\0JOURNAL_STREAM=9:47110\0"));
	assert_false(JOURNAL("A=b\0JOURNAL_STREAM=8:4711\0"));
	assert_false(JOURNAL("XJOURNAL_STREAM=9:4711\0"));
	assert_false(JOURNAL("A=JOURNAL_STREAM=9:4711\0"));
	assert_false(JOURNAL("JOURNAL_STREAM=9:471"));
	assert_false(JOURNAL(""));
}

static void our_own_standing_is_read(void **state)
{
	struct proc_room room = { 0 };
	struct standing s;
	uint64_t cpu;

	(void)state;
	assert_int_equal(standing_read((struct ident){ .pid = (uint32_t)getpid() }, &room, &s), 0);
	assert_true(s.has_umask && s.has_cpu);
	assert_int_not_equal(s.fd[1], DESCRIPTOR_UNKNOWN);
	assert_int_equal(standing_cpu((uint32_t)getpid(), &cpu), 0);
	assert_true(cpu >= s.cpu);
	/* another one of that number */
	assert_int_equal(standing_read((struct ident){ (uint32_t)getpid(), 1 }, &room, &s), -ESRCH);
	assert_int_not_equal(standing_cpu(1 << 22, &cpu), 0);
	proc_room_free(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_tells_the_umask_and_sighup),
		cmocka_unit_test(what_a_status_does_not_say_is_not_known),
		cmocka_unit_test(the_journal_is_named_by_device_and_inode),
		cmocka_unit_test(our_own_standing_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
