// SPDX-License-Identifier: GPL-2.0-only
/* A picture of all processes out of the task iterator's records. */
#include <unistd.h>

#include "source/tasks.h"
#include "unit.h"

static struct rooms rooms;
static struct ident told[8];
static bool with_args[8];
static size_t n;

static void note(void *ctx, const struct event *ev)
{
	(void)ctx;
	assert_int_equal(ev->kind, EVENT_SIGHT);
	assert_true(n < COUNT(told));
	with_args[n] = ev->sight.args.s;
	told[n++] = ev->id;
}

static int set_up(void **state)
{
	(void)state;
	n = 0;
	return 0;
}

static int open_rooms(void **state)
{
	(void)state;
	rooms.proc.args_max = 4096;
	cgroups_open(&rooms.cgroups, NULL);
	return 0;
}

static int close_rooms(void **state)
{
	(void)state;
	cgroups_close(&rooms.cgroups);
	proc_room_free(&rooms.proc);
	return 0;
}

static struct record_task task(uint32_t pid, uint64_t start, uint32_t ppid, uint64_t parent_start)
{
	return (struct record_task){
		.head = {.kind = RECORD_TASK, .pid = pid, .start = start, .ts = 1000},
		.who = {.ppid = ppid, .parent_start = parent_start, .comm = "task"},
		.threads = 1,
		.live = 1,
		.state = 'S',
	};
}

static void oldest_first_and_none_that_is_too_young(void **state)
{
	struct record_task tasks[] = {
		task(30, 300, 20, 200),
		task(10, 100, 0, 0),
		task(40, 400, 10, 100),
		task(20, 200, 10, 100),
	};

	(void)state;
	tasks_hand_out(tasks, COUNT(tasks), 400, false, &rooms, note, NULL);
	assert_int_equal(n, 3);
	assert_int_equal(told[0].pid, 10);
	assert_int_equal(told[1].pid, 20);
	assert_int_equal(told[2].pid, 30);
	assert_false(with_args[0]);
}

/* Ours is one of which the records say nothing; the system call and /proc do. */
static void parent_that_was_left_out_is_told_first_and_once(void **state)
{
	uint32_t self = (uint32_t)getpid();
	struct record_task tasks[] = {task(20, 200, self, 0), task(10, 100, self, 0)};

	(void)state;
	tasks_hand_out(tasks, COUNT(tasks), UINT64_MAX, true, &rooms, note, NULL);
	assert_int_equal(n, 3);
	assert_int_equal(told[0].pid, self);
	assert_true(told[0].start > 200);
	assert_true(with_args[0]);
	assert_int_equal(told[1].pid, 10);
	assert_int_equal(told[2].pid, 20);
}

static void parent_that_is_gone_is_not_told(void **state)
{
	struct record_task tasks[] = {task(10, 100, 1U << 30, 50)};

	(void)state;
	tasks_hand_out(tasks, COUNT(tasks), UINT64_MAX, false, &rooms, note, NULL);
	assert_int_equal(n, 1);
	assert_int_equal(told[0].pid, 10);
}

static void nobody_is_no_trouble(void **state)
{
	(void)state;
	tasks_hand_out(NULL, 0, UINT64_MAX, true, &rooms, note, NULL);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(oldest_first_and_none_that_is_too_young, set_up),
		cmocka_unit_test_setup(parent_that_was_left_out_is_told_first_and_once, set_up),
		cmocka_unit_test_setup(parent_that_is_gone_is_not_told, set_up),
		cmocka_unit_test_setup(nobody_is_no_trouble, set_up),
	};

	return cmocka_run_group_tests(tests, open_rooms, close_rooms);
}
