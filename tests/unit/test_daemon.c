// SPDX-License-Identifier: GPL-2.0-only
/* Daemons: told once, when the last step is done and has lasted, and within a second. */
#include "story.h"

static struct event where(struct event ev, uint32_t sid, uint32_t tty)
{
	ev.facts.sid = ev.facts.pgid = sid;
	ev.facts.tty = tty;
	return ev;
}

/* A shell on a terminal, and what it started. */
static void a_shell(void)
{
	there_are(8);
	tell(where(sight_of(9, 8, 'S'), 9, TTY));
	tell(where(fork_of(10, 9), 9, TTY));
	tell(where(exec_of(10, 9), 9, TTY));
	forget();
}

/*
 * A second goes by in small steps; whoever is asked for is looked at, and stands as told. How many
 * daemon findings there were, and after how long the last.
 */
static int a_second(struct event as_seen, uint64_t *after)
{
	uint64_t since = w.now;
	int i, n = 0;

	*after = 0;
	for (i = 0; i < 100; i++) {
		w.log.len = 0;
		pass(10 * NS_PER_MS);
		buf_byte(&w.log, 0);
		if (strstr(w.log.data, "daemon ")) {
			n++;
			*after = w.now - since;
		}
		if (asked(as_seen.id.pid)) {
			as_seen.ts = w.now;
			tell(as_seen);
		}
		w.asked.len = 0;
	}
	w.log.len = 0;
	return n;
}

/* The last daemon finding: a_second() empties the log. */
static char told[64];

static void watch(void *ctx, const struct finding *f)
{
	static const char *const kinds[] = { "sysv", "service", "background" };

	hear_finding(ctx, f);
	if (f->kind == FINDING_DAEMON)
		snprintf(told, sizeof(told), "%s %u", kinds[f->u.daemon.kind], f->p->id.pid);
}

static int begin(void **state)
{
	(void)state;
	begin_with(ONLY_FINDINGS);
	told[0] = 0;
	w.d.out.finding = watch;
	return 0;
}

static void assert_daemon(struct event as_seen, const char *want)
{
	uint64_t after;

	assert_int_equal(a_second(as_seen, &after), 1);
	assert_true(after <= NS_PER_S);
	assert_string_equal(told, want);
}

static void a_classic_double_fork_is_a_sysv_daemon(void **state)
{
	(void)state;
	a_shell();
	tell(where(fork_of(11, 10), 9, TTY));
	tell(where(exit_of(10, 9, EXITED(0)), 9, TTY));
	/* 11 calls setsid, forks 12 and leaves */
	tell(where(fork_of(12, 11), 11, 0));
	tell(where(exit_of(11, 1, EXITED(0)), 11, 0));
	assert_daemon(where(sight_of(12, 1, 'S'), 11, 0), "sysv 12");
	assert_true(evidence_says("no controlling terminal"));
	assert_true(evidence_says("setsid"));
	assert_true(evidence_says("p11"));
}

/* daemon(3): fork, the parent leaves, setsid: no event tells of the last step. */
static void a_setsid_after_the_parent_left_is_found_by_a_look(void **state)
{
	(void)state;
	a_shell();
	tell(where(fork_of(11, 10), 9, TTY));
	tell(where(exit_of(10, 9, EXITED(0)), 9, TTY));
	assert_daemon(where(sight_of(11, 1, 'S'), 11, 0), "sysv 11");
	assert_true(evidence_says("setsid"));
}

static void a_setsid_before_the_parent_left_counts_too(void **state)
{
	(void)state;
	a_shell();
	tell(where(fork_of(11, 10), 9, TTY));
	tell(where(exec_of(11, 10), 11, 0));
	pass(NS_PER_S);
	assert_string_equal(told, ""); /* its starter is still there */
	tell(where(exit_of(10, 9, EXITED(0)), 9, TTY));
	assert_daemon(where(sight_of(11, 1, 'S'), 11, 0), "sysv 11");
}

static void what_is_left_in_a_session_it_did_not_make_is_in_the_background(void **state)
{
	(void)state;
	there_are(9);
	tell(exec_of(10, 9)); /* a script of cron's: no terminal anywhere */
	tell(fork_of(11, 10));
	tell(exec_of(11, 10));
	tell(exit_of(10, 9, EXITED(0)));
	assert_daemon(sight_of(11, 1, 'S'), "background 11");
}

static void what_init_starts_and_keeps_is_a_service(void **state)
{
	(void)state;
	there_are(9);
	tell(where(fork_of(11, 1), 11, 0));
	tell(where(exec_of(11, 1), 11, 0));
	assert_daemon(where(sight_of(11, 1, 'S'), 11, 0), "service 11");
	assert_true(evidence_says("p1"));
}

static void what_init_starts_and_ends_at_once_is_none(void **state)
{
	uint64_t after;

	(void)state;
	there_are(9);
	tell(where(fork_of(11, 1), 11, 0));
	pass(100 * NS_PER_MS);
	tell(where(exit_of(11, 1, EXITED(0)), 11, 0));
	tell(free_of(11, 1));
	assert_int_equal(a_second(missing_of(11), &after), 0);
}

