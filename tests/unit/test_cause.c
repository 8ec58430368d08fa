// SPDX-License-Identifier: GPL-2.0-only
/* Why a zombie stays: each cause from the facts that prove it. */
#include "diagnose/cause.h"
#include "story.h"

/* Facts are set by hand here: a child 11 that is dead, and the parent 10 that has to wait. */
static struct proc child, parent;
static struct doing doing; /* the parent's */
static struct finding found;

static int begin(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	doing = (struct doing){ 0 };
	parent = (struct proc){ .id = id_of(10), .letter = 'S', .life = LIFE_RUNNING,
				.doing = &doing };
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

static bool also(enum cause cause)
{
	return found.u.zombie.also & 1u << cause;
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

/* Those that were dead before anybody watched do not show that it has waited for none since. */
static void the_dead_of_before_are_no_deaths_that_were_seen(void **state)
{
	(void)state;
	parent.children_died = parent.found_dead = 200;
	doing = (struct doing){ .known = true, .cminflt = 21608 };
	child.died = 0;
	child.from_snapshot = true;
	assert_cause("waits_late");
	assert_true(evidence_says("cminflt in /proc/10/stat is 21608"));
	assert_false(evidence_says("has collected"));
	doing.cminflt = 0;
	assert_cause("never_waits");
	assert_true(evidence_says("it has never collected one"));
	doing.cminflt = 21608;
	parent.children_died = 202; /* two more, and it may still come to them */
	assert_cause("waits_late");
	assert_true(evidence_says("of 202 children seen to die or found dead it has collected 0"));
	parent.children_died = 203;
	assert_cause("never_waits");
	parent.children_reaped = 5;
	parent.children_died = 200;
	assert_cause("waits_late");
	assert_true(evidence_says("of 200 children found dead it has collected 5"));
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

/* What it has collected before shows in its account, and the signal that it has taken in its mask. */
static void a_parent_whose_signals_merged_before_it_was_watched(void **state)
{
	(void)state;
	parent.sigchld = SIGCHLD_CAUGHT;
	parent.children_died = parent.found_dead = 3;
	child.died = 0;
	child.from_snapshot = true;
	doing = (struct doing){ .known = true, .cminflt = 16 };
	assert_cause("misses_signals");
	assert_true(also(CAUSE_WAITS_LATE));
	doing.sigchld_pending = true;
	assert_cause("waits_late");
	doing = (struct doing){ .known = true };
	assert_cause("never_waits");
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

static void looked_at(const char *where)
{
	doing.known = true;
	strcpy(doing.where, where);
}

static void a_parent_that_slept_in_the_kernel_is_told_with_where(void **state)
{
	(void)state;
	parent.letter = 'D';
	looked_at("wait_for_vfork_done");
	assert_cause("parent_stopped");
	assert_true(evidence_says("uninterruptible sleep in wait_for_vfork_done"));
	parent.letter = 't';
	parent.tracer = id_of(88);
	assert_cause("parent_stopped");
	assert_true(evidence_says("its tracer, pid 88"));
}

static void a_frozen_parent_shows_by_where_it_sleeps(void **state)
{
	static const char *const places[] = { "do_freezer_trap", "__refrigerator", "get_signal" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(places); i++) {
		looked_at(places[i]);
		assert_cause("parent_stopped");
		assert_true(evidence_says("frozen with its control group"));
	}
	looked_at("ep_poll");
	assert_cause("never_waits");
}

/* cminflt: what it ever waited for. One that waited before it was watched is late, not deaf. */
static void a_parent_that_collected_before_it_was_watched(void **state)
{
	(void)state;
	looked_at("");
	assert_cause("never_waits");
	assert_true(evidence_says("cminflt in /proc/10/stat is 0"));
	doing.cminflt = 77;
	assert_cause("waits_late");
	assert_true(evidence_says("is 77"));
	parent.children_died = 3; /* by now it may be another program */
	assert_cause("never_waits");
	assert_true(also(CAUSE_WAITS_LATE));
	parent.id.pid = 1;
	assert_cause("waits_late");
}

static void a_signal_that_waits_to_be_taken(void **state)
{
	(void)state;
	looked_at("");
	parent.sigchld = SIGCHLD_CAUGHT;
	parent.children_died = 3;
	parent.children_reaped = 1;
	doing.sigchld_blocked = doing.sigchld_pending = true;
	assert_cause("waits_late");
	assert_true(evidence_says("pending"));
	assert_true(evidence_says("blocked"));
	doing.sigchld_pending = false;
	assert_cause("misses_signals");
	parent.sigchld = SIGCHLD_DEFAULT; /* signalfd needs no handler */
	assert_cause("misses_signals");
	doing.sigchld_blocked = false;
	assert_cause("waits_late");
	looked_at("do_sigtimedwait");
	assert_cause("misses_signals");
}

static void collected(uint32_t pid, uint64_t died)
{
	parent.last_reaped = id_of(pid);
	parent.last_reaped_died = died;
	parent.children_died = 2;
	parent.children_reaped = 1;
}

/* A wait for any child takes the first born: 12 was born after 11. */
static void a_child_that_was_passed_over(void **state)
{
	(void)state;
	collected(12, child.died + NS_PER_MS);
	assert_cause("forgets_some");
	assert_true(evidence_says("pid 12"));
	assert_int_equal(found.u.zombie.also, 0);
	parent.sigchld = SIGCHLD_CAUGHT; /* one wait a signal would have taken 11 */
	assert_cause("forgets_some");
	assert_int_equal(found.u.zombie.also, 0);
	parent.threads = 2; /* each thread looks at its own children first */
	assert_cause("forgets_some");
	assert_true(also(CAUSE_MISSES_SIGNALS));
}

static void one_that_was_born_or_died_before_proves_nothing(void **state)
{
	(void)state;
	collected(9, child.died + NS_PER_MS);
	assert_cause("waits_late");
	assert_true(evidence_says("0.001 s after this one"));
	collected(12, child.died - 2 * NS_PER_MS);
	assert_cause("waits_late");
	assert_true(evidence_says("0.002 s before this one"));
	parent.sigchld = SIGCHLD_CAUGHT;
	assert_cause("misses_signals");
	assert_true(also(CAUSE_WAITS_LATE));
	collected(9, child.died + NS_PER_MS); /* it has waited since, and too seldom */
	assert_cause("misses_signals");
	assert_false(also(CAUSE_WAITS_LATE));
}

/* An adopted one stands in the parent's list where it came, not where it was born. */
static void an_orphan_is_passed_over_only_by_those_born_after_it_came(void **state)
{
	(void)state;
	child.adopted = true;
	child.dead_seen = child.died;
	collected(12, child.died + NS_PER_MS);
	assert_cause("waits_late");
	parent.last_reaped.start = child.died + 1;
	assert_cause("forgets_some");
}

static void a_wait_is_told_with_whom_it_is_for(void **state)
{
	static struct proc other;

	(void)state;
	other = (struct proc){ .id = id_of(12), .life = LIFE_RUNNING };
	strcpy(other.comm, "worker");
	list_add_tail(&other.sibling, &parent.children);
	looked_at("do_wait");
	parent.in_wait = doing.has_wait = true;
	doing.wait_for = 12;
	assert_cause("waits_for_another");
	assert_true(evidence_says("for pid 12 alone (worker, which runs)"));
	doing.wait_for = 99;
	assert_cause("waits_for_another");
	assert_true(evidence_says("for pid 99 alone"));
	doing.wait_for = -40;
	assert_cause("waits_for_another");
	assert_true(evidence_says("process group 40"));
	doing.wait_for = INT32_MIN;
	assert_cause("waits_for_another");
	doing.wait_for = -1;
	assert_cause("waits_for_another");
	assert_true(evidence_says("__WNOTHREAD"));
	parent.nspid = 7; /* in a namespace of its own: there 12 is called 3 */
	other.nspid = 3;
	doing.wait_for = 3;
	assert_cause("waits_for_another");
	assert_true(evidence_says("for pid 3 alone (worker"));
}

static void a_wait_for_the_very_child_that_a_tracer_holds(void **state)
{
	(void)state;
	child.traced = true;
	child.tracer = id_of(77);
	list_add_tail(&child.sibling, &parent.children);
	parent.in_wait = true;
	assert_cause("traced");
	assert_int_equal(found.u.zombie.also, 0); /* whom it is for is not known */
	looked_at("do_wait");
	doing.has_wait = true;
	doing.wait_for = -1;
	assert_cause("traced");
	assert_int_equal(found.u.zombie.also, 0);
	doing.wait_for = 11;
	assert_cause("traced");
	assert_int_equal(found.u.zombie.also, 0);
	assert_true(evidence_says("for this child"));
	doing.wait_for = 99;
	assert_cause("traced");
	assert_true(also(CAUSE_WAITS_FOR_ANOTHER));
}

static void a_traced_child_of_a_parent_that_leaves_others_too(void **state)
{
	(void)state;
	child.traced = true;
	child.tracer = id_of(77);
	assert_cause("traced");
	assert_int_equal(found.u.zombie.also, 0);
	parent.children_died = 2;
	assert_cause("traced");
	assert_int_equal(found.u.zombie.also, 1u << CAUSE_NEVER_WAITS);
}

static void an_init_that_waits_for_its_program_alone(void **state)
{
	(void)state;
	parent.ns_init = true;
	child.inherited = true;
	child.creator = id_of(9);
	looked_at("do_wait");
	parent.in_wait = doing.has_wait = true;
	doing.wait_for = 2;
	assert_cause("init_does_not_reap");
	assert_true(also(CAUSE_WAITS_FOR_ANOTHER));
}

/* Of the orphans it has collected none, and of its own children neither. */
static void an_init_that_leaves_its_own_children_too(void **state)
{
	(void)state;
	parent.ns_init = true;
	child.adopted = true;
	parent.children_died = parent.orphans_died = 4;
	assert_cause("init_does_not_reap");
	assert_int_equal(found.u.zombie.also, 0);
	parent.children_died = 5;
	assert_cause("init_does_not_reap");
	assert_int_equal(found.u.zombie.also, 1u << CAUSE_NEVER_WAITS);
	assert_true(evidence_says("4 of these were orphans that it had adopted"));
}

static void an_init_that_does_reap_is_late(void **state)
{
	(void)state;
	parent.ns_init = parent.subreaper = true;
	child.adopted = true;
	parent.children_died = parent.orphans_died = 9;
	parent.children_reaped = parent.orphans_reaped = 8;
	parent.reaped_late = 3;
	assert_cause("waits_late");
	assert_true(evidence_says("of 9 children seen to die it has collected 8, 3 of them as zombies"));
	parent.orphans_reaped = 0; /* they were its own */
	assert_cause("init_does_not_reap");
	parent.ns_init = false;
	assert_cause("subreaper_does_not_reap");
	parent.ns_init = true;
	parent.id.pid = 1; /* the machine's init collects what it adopts */
	assert_cause("waits_late");
}

/* Nobody saw the fork of what was there before. */
static void a_corpse_of_the_first_picture_shows_by_its_session_who_started_it(void **state)
{
	(void)state;
	child.creator = (struct ident){ 0 };
	child.from_snapshot = true;
	child.died = 0;
	child.have = parent.have = HAVE_SESSION;
	child.sid = parent.sid = 5;
	parent.subreaper = true;
	assert_cause("never_waits");
	child.sid = 6;
	assert_cause("subreaper_does_not_reap");
	assert_true(evidence_says("another session (6)"));
	child.sid = child.id.pid; /* it has made that itself */
	assert_cause("never_waits");
	parent.ns_init = true;
	assert_cause("init_does_not_reap");
	assert_true(also(CAUSE_NEVER_WAITS));
	assert_true(evidence_says("is not known"));
	child.creator = parent.id;
	assert_cause("never_waits");
}

static void every_cause_has_a_name_of_its_own(void **state)
{
	enum cause a, b;

	(void)state;
	for (a = 0; a < CAUSES; a++)
		for (b = 0; b < a; b++)
			assert_string_not_equal(cause_name(a), cause_name(b));
}

#define story(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_parent_that_never_waits),
		story(the_dead_of_before_are_no_deaths_that_were_seen),
		story(a_parent_whose_signals_merge),
		story(a_parent_whose_signals_merged_before_it_was_watched),
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
		story(a_parent_that_slept_in_the_kernel_is_told_with_where),
		story(a_frozen_parent_shows_by_where_it_sleeps),
		story(a_parent_that_collected_before_it_was_watched),
		story(a_signal_that_waits_to_be_taken),
		story(a_child_that_was_passed_over),
		story(one_that_was_born_or_died_before_proves_nothing),
		story(an_orphan_is_passed_over_only_by_those_born_after_it_came),
		story(a_wait_is_told_with_whom_it_is_for),
		story(a_wait_for_the_very_child_that_a_tracer_holds),
		story(a_traced_child_of_a_parent_that_leaves_others_too),
		story(an_init_that_waits_for_its_program_alone),
		story(an_init_that_leaves_its_own_children_too),
		story(an_init_that_does_reap_is_late),
		story(a_corpse_of_the_first_picture_shows_by_its_session_who_started_it),
		story(every_cause_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
