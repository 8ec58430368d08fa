// SPDX-License-Identifier: GPL-2.0-only
/* Who collected it, how, and how long it lay there. */
#include "story.h"

static int begin(void **state)
{
	(void)state;
	return begin_with(~(1u << CHANGE_REAP));
}

static void a_wait_is_told_with_the_time_as_a_zombie(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	pass(30 * NS_PER_MS);
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 wait rcu\n");
	assert_true(w.reap.u.reap.has_zombie);
	assert_true(w.reap.u.reap.zombie == 30 * NS_PER_MS);
	assert_string_equal(w.reaper_comm, "p10");
	assert_true(w.reap.u.reap.reaper.start == id_of(10).start);
	assert_false(w.inferred);
}

static void a_parent_that_ignores_sigchld_reaps_by_itself(void **state)
{
	struct event ev = exit_of(11, 10, EXITED(0));

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	ev.facts.parent_autoreaps = true;
	tell(ev);
	pass(30 * NS_PER_MS);
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 auto rcu\n");
	assert_true(w.reap.u.reap.zombie == 0); /* never a zombie, however late the release */
}

static void a_release_that_was_seen_is_exact_and_told_once(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	pass(30 * NS_PER_MS);
	tell(reap_of(11, 10, RELEASE_WAITED));
	assert_told("reap 11 by 10 wait exact\n");
	assert_true(w.reap.u.reap.zombie == 30 * NS_PER_MS);
	assert_string_equal(w.reaper_comm, "p10");
	assert_false(w.inferred);
	assert_int_equal(proc(10)->children_reaped, 1);
	tell(free_of(11, 10));
	assert_told("");
	assert_int_equal(proc(10)->children_reaped, 1);
}

/* What the parent's SIGCHLD said at the death may be another by now, and a tracer comes between. */
static void what_was_seen_at_the_release_outdoes_what_the_death_said(void **state)
{
	struct event ev = exit_of(11, 10, EXITED(0));

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	ev.facts.parent_autoreaps = true;
	tell(ev);
	pass(30 * NS_PER_MS);
	tell(reap_of(11, 10, RELEASE_WAITED));
	assert_told("reap 11 by 10 wait exact\n");
	assert_true(w.reap.u.reap.zombie == 30 * NS_PER_MS);
	assert_int_equal(proc(10)->children_reaped, 1);
	tell(fork_of(12, 10));
	tell(exit_of(12, 10, EXITED(0)));
	pass(30 * NS_PER_MS);
	tell(reap_of(12, 10, RELEASE_LET_GO));
	assert_told("reap 12 by 10 auto exact\n");
	assert_true(w.reap.u.reap.zombie == 30 * NS_PER_MS); /* so long it stood */
	tell(fork_of(13, 10));
	tell(exit_of(13, 10, EXITED(0)));
	pass(NS_PER_MS);
	tell(reap_of(13, 10, RELEASE_BY_ITSELF));
	assert_told("reap 13 by 10 auto exact\n");
	assert_true(w.reap.u.reap.zombie == 0);
	assert_int_equal(proc(10)->children_reaped, 1);
}

/* It let itself go before its parent died: the record of that death came first. */
static void what_was_seen_outdoes_what_an_heir_ignores(void **state)
{
	struct event ev;

	(void)state;
	there_are(9);
	tell(fork_of(10, 9));
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	ev = exit_of(10, 9, EXITED(0));
	ev.exit.adopter = id_of(9);
	ev.exit.adopter_autoreaps = true;
	tell(ev);
	tell(reap_of(11, 10, RELEASE_BY_ITSELF));
	assert_told("reap 11 by 10 auto exact\n");
}

/* The adopter collected it before the engine heard of the adoption: an exit may have been lost. */
static void who_was_seen_to_collect_is_named_whoever_counts_as_the_parent(void **state)
{
	(void)state;
	there_are(10);
	there_are(9);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(reap_of(11, 9, RELEASE_WAITED));
	assert_told("reap 11 by 9 wait exact\n");
	assert_int_equal(proc(9)->children_reaped, 1);
	assert_int_equal(proc(10)->children_reaped, 0);
	tell(fork_of(12, 10));
	tell(exit_of(12, 10, EXITED(0)));
	tell(reap_of(12, 77, RELEASE_WAITED)); /* nobody has heard of that one */
	assert_told("reap 12 by 77 wait exact\n");
	assert_string_equal(w.reaper_comm, "");
	assert_int_equal(proc(10)->children_died, 0);
}

