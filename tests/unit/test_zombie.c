// SPDX-License-Identifier: GPL-2.0-only
/* When a dead process becomes a finding: past the threshold, and only if the kernel confirms it. */
#include "story.h"

static int begin(void **state)
{
	(void)state;
	return begin_with(1u << CHANGE_CLASS | 1u << CHANGE_SIGHT | 1u << CHANGE_FORK |
			  1u << CHANGE_EXIT | 1u << CHANGE_ZOMBIE);
}

/* 11, a child of 10, is dead as of now. */
static void a_corpse(void)
{
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(1)));
	forget();
}

static void nobody_is_asked_before_the_threshold(void **state)
{
	(void)state;
	a_corpse();
	assert_true(engine_deadline(w.e) == w.now + NS_PER_S);
	pass(NS_PER_S - 1);
	assert_int_equal(asked(11), 0);
	assert_told("");
}

static void the_kernel_is_asked_once_the_threshold_passes(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	assert_int_equal(asked(11), 1);
	assert_int_equal(asked(10), 1); /* what its parent does is evidence */
	pass(NS_PER_MS);
	assert_int_equal(asked(11), 1);
	assert_told(""); /* a suspicion is no finding */
	assert_true(engine_deadline(w.e) > w.now);
	assert_true(engine_deadline(w.e) < NEVER);
}

static void an_answer_that_was_lost_is_asked_for_again(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	pass(NS_PER_S); /* that answers take their time is no reason to ask again */
	assert_int_equal(asked(11), 1);
	pass(NS_PER_S);
	assert_int_equal(asked(11), 2);
}

static void one_without_an_answer_holds_up_nobody(void **state)
{
	(void)state;
	a_corpse();
	pass(10 * NS_PER_MS);
	tell(fork_of(12, 10));
	tell(exit_of(12, 10, EXITED(0)));
	pass(NS_PER_S - 10 * NS_PER_MS);
	assert_int_equal(asked(12), 0);
	pass(10 * NS_PER_MS);
	assert_int_equal(asked(11), 1);
	assert_int_equal(asked(12), 1);
}

/* The release may be told many seconds late. */
static void a_zombie_that_stands_is_looked_at_now_and_then(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'Z'));
	forget();
	pass(NS_PER_S / 2);
	assert_int_equal(asked(11), 1);
	tell(sight_of(11, 10, 'Z'));
	pass(NS_PER_S / 2 - 1);
	assert_int_equal(asked(11), 1); /* not more often */
	pass(1);
	assert_int_equal(asked(11), 2);
	assert_told(""); /* told once */
	tell(missing_of(11));
	assert_told("reap 11 by 10 wait audit\nzombie cleared 11\n");
}

static void of_many_zombies_a_few_are_looked_at_in_turns(void **state)
{
	uint32_t pid;
	int round;

	(void)state;
	there_are(10);
	for (pid = 100; pid < 140; pid++) {
		tell(fork_of(pid, 10));
		tell(exit_of(pid, 10, EXITED(0)));
	}
	pass(NS_PER_S);
	for (pid = 100; pid < 140; pid++)
		tell(sight_of(pid, 10, 'Z'));
	for (round = 0; round < 5; round++) {
		forget();
		pass(NS_PER_S / 2);
		assert_int_equal(w.asked.len / sizeof(struct ident), 16);
	}
	forget();
	for (round = 0; round < 5; round++)
		pass(NS_PER_S / 2);
	for (pid = 100; pid < 140; pid++) /* 80 looks at 40 */
		assert_int_equal(asked(pid), 2);
}

/* One that is still dying is asked about again soon, though others wait for their first answer. */
static void those_in_doubt_are_asked_about_each_in_its_time(void **state)
{
	(void)state;
	a_corpse();
	tell(fork_of(12, 10));
	tell(exit_of(12, 10, EXITED(0)));
	pass(NS_PER_S);
	forget();
	tell(sight_of(12, 10, 'D'));
	assert_true(engine_deadline(w.e) < w.now + NS_PER_S);
	pass(NS_PER_S / 5);
	assert_int_equal(asked(12), 1);
	assert_int_equal(asked(11), 0);
}

static void a_look_that_sees_the_corpse_confirms_it_once(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'Z'));
	assert_told("zombie found 11 of 10\n");
	forget();
	tell(sight_of(11, 10, 'Z'));
	pass(10 * NS_PER_S);
	tell(sight_of(11, 10, 'Z'));
	assert_told("");
}

