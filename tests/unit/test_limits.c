// SPDX-License-Identifier: GPL-2.0-only
/* Which control group counts a process's children, and how much room there is. */
#include "source/limits.h"

#include <unistd.h>

#include "unit.h"

static void assert_group(const char *text, const char *want)
{
	size_t len = 99;
	const char *group = limits_group(text, &len);

	if (!want) {
		assert_null(group);
		return;
	}
	assert_non_null(group);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(group, want, len);
}

static void the_pids_controllers_group_counts(void **state)
{
	(void)state;
	assert_group("8:pids:/a\n1:cpu:/b\n0::/c\n", "/a");
	assert_group("0::/c\n8:pids:/a\n", "/a");
	assert_group("9:cpu,pids,rdma:/x/y\n", "/x/y");
	assert_group("9:pids,rdma:/x\n", "/x");
	assert_group("9:rdma,pids:/x\n", "/x");
	assert_group("9:mypids:/no\n9:pidsx:/no\n0::/c\n", "/c");
	assert_group("0::/only:colons:in it\n", "/only:colons:in it");
	assert_group("0::/", "/");
}

static void without_one_nobody_counts(void **state)
{
	(void)state;
	assert_group("", NULL);
	assert_group("1:cpu:/a\n", NULL);
	assert_group("nonsense\n:\n", NULL);
	assert_group("0:", NULL);
}

static void room_is_never_negative(void **state)
{
	(void)state;
	assert_int_equal(limit_room((struct limit){ 100, 30 }), 70);
	assert_int_equal(limit_room((struct limit){ 100, 100 }), 0);
	assert_int_equal(limit_room((struct limit){ 50, 100 }), 0); /* lowered under what is there */
}

static void the_machines_limits_are_those_of_proc(void **state)
{
	struct pids_mount mount;
	struct limits l;
	unsigned int max;
	FILE *f = fopen("/proc/sys/kernel/threads-max", "r");

	(void)state;
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u", &max), 1);
	fclose(f);
	limits_find_mount(&mount);
	limits_read(&mount, (uint32_t)getpid(), NULL, &l);
	assert_true(l.ts);
	assert_int_equal(l.of[LIMIT_THREADS_MAX].max, max);
	assert_in_range(l.of[LIMIT_THREADS_MAX].used, 2, max);
	assert_int_equal(l.of[LIMIT_PID_MAX].used, l.of[LIMIT_THREADS_MAX].used);
	assert_true(l.of[LIMIT_PID_MAX].max);
}

static void of_a_process_that_is_gone_little_is_known(void **state)
{
	struct pids_mount mount = { "/nowhere" };
	struct limits l;

	(void)state;
	limits_read(&mount, 4194303, NULL, &l);
	assert_int_equal(l.of[LIMIT_CGROUP].max, 0);
	assert_int_equal(l.of[LIMIT_NPROC].max, 0);
	assert_int_equal(l.refused, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pids_controllers_group_counts),
		cmocka_unit_test(without_one_nobody_counts),
		cmocka_unit_test(room_is_never_negative),
		cmocka_unit_test(the_machines_limits_are_those_of_proc),
		cmocka_unit_test(of_a_process_that_is_gone_little_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