static void a_release_that_was_seen_of_one_whose_end_was_not_ends_it(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(reap_of(11, 10, RELEASE_WAITED));
	assert_told("reap 11 by 10 wait exact\n");
	assert_true(w.inferred);
	assert_false(w.reap.u.reap.has_zombie);
	assert_null(engine_find(w.e, id_of(11)));
}

/* The record comes first, then the kernel takes it out of its lists: a look may still find it. */
static void who_is_found_while_the_kernel_lets_go_of_him_is_nobody_new(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(reap_of(11, 10, RELEASE_WAITED));
	pass(1000);
	tell(sight_of(11, 10, 'X'));
	assert_null(engine_find(w.e, id_of(11)));
	assert_told("reap 11 by 10 wait exact\n");
}

static void an_auto_reaped_one_is_no_zombie_when_the_release_is_late(void **state)
{
	struct event ev = exit_of(11, 10, EXITED(0));

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	ev.facts.parent_autoreaps = true;
	tell(ev);
	pass(3 * NS_PER_S);
	tell(missing_of(11));
	assert_told("reap 11 by 10 auto audit\n");
	assert_true(w.reap.u.reap.zombie == 0);
}

/* The release is told late: by then that adopter is dead too, and another counts as the heir. */
static void who_ignores_sigchld_lets_go_of_what_it_adopts_even_if_it_dies_then(void **state)
{
	struct event ev;

	(void)state;
	there_are(9);
	tell(fork_of(8, 9));
	tell(fork_of(10, 8));
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	pass(20 * NS_PER_MS);
	ev = exit_of(10, 8, EXITED(0));
	ev.exit.adopter = id_of(8);
	ev.exit.adopter_autoreaps = true;
	tell(ev);
	forget();
	ev = exit_of(8, 9, EXITED(0));
	ev.exit.adopter = id_of(9);
	tell(ev);
	tell(free_of(11, 8));
	assert_told("reap 11 by 8 auto rcu\n");
	assert_true(w.reap.u.reap.zombie == 20 * NS_PER_MS); /* for so long it had lain with 10 */
}

/* A shell script that waits well and then execs a server that never does. */
static void the_account_of_children_is_the_present_programs(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(free_of(11, 10));
	tell(fork_of(12, 10));
	tell(exit_of(12, 10, EXITED(0)));
	assert_int_equal(proc(10)->children_reaped, 1);
	tell(exec_of(10, 1));
	tell(free_of(12, 10)); /* told late: the shell had collected it */
	assert_int_equal(proc(10)->children_died, 0);
	assert_int_equal(proc(10)->children_reaped, 0);
	tell(fork_of(13, 10));
	tell(exit_of(13, 10, EXITED(0)));
	assert_int_equal(proc(10)->children_died, 1);
	tell(free_of(13, 10));
	assert_int_equal(proc(10)->children_reaped, 1);
}

/*
 * Both are killed by one blow: the parent, which ignores SIGCHLD, may be gone before the child can
 * be told to it. At the release the kernel shows who had it then.
 */
static void die_together(bool child_first, bool adopter_autoreaps)
{
	struct event child = exit_of(11, 10, KILLED(9)), parent = exit_of(10, 9, KILLED(9));

	there_are(9);
	tell(fork_of(10, 9));
	tell(fork_of(11, 10));
	child.facts.parent_autoreaps = true;
	parent.exit.adopter = id_of(9);
	parent.exit.adopter_autoreaps = adopter_autoreaps;
	tell(child_first ? child : parent);
	tell(child_first ? parent : child);
	pass(10 * NS_PER_MS);
	tell(free_of(11, 9));
}

static void what_a_dying_parent_ignores_its_adopter_waits_for(void **state)
{
	(void)state;
	die_together(true, false);
	assert_told("reap 11 by 9 wait rcu\n");
}

static void nor_does_it_count_when_its_own_death_is_told_first(void **state)
{
	(void)state;
	die_together(false, false);
	assert_told("reap 11 by 9 wait rcu\n");
}

static void unless_the_adopter_ignores_it_too(void **state)
{
	(void)state;
	die_together(true, true);
	assert_told("reap 11 by 9 auto rcu\n");
}

static void whichever_death_is_told_first(void **state)
{
	(void)state;
	die_together(false, true);
	assert_told("reap 11 by 9 auto rcu\n");
}