/* An audit may have passed by before the threshold, and be told behind it. */
static void a_look_from_before_the_threshold_confirms_nothing(void **state)
{
	struct event ev = sight_of(11, 10, 'Z');

	(void)state;
	a_corpse();
	pass(NS_PER_S - NS_PER_MS);
	ev.ts = w.now;
	pass(NS_PER_MS);
	tell(ev);
	assert_told("");
	tell(sight_of(11, 10, 'Z'));
	assert_told("zombie found 11 of 10\n");
}

static void a_zombie_that_is_reaped_is_cleared_once(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'Z'));
	forget();
	pass(2 * NS_PER_S);
	tell(free_of(11, 10));
	tell(free_of(11, 10));
	tell(missing_of(11));
	assert_told("reap 11 by 10 wait rcu\nzombie cleared 11\n");
	assert_true(w.reap.u.reap.was_zombie);
	assert_true(w.reap.u.reap.zombie == 3 * NS_PER_S);
}

static void a_wait_within_the_threshold_is_no_finding(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S - 1);
	tell(free_of(11, 10));
	pass(10 * NS_PER_S);
	assert_told("reap 11 by 10 wait rcu\n");
	assert_int_equal(asked(11), 0);
	assert_false(w.reap.u.reap.was_zombie);
}

/* The release lagged behind: "no free yet" alone makes no zombie. */
static void a_look_that_finds_it_missing_makes_it_reaped(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	pass(3 * NS_PER_MS);
	tell(missing_of(11));
	assert_told("reap 11 by 10 wait audit\n");
	tell(free_of(11, 10)); /* now it comes */
	pass(10 * NS_PER_S);
	assert_told("");
}

static void a_reap_that_an_audit_found_is_marked_as_inferred(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(missing_of(11));
	assert_told("reap 11 by 10 wait audit\n");
	assert_true(w.inferred);
}

/* A big core dump: its exit was heard, but it is no corpse yet. */
static void one_that_is_still_dying_is_asked_for_again_later(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'D'));
	assert_told("");
	forget();
	pass(NS_PER_MS);
	assert_int_equal(asked(11), 0);
	pass(NS_PER_S);
	assert_int_equal(asked(11), 1);
	tell(sight_of(11, 10, 'Z'));
	assert_told("zombie found 11 of 10\n");
}

/* Its parent died unheard meanwhile. */
static void one_that_is_still_dying_goes_to_whom_a_look_shows(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(missing_of(10));
	tell(sight_of(11, 1, 'D'));
	assert_int_equal(proc(11)->parent->id.pid, 1);
	assert_null(proc(10));
}

static void the_oldest_are_asked_for_first(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	tell(exit_of(11, 10, EXITED(0)));
	pass(NS_PER_S / 2);
	tell(exit_of(12, 10, EXITED(0)));
	forget();
	pass(NS_PER_S / 2);
	assert_int_equal(asked(11), 1);
	assert_int_equal(asked(12), 0);
	tell(missing_of(11));
	pass(NS_PER_S / 2);
	assert_int_equal(asked(11), 1);
	assert_int_equal(asked(12), 1);
}

static void the_dead_of_the_first_picture_count_from_there(void **state)
{
	(void)state;
	there_are(10);
	tell(sight_of(11, 10, 'Z'));
	assert_told("snapshot 11\n");
	pass(NS_PER_S - 1);
	assert_int_equal(asked(11), 0);
	pass(1);
	assert_int_equal(asked(11), 1);
	tell(sight_of(11, 10, 'Z'));
	assert_told("zombie found 11 of 10\n");
	assert_true(proc(11)->died == 0); /* since when is not known */
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 wait rcu\nzombie cleared 11\n");
	assert_false(w.reap.u.reap.has_zombie);
}

static void a_zombie_is_handed_to_the_adopter_and_cleared_by_it(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'Z'));
	forget();
	tell(exit_of(10, 1, EXITED(0)));
	assert_int_equal(proc(11)->parent->id.pid, 1);
	assert_int_equal(proc(11)->life, LIFE_ZOMBIE);
	tell(free_of(11, 1));
	assert_told("reap 11 by 1 init rcu\nzombie cleared 11\n");
}

