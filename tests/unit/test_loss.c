// SPDX-License-Identifier: GPL-2.0-only
/* While records are lost: what those that came tell of the others, and what is not to be trusted. */
#include "story.h"

#define HOLD (20 * NS_PER_MS)

static int begin(void **state)
{
	(void)state;
	return begin_with(1u << CHANGE_CLASS | 1u << CHANGE_SIGHT | 1u << CHANGE_SNAPSHOT);
}

/* 9 has 10, and 10 has 11. */
static void a_family(void)
{
	there_are(9);
	tell(fork_of(10, 9));
	tell(fork_of(11, 10));
	forget();
	pass(NS_PER_MS);
}

/* A parent's exit comes before its children's adoption: a record that names another has missed it. */
static void a_record_that_names_another_parent_tells_that_the_old_one_died(void **state)
{
	(void)state;
	a_family();
	tell(exec_of(11, 1));
	assert_told("inferred exit 10\ninferred orphan 11 from 10 to 0\nexec 11\n");
	assert_int_equal(proc(11)->parent->id.pid, 1);
	pass(HOLD);
	tell(sight_of(11, 1, 'S'));
	pass(HOLD);
	assert_told("unexplained orphan 11, 10 died, 1 adopts\n");
	tell(free_of(10, 9));
	assert_told("reap 10 by 9 wait rcu\n");
	assert_true(w.inferred);
}

/* The answer may be late: the picture that a replay has of it comes with the finding's own line. */
static void an_inferred_orphan_waits_for_a_word_of_it(void **state)
{
	(void)state;
	a_family();
	tell(exec_of(11, 1));
	assert_told("inferred exit 10\ninferred orphan 11 from 10 to 0\nexec 11\n");
	for (int i = 0; i < 30; i++)
		pass(NS_PER_S / 10);
	assert_told("background daemon 11\n");
	tell(sight_of(11, 1, 'S'));
	pass(NS_PER_MS);
	assert_told("unexplained orphan 11, 10 died, 1 adopts\n");
}

static void at_the_end_nothing_is_told_of_one_that_nobody_has_heard_of(void **state)
{
	(void)state;
	a_family();
	tell(exec_of(11, 1));
	pass(HOLD);
	pass(HOLD);
	assert_told("inferred exit 10\ninferred orphan 11 from 10 to 0\nexec 11\n");
	detect_finish(&w.d);
	assert_told("");
}

static void the_exit_of_one_that_was_handed_on_names_the_new_parent(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(11, 1, EXITED(0)));
	assert_told(""); /* its parent's end may still come: see test_early.c */
	pass(NS_PER_S / 2);
	assert_told("inferred exit 10\nexit 11\n"); /* whether it was an orphan nobody knows */
	assert_int_equal(proc(11)->parent->id.pid, 1);
	pass(NS_PER_S / 2);
	assert_told("");
}

static void a_record_from_before_the_look_tells_nothing_of_the_parent(void **state)
{
	struct event ev = exec_of(11, 9);

	(void)state;
	a_family();
	ev.ts = w.now;
	pass(NS_PER_MS);
	tell(sight_of(11, 10, 'S'));
	tell(ev);
	assert_told("exec 11\n");
	assert_int_equal(proc(11)->parent->id.pid, 10);
	assert_int_equal(proc(10)->life, LIFE_RUNNING);
}

static void nobody_takes_an_init_for_dead(void **state)
{
	(void)state;
	there_are(10);
	tell(exec_of(10, 9));
	assert_int_equal(proc(1)->life, LIFE_RUNNING);
	assert_int_equal(proc(10)->parent->id.pid, 1);
}

/* A fork's image is its creator's. */
static void a_fork_tells_of_its_creator_s_exec_that_was_lost(void **state)
{
	struct event ev = fork_of(12, 10);

	(void)state;
	a_family();
	tell(exec_of(10, 9));
	forget();
	ev.facts.exec_id++;
	tell(ev);
	assert_told("inferred exec 10\nfork 12 of 10\n");
	assert_null(proc(12)->args); /* what 10 was before it is not */
	assert_int_equal(asked(10), 1);
	ev = fork_of(13, 10);
	ev.facts.exec_id++;
	tell(ev);
	assert_told("fork 13 of 10\n");
}

/* The child may have died before its parent, and its exit be among what was lost. */
static void an_orphan_after_a_loss_is_looked_at_first(void **state)
{
	(void)state;
	a_family();
	engine_lost(w.e, w.now);
	tell(exit_of(10, 9, EXITED(0)));
	assert_told("exit 10\ninferred orphan 11 from 10 to 1\n");
	assert_int_equal(asked(11), 1);
	pass(HOLD);
	assert_told(""); /* not before it was seen */
	tell(sight_of(11, 1, 'S'));
	pass(HOLD);
	assert_told("background orphan 11, 10 died, 1 adopts\n");
}

