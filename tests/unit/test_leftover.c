// SPDX-License-Identifier: GPL-2.0-only
/* Who did not start whom, by the present alone; what was meant; groups of one origin. */
#include "diagnose/leftover.h"
#include "story.h"

#define REAPER 10
#define R_SESSION 900 /* which the reaper was born in; its leader is long gone */

static int begin(void **state)
{
	(void)state;
	return begin_with(~0u);
}

/* A process of that session and group. */
static struct event seen(uint32_t pid, uint32_t parent, uint32_t sid, uint32_t pgid)
{
	struct event ev = sight_of(pid, parent, 'S');

	ev.facts.sid = sid;
	ev.facts.pgid = pgid;
	ev.facts.parent_subreaper = parent == REAPER;
	return ev;
}

static void there_is_a_reaper(uint32_t sid, uint32_t pgid)
{
	struct event ev = seen(REAPER, INIT, sid, pgid);

	tell(sight_of(INIT, 0, 'S'));
	ev.facts.subreaper = true;
	tell(ev);
}

static struct adoption adoption(uint32_t pid)
{
	return adoption_of(w.e, proc(pid), NULL);
}

static void who_is_in_a_third_session_was_adopted_for_sure(void **state)
{
	struct adoption a;

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	tell(seen(50, REAPER, 40, 40));
	a = adoption(50);
	assert_true(a.adopted && a.certain && a.by_session);
	assert_int_equal(a.head_pid, 40);
	assert_null(a.head);
}

/* It may have been forked before the reaper left that session for its own. */
static void a_reaper_that_leads_its_session_may_have_left_another(void **state)
{
	struct adoption a;

	(void)state;
	there_is_a_reaper(REAPER, REAPER);
	tell(seen(50, REAPER, 40, 40));
	a = adoption(50);
	assert_true(a.adopted);
	assert_false(a.certain);
	tell(seen(40, INIT, 40, 40)); /* it lives, and is younger than the reaper */
	a = adoption(50);
	assert_true(a.adopted && a.certain);
	assert_ptr_equal(a.head, proc(40));
	tell(seen(7, INIT, 7, 7)); /* this one is older */
	tell(seen(51, REAPER, 7, 7));
	assert_false(adoption(51).certain);
}

static void who_is_in_no_third_session_shows_no_sign(void **state)
{
	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	tell(seen(50, REAPER, R_SESSION, R_SESSION)); /* a plain child */
	tell(seen(51, REAPER, 51, 51));		      /* setsid() */
	tell(seen(52, REAPER, R_SESSION, 52));	      /* setpgid() */
	tell(seen(53, REAPER, 0, 0));
	assert_false(adoption(50).adopted || adoption(51).adopted || adoption(52).adopted ||
		     adoption(53).adopted);
	assert_ptr_equal(adoption(50).reaper, proc(REAPER));
	assert_true(adoption(51).by_session);
}

static void a_strange_group_is_a_sign_unless_the_reaper_has_jobs(void **state)
{
	struct event shell;

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	tell(seen(50, REAPER, R_SESSION, 45));
	assert_true(adoption(50).adopted);
	assert_false(adoption(50).certain);
	tell(seen(45, REAPER, R_SESSION, 45)); /* a pipeline, whose first one lives */
	assert_false(adoption(50).adopted);
	tell(seen(51, REAPER, R_SESSION, 46));
	shell = seen(REAPER, INIT, R_SESSION, R_SESSION);
	shell.facts.subreaper = true;
	shell.facts.tty = TTY;
	tell(shell);
	assert_false(adoption(51).adopted);
}

/* What an init starts before anybody calls setsid() is in session 0: nobody's, and still one. */
static void in_session_0_a_group_is_a_sign_like_in_any(void **state)
{
	(void)state;
	there_is_a_reaper(0, 0);
	tell(seen(50, REAPER, 0, 45));
	assert_true(adoption(50).adopted);
	assert_int_equal(adoption(50).head_pid, 45);
	tell(seen(51, REAPER, 0, 0)); /* a plain child */
	assert_false(adoption(51).adopted);
	there_is_a_reaper(0, REAPER); /* it has left group 0, and may have left that child there */
	assert_false(adoption(51).adopted);
	there_is_a_reaper(REAPER, REAPER);
	assert_false(adoption(51).adopted);
}

