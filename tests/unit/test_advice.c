// SPDX-License-Identifier: GPL-2.0-only
/* What to do about a group of zombies, and what will not help, by its cause. */
#include "diagnose/advice.h"
#include "story.h"

/* By hand: the parent 10 under the init 1, and a zombie 11 of it. */
static struct proc init, parent, child, living;
static struct group g;
static struct advice a;

static void join(struct proc *p, struct proc *to)
{
	list_init(&p->children);
	list_init(&p->sibling);
	p->parent = to;
	if (to)
		list_add_tail(&p->sibling, &to->children);
}

static int begin(void **state)
{
	(void)state;
	init = (struct proc){ .id = id_of(1), .letter = 'S', .ns_init = true, .comm = "init",
			      .life = LIFE_RUNNING, .have = HAVE_SUBREAPER | HAVE_NSPID,
			      .nspid = 1 };
	parent = (struct proc){ .id = id_of(10), .letter = 'S', .comm = "server",
				.life = LIFE_RUNNING, .sigchld = SIGCHLD_DEFAULT, .nspid = 10,
				.have = HAVE_SUBREAPER | HAVE_NSPID };
	child = (struct proc){ .id = id_of(11), .letter = 'Z', .comm = "dead",
			       .life = LIFE_ZOMBIE };
	living = (struct proc){ .id = id_of(12), .letter = 'S', .comm = "worker",
				.life = LIFE_RUNNING };
	join(&init, NULL);
	join(&parent, &init);
	join(&child, &parent);
	g = (struct group){ .parent = &parent, .count = 7, .oldest = &child, .ncauses = 1,
			    .pids = { 11 }, .npids = 1 };
	return 0;
}

static void advise_on(enum cause cause)
{
	g.causes[0] = (struct group_cause){ cause, g.count, &child };
	advise(&a, &g);
	assert_true(a.nacts > 0);
	assert_true(*a.brief);
}

static bool says(char (*list)[ADVICE_LEN], int n, const char *words)
{
	int i;

	for (i = 0; i < n; i++)
		if (strstr(list[i], words))
			return true;
	return false;
}

#define act_says(words) says(a.act, a.nacts, words)
#define futile_says(words) says(a.futile, a.nfutile, words)

static void never_waiting_is_mended_in_the_code_or_by_a_restart(void **state)
{
	(void)state;
	advise_on(CAUSE_NEVER_WAITS);
	assert_true(act_says("in server(10)"));
	assert_true(act_says("SIG_IGN"));
	assert_true(act_says("restart server(10): that frees 7"));
	assert_true(act_says("init(1)"));
	assert_true(futile_says("tini"));
	assert_true(futile_says("kill -CHLD 10"));
	assert_true(futile_says("kill -9 11"));
	assert_false(act_says("--init"));
	assert_non_null(a.watch);
	assert_non_null(strstr(a.brief, "frees 7"));
}

static void a_handler_can_be_run_again(void **state)
{
	(void)state;
	parent.sigchld = SIGCHLD_CAUGHT;
	advise_on(CAUSE_MISSES_SIGNALS);
	assert_true(act_says("in the handler"));
	assert_true(act_says("kill -CHLD 10"));
	assert_false(futile_says("kill -CHLD"));
	assert_non_null(strstr(a.watch, "handler"));
	parent.sigchld = SIGCHLD_AUTOREAPS;
	advise_on(CAUSE_NEVER_WAITS);
	assert_true(act_says("began to ignore"));
}

static void who_waits_for_another_is_told_whom(void **state)
{
	(void)state;
	join(&living, &parent);
	advise_on(CAUSE_WAITS_FOR_ANOTHER);
	assert_true(act_says("waitpid(-1)"));
	assert_true(act_says("worker(12)"));
	assert_null(a.watch);
	living.life = LIFE_ZOMBIE; /* then it is not known for whom */
	advise_on(CAUSE_WAITS_FOR_ANOTHER);
	assert_false(act_says("worker"));
}

static void a_stopped_parent_is_resumed(void **state)
{
	(void)state;
	parent.letter = 'T';
	advise_on(CAUSE_PARENT_STOPPED);
	assert_true(act_says("kill -CONT 10"));
	assert_true(act_says("(kill -9): that frees 7"));
	assert_string_equal(a.brief, "kill -CONT 10");
	assert_null(a.watch);
	parent.letter = 't';
	parent.tracer.pid = 99;
	advise_on(CAUSE_PARENT_STOPPED);
	assert_true(act_says("pid 99"));
	assert_true(futile_says("kill -CONT"));
	parent.letter = 'D';
	advise_on(CAUSE_PARENT_STOPPED);
	assert_true(act_says("/proc/10/stack"));
	assert_true(act_says("kill -9 10 ends it where that sleep can be killed"));
	assert_true(futile_says("kill -CHLD 10: it takes none"));
	assert_false(act_says("restart"));
}

static void a_container_gets_an_init(void **state)
{
	(void)state;
	parent.ns_init = true;
	parent.nspid = 1;
	advise_on(CAUSE_INIT_DOES_NOT_REAP);
	assert_true(act_says("--init, tini"));
	assert_true(act_says("restart the container"));
	assert_true(act_says("all 7"));
	assert_false(futile_says("tini"));
	advise_on(CAUSE_NEVER_WAITS); /* of its own children: an init would collect these as well */
	assert_true(act_says("--init, tini"));
}

static void the_machines_init_cannot_be_restarted(void **state)
{
	(void)state;
	g.parent = &init;
	advise_on(CAUSE_INIT_DOES_NOT_REAP);
	assert_true(act_says("daemon-reexec"));
	assert_false(act_says("--init"));
	assert_false(act_says("restart the container"));
}

