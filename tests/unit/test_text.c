// SPDX-License-Identifier: GPL-2.0-only
/* The stream for people: columns in their order, and no byte that a terminal would act on. */
#include <time.h>

#include "lines.h"

static struct event ev;

static int begin(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	ev = (struct event){ .ts = NOW + 5 * NS_PER_MS, .id = { 4711, 4 * NS_PER_S } };
	return begin_lines(&text_sink);
}

/* One line, harmless bytes only; without its newline it stands in the buffer. */
static const char *text_line(void)
{
	size_t i;

	assert_true(s.out.len > 0);
	assert_int_equal(s.out.data[s.out.len - 1], '\n');
	s.out.data[--s.out.len] = 0;
	for (i = 0; i < s.out.len; i++) {
		unsigned char c = (unsigned char)s.out.data[i];

		assert_true(c >= 0x20 && c != 0x7f);
		/* C1 is c2 80 to c2 9f; what turns text round is e2 80 8e/8f/aa-ae, e2 81 a6-a9 */
		if (c == 0xc2)
			assert_true((unsigned char)s.out.data[i + 1] >= 0xa0);
		assert_null(strstr(s.out.data, "\xe2\x80\xae"));
	}
	s.out.len = 0;
	return s.out.data;
}

/* The words that stand first, by spaces. */
static void assert_columns(const char *shown, const char *time, const char *action,
			   const char *pid, const char *ppid, const char *name)
{
	char words[5][64];

	assert_int_equal(sscanf(shown, "%63s %63s %63s %63s %63s", words[0], words[1], words[2],
				words[3], words[4]), 5);
	assert_string_equal(words[0], time);
	assert_string_equal(words[1], action);
	assert_string_equal(words[2], pid);
	assert_string_equal(words[3], ppid);
	assert_string_equal(words[4], name);
}

static void assert_says(const char *shown, const char *words)
{
	if (!strstr(shown, words))
		fail_msg("\"%s\" does not say \"%s\"", shown, words);
}