static void who_came_after_a_younger_one_was_adopted(void **state)
{
	const uint32_t order[] = { 50, 60, 55, 70, 51, 99 /* not known */, 80 };
	struct arrivals arrivals;
	struct adoption a;

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	for (size_t i = 0; i < COUNT(order); i++)
		if (order[i] != 99)
			tell(seen(order[i], REAPER, R_SESSION, R_SESSION));
	arrivals_make(&arrivals, w.e, order, COUNT(order));
	a = adoption_of(w.e, proc(55), &arrivals);
	assert_true(a.adopted);
	assert_false(a.certain);
	assert_ptr_equal(a.before, proc(60));
	assert_ptr_equal(adoption_of(w.e, proc(51), &arrivals).before, proc(70));
	assert_false(adoption_of(w.e, proc(50), &arrivals).adopted);
	assert_false(adoption_of(w.e, proc(60), &arrivals).adopted);
	assert_false(adoption_of(w.e, proc(80), &arrivals).adopted);
	arrivals_free(&arrivals);
	arrivals_make(&arrivals, w.e, NULL, 0);
	assert_false(adoption_of(w.e, proc(55), &arrivals).adopted);
	arrivals_free(&arrivals);
}

static void only_who_runs_below_a_reaper_is_asked_after(void **state)
{
	struct event kernel = seen(60, REAPER, 40, 40), init = seen(61, REAPER, 40, 40);
	struct event dead = seen(64, REAPER, 40, 40);

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	kernel.facts.kthread = true;
	init.facts.ns_init = true;
	dead.sight.letter = 'Z';
	dead.sight.dead = true;
	tell(kernel);
	tell(init);
	tell(seen(62, REAPER, 40, 40));
	tell(seen(63, 62, 40, 40));
	tell(dead);
	for (uint32_t pid = 60; pid <= 64; pid++)
		assert_int_equal(adoption(pid).reaper != NULL, pid == 62);
}

/* One below the reaper, in session 40, with all three descriptors alike. */
static struct leftover left(uint32_t pid, enum descriptor d, enum answer at_root)
{
	struct leftover l = { .p = proc(pid), .adoption = adoption(pid) };

	l.standing.fd[0] = l.standing.fd[1] = l.standing.fd[2] = d;
	l.standing.at_root = at_root;
	l.standing.ignores_hup = NO;
	return l;
}

static void what_holds_a_pipe_of_the_dead_is_stray(void **state)
{
	struct leftover l;

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	tell(seen(50, REAPER, 40, 41));
	l = left(50, DESCRIPTOR_PIPE, YES);
	assert_int_equal(leftover_judge(&l), LEFTOVER_STRAY);
	l = left(50, DESCRIPTOR_TTY, YES);
	assert_int_equal(leftover_judge(&l), LEFTOVER_STRAY);
	l = left(50, DESCRIPTOR_NULL, NO);
	assert_int_equal(leftover_judge(&l), LEFTOVER_STRAY);
	l = left(50, DESCRIPTOR_NULL, YES);
	assert_int_equal(leftover_judge(&l), LEFTOVER_DAEMON);
	l.standing.ignores_hup = YES;
	assert_int_equal(leftover_judge(&l), LEFTOVER_DAEMON);
	l = left(50, DESCRIPTOR_PIPE, NO);
	l.standing.ignores_hup = YES;
	assert_int_equal(leftover_judge(&l), LEFTOVER_BACKGROUND);
}

static void what_is_not_known_is_not_guessed(void **state)
{
	struct leftover l;

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	tell(seen(50, REAPER, 40, 41));
	l = left(50, DESCRIPTOR_UNKNOWN, NOT_KNOWN);
	assert_int_equal(leftover_judge(&l), LEFTOVER_UNKNOWN);
	assert_null(leftover_kind_name(LEFTOVER_UNKNOWN));
	l = left(50, DESCRIPTOR_NULL, NOT_KNOWN);
	assert_int_equal(leftover_judge(&l), LEFTOVER_UNKNOWN);
	l.standing.fd[2] = DESCRIPTOR_PIPE; /* that is enough */
	assert_int_equal(leftover_judge(&l), LEFTOVER_STRAY);
}

static void whose_session_lives_is_in_the_background(void **state)
{
	struct leftover l;

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	tell(seen(40, INIT, 40, 40));
	tell(seen(50, REAPER, 40, 41));
	l = left(50, DESCRIPTOR_TTY, NO);
	assert_int_equal(leftover_judge(&l), LEFTOVER_BACKGROUND);
	l = left(50, DESCRIPTOR_NULL, YES);
	assert_int_equal(leftover_judge(&l), LEFTOVER_BACKGROUND);
	l = left(50, DESCRIPTOR_PIPE, NO); /* somebody was to read what it writes */
	assert_int_equal(leftover_judge(&l), LEFTOVER_STRAY);
	tell(seen(51, REAPER, 40, 51)); /* a job of its own */
	l = left(51, DESCRIPTOR_PIPE, NO);
	assert_int_equal(leftover_judge(&l), LEFTOVER_BACKGROUND);
}

static void that_the_reapers_own_group_lives_tells_nothing(void **state)
{
	struct leftover l;

	(void)state;
	there_is_a_reaper(R_SESSION, REAPER);
	tell(seen(50, REAPER, R_SESSION, REAPER));
	l = left(50, DESCRIPTOR_FILE, NO);
	assert_ptr_equal(l.adoption.head, proc(REAPER));
	assert_int_equal(leftover_judge(&l), LEFTOVER_STRAY);
}