static void an_orphan_that_turns_out_to_be_dead_is_not_told(void **state)
{
	(void)state;
	a_family();
	engine_lost(w.e, w.now);
	tell(exit_of(10, 9, EXITED(0)));
	forget();
	tell(sight_of(11, 1, 'Z'));
	tell(missing_of(11));
	assert_told("inferred exit 11\nreap 11 by 1 init audit\n");
	pass(NS_PER_S / 2);
	assert_told("");
}

static void some_time_after_a_loss_all_is_to_be_trusted_again(void **state)
{
	(void)state;
	a_family();
	engine_lost(w.e, w.now);
	pass(2 * NS_PER_S);
	tell(exit_of(10, 9, EXITED(0)));
	assert_told("exit 10\norphan 11 from 10 to 1\n");
	pass(HOLD);
	assert_told("background orphan 11, 10 died, 1 adopts\n");
}

/* The finding names who must collect it: so that is found out first. */
static void a_zombie_whose_parent_is_in_question_waits(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(11, 10, EXITED(0)));
	pass(NS_PER_S);
	forget();
	tell(sight_of(11, 1, 'Z'));
	assert_told("");
	assert_int_equal(asked(10), 1);
	tell(missing_of(10));
	tell(sight_of(11, 1, 'Z'));
	assert_told("inferred exit 10\nreap 10 by 9 wait audit\nzombie 11\nzombie found 11 of 1\n");
}

static void a_corpse_that_was_handed_on_shows_it_when_it_is_seen(void **state)
{
	(void)state;
	a_family();
	tell(exit_of(11, 10, EXITED(0)));
	tell(missing_of(10)); /* nobody said who has its children now */
	assert_int_equal(proc(11)->parent->id.pid, 10);
	tell(sight_of(11, 1, 'Z'));
	assert_int_equal(proc(11)->parent->id.pid, 1);
}

/*
 * The init of a namespace adopts to its very end: whoever is shown with it is so, though its own exit
 * has been told. Here 10 is such a one, and the end of 11 is lost.
 */
static void the_dying_init_of_a_namespace_still_adopts(void **state)
{
	struct event init = exit_of(10, 9, KILLED(SIGKILL));

	(void)state;
	a_family();
	tell(fork_of(12, 11));
	init.facts.ns_init = true;
	tell(init);
	tell(exit_of(12, 11, KILLED(SIGKILL)));
	pass(NS_PER_S);
	tell(missing_of(11));
	tell(sight_of(12, 10, 'S')); /* it is still on its way out */
	assert_int_equal(proc(12)->parent->id.pid, 10);
	assert_null(proc(11));
}

static struct event selected(struct event ev)
{
	ev.facts.selected = true;
	return ev;
}

static void what_the_source_selects_is_followed(void **state)
{
	(void)state;
	there_are(10);
	tell(selected(exec_of(10, 1)));
	tell(fork_of(11, 10));
	assert_true(proc(10)->followed && proc(11)->followed);
	assert_false(proc(1)->followed);
}

/* 10's fork was lost; it shows as the parent of 11, and belongs to 9's tree as it turns out. */
static void who_turns_out_to_be_followed_is_introduced_again(void **state)
{
	(void)state;
	engine_follow(w.e, 9);
	there_are(9);
	tell(fork_of(11, 10));
	tell(fork_of(12, 11));
	tell(fork_of(13, 11));
	tell(exit_of(12, 11, EXITED(0)));
	assert_told("fork 11 of 10\nfork 12 of 11\nfork 13 of 11\nexit 12\n");
	assert_false(proc(13)->followed);
	pass(NS_PER_MS);
	tell(selected(exec_of(10, 9)));
	assert_told("inferred fork 11 of 10\ninferred fork 12 of 11\ninferred exit 12\n"
		    "inferred fork 13 of 11\nexec 10\n");
	assert_true(proc(13)->followed);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_record_that_names_another_parent_tells_that_the_old_one_died),
		story(the_exit_of_one_that_was_handed_on_names_the_new_parent),
		story(an_inferred_orphan_waits_for_a_word_of_it),
		story(at_the_end_nothing_is_told_of_one_that_nobody_has_heard_of),
		story(a_record_from_before_the_look_tells_nothing_of_the_parent),
		story(nobody_takes_an_init_for_dead),
		story(a_fork_tells_of_its_creator_s_exec_that_was_lost),
		story(an_orphan_after_a_loss_is_looked_at_first),
		story(an_orphan_that_turns_out_to_be_dead_is_not_told),
		story(some_time_after_a_loss_all_is_to_be_trusted_again),
		story(a_zombie_whose_parent_is_in_question_waits),
		story(a_corpse_that_was_handed_on_shows_it_when_it_is_seen),
		story(the_dying_init_of_a_namespace_still_adopts),
		story(what_the_source_selects_is_followed),
		story(who_turns_out_to_be_followed_is_introduced_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