/* do_notify_parent() looks at SIGCHLD only if that is the exit signal: others stay for __WALL. */
static void other_exit_signals_are_not_reaped_by_themselves(void **state)
{
	static const int signals[] = { SIGUSR1, 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(signals); i++) {
		struct event fork = fork_of(11, 10), exit = exit_of(11, 10, EXITED(0));

		there_are(10);
		fork.fork.exit_signal = signals[i];
		exit.facts.parent_autoreaps = true;
		tell(fork);
		tell(exit);
		tell(free_of(11, 10));
		assert_told("reap 11 by 10 wait rcu\n");
	}
}

/* do_notify_parent(): a parent that became another program gets SIGCHLD, not what the old asked. */
static void a_parent_that_is_a_new_program_gets_sigchld(void **state)
{
	struct event fork = fork_of(11, 10), exit = exit_of(11, 10, EXITED(0));

	(void)state;
	there_are(10);
	fork.fork.exit_signal = SIGUSR1;
	fork.id = exit.id = (struct ident){ 11, w.now };
	exit.facts.parent_autoreaps = true;
	tell(fork);
	pass(NS_PER_MS);
	tell(exec_of(10, INIT));
	tell(exit);
	assert_true(engine_find(w.e, exit.id)->auto_reaped);
	assert_int_equal(engine_find(w.e, exit.id)->exit_signal, SIGUSR1); /* a wait needs __WCLONE */
}

static void an_exec_makes_its_exit_signal_sigchld(void **state)
{
	struct event fork = fork_of(11, 10), exit = exit_of(11, 10, EXITED(0));

	(void)state;
	there_are(10);
	fork.fork.exit_signal = 0;
	tell(fork);
	tell(exec_of(11, 10));
	assert_int_equal(proc(11)->exit_signal, SIGCHLD);
	exit.facts.parent_autoreaps = true;
	tell(exit);
	forget();
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 auto rcu\n");
}

/* So does one that fails when the old program is gone: it kills, and no exec is told. */
static void an_exec_that_kills_makes_the_exit_signal_sigchld(void **state)
{
	struct event fork = fork_of(11, 10), exit = exit_of(11, 10, KILLED(SIGSEGV));

	(void)state;
	there_are(10);
	fork.fork.exit_signal = SIGUSR1;
	fork.facts.have |= HAVE_EXEC_ID;
	tell(fork);
	exit.facts.have |= HAVE_EXEC_ID;
	exit.facts.exec_id = fork.facts.exec_id + 1;
	exit.facts.parent_autoreaps = true;
	exit.exit.killer_known = true;
	tell(exit);
	forget();
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 auto rcu\n");
}

/* do_notify_parent(): who has become another program since never chose that exit signal. */
static void an_exec_of_the_parent_makes_it_sigchld_too(void **state)
{
	struct event fork = fork_of(11, 10), exit = exit_of(11, 10, EXITED(0));

	(void)state;
	there_are(10);
	fork.fork.exit_signal = SIGUSR1;
	tell(fork);
	pass(NS_PER_MS);
	tell(exec_of(10, 1));
	exit.facts.parent_autoreaps = true;
	tell(exit);
	forget();
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 auto rcu\n");
}

/* The tracer must collect it first: the parent's disposition does not count yet. */
static void a_traced_one_is_not_reaped_by_itself(void **state)
{
	struct event ev = exit_of(11, 10, EXITED(0));

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	ev.facts.parent_autoreaps = ev.facts.traced = true;
	tell(ev);
	pass(2 * NS_PER_S);
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 wait rcu\n");
	assert_true(w.reap.u.reap.zombie == 2 * NS_PER_S);
}

/* reparent_leader() asks the new parent's SIGCHLD: an adopter that ignores it never waits. */
static void a_corpse_handed_to_one_that_ignores_sigchld_is_reaped_by_itself(void **state)
{
	struct event ev = fork_of(21, 9);

	(void)state;
	there_are(9);
	ev.facts.parent_autoreaps = true; /* so does 9, as this child of it shows */
	ev.facts.parent_subreaper = true;
	tell(ev);
	ev = fork_of(10, 9);
	ev.facts.parent_autoreaps = ev.facts.parent_subreaper = true;
	tell(ev);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	pass(10 * NS_PER_MS);
	ev = exit_of(10, 9, EXITED(0));
	ev.facts.parent_autoreaps = ev.facts.parent_subreaper = true;
	ev.exit.adopter = id_of(9);
	ev.exit.adopter_autoreaps = true;
	tell(ev);
	tell(free_of(11, 9));
	assert_told("reap 11 by 9 auto rcu\n");
	assert_true(w.reap.u.reap.zombie == 10 * NS_PER_MS); /* it stood until its parent died */
}