static void an_orphan_that_keeps_its_terminal_is_none(void **state)
{
	uint64_t after;
	int i;

	(void)state;
	a_shell();
	tell(where(fork_of(11, 10), 9, TTY));
	tell(where(exit_of(10, 9, EXITED(0)), 9, TTY));
	for (i = 0; i < 10; i++)
		assert_int_equal(a_second(where(sight_of(11, 1, 'S'), 9, TTY), &after), 0);
	/* a minute later it lets go of the terminal */
	assert_daemon(where(sight_of(11, 1, 'S'), 11, 0), "sysv 11");
}

static void a_child_whose_starter_stays_is_none(void **state)
{
	uint64_t after;

	(void)state;
	a_shell();
	tell(where(fork_of(11, 10), 9, TTY));
	tell(where(exec_of(11, 10), 11, 0));
	assert_int_equal(a_second(where(sight_of(11, 10, 'S'), 11, 0), &after), 0);
}

static void one_that_was_there_before_does_not_become_one(void **state)
{
	uint64_t after;

	(void)state;
	there_are(9);
	tell(where(sight_of(11, 1, 'S'), 11, 0));
	assert_int_equal(proc(11)->class, CLASS_DAEMON);
	assert_int_equal(a_second(where(sight_of(11, 1, 'S'), 11, 0), &after), 0);
}

static void one_that_was_there_before_may_become_one_later(void **state)
{
	(void)state;
	there_are(9);
	tell(where(sight_of(10, 9, 'S'), 9, TTY));
	tell(where(sight_of(11, 10, 'S'), 11, 0));
	pass(NS_PER_S);
	forget();
	tell(where(exit_of(10, 9, EXITED(0)), 9, TTY));
	assert_daemon(where(sight_of(11, 1, 'S'), 11, 0), "sysv 11");
}

static void a_daemon_that_is_adopted_again_is_not_told_again(void **state)
{
	struct event ev = where(exit_of(10, 9, EXITED(0)), 9, TTY);
	uint64_t after;

	(void)state;
	a_shell();
	tell(where(fork_of(11, 10), 11, 0));
	ev.exit.adopter = id_of(8);
	tell(ev);
	assert_daemon(where(sight_of(11, 8, 'S'), 11, 0), "sysv 11");
	tell(exit_of(8, 1, EXITED(0)));
	assert_int_equal(a_second(where(sight_of(11, 1, 'S'), 11, 0), &after), 0);
}

/* It may have got a terminal meanwhile, or be gone: nothing is told that was not seen once more. */
static void it_is_looked_at_once_more_before_it_is_told(void **state)
{
	int i;

	(void)state;
	a_shell();
	tell(where(fork_of(11, 10), 11, 0));
	tell(where(exit_of(10, 9, EXITED(0)), 9, TTY));
	for (i = 0; i < 100 && !asked(11); i++)
		pass(10 * NS_PER_MS);
	assert_int_equal(asked(11), 1);
	assert_string_equal(told, "");
	tell(where(sight_of(11, 1, 'S'), 11, TTY));
	for (i = 0; i < 100; i++)
		pass(10 * NS_PER_MS);
	assert_string_equal(told, "");
}

static void a_kernel_thread_is_none(void **state)
{
	struct event ev = where(fork_of(50, 2), 0, 0);
	uint64_t after;

	(void)state;
	there_are(9);
	ev.facts.kthread = true;
	tell(ev);
	assert_int_equal(a_second(ev, &after), 0);
}

static void an_orphan_that_ends_before_it_settles_is_none(void **state)
{
	uint64_t after;

	(void)state;
	a_shell();
	tell(where(fork_of(11, 10), 11, 0));
	tell(where(exit_of(10, 9, EXITED(0)), 9, TTY));
	pass(100 * NS_PER_MS);
	tell(where(exit_of(11, 1, EXITED(0)), 11, 0));
	assert_int_equal(a_second(missing_of(11), &after), 0);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_classic_double_fork_is_a_sysv_daemon),
		story(a_setsid_after_the_parent_left_is_found_by_a_look),
		story(a_setsid_before_the_parent_left_counts_too),
		story(what_is_left_in_a_session_it_did_not_make_is_in_the_background),
		story(what_init_starts_and_keeps_is_a_service),
		story(what_init_starts_and_ends_at_once_is_none),
		story(an_orphan_that_keeps_its_terminal_is_none),
		story(a_child_whose_starter_stays_is_none),
		story(one_that_was_there_before_does_not_become_one),
		story(one_that_was_there_before_may_become_one_later),
		story(a_daemon_that_is_adopted_again_is_not_told_again),
		story(it_is_looked_at_once_more_before_it_is_told),
		story(a_kernel_thread_is_none),
		story(an_orphan_that_ends_before_it_settles_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
