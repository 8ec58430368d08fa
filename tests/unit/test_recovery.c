// SPDX-License-Identifier: GPL-2.0-only
/* After a loss: what a look shows and no record told is inferred, and said to be so. */
#include "story.h"

static int begin(void **state)
{
	(void)state;
	return begin_with(1u << CHANGE_CLASS | 1u << CHANGE_SIGHT | FINDINGS);
}

/* Born while tracing, though nobody told. */
static struct event young(struct event ev, uint32_t pid)
{
	ev.id = next_of(pid);
	ev.id.start = BEGINNING + pid;
	return ev;
}

static const struct proc *young_proc(uint32_t pid)
{
	return engine_find(w.e, (struct ident){ pid, BEGINNING + pid });
}

static void a_birth_that_was_lost_is_told_when_it_shows(void **state)
{
	(void)state;
	there_are(10);
	pass(NS_PER_S);
	tell(young(exec_of(11, 10), 11));
	assert_told("inferred fork 11 of 10\nexec 11\n");
	assert_false(young_proc(11)->from_snapshot);
	tell(young(exec_of(11, 10), 11));
	assert_told("exec 11\n");
	tell(young(exit_of(12, 10, EXITED(0)), 12));
	assert_told("inferred fork 12 of 10\nexit 12\n");
	tell(young(sight_of(13, 10, 'S'), 13));
	assert_told("inferred fork 13 of 10\n");
}

static void one_from_before_was_not_born_now(void **state)
{
	(void)state;
	there_are(10);
	tell(exec_of(11, 10));
	assert_told("exec 11\n");
	assert_true(proc(11)->from_snapshot);
	tell(sight_of(12, 10, 'S'));
	assert_told("snapshot 12\n");
}

/* A filter in the kernel leaves processes out: what shows up late was not lost. */
static void where_the_source_leaves_processes_out_no_birth_is_inferred(void **state)
{
	const struct engine_config config = { .zombie_after = NS_PER_S, .partial = true };
	const struct engine_out out = { NULL, hear_change, hear_ask };
	struct event child = young(fork_of(13, 12), 13);

	(void)state;
	engine_free(w.e);
	w.e = engine_new(&config, &out);
	engine_began(w.e, BEGINNING);
	there_are(10);
	pass(NS_PER_S);
	tell(young(exec_of(11, 10), 11));
	assert_told("exec 11\n");
	child.facts.parent = child.fork.creator = young(event_of(EVENT_FORK, 12, 10), 12).id;
	tell(child); /* 12 is one of them, and dead when it is looked at */
	forget();
	tell(young(sight_of(12, 10, 'Z'), 12));
	assert_told("inferred fork 12 of 10\ninferred exit 12\ninferred orphan 13 from 12 to 0\n");
}

static void a_death_that_was_lost_is_told_when_the_corpse_shows(void **state)
{
	struct event ev = sight_of(11, 10, 'Z');

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(fork_of(12, 11));
	pass(NS_PER_S);
	ev.sight.has_status = true;
	ev.sight.status = EXITED(9);
	forget();
	tell(ev);
	assert_told("inferred exit 11\ninferred orphan 12 from 11 to 0\n");
	assert_int_equal(proc(11)->status, EXITED(9));
	assert_true(proc(11)->died == 0); /* when it was nobody knows */
	assert_int_equal(asked(12), 1);	  /* who has it now? */
	tell(sight_of(12, 1, 'S'));
	assert_int_equal(proc(12)->parent->id.pid, 1);
	tell(exit_of(11, 10, EXITED(9))); /* it comes after all: not twice */
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 wait rcu\n");
	assert_true(w.inferred);
	assert_false(w.reap.u.reap.has_zombie);
}

static void a_whole_life_that_was_lost_is_told_when_its_corpse_shows(void **state)
{
	(void)state;
	there_are(10);
	pass(NS_PER_S);
	tell(young(sight_of(11, 10, 'Z'), 11));
	assert_told("inferred fork 11 of 10\ninferred exit 11\n");
	assert_int_equal(young_proc(11)->life, LIFE_DEAD);
	pass(NS_PER_S);
	tell(young(sight_of(11, 10, 'Z'), 11));
	assert_told("zombie 11\n");
}