/* What it does with SIGCHLD is what it does then, not what it did when last heard of. */
static void a_corpse_handed_to_one_that_waits_again_is_not(void **state)
{
	struct event ev = fork_of(12, 9);

	(void)state;
	there_are(9);
	ev.facts.parent_autoreaps = true;
	tell(ev);
	ev = fork_of(10, 9);
	ev.facts.parent_autoreaps = true;
	tell(ev);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	ev = exit_of(10, 1, EXITED(0));
	ev.exit.adopter = id_of(9);
	tell(ev);
	tell(free_of(11, 9));
	assert_told("reap 11 by 9 wait rcu\n");
}

/*
 * 11 was collected by 10, and the release of 10 is told before that of 11. Meanwhile 11 counts as
 * inherited by one that ignores SIGCHLD: by that it was never reaped.
 */
static void what_was_collected_before_it_was_inherited_was_waited_for(void **state)
{
	struct event ev = fork_of(10, 20);

	(void)state;
	there_are(20);
	ev.facts.parent_autoreaps = true;
	tell(ev);
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	tell(exit_of(11, 10, EXITED(0)));
	ev = exit_of(10, 20, EXITED(0));
	ev.facts.parent_autoreaps = true;
	ev.exit.adopter = id_of(20);
	ev.exit.adopter_autoreaps = true;
	tell(ev);
	tell(free_of(10, 20));
	forget();
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 wait rcu\n");
}

/* And the other way round: the parent that is gone had ignored SIGCHLD. */
static void what_was_reaped_by_itself_stays_so_when_it_is_inherited(void **state)
{
	struct event ev = exit_of(11, 10, EXITED(0));

	(void)state;
	there_are(20);
	tell(fork_of(10, 20));
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	ev.facts.parent_autoreaps = true;
	tell(ev);
	ev = exit_of(10, 20, EXITED(0));
	ev.exit.adopter = id_of(20);
	tell(ev);
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 auto rcu\n");
}

static void an_init_reaps_as_init(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(10, 1, EXITED(0)));
	tell(exit_of(11, 1, EXITED(0)));
	tell(free_of(11, 1));
	assert_told("reap 11 by 1 init rcu\n");
}

/* The parent waited and left; the release is told some milliseconds after that. */
static void a_release_told_after_the_parents_death_names_the_parent(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	pass(NS_PER_MS);
	tell(exit_of(10, 1, EXITED(0)));
	pass(10 * NS_PER_MS);
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 wait rcu\n");
	assert_string_equal(w.reaper_comm, "p10");
}

static void even_after_the_parents_own_release(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(exit_of(10, 1, EXITED(0)));
	tell(free_of(10, 1));
	assert_told("reap 10 by 1 init rcu\n");
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 wait rcu\n");
	assert_string_equal(w.reaper_comm, "p10");
}

/* What was read of a parent that is gone may be anything. */
static void a_reaper_that_nobody_knows_is_not_believed(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(free_of(11, 99));
	assert_told("reap 11 by 10 wait rcu\n");
}

/* The memory of the parent that is gone may be a new process's by then: nobody's parent is younger. */
static void a_reaper_that_is_younger_is_not_believed(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(fork_of(99, 1));
	tell(free_of(11, 99));
	assert_told("reap 11 by 10 wait rcu\n");
	assert_int_equal(proc(99)->children_reaped, 0);
}

static void a_release_that_names_nobody_is_the_parents(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(free_of(11, 0));
	assert_told("reap 11 by 10 wait rcu\n");
}

static void a_parent_is_credited_with_what_it_collected(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(exit_of(12, 10, EXITED(0)));
	tell(free_of(11, 10));
	assert_int_equal(proc(10)->children_died, 2);
	assert_int_equal(proc(10)->children_reaped, 1);
	assert_int_equal(proc(10)->orphans_died, 0);
	assert_int_equal(proc(10)->reaped_late, 0);
}