/* The parent's exit was lost: the look at the corpse shows that somebody else has it by now. */
static void one_is_told_under_the_parent_that_the_kernel_shows(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	forget();
	tell(sight_of(11, 1, 'Z'));
	assert_told("");
	assert_int_equal(asked(10), 1);
	assert_int_equal(asked(11), 1);
	tell(missing_of(10));
	tell(sight_of(11, 1, 'Z'));
	assert_told("reap 10 by 1 init audit\nzombie found 11 of 1\n");
}

/* That parent was heard of after the look, but by an event of its own parent's. */
static void nor_when_the_look_is_older_than_the_last_word_of_that_parent(void **state)
{
	struct event ev = sight_of(11, 1, 'Z');

	(void)state;
	a_corpse();
	pass(NS_PER_S);
	ev.ts = w.now;
	w.now++;
	tell(exec_of(10, 1));
	forget();
	tell(ev);
	assert_told("");
	assert_int_equal(asked(10), 1);
}

static void a_zombie_goes_to_whom_a_look_shows(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'Z'));
	tell(missing_of(10)); /* its exit was lost */
	assert_int_equal(proc(11)->parent->life, LIFE_GONE);
	tell(sight_of(11, 1, 'Z'));
	assert_int_equal(proc(11)->parent->id.pid, 1);
	assert_null(proc(10));
}

static void nothing_is_due_when_nobody_is_dead(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	assert_true(engine_deadline(w.e) == NEVER);
	tell(exit_of(11, 10, EXITED(0)));
	tell(free_of(11, 10));
	assert_true(engine_deadline(w.e) == NEVER);
}

/* The end of tracing: who was collected meanwhile is found missing, if somebody looks. */
static void at_the_end_all_the_dead_are_asked_for(void **state)
{
	(void)state;
	there_are(10);
	assert_false(engine_ask_dead(w.e));
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	tell(exit_of(11, 10, EXITED(0)));
	forget();
	assert_true(engine_ask_dead(w.e));
	assert_int_equal(asked(11), 1);
	assert_int_equal(asked(12), 0);
	tell(missing_of(11));
	assert_told("reap 11 by 10 wait audit\n");
	assert_false(engine_ask_dead(w.e));
}

static void at_the_end_those_in_doubt_are_not_judged_either(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'D')); /* it was still dying then */
	forget();
	assert_true(engine_ask_dead(w.e));
	assert_int_equal(asked(11), 1);
}

/* Told already; but it may have been collected a moment ago. */
static void at_the_end_zombies_are_asked_for_too(void **state)
{
	(void)state;
	a_corpse();
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'Z'));
	forget();
	assert_false(engine_ask_dead(w.e));
	assert_int_equal(asked(11), 1);
	tell(missing_of(11));
	assert_told("reap 11 by 10 wait audit\nzombie cleared 11\n");
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(nobody_is_asked_before_the_threshold),
		story(the_kernel_is_asked_once_the_threshold_passes),
		story(an_answer_that_was_lost_is_asked_for_again),
		story(one_without_an_answer_holds_up_nobody),
		story(a_zombie_that_stands_is_looked_at_now_and_then),
		story(of_many_zombies_a_few_are_looked_at_in_turns),
		story(those_in_doubt_are_asked_about_each_in_its_time),
		story(a_look_that_sees_the_corpse_confirms_it_once),
		story(a_look_from_before_the_threshold_confirms_nothing),
		story(a_zombie_that_is_reaped_is_cleared_once),
		story(a_wait_within_the_threshold_is_no_finding),
		story(a_look_that_finds_it_missing_makes_it_reaped),
		story(a_reap_that_an_audit_found_is_marked_as_inferred),
		story(one_that_is_still_dying_is_asked_for_again_later),
		story(one_that_is_still_dying_goes_to_whom_a_look_shows),
		story(the_oldest_are_asked_for_first),
		story(the_dead_of_the_first_picture_count_from_there),
		story(a_zombie_is_handed_to_the_adopter_and_cleared_by_it),
		story(at_the_end_all_the_dead_are_asked_for),
		story(at_the_end_those_in_doubt_are_not_judged_either),
		story(one_is_told_under_the_parent_that_the_kernel_shows),
		story(nor_when_the_look_is_older_than_the_last_word_of_that_parent),
		story(a_zombie_goes_to_whom_a_look_shows),
		story(at_the_end_zombies_are_asked_for_too),
		story(nothing_is_due_when_nobody_is_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