static void a_subreaper_must_wait_for_what_it_adopts(void **state)
{
	(void)state;
	parent.subreaper = true;
	advise_on(CAUSE_SUBREAPER_DOES_NOT_REAP);
	assert_true(act_says("PR_SET_CHILD_SUBREAPER"));
	assert_true(act_says("frees 7"));
}

static void a_tracer_must_let_go_and_a_restart_frees_nothing(void **state)
{
	(void)state;
	child.tracer.pid = 99;
	advise_on(CAUSE_TRACED);
	assert_true(act_says("end pid 99"));
	assert_false(act_says("restart"));
	assert_true(futile_says("restarting server(10)"));
	assert_null(a.watch);
}

static void what_a_restart_frees_leaves_out_the_traced(void **state)
{
	(void)state;
	child.tracer.pid = 99;
	g.ncauses = 2;
	g.causes[1] = (struct group_cause){ CAUSE_TRACED, 2, &child };
	advise_on(CAUSE_NEVER_WAITS);
	assert_true(act_says("frees 5"));
	assert_true(act_says("end pid 99"));
	assert_non_null(a.watch);
}

static void a_clone_child_needs_another_wait(void **state)
{
	(void)state;
	child.exit_signal = 0;
	advise_on(CAUSE_CLONE_CHILD);
	assert_true(act_says("__WALL"));
	assert_true(act_says("frees 7"));
	assert_true(futile_says("kill -CHLD 10"));
}

static void a_bad_heir_is_named(void **state)
{
	static struct proc other;

	(void)state;
	other = (struct proc){ .id = id_of(13), .life = LIFE_ZOMBIE };
	join(&other, &init);
	advise_on(CAUSE_NEVER_WAITS);
	assert_true(act_says("init(1), which does not collect its own"));
	assert_false(act_says("that frees"));
	parent.parent = NULL;
	advise_on(CAUSE_NEVER_WAITS);
	assert_true(act_says("if that collects them"));
}

static void an_unseen_parent_must_be_found(void **state)
{
	(void)state;
	g.parent = NULL;
	advise_on(CAUSE_UNKNOWN);
	assert_true(act_says("find the parent"));
}

/* Every cause has advice that fits into its room. */
static void long_names_fit(void **state)
{
	size_t i;
	int k;

	(void)state;
	memset(parent.comm, 'x', COMM_LEN - 1);
	memset(init.comm, 'y', COMM_LEN - 1);
	memset(living.comm, 'z', COMM_LEN - 1);
	join(&living, &parent);
	parent.id.pid = g.pids[0] = child.tracer.pid = 4194304;
	g.count = 4194304;
	for (i = 0; i < CAUSES; i++) {
		advise_on((enum cause)i);
		for (k = 0; k < a.nacts; k++)
			assert_true(strlen(a.act[k]) < ADVICE_LEN - 1);
		for (k = 0; k < a.nfutile; k++)
			assert_true(strlen(a.futile[k]) < ADVICE_LEN - 1);
	}
}

static void what_several_causes_ask_for_is_said_once(void **state)
{
	int i, k;

	(void)state;
	g.ncauses = 2;
	g.causes[1] = (struct group_cause){ CAUSE_UNKNOWN, 2, &child };
	advise_on(CAUSE_NEVER_WAITS);
	assert_true(act_says("in server(10): wait for every child"));
	for (i = 0; i < a.nacts; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(a.act[i], a.act[k]);
	for (i = 0; i < a.nfutile; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(a.futile[i], a.futile[k]);
}

static void a_container_gets_an_init_whatever_the_cause(void **state)
{
	(void)state;
	parent.ns_init = true;
	parent.nspid = 1;
	advise_on(CAUSE_UNKNOWN);
	assert_true(act_says("--init, tini"));
	assert_string_equal(a.brief, "run the container with --init or tini");
}

/* That it is late was seen, or it is no more than that it has collected some before. */
static void lateness_that_nobody_saw_is_advised_on_by_its_signals(void **state)
{
	(void)state;
	parent.sigchld = SIGCHLD_CAUGHT;
	child.died = BEGINNING;
	advise_on(CAUSE_WAITS_LATE);
	assert_true(act_says("it collects its children, but late"));
	assert_false(act_says("kill -CHLD"));
	child.died = 0;
	advise_on(CAUSE_WAITS_LATE);
	assert_false(act_says("but late"));
	assert_true(act_says("kill -CHLD 10 runs that handler again"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(never_waiting_is_mended_in_the_code_or_by_a_restart, begin),
		cmocka_unit_test_setup(lateness_that_nobody_saw_is_advised_on_by_its_signals, begin),
		cmocka_unit_test_setup(a_handler_can_be_run_again, begin),
		cmocka_unit_test_setup(who_waits_for_another_is_told_whom, begin),
		cmocka_unit_test_setup(a_stopped_parent_is_resumed, begin),
		cmocka_unit_test_setup(a_container_gets_an_init, begin),
		cmocka_unit_test_setup(the_machines_init_cannot_be_restarted, begin),
		cmocka_unit_test_setup(a_subreaper_must_wait_for_what_it_adopts, begin),
		cmocka_unit_test_setup(a_tracer_must_let_go_and_a_restart_frees_nothing, begin),
		cmocka_unit_test_setup(what_a_restart_frees_leaves_out_the_traced, begin),
		cmocka_unit_test_setup(a_clone_child_needs_another_wait, begin),
		cmocka_unit_test_setup(a_bad_heir_is_named, begin),
		cmocka_unit_test_setup(an_unseen_parent_must_be_found, begin),
		cmocka_unit_test_setup(what_several_causes_ask_for_is_said_once, begin),
		cmocka_unit_test_setup(a_container_gets_an_init_whatever_the_cause, begin),
		cmocka_unit_test_setup(long_names_fit, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
