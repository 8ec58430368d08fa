// SPDX-License-Identifier: GPL-2.0-only
/* Orphans as findings: which kind, held for 20 ms, and told once. */
#include "story.h"

#define HOLD (20 * NS_PER_MS)

static int begin(void **state)
{
	(void)state;
	return begin_with(ONLY_FINDINGS & ~(1u << CHANGE_EXIT));
}

/* 10 runs a program in a session with a terminal that it does not lead; 11 is its fork. */
static void a_family(void)
{
	struct event parent = exec_of(10, 9), child = fork_of(11, 10);

	there_are(9);
	parent.facts.tty = child.facts.tty = TTY;
	tell(parent);
	tell(child);
	forget();
}

static struct event on_tty(struct event ev)
{
	ev.facts.tty = TTY;
	return ev;
}

static void it_is_told_after_the_hold_with_who_died_and_how(void **state)
{
	(void)state;
	a_family();
	tell(on_tty(exec_of(11, 10)));
	tell(on_tty(exit_of(10, 9, EXITED(0))));
	assert_told("exit 10\n");
	assert_true(detect_deadline(&w.d) == w.now + HOLD);
	pass(HOLD - 1);
	assert_told("");
	pass(1);
	assert_told("background orphan 11, 10 died, 1 adopts\n");
	assert_int_equal(w.old_parent.id.pid, 10);
	assert_true(w.old_parent.id.start == id_of(10).start);
	assert_string_equal(w.old_parent.comm, "p10");
	assert_int_equal(w.old_parent.status, EXITED(0));
	assert_true(w.old_parent.died == w.now - HOLD);
	assert_true(evidence_says("p10"));
	assert_true(evidence_says("exited 0"));
	pass(NS_PER_S);
	assert_told("");
}

static void a_killed_or_crashed_parent_abandons_its_children(void **state)
{
	static const uint32_t statuses[] = { KILLED(SIGKILL), KILLED(SIGSEGV) | 0x80 };
	static const char *const names[] = { "SIGKILL", "SIGSEGV" };
	size_t i;

	for (i = 0; i < COUNT(statuses); i++) {
		finish(state);
		begin(state);
		a_family();
		tell(on_tty(exit_of(10, 9, statuses[i])));
		pass(HOLD);
		assert_told("exit 10\nabandoned orphan 11, 10 died, 1 adopts\n");
		assert_true(evidence_says(names[i]));
	}
}

static void one_whose_parent_the_oom_killer_chose_says_so(void **state)
{
	struct event ev = on_tty(exit_of(10, 9, KILLED(SIGKILL)));

	(void)state;
	a_family();
	ev.exit.oom = true;
	tell(ev);
	pass(HOLD);
	assert_told("exit 10\nabandoned orphan 11, 10 died, 1 adopts\n");
	assert_true(evidence_says("OOM"));
}

static void a_child_with_a_session_of_its_own_was_meant_to_leave(void **state)
{
	struct event ev = exec_of(11, 10);

	(void)state;
	a_family();
	ev.facts.sid = ev.facts.pgid = 11;
	tell(ev);
	tell(on_tty(exit_of(10, 9, EXITED(0))));
	pass(HOLD);
	assert_told("exit 10\ndaemonizing orphan 11, 10 died, 1 adopts\n");
	assert_true(evidence_says("setsid"));
}

/* fork, setsid, fork: the grandchild stays in the session that its dead parent made. */
static void a_double_fork_was_meant(void **state)
{
	struct event middle = exit_of(11, 10, EXITED(0)), last = fork_of(12, 11);

	(void)state;
	a_family();
	last.facts.sid = last.facts.pgid = middle.facts.sid = middle.facts.pgid = 11;
	tell(last);
	tell(middle);
	pass(HOLD);
	assert_told("exit 11\ndaemonizing orphan 12, 11 died, 1 adopts\n");
	assert_true(evidence_says("setsid"));
}

/* nohup … &: it runs its own program in the session of a shell that went. */
static void what_a_shell_left_running_is_in_the_background(void **state)
{
	(void)state;
	a_family();
	tell(on_tty(exec_of(11, 10)));
	tell(on_tty(exit_of(10, 9, EXITED(1))));
	pass(HOLD);
	assert_told("exit 10\nbackground orphan 11, 10 died, 1 adopts\n");
}

static void children_that_fall_in_the_same_blow_are_no_orphans(void **state)
{
	(void)state;
	a_family();
	tell(on_tty(exit_of(10, 9, KILLED(SIGINT)))); /* ^C */
	pass(NS_PER_MS);
	tell(on_tty(exit_of(11, 1, KILLED(SIGINT))));
	pass(NS_PER_S);
	assert_told("exit 10\nexit 11\n");
	assert_true(detect_deadline(&w.d) == NEVER);
}

static void one_that_dies_of_something_else_is_told_before_its_exit(void **state)
{
	static const struct { uint32_t parent, child; } fates[] = {
		{ KILLED(SIGKILL), EXITED(0) },
		{ KILLED(SIGINT), KILLED(SIGTERM) },
		{ EXITED(1), KILLED(SIGTERM) },
		{ EXITED(1), EXITED(1) },
	};
	size_t i;

	for (i = 0; i < COUNT(fates); i++) {
		finish(state);
		begin(state);
		a_family();
		tell(on_tty(exec_of(11, 10)));
		tell(on_tty(exit_of(10, 9, fates[i].parent)));
		pass(HOLD - 1);
		tell(on_tty(exit_of(11, 1, fates[i].child)));
		if (fates[i].parent & 0x7f)
			assert_told("exit 10\nabandoned orphan 11, 10 died, 1 adopts\nexit 11\n");
		else
			assert_told("exit 10\nbackground orphan 11, 10 died, 1 adopts\nexit 11\n");
		pass(NS_PER_S);
		assert_told("");
	}
}