/* Known by its child alone, and the first look finds it dead: its life is told, then its end. */
static void an_unknown_parent_that_is_found_dead_is_introduced(void **state)
{
	struct event child = fork_of(51, 50), corpse = young(sight_of(50, 10, 'Z'), 50);

	(void)state;
	there_are(10);
	tell(child);
	tell(sight_of(50, 10, 'Z'));
	assert_told("fork 51 of 50\nsnapshot 50\ninferred orphan 51 from 50 to 0\n");
	pass(NS_PER_S);
	child = fork_of(52, 50);
	child.facts.parent = corpse.id;
	tell(child);
	tell(corpse);
	assert_told("fork 52 of 50\ninferred fork 50 of 10\ninferred exit 50\n"
		    "inferred orphan 52 from 50 to 0\n");
	pass(NS_PER_S);
	tell(corpse);
	corpse.kind = EVENT_FREE;
	tell(corpse);
	assert_told("zombie 50\nreap 50 by 10 wait rcu\n");
}

static void one_that_vanished_has_died_and_was_reaped(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	pass(NS_PER_S);
	forget();
	tell(missing_of(11));
	assert_told("inferred exit 11\nreap 11 by 10 wait audit\n");
	assert_true(w.inferred);
	assert_null(proc(11));
	assert_int_equal(proc(10)->children_died, 1);
	assert_int_equal(proc(10)->children_reaped, 1);
}

static void a_zombie_whose_death_was_lost_is_found_in_time(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'Z'));
	forget();
	pass(NS_PER_S - 1);
	assert_int_equal(asked(11), 0);
	pass(1);
	assert_int_equal(asked(11), 1);
	tell(sight_of(11, 10, 'Z'));
	assert_told("zombie 11\n");
}

static void an_exec_that_was_lost_shows_in_the_next_record(void **state)
{
	struct event ev = exit_of(11, 10, EXITED(0));

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exec_of(11, 10));
	forget();
	ev.facts.exec_id++;
	tell(ev);
	assert_told("inferred exec 11\nexit 11\n");
	assert_null(proc(11)->args); /* it is another program: which one nobody knows */
	assert_null(proc(11)->exe);
}

/* When the old image is gone, there is no way back: the kernel kills, and no program ever ran. */
static void an_exec_that_failed_half_way_is_none(void **state)
{
	struct event ev = exit_of(11, 10, KILLED(SIGSEGV));

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exec_of(11, 10));
	forget();
	ev.facts.exec_id++;
	ev.exit.killer_known = true; /* the kernel */
	tell(ev);
	assert_told("exit 11\n");
	assert_non_null(proc(11)->args);
}

/* A crash alone says nothing: so much was counted that one must have been lost. */
static void a_crash_after_two_execs_hides_none(void **state)
{
	struct event ev = exit_of(11, 10, KILLED(SIGSEGV));

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exec_of(11, 10));
	forget();
	ev.facts.exec_id += 2;
	ev.exit.killer_known = true;
	tell(ev);
	assert_told("inferred exec 11\nexit 11\n");
}

static void an_exec_that_was_lost_is_asked_for(void **state)
{
	struct event ev = sight_of(11, 10, 'S');

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	forget();
	ev.facts.exec_id++;
	tell(ev);
	assert_told(""); /* its record may still be on its way */
	assert_int_equal(asked(11), 0);
	w.now++;
	tell(ev);
	assert_told("inferred exec 11\n");
	assert_int_equal(asked(11), 1);
	assert_true(w.asked_program);
	assert_true(proc(11)->execed);
	tell(ev);
	assert_told("");
}

/* The kernel counts an exec early, and tells of it when the new image stands. */
static void an_exec_that_a_look_saw_in_its_middle_is_told_once(void **state)
{
	struct event look = sight_of(11, 10, 'R'), ev = exec_of(11, 10);

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	forget();
	look.facts.exec_id = ev.facts.exec_id = 1;
	tell(look);
	w.now++;
	tell(ev);
	w.now++;
	tell(look);
	assert_told("exec 11\n");
	look.facts.exec_id = 2; /* and the next one is in doubt again */
	forget();
	tell(look);
	assert_told("");
}

/* A fork shows it too: the image that the child shares is not the one that is known. */
static void a_fork_after_an_exec_that_was_lost_does_not_get_the_old_program(void **state)
{
	struct event fork = fork_of(12, 10), exec = exec_of(10, 1);

	(void)state;
	there_are(10);
	exec.facts.exec_id = 1;
	tell(exec);
	fork.facts.exec_id = 1;
	tell(fork);
	assert_non_null(proc(12)->args);
	assert_int_equal(asked(12), 0);
	forget();
	fork = fork_of(11, 10);
	fork.facts.exec_id = 2;
	tell(fork);
	assert_null(proc(11)->args);
	assert_null(proc(11)->exe);
	assert_int_equal(proc(11)->argc, -1);
	assert_int_equal(asked(11), 1);
	assert_true(w.asked_program);
}

