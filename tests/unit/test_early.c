// SPDX-License-Identifier: GPL-2.0-only
/* Deaths that are told before the parent's, though it had given its children away by then. */
#include "engine/internal.h"
#include "story.h"

static int begin(void **state)
{
	(void)state;
	return begin_with(1u << CHANGE_CLASS | 1u << CHANGE_SIGHT);
}

/* A thread of 11 has given 12 to init; its last thread is still on its way out. */
static void a_family(void)
{
	there_are(10);
	tell(fork_of(11, 10));
	tell(fork_of(12, 11));
	pass(NS_PER_S);
	forget();
}

static void an_orphan_that_dies_before_its_parent_s_last_thread_is_one(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(12, INIT, EXITED(7)));
	assert_told("");
	w.now++;
	tell(exit_of(11, 10, EXITED(5)));
	assert_told("exit 11\norphan 12 from 11 to 1\nbackground orphan 12, 11 died, 1 adopts\nexit 12\n");
	assert_false(w.inferred);
	assert_int_equal(w.old_parent.status, EXITED(5));
	assert_int_equal(proc(12)->status, EXITED(7));
	assert_int_equal(asked(12), 0);
}

static void its_release_waits_too(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(12, INIT, EXITED(7)));
	tell(reap_of(12, INIT, RELEASE_WAITED));
	tell(free_of(12, INIT));
	assert_told("");
	tell(exit_of(11, 10, KILLED(SIGSEGV)));
	assert_told("exit 11\norphan 12 from 11 to 1\nabandoned orphan 12, 11 died, 1 adopts\nexit 12\n"
		    "reap 12 by 1 init exact\n");
	assert_null(proc(12));
}

/* kill -9 of the group: nobody outlived the other to speak of. */
static void who_falls_in_the_same_blow_is_no_orphan(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(12, INIT, KILLED(SIGKILL)));
	tell(exit_of(11, 10, KILLED(SIGKILL)));
	assert_told("exit 11\norphan 12 from 11 to 1\nexit 12\n");
}

static void three_generations_wait_for_the_first(void **state)
{
	(void)state;
	a_family();
	tell(fork_of(13, 12));
	forget();
	tell(exit_of(13, INIT, EXITED(0)));
	tell(exit_of(12, INIT, EXITED(0)));
	assert_told("");
	tell(exit_of(11, 10, EXITED(0)));
	assert_told("exit 11\norphan 12 from 11 to 1\nbackground orphan 12, 11 died, 1 adopts\nexit 12\n"
		    "orphan 13 from 12 to 1\nbackground orphan 13, 12 died, 1 adopts\nexit 13\n");
}

/* The parent's death was lost, then: it is inferred, as it must have come before. */
static void it_waits_for_a_while_and_not_for_ever(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(12, INIT, EXITED(7)));
	tell(free_of(12, INIT));
	assert_true(engine_deadline(w.e) < w.now + NS_PER_S);
	pass(NS_PER_S / 10);
	assert_told("");
	pass(NS_PER_S);
	assert_told("inferred exit 11\nexit 12\nreap 12 by 1 init rcu\n");
	tell(exit_of(11, 10, EXITED(5)));
	assert_told("");
}

static void where_something_was_lost_nobody_waits(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(12, INIT, EXITED(7)));
	assert_told("");
	engine_lost(w.e, w.now);
	assert_told("inferred exit 11\nexit 12\n");
	tell(fork_of(13, 10));
	tell(fork_of(14, 13));
	forget();
	tell(exit_of(14, INIT, EXITED(7)));
	assert_told("inferred exit 13\nexit 14\n");
}

/* A look comes after all that was recorded before it. */
static void a_look_ends_the_waiting(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(12, INIT, EXITED(7)));
	w.now++;
	tell(sight_of(12, INIT, 'Z'));
	assert_told("inferred exit 11\nexit 12\n");
	a_family();
	forget();
	tell(fork_of(14, 10));
	tell(fork_of(15, 14));
	forget();
	tell(exit_of(15, INIT, EXITED(7)));
	w.now++;
	tell(missing_of(15));
	assert_told("inferred exit 14\nexit 15\nreap 15 by 1 init audit\n");
}

/* However many deaths come so: memory is bounded. */
static void no_more_wait_than_there_is_room_for(void **state)
{
	uint32_t i, waiting = 0;

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	for (i = 0; i < EARLY_MAX; i++)
		tell(fork_of(100 + i, 11));
	for (i = 0; i < EARLY_MAX; i++)
		tell(exit_of(100 + i, INIT, EXITED(7)));
	for (i = 0; i < EARLY_MAX; i++)
		waiting += proc(100 + i)->life == LIFE_RUNNING;
	assert_int_equal(waiting, EARLY_MAX);
	tell(fork_of(12, 10)); /* of one not heard of: they may wait on */
	assert_int_equal(proc(100)->life, LIFE_RUNNING);
	tell(exec_of(12, 10));
	for (i = 0; i < EARLY_MAX; i++) {
		assert_int_equal(proc(100 + i)->life, LIFE_DEAD);
		assert_int_equal(proc(100 + i)->status, EXITED(7));
	}
	assert_int_equal(proc(11)->life, LIFE_DEAD);
}

/* 13 waits for 12, and 12 for 11, whose record was lost: that of 12 was not. */
static void who_is_waited_for_and_waits_is_told_first(void **state)
{
	(void)state;
	a_family();
	tell(fork_of(13, 12));
	forget();
	tell(exit_of(12, INIT, EXITED(7)));
	tell(exit_of(13, INIT, EXITED(0)));
	assert_told("");
	w.now++;
	tell(sight_of(13, INIT, 'Z'));
	assert_told("inferred exit 11\nexit 12\norphan 13 from 12 to 1\n"
		    "background orphan 13, 12 died, 1 adopts\nexit 13\n");
	assert_int_equal(proc(12)->status, EXITED(7));
}

static void nothing_waits_when_tracing_ends(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(12, INIT, EXITED(7)));
	assert_true(engine_ask_dead(w.e));
	assert_told("inferred exit 11\nexit 12\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	const struct CMUnitTest tests[] = {
		T(an_orphan_that_dies_before_its_parent_s_last_thread_is_one),
		T(its_release_waits_too),
		T(who_falls_in_the_same_blow_is_no_orphan),
		T(three_generations_wait_for_the_first),
		T(it_waits_for_a_while_and_not_for_ever),
		T(where_something_was_lost_nobody_waits),
		T(a_look_ends_the_waiting),
		T(no_more_wait_than_there_is_room_for),
		T(who_is_waited_for_and_waits_is_told_first),
		T(nothing_waits_when_tracing_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