static void one_that_outlives_the_hold_and_is_then_killed_stays_told(void **state)
{
	(void)state;
	a_family();
	tell(on_tty(exit_of(10, 9, KILLED(SIGTERM))));
	pass(HOLD);
	tell(on_tty(exit_of(11, 1, KILLED(SIGTERM))));
	assert_told("exit 10\nabandoned orphan 11, 10 died, 1 adopts\nexit 11\n");
}

static void a_whole_tree_that_falls_is_no_orphan_in_it(void **state)
{
	(void)state;
	a_family();
	tell(on_tty(fork_of(12, 11)));
	tell(on_tty(fork_of(13, 12)));
	tell(on_tty(exit_of(10, 9, KILLED(SIGTERM))));
	tell(on_tty(exit_of(11, 1, KILLED(SIGTERM))));
	tell(on_tty(exit_of(12, 1, KILLED(SIGTERM))));
	tell(on_tty(exit_of(13, 1, KILLED(SIGTERM))));
	pass(NS_PER_S);
	assert_told("exit 10\nexit 11\nexit 12\nexit 13\n");
}

static void each_parent_that_dies_makes_a_finding_of_its_own(void **state)
{
	struct event ev = on_tty(exit_of(10, 9, EXITED(0)));

	(void)state;
	a_family();
	tell(on_tty(exec_of(11, 10)));
	ev.exit.adopter = id_of(9);
	tell(ev);
	pass(HOLD);
	tell(exit_of(9, 1, KILLED(SIGKILL)));
	pass(HOLD);
	assert_told("exit 10\nbackground orphan 11, 10 died, 9 adopts\nexit 9\n"
		    "abandoned orphan 11, 9 died, 1 adopts\n");
}

static void one_that_dies_at_once_is_told_of_each_in_their_order(void **state)
{
	struct event ev = exit_of(10, 9, EXITED(3));

	(void)state;
	a_family();
	ev.exit.adopter = id_of(9);
	tell(on_tty(ev));
	pass(NS_PER_MS);
	tell(exit_of(9, 1, KILLED(SIGKILL)));
	pass(NS_PER_MS);
	forget();
	tell(on_tty(exit_of(11, 1, EXITED(0))));
	assert_told("background orphan 11, 10 died, 9 adopts\n"
		    "abandoned orphan 11, 9 died, 1 adopts\nexit 11\n");
}

static void the_dead_are_no_orphans(void **state)
{
	(void)state;
	a_family();
	tell(on_tty(exit_of(11, 10, EXITED(0))));
	tell(on_tty(exit_of(10, 9, KILLED(SIGKILL))));
	pass(NS_PER_S / 2);
	assert_told("exit 11\nexit 10\n");
}

static void at_the_end_of_tracing_what_is_held_is_told(void **state)
{
	(void)state;
	a_family();
	tell(on_tty(exit_of(10, 9, KILLED(SIGKILL))));
	detect_finish(&w.d);
	assert_told("exit 10\nabandoned orphan 11, 10 died, 1 adopts\n");
}

/* Evidence is what a person can check: a minute is not "at once". */
static void a_parent_that_left_after_a_minute_is_not_said_to_have_left_at_once(void **state)
{
	(void)state;
	a_family();
	pass(60 * NS_PER_S);
	tell(on_tty(exit_of(10, 9, EXITED(0))));
	pass(HOLD);
	assert_false(evidence_says("at once"));
}

static void the_adopter_that_a_look_found_is_the_one_told(void **state)
{
	(void)state;
	a_family();
	tell(on_tty(exit_of(10, 9, KILLED(SIGKILL))));
	tell(on_tty(sight_of(11, 9, 'S')));
	pass(HOLD);
	assert_told("exit 10\nabandoned orphan 11, 10 died, 9 adopts\n");
}

static void the_next_one_of_its_pid_is_not_taken_for_it(void **state)
{
	struct event ev = fork_of(11, 9);

	(void)state;
	a_family();
	tell(on_tty(exit_of(10, 9, KILLED(SIGKILL))));
	tell(free_of(11, 1)); /* its exit was lost */
	assert_told("exit 10\nabandoned orphan 11, 10 died, 1 adopts\ninferred exit 11\n");
	ev.id = next_of(11);
	tell(ev);
	pass(NS_PER_S / 8);
	assert_told("");
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(it_is_told_after_the_hold_with_who_died_and_how),
		story(a_killed_or_crashed_parent_abandons_its_children),
		story(one_whose_parent_the_oom_killer_chose_says_so),
		story(a_child_with_a_session_of_its_own_was_meant_to_leave),
		story(a_double_fork_was_meant),
		story(what_a_shell_left_running_is_in_the_background),
		story(children_that_fall_in_the_same_blow_are_no_orphans),
		story(one_that_dies_of_something_else_is_told_before_its_exit),
		story(one_that_outlives_the_hold_and_is_then_killed_stays_told),
		story(a_whole_tree_that_falls_is_no_orphan_in_it),
		story(each_parent_that_dies_makes_a_finding_of_its_own),
		story(one_that_dies_at_once_is_told_of_each_in_their_order),
		story(the_dead_are_no_orphans),
		story(at_the_end_of_tracing_what_is_held_is_told),
		story(a_parent_that_left_after_a_minute_is_not_said_to_have_left_at_once),
		story(the_adopter_that_a_look_found_is_the_one_told),
		story(the_next_one_of_its_pid_is_not_taken_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