/* Its parent was killed, and it was gone before anybody told who had collected it. */
static void an_inherited_corpse_that_is_missing_is_told_under_its_adopter(void **state)
{
	(void)state;
	there_are(20);
	tell(fork_of(10, 20));
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(exit_of(10, 20, KILLED(SIGKILL))); /* its adopter is init */
	tell(missing_of(11));
	assert_int_equal(w.reap.u.reap.reaper.pid, 0);
	assert_int_equal(w.reap_parent, INIT);
}

/* The account of an adopter: its own child 20; 11, that it got alive, and 12, that it got dead. */
static void orphans_are_counted_apart(void **state)
{
	(void)state;
	there_are(20);
	tell(fork_of(10, INIT));
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	tell(exit_of(12, 10, EXITED(0)));
	tell(exit_of(10, INIT, EXITED(0)));
	tell(exit_of(11, INIT, EXITED(0)));
	assert_int_equal(proc(INIT)->children_died, 3);
	assert_int_equal(proc(INIT)->orphans_died, 2);
	tell(free_of(11, INIT));
	tell(free_of(12, INIT));
	tell(free_of(10, INIT));
	assert_int_equal(proc(INIT)->children_reaped, 3);
	assert_int_equal(proc(INIT)->orphans_reaped, 2);
}

static void the_last_to_die_of_those_collected_is_remembered(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	tell(exit_of(12, 10, EXITED(0)));
	w.now += NS_PER_MS;
	tell(exit_of(11, 10, EXITED(0)));
	tell(free_of(11, 10));
	assert_int_equal(proc(10)->last_reaped.pid, 11);
	assert_true(proc(10)->last_reaped_died == BEGINNING + NS_PER_MS);
	w.now += 2 * NS_PER_S;
	engine_tick(w.e, w.now);
	tell(sight_of(12, 10, 'Z'));
	tell(free_of(12, 10));
	assert_int_equal(proc(10)->last_reaped.pid, 11);
	assert_int_equal(proc(10)->reaped_late, 1);
}

/*
 * A shell that leaves: 11 it had collected, and only the release is told afterwards; 12 lives on,
 * so that its exit cannot say that no child was left.
 */
static void what_the_dead_parent_had_collected_does_not_count_against_the_adopter(void **state)
{
	(void)state;
	there_are(9);
	tell(fork_of(10, 9));
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	tell(exit_of(11, 10, EXITED(0)));
	pass(NS_PER_MS);
	tell(exit_of(10, 9, EXITED(0))); /* its adopter is init */
	pass(10 * NS_PER_MS);
	tell(free_of(11, 10));
	tell(free_of(10, 9));
	assert_int_equal(proc(9)->children_died, 1);
	assert_int_equal(proc(9)->children_reaped, 1);
	assert_int_equal(proc(1)->children_died, proc(1)->children_reaped);
}

/*
 * Handed on as a corpse, and found gone: did the old parent collect it before it left, or the new
 * one since? Unless a look saw it with the new one, nobody knows.
 */
static void who_collected_a_corpse_that_was_handed_on_is_not_guessed(void **state)
{
	int seen;

	(void)state;
	there_are(20);
	for (seen = 0; seen < 2; seen++) {
		tell(fork_of(10, 20));
		tell(fork_of(11, 10));
		tell(fork_of(12, 10));
		tell(exit_of(11, 10, EXITED(0)));
		tell(exit_of(10, 20, EXITED(0)));
		tell(free_of(10, 20));
		pass(NS_PER_S);
		if (seen)
			tell(sight_of(11, 1, 'Z'));
		forget();
		tell(missing_of(11));
		assert_told(seen ? "reap 11 by 1 init audit\n" : "reap 11 by 0 wait audit\n");
		assert_int_equal(proc(1)->children_died, proc(1)->children_reaped);
		tell(exit_of(12, 1, EXITED(0)));
		tell(free_of(12, 1));
	}
}

/* The adopter was reckoned; a look shows another. */
static void a_corpse_counts_with_whom_a_look_shows(void **state)
{
	struct event ev = exit_of(10, 9, EXITED(0));

	(void)state;
	there_are(9);
	tell(fork_of(10, 9));
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	ev.exit.adopter = id_of(9);
	tell(ev);
	assert_int_equal(proc(9)->children_died, 2);
	tell(sight_of(11, 1, 'Z'));
	assert_int_equal(proc(9)->children_died, 1);
	assert_int_equal(proc(1)->children_died, 1);
	tell(free_of(11, 1));
	assert_int_equal(proc(1)->children_reaped, 1);
}

