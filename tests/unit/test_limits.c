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

static struct ns_pids namespace_of(uint32_t level, uint32_t pid_max, uint32_t used, uint32_t next)
{
	return (struct ns_pids){ .level = level, .pid_max = pid_max, .used = used, .next = next };
}

static void a_namespace_with_less_room_is_the_limit(void **state)
{
	struct limits l = { .of[LIMIT_PID_MAX] = { 32468, 700 } };
	struct ns_pids ns[2] = { namespace_of(1, 1000, 100, 500), namespace_of(2, 4194304, 50, 500) };

	(void)state;
	limits_narrow(&l, ns, 0);
	assert_false(l.of_namespace);
	assert_int_equal(l.of[LIMIT_PID_MAX].max, 32468);
	limits_narrow(&l, ns, 2);
	assert_true(l.of_namespace);
	assert_int_equal(l.ns_up, 1);
	assert_int_equal(l.of[LIMIT_PID_MAX].max, 700);
	assert_int_equal(l.of[LIMIT_PID_MAX].used, 100);
	ns[1].pid_max = 400;
	limits_narrow(&l, ns, 2);
	assert_int_equal(l.ns_up, 0);
	assert_int_equal(limit_room(l.of[LIMIT_PID_MAX]), 50);
}

static void the_machine_stays_the_limit_where_it_has_less_room(void **state)
{
	struct limits l = { .of[LIMIT_PID_MAX] = { 32468, 32400 } };
	struct ns_pids ns[2] = { namespace_of(1, 1000, 100, 500), namespace_of(2, 300, 9, 20) };

	(void)state;
	limits_narrow(&l, ns, 2); /* the second is none that the kernel would take */
	assert_false(l.of_namespace);
	assert_int_equal(limit_room(l.of[LIMIT_PID_MAX]), 68);
}

static void of_the_first_numbers_those_count_that_are_taken(void **state)
{
	struct limits l = { 0 };
	struct ns_pids ns = namespace_of(1, 600, 80, 500);

	(void)state;
	ns.taken[0] = 1ULL << 1 | 1ULL << 63;
	ns.taken[1] = ~0ULL;
	ns.taken[4] = ~0ULL; /* 256 to 299 of these */
	limits_narrow(&l, &ns, 1);
	assert_int_equal(l.of[LIMIT_PID_MAX].max, 300 + 2 + 64 + 44);
}

static void a_young_namespace_will_give_them_out(void **state)
{
	struct limits l = { 0 };
	struct ns_pids ns = namespace_of(1, 600, 4, 5);

	(void)state;
	ns.taken[0] = 1ULL << 1 | 1ULL << 4; /* two that it has used are free, and lost */
	limits_narrow(&l, &ns, 1);
	assert_int_equal(l.of[LIMIT_PID_MAX].max, 300 + 2 + 295);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pids_controllers_group_counts),
		cmocka_unit_test(without_one_nobody_counts),
		cmocka_unit_test(room_is_never_negative),
		cmocka_unit_test(the_machines_limits_are_those_of_proc),
		cmocka_unit_test(of_a_process_that_is_gone_little_is_known),
		cmocka_unit_test(a_namespace_with_less_room_is_the_limit),
		cmocka_unit_test(the_machine_stays_the_limit_where_it_has_less_room),
		cmocka_unit_test(of_the_first_numbers_those_count_that_are_taken),
		cmocka_unit_test(a_young_namespace_will_give_them_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