/* Told by its child's fork, which says when: a look from before that shows the program before. */
static void a_look_from_before_an_exec_that_a_fork_told_of_brings_no_program(void **state)
{
	struct event fork = fork_of(11, 10), look = sight_of(10, 1, 'S');

	(void)state;
	there_are(10);
	pass(NS_PER_S);
	look.ts = w.now;
	look.facts.have &= ~(uint32_t)HAVE_EXEC_ID;
	look.sight.args = (struct slice){ "old", 3 };
	pass(NS_PER_S);
	fork.facts.exec_id = 2;
	tell(fork);
	tell(look);
	assert_null(proc(10)->args);
}

/* /proc does not count execs: between such a look and the first count one may have been lost. */
static void a_program_that_was_read_before_its_execs_were_counted_is_read_again(void **state)
{
	struct event look = sight_of(11, 10, 'S');

	(void)state;
	there_are(10);
	look.facts.have &= ~(uint32_t)HAVE_EXEC_ID;
	look.sight.args = (struct slice){ "old", 3 };
	tell(look);
	forget();
	tell(sight_of(11, 10, 'S'));
	assert_int_equal(asked(11), 1);
	assert_true(w.asked_program);
	tell(sight_of(11, 10, 'S'));
	assert_int_equal(asked(11), 1);
}

static void an_exec_that_was_heard_is_not_inferred(void **state)
{
	struct event ev = exec_of(11, 10);
	int i;

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	forget();
	for (i = 0; i < 3; i++) {
		ev.facts.exec_id++;
		tell(ev);
	}
	assert_told("exec 11\nexec 11\nexec 11\n");
}

/* A look counts as of its moment; what was told since is newer. */
static void an_old_look_does_not_undo_what_was_told_since(void **state)
{
	struct event ev = sight_of(11, 10, 'S');

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	pass(NS_PER_MS);
	tell(exec_of(11, 10));
	forget();
	ev.ts = w.now - NS_PER_MS / 2;
	ev.facts.exec_id = 77;
	tell(ev);
	assert_told("");
	assert_int_equal(proc(11)->letter, 0);
}

/* A busy machine: between a look and its place among the records a whole end may be told. */
static void a_look_from_before_a_release_does_not_bring_back_the_dead(void **state)
{
	static const char letters[] = { 'S', 'Z' };
	size_t i;

	(void)state;
	there_are(10);
	for (i = 0; i < COUNT(letters); i++) {
		struct event ev = sight_of(11, 10, letters[i]);

		tell(fork_of(11, 10));
		pass(NS_PER_MS);
		ev.ts = w.now;
		pass(NS_PER_MS);
		tell(exit_of(11, 10, EXITED(0)));
		tell(free_of(11, 10));
		forget();
		tell(ev);
		assert_told("");
		assert_null(proc(11));
		assert_int_equal(asked(11), 1); /* it may be one whose birth was lost, though */
		pass(NS_PER_MS);
	}
	tell(missing_of(11));
	assert_told("");
	tell(sight_of(12, 10, 'S'));
	assert_told("snapshot 12\n");
}

/* The release is all that was heard of it. */
static void nor_one_that_was_never_heard_of(void **state)
{
	struct event ev = young(sight_of(11, 10, 'Z'), 11);

	(void)state;
	there_are(10);
	pass(NS_PER_MS);
	ev.ts = w.now;
	pass(NS_PER_MS);
	tell(young(free_of(11, 10), 11));
	tell(ev);
	assert_told("");
	assert_null(young_proc(11));
}

static void an_audit_asks_about_those_it_did_not_see(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	tell(fork_of(14, 10));
	pass(NS_PER_S);
	forget();
	engine_audit_begin(w.e, w.now);
	tell(sight_of(1, 0, 'S'));
	tell(sight_of(10, 1, 'S'));
	tell(sight_of(11, 10, 'S'));
	pass(NS_PER_MS);
	tell(fork_of(13, 10)); /* while it goes on: no wonder that it was not seen */
	tell(exec_of(14, 10)); /* it was heard of since */
	engine_audit_end(w.e);
	assert_int_equal(asked(1), 0);
	assert_int_equal(asked(10), 0);
	assert_int_equal(asked(11), 0);
	assert_int_equal(asked(12), 1);
	assert_int_equal(asked(13), 0);
	assert_int_equal(asked(14), 0);
	assert_told("fork 13 of 10\nexec 14\n");
	tell(missing_of(12));
	assert_told("inferred exit 12\nreap 12 by 10 wait audit\n");
}