/* The first picture shows it dead, and only then comes the record of its death. */
static void a_death_that_is_told_late_counts_once(void **state)
{
	struct event dies = exit_of(9, INIT, EXITED(0));

	(void)state;
	there_are(9);
	tell(sight_of(10, 9, 'Z'));
	tell(sight_of(11, 9, 'Z'));
	assert_int_equal(proc(9)->children_died, 2);
	assert_int_equal(proc(9)->found_dead, 2);
	tell(exit_of(10, 9, EXITED(0)));
	assert_int_equal(proc(9)->children_died, 2);
	assert_int_equal(proc(9)->found_dead, 1);
	dies.exit.adopter = id_of(INIT);
	tell(dies); /* and hands both on, in the same way */
	assert_int_equal(proc(INIT)->children_died, 3);
	assert_int_equal(proc(INIT)->found_dead, 1);
}

/* Its own release came first: it is known by name only. */
static void a_parent_that_is_gone_is_credited_and_not_its_heir(void **state)
{
	(void)state;
	there_are(20);
	tell(fork_of(10, 20));
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(exit_of(10, 20, EXITED(0)));
	tell(free_of(10, 20));
	forget();
	tell(free_of(11, 10));
	assert_told("reap 11 by 10 wait rcu\n");
	assert_int_equal(proc(1)->children_died, proc(1)->children_reaped);
}

/* Clocks of two CPUs may differ a little: no time that is less than none. */
static void a_release_stamped_before_the_death_is_no_long_time(void **state)
{
	struct event ev = free_of(11, 10);

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	ev.ts = w.now - 100;
	tell(ev);
	assert_told("reap 11 by 10 wait rcu\n");
	assert_true(w.reap.u.reap.zombie == 0);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_wait_is_told_with_the_time_as_a_zombie),
		story(a_parent_that_ignores_sigchld_reaps_by_itself),
		story(a_release_that_was_seen_is_exact_and_told_once),
		story(what_was_seen_at_the_release_outdoes_what_the_death_said),
		story(what_was_seen_outdoes_what_an_heir_ignores),
		story(who_was_seen_to_collect_is_named_whoever_counts_as_the_parent),
		story(a_release_that_was_seen_of_one_whose_end_was_not_ends_it),
		story(who_is_found_while_the_kernel_lets_go_of_him_is_nobody_new),
		story(an_auto_reaped_one_is_no_zombie_when_the_release_is_late),
		story(who_ignores_sigchld_lets_go_of_what_it_adopts_even_if_it_dies_then),
		story(the_account_of_children_is_the_present_programs),
		story(what_a_dying_parent_ignores_its_adopter_waits_for),
		story(nor_does_it_count_when_its_own_death_is_told_first),
		story(unless_the_adopter_ignores_it_too),
		story(whichever_death_is_told_first),
		story(other_exit_signals_are_not_reaped_by_themselves),
		story(an_exec_makes_its_exit_signal_sigchld),
		story(a_parent_that_is_a_new_program_gets_sigchld),
		story(an_exec_that_kills_makes_the_exit_signal_sigchld),
		story(an_exec_of_the_parent_makes_it_sigchld_too),
		story(a_traced_one_is_not_reaped_by_itself),
		story(a_corpse_handed_to_one_that_ignores_sigchld_is_reaped_by_itself),
		story(a_corpse_handed_to_one_that_waits_again_is_not),
		story(what_was_collected_before_it_was_inherited_was_waited_for),
		story(what_was_reaped_by_itself_stays_so_when_it_is_inherited),
		story(an_init_reaps_as_init),
		story(a_release_told_after_the_parents_death_names_the_parent),
		story(even_after_the_parents_own_release),
		story(a_reaper_that_nobody_knows_is_not_believed),
		story(a_reaper_that_is_younger_is_not_believed),
		story(a_release_that_names_nobody_is_the_parents),
		story(a_parent_is_credited_with_what_it_collected),
		story(an_inherited_corpse_that_is_missing_is_told_under_its_adopter),
		story(orphans_are_counted_apart),
		story(the_last_to_die_of_those_collected_is_remembered),
		story(what_the_dead_parent_had_collected_does_not_count_against_the_adopter),
		story(who_collected_a_corpse_that_was_handed_on_is_not_guessed),
		story(a_corpse_counts_with_whom_a_look_shows),
		story(a_death_that_is_told_late_counts_once),
		story(a_parent_that_is_gone_is_credited_and_not_its_heir),
		story(a_release_stamped_before_the_death_is_no_long_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