static void who_leads_its_own_session_meant_to_stay(void **state)
{
	struct leftover l;

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	tell(seen(50, REAPER, 50, 50));
	l = left(50, DESCRIPTOR_PIPE, NO);
	assert_int_equal(leftover_judge(&l), LEFTOVER_BACKGROUND);
	l = left(50, DESCRIPTOR_JOURNAL, YES);
	assert_int_equal(leftover_judge(&l), LEFTOVER_DAEMON);
}

static void who_works_used_a_part_of_the_moment(void **state)
{
	struct leftover l = { .standing = { .moment = 200 * NS_PER_MS, .used = 2 * NS_PER_MS } };

	(void)state;
	assert_true(leftover_works(&l));
	l.standing.used--;
	assert_false(leftover_works(&l));
	l.standing = (struct standing){ .used = 1 };
	assert_false(leftover_works(&l));
}

static void add(struct buf *b, struct leftover l, bool works)
{
	l.standing.moment = 100;
	l.standing.used = works ? 100 : 0;
	l.kind = leftover_judge(&l);
	buf_add(b, &l, sizeof(l));
}

static void groups_are_of_one_origin_and_the_most_suspicious_comes_first(void **state)
{
	struct leftovers g = { 0 };
	struct buf b = { 0 };

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	tell(seen(50, REAPER, 39, 39));
	tell(seen(51, REAPER, 40, 41));
	tell(seen(52, REAPER, 40, 42)); /* another group of that session */
	tell(seen(53, REAPER, 41, 41));
	tell(seen(54, REAPER, R_SESSION, 41)); /* a group, of the same number */
	tell(seen(55, REAPER, 40, 41));
	add(&b, left(50, DESCRIPTOR_NULL, YES), true);
	add(&b, left(51, DESCRIPTOR_PIPE, NO), false);
	add(&b, left(52, DESCRIPTOR_NULL, YES), false);
	add(&b, left(53, DESCRIPTOR_PIPE, NO), true);
	add(&b, left(54, DESCRIPTOR_PIPE, NO), false);
	add(&b, left(55, DESCRIPTOR_NULL, NO), false);
	g.at = (struct leftover *)b.data;
	g.count = b.len / sizeof(struct leftover);
	leftovers_group(&g);
	assert_int_equal(g.ngroups, 4);
	assert_int_equal(g.groups[0].at->p->id.pid, 53); /* it works */
	assert_int_equal(g.groups[1].at->p->id.pid, 51);
	assert_int_equal(g.groups[1].count, 3);
	assert_int_equal(g.groups[1].at[1].p->id.pid, 52);
	assert_int_equal(g.groups[2].at->p->id.pid, 54);
	assert_int_equal(g.groups[3].at->p->id.pid, 50);
	assert_int_equal(g.groups[3].kind, LEFTOVER_DAEMON);
	leftovers_free(&g);
}

static void no_leftovers_make_no_groups(void **state)
{
	struct leftovers g = { 0 };

	(void)state;
	leftovers_group(&g);
	assert_int_equal(g.ngroups, 0);
	leftovers_free(&g);
}

static void every_leftover_has_evidence(void **state)
{
	struct leftover l;

	(void)state;
	there_is_a_reaper(R_SESSION, R_SESSION);
	tell(seen(50, REAPER, 40, 41));
	l = left(50, DESCRIPTOR_PIPE, NO);
	memset(&w.evidence, 0, sizeof(w.evidence));
	leftover_evidence(&l, &w.evidence);
	assert_true(evidence_says("it is in session 40, which p10 (pid 10) is not in"));
	assert_true(evidence_says("40, which led that session, is gone"));
	assert_true(evidence_says("a pipe of its starter's"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_is_in_a_third_session_was_adopted_for_sure),
		TEST(a_reaper_that_leads_its_session_may_have_left_another),
		TEST(who_is_in_no_third_session_shows_no_sign),
		TEST(a_strange_group_is_a_sign_unless_the_reaper_has_jobs),
		TEST(in_session_0_a_group_is_a_sign_like_in_any),
		TEST(who_came_after_a_younger_one_was_adopted),
		TEST(only_who_runs_below_a_reaper_is_asked_after),
		TEST(what_holds_a_pipe_of_the_dead_is_stray),
		TEST(what_is_not_known_is_not_guessed),
		TEST(whose_session_lives_is_in_the_background),
		TEST(that_the_reapers_own_group_lives_tells_nothing),
		TEST(who_leads_its_own_session_meant_to_stay),
		TEST(who_works_used_a_part_of_the_moment),
		TEST(groups_are_of_one_origin_and_the_most_suspicious_comes_first),
		TEST(no_leftovers_make_no_groups),
		TEST(every_leftover_has_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