static void the_columns_come_in_their_order(void **state)
{
	static const struct { enum change_kind kind; const char *action; } changes[] = {
		{ CHANGE_SNAPSHOT, "snapshot" }, { CHANGE_FORK, "fork" }, { CHANGE_EXEC, "exec" },
		{ CHANGE_SESSION, "session" }, { CHANGE_EXIT, "exit" }, { CHANGE_REAP, "reap" },
		{ CHANGE_THREAD_START, "thread_start" }, { CHANGE_THREAD_EXIT, "thread_exit" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(changes); i++) {
		write_about(changes[i].kind, &ev);
		assert_columns(text_line(), "23:31:40.000", changes[i].action, "4711", "42",
			       "worker");
	}
	assert_int_equal(s.sequence, COUNT(changes));
}

static void the_first_line_says_what_the_columns_are(void **state)
{
	const struct stream_start start = { .ts = NOW };
	char words[6][16];

	(void)state;
	s.ops->start(&s, &start);
	assert_int_equal(sscanf(text_line(), "%15s %15s %15s %15s %15s %15s", words[0], words[1],
				words[2], words[3], words[4], words[5]), 6);
	assert_string_equal(words[0], "TIME");
	assert_string_equal(words[1], "ACTION");
	assert_string_equal(words[2], "PID");
	assert_string_equal(words[3], "PPID");
	assert_string_equal(words[4], "NAME");
	assert_string_equal(words[5], "DETAIL");
}

static void details_tell_what_matters(void **state)
{
	struct change reap = { .kind = CHANGE_REAP, .ts = NOW, .p = &p, .event = &ev };
	const char *shown;

	(void)state;
	p.args = text_new("grep\0two words\0\0", 16);
	p.args_bytes = 1234;
	write_about(CHANGE_EXEC, &ev);
	shown = text_line();
	assert_says(shown, "grep two\\ words ''");
	assert_null(strstr(shown, "bytes"));
	p.args_cut = true;
	write_about(CHANGE_EXEC, &ev);
	assert_says(text_line(), "… (1234 bytes)");

	ev.exit.status = EXITED(3);
	write_about(CHANGE_EXIT, &ev);
	shown = text_line();
	assert_says(shown, "exited 3");
	assert_says(shown, "6.000 s");

	ev.exit.status = KILLED(SIGKILL);
	ev.exit.killer_known = true;
	ev.exit.killer = (struct ident){ 77, 1 };
	strcpy(ev.exit.killer_comm, "bash");
	write_about(CHANGE_EXIT, &ev);
	shown = text_line();
	assert_says(shown, "killed by SIGKILL");
	assert_says(shown, "bash(77)");

	reap.u.reap.reaper = parent.id;
	reap.u.reap.reaper_comm = "shell";
	reap.u.reap.has_zombie = true;
	reap.u.reap.zombie = 61 * NS_PER_S;
	s.ops->change(&s, &reap);
	shown = text_line();
	assert_says(shown, "shell(42)");
	assert_says(shown, "1m01s");
}

/* A signal that was sent and did not kill has no part in how it ended. */
static void one_that_exited_was_killed_by_nobody(void **state)
{
	(void)state;
	ev.exit.status = EXITED(0);
	ev.exit.killer_known = true;
	ev.exit.killer = (struct ident){ 77, 1 };
	strcpy(ev.exit.killer_comm, "bash");
	write_about(CHANGE_EXIT, &ev);
	assert_null(strstr(text_line(), "bash"));
}

static void hostile_bytes_do_not_reach_the_terminal(void **state)
{
	struct finding f = { .kind = FINDING_ORPHAN, .ts = NOW, .p = &p };
	struct bygone dead = { .id = { 43, 1 }, .comm = "\x1b[2J" };
	char bytes[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	strcpy(p.comm, "\x1b[31m\n\xc2\x9b");
	strcpy(parent.comm, "\x07\xff\xe2\x80\xae");
	p.args = text_new(bytes, sizeof(bytes));
	p.exe = text_new("\xe2\x80\xae\x9b", 4);
	write_about(CHANGE_EXEC, &ev);
	text_line();
	write_about(CHANGE_SNAPSHOT, &ev);
	text_line();
	ev.exit.status = KILLED(SIGTERM);
	ev.exit.killer_known = true;
	ev.exit.killer.pid = 3;
	strcpy(ev.exit.killer_comm, "\x1b]0;x\x07");
	write_about(CHANGE_EXIT, &ev);
	text_line();
	evidence_add(&f.evidence, "it is %s", "\x1b[1m\n\x80");
	f.u.orphan.parent = &dead;
	f.u.orphan.adopter = parent.id;
	f.u.orphan.adopter_comm = parent.comm;
	s.ops->finding(&s, &f);
	text_line();
	f = (struct finding){ .kind = FINDING_ZOMBIE, .ts = NOW, .p = &p };
	f.u.zombie.cause = CAUSE_UNKNOWN;
	f.u.zombie.responsible = &parent;
	s.ops->finding(&s, &f);
	text_line();
}

static void a_parent_that_is_not_known_is_a_question_mark(void **state)
{
	(void)state;
	p.parent = NULL;
	write_about(CHANGE_FORK, &ev);
	assert_columns(text_line(), "23:31:40.000", "fork", "4711", "?", "worker");
	p.id.pid = 1;
	write_about(CHANGE_SNAPSHOT, &ev);
	assert_columns(text_line(), "23:31:40.000", "snapshot", "1", "0", "worker");
}

static void colour_comes_only_when_it_is_wanted(void **state)
{
	struct finding f = { .kind = FINDING_DAEMON, .ts = NOW, .p = &p };

	(void)state;
	s.ops->finding(&s, &f);
	assert_null(memchr(s.out.data, '\033', s.out.len));
	s.out.len = 0;
	s.color = true;
	s.ops->finding(&s, &f);
	assert_non_null(memchr(s.out.data, '\033', s.out.len));
}

static void findings_are_lines_like_the_others(void **state)
{
	struct bygone dead = { .id = { 43, 1 }, .comm = "starter", .has_status = true };
	struct change reap = { .kind = CHANGE_REAP, .ts = NOW, .p = &p };
	struct finding f = { .ts = NOW, .p = &p };
	const char *shown;

	(void)state;
	f.kind = FINDING_ORPHAN;
	f.u.orphan.kind = ORPHAN_ABANDONED;
	f.u.orphan.parent = &dead;
	f.u.orphan.adopter = parent.id;
	f.u.orphan.adopter_comm = "shell";
	evidence_add(&f.evidence, "its parent went");
	s.ops->finding(&s, &f);
	shown = text_line();
	assert_columns(shown, "23:31:40.000", "orphan", "4711", "42", "worker");
	assert_says(shown, "abandoned");
	assert_says(shown, "shell(42)");
	assert_says(shown, "its parent went");

	f.kind = FINDING_ZOMBIE;
	f.u.zombie.cause = CAUSE_NEVER_WAITS;
	f.u.zombie.responsible = &parent;
	s.ops->finding(&s, &f);
	shown = text_line();
	assert_columns(shown, "23:31:40.000", "zombie", "4711", "42", "worker");
	assert_says(shown, "never_waits");

	f.kind = FINDING_ZOMBIE_CLEARED;
	reap.u.reap.reaper = parent.id;
	reap.u.reap.reaper_comm = "shell";
	f.u.reap = &reap;
	s.ops->finding(&s, &f);
	shown = text_line();
	assert_columns(shown, "23:31:40.000", "zombie_cleared", "4711", "42", "worker");
	assert_says(shown, "shell(42)");
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end_lines)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(the_columns_come_in_their_order),
		story(the_first_line_says_what_the_columns_are),
		story(details_tell_what_matters),
		story(one_that_exited_was_killed_by_nobody),
		story(hostile_bytes_do_not_reach_the_terminal),
		story(a_parent_that_is_not_known_is_a_question_mark),
		story(colour_comes_only_when_it_is_wanted),
		story(findings_are_lines_like_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
