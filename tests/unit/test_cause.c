// SPDX-License-Identifier: GPL-2.0-only
/* Why a zombie stays: each cause from the facts that prove it. */
#include "diagnose/cause.h"
#include "story.h"

/* Facts are set by hand here: a child 11 that is dead, and the parent 10 that has to wait. */
static struct proc child, parent;
static struct finding found;

static int begin(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	parent = (struct proc){ .id = id_of(10), .letter = 'S', .life = LIFE_RUNNING };
	child = (struct proc){ .id = id_of(11), .letter = 'Z', .life = LIFE_ZOMBIE,
			       .parent = &parent, .creator = id_of(10), .died = BEGINNING };
	strcpy(parent.comm, "p10");
	strcpy(child.comm, "p11");
	child.has_exit_signal = true;
	child.exit_signal = SIGCHLD;
	child.from_snapshot = false;
	parent.sigchld = SIGCHLD_DEFAULT;
	parent.children_died = 1;
	list_init(&parent.children);
	return 0;
}

static void assert_cause(const char *want)
{
	found = (struct finding){ .kind = FINDING_ZOMBIE, .ts = BEGINNING, .p = &child };
	found.u.zombie.responsible = child.parent;
	diagnose_zombie(&found);
	assert_string_equal(cause_name(found.u.zombie.cause), want);
	w.evidence = found.evidence;
}

static void a_parent_that_never_waits(void **state)
{
	(void)state;
	parent.children_died = 5;
	assert_cause("never_waits");
	assert_true(evidence_says("default"));
	assert_true(evidence_says("5"));
	assert_true(evidence_says("0"));
}

static void a_parent_whose_signals_merge(void **state)
{
	(void)state;
	parent.sigchld = SIGCHLD_CAUGHT;
	parent.children_died = 10;
	parent.children_reaped = 7;
	assert_cause("misses_signals");
	assert_true(evidence_says("handler"));
	assert_true(evidence_says("10"));
	assert_true(evidence_says("7"));
}

static void a_parent_that_waits_for_another(void **state)
{
	(void)state;
	parent.in_wait = true;
	assert_cause("waits_for_another");
	assert_true(evidence_says("wait"));
}

static void a_parent_that_is_stopped_or_stuck(void **state)
{
	static const char letters[] = "TtD";
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		char words[] = "state ?";

		parent.letter = letters[i];
		words[6] = letters[i];
		assert_cause("parent_stopped");
		assert_true(evidence_says(words));
	}
}

/* It may stand in a wait call, too: stopped there, it comes to nothing. */
static void a_stopped_parent_comes_before_what_it_did(void **state)
{
	(void)state;
	parent.letter = 'T';
	parent.sigchld = SIGCHLD_CAUGHT;
	parent.children_reaped = 3;
	parent.children_died = 4;
	assert_cause("parent_stopped");
}

static void an_init_that_is_none(void **state)
{
	(void)state;
	parent.ns_init = true;
	child.adopted = true;
	child.creator = id_of(9);
	assert_cause("init_does_not_reap");
}

static void a_subreaper_that_does_not_reap(void **state)
{
	(void)state;
	parent.subreaper = true;
	child.adopted = true;
	child.creator = id_of(9);
	assert_cause("subreaper_does_not_reap");
}

/* Its own child, and not one it adopted: it is an ordinary parent. */
static void a_subreapers_own_child_is_an_ordinary_one(void **state)
{
	(void)state;
	parent.subreaper = true;
	assert_cause("never_waits");
}

static void a_tracer_that_holds_it(void **state)
{
	(void)state;
	child.traced = true;
	child.tracer = id_of(77);
	assert_cause("traced");
	assert_true(evidence_says("77"));
	assert_true(evidence_says("ptrace"));
}

static void a_parent_that_traces_its_own_child_is_no_tracer_to_blame(void **state)
{
	(void)state;
	child.traced = true;
	child.tracer = parent.id;
	assert_cause("never_waits");
}

/* /proc tells the tracer's pid alone. */
static void the_same_where_the_tracers_start_is_not_known(void **state)
{
	(void)state;
	child.traced = true;
	child.tracer = (struct ident){ 10, 0 };
	assert_cause("never_waits");
}

static void a_child_that_a_plain_wait_never_sees(void **state)
{
	static const int signals[] = { 0, SIGUSR1 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(signals); i++) {
		child.exit_signal = (int8_t)signals[i];
		assert_cause("clone_child");
		assert_true(evidence_says("__WALL"));
	}
}

static void the_tracer_and_the_clone_come_before_the_parents_state(void **state)
{
	(void)state;
	parent.letter = 'T';
	child.traced = true;
	child.tracer = id_of(77);
	assert_cause("traced");
	child.traced = false;
	child.exit_signal = 0;
	assert_cause("clone_child");
}

/* It lay there before tracing began, and still nobody waits: no death was counted, none needed. */
static void a_corpse_of_the_first_picture_under_a_parent_that_does_not_wait(void **state)
{
	(void)state;
	child.from_snapshot = true;
	child.died = 0;
	parent.children_died = 0;
	parent.from_snapshot = true;
	assert_cause("never_waits");
}

static void a_parent_that_ignores_the_signal_now_did_not_then(void **state)
{
	(void)state;
	parent.sigchld = SIGCHLD_AUTOREAPS;
	assert_cause("never_waits");
	assert_true(evidence_says("ignores SIGCHLD"));
}

static void a_parent_that_is_not_known_has_no_cause(void **state)
{
	(void)state;
	child.parent = NULL;
	assert_cause("unknown");
	child.parent = &parent;
	parent.stub = true;
	assert_cause("unknown");
	child.exit_signal = 0; /* what the child itself shows counts all the same */
	assert_cause("clone_child");
}

static void a_parent_that_waits_mostly_is_not_said_never_to_wait(void **state)
{
	(void)state;
	parent.children_died = 10;
	parent.children_reaped = 9;
	found = (struct finding){ .kind = FINDING_ZOMBIE, .p = &child };
	found.u.zombie.responsible = &parent;
	diagnose_zombie(&found);
	assert_string_not_equal(cause_name(found.u.zombie.cause), "never_waits");
	assert_string_not_equal(cause_name(found.u.zombie.cause), "misses_signals"); /* there is no handler */
}

#define story(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_parent_that_never_waits),
		story(a_parent_whose_signals_merge),
		story(a_parent_that_waits_for_another),
		story(a_parent_that_is_stopped_or_stuck),
		story(a_stopped_parent_comes_before_what_it_did),
		story(an_init_that_is_none),
		story(a_subreaper_that_does_not_reap),
		story(a_subreapers_own_child_is_an_ordinary_one),
		story(a_tracer_that_holds_it),
		story(a_parent_that_traces_its_own_child_is_no_tracer_to_blame),
		story(the_same_where_the_tracers_start_is_not_known),
		story(a_child_that_a_plain_wait_never_sees),
		story(the_tracer_and_the_clone_come_before_the_parents_state),
		story(a_corpse_of_the_first_picture_under_a_parent_that_does_not_wait),
		story(a_parent_that_ignores_the_signal_now_did_not_then),
		story(a_parent_that_is_not_known_has_no_cause),
		story(a_parent_that_waits_mostly_is_not_said_never_to_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