static void the_next_audit_begins_anew(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	pass(NS_PER_S);
	engine_audit_begin(w.e, w.now);
	tell(sight_of(1, 0, 'S'));
	tell(sight_of(10, 1, 'S'));
	tell(sight_of(11, 10, 'S'));
	engine_audit_end(w.e);
	forget();
	pass(NS_PER_S);
	engine_audit_begin(w.e, w.now);
	tell(sight_of(1, 0, 'S'));
	tell(sight_of(10, 1, 'S'));
	engine_audit_end(w.e);
	assert_int_equal(asked(11), 1);
	assert_int_equal(asked(10), 0);
}

static void a_look_that_shows_another_parent_puts_both_to_the_question(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	forget();
	tell(sight_of(11, 1, 'S'));
	assert_told("");
	assert_int_equal(asked(10), 1);
	assert_int_equal(asked(11), 1);
	tell(missing_of(10));
	assert_told("inferred exit 10\ninferred orphan 11 from 10 to 0\nreap 10 by 1 init audit\n");
	tell(sight_of(11, 1, 'S'));
	assert_int_equal(proc(11)->parent->id.pid, 1);
}

/* What the exit record says: nobody was left, so what is dead here was collected. */
static void one_that_left_no_children_hands_none_on(void **state)
{
	struct event ev = exit_of(10, 1, EXITED(0));

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	ev.exit.childless = true;
	tell(ev);
	forget();
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 wait rcu\n");
	assert_int_equal(proc(1)->children_died, 1); /* 10 itself */
}

static void at_the_most(size_t max_procs)
{
	const struct engine_config config = { .zombie_after = NS_PER_S, .max_procs = max_procs };
	const struct engine_out out = { NULL, hear_change, hear_ask };

	engine_free(w.e);
	w.e = engine_new(&config, &out);
	engine_began(w.e, BEGINNING);
}

static void too_many_are_not_kept(void **state)
{
	uint32_t pid;

	(void)state;
	at_the_most(20);
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	pass(NS_PER_S);
	tell(sight_of(11, 10, 'Z')); /* a zombie is the last to go */
	for (pid = 100; pid < 200; pid++) {
		tell(fork_of(pid, 10));
		assert_true(engine_count(w.e) <= 20);
		assert_non_null(proc(pid)); /* who comes now is kept */
	}
	assert_int_equal(engine_evicted(w.e), 103 - 20);
	assert_non_null(proc(11));
	assert_non_null(proc(10)); /* it has children */
	tell(free_of(11, 10));
	tell(exit_of(150, 10, EXITED(0))); /* whoever went, it does no harm */
	tell(free_of(150, 10));
}

/* Or the child would not be known for one of the tree. */
static void a_parent_does_not_go_for_its_child(void **state)
{
	static const uint32_t creators[] = { 10, 11 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(creators); i++) {
		struct event ev = fork_of(12, 10);

		at_the_most(3);
		engine_follow(w.e, creators[i]);
		there_are(10);
		tell(sight_of(11, 10, 'S'));
		ev.fork.creator = id_of(creators[i]); /* or one with CLONE_PARENT */
		tell(ev);
		assert_true(proc(12)->followed);
		assert_non_null(proc(creators[i]));
	}
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_birth_that_was_lost_is_told_when_it_shows),
		story(one_from_before_was_not_born_now),
		story(where_the_source_leaves_processes_out_no_birth_is_inferred),
		story(a_death_that_was_lost_is_told_when_the_corpse_shows),
		story(a_whole_life_that_was_lost_is_told_when_its_corpse_shows),
		story(an_unknown_parent_that_is_found_dead_is_introduced),
		story(one_that_vanished_has_died_and_was_reaped),
		story(a_zombie_whose_death_was_lost_is_found_in_time),
		story(an_exec_that_was_lost_shows_in_the_next_record),
		story(an_exec_that_failed_half_way_is_none),
		story(a_crash_after_two_execs_hides_none),
		story(an_exec_that_was_lost_is_asked_for),
		story(an_exec_that_a_look_saw_in_its_middle_is_told_once),
		story(a_fork_after_an_exec_that_was_lost_does_not_get_the_old_program),
		story(a_look_from_before_an_exec_that_a_fork_told_of_brings_no_program),
		story(a_program_that_was_read_before_its_execs_were_counted_is_read_again),
		story(an_exec_that_was_heard_is_not_inferred),
		story(an_old_look_does_not_undo_what_was_told_since),
		story(a_look_from_before_a_release_does_not_bring_back_the_dead),
		story(nor_one_that_was_never_heard_of),
		story(an_audit_asks_about_those_it_did_not_see),
		story(the_next_audit_begins_anew),
		story(a_look_that_shows_another_parent_puts_both_to_the_question),
		story(one_that_left_no_children_hands_none_on),
		story(too_many_are_not_kept),
		story(a_parent_does_not_go_for_its_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
