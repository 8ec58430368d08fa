// SPDX-License-Identifier: GPL-2.0-only
/* The table of lives: everything that can happen, in every state; and the lives in order. */
#include "story.h"

#define CHILD 11
#define PARENT 10

static int begin(void **state)
{
	(void)state;
	return begin_with(1u << CHANGE_CLASS | 1u << CHANGE_SIGHT);
}

enum happening { FORK, EXEC, EXIT, FREE, ALIVE, CORPSE, MISSING, THREAD, CGROUP, HAPPENINGS };

static struct event happening(enum happening what)
{
	struct event ev;

	switch (what) {
	case FORK:
		return fork_of(CHILD, PARENT);
	case EXEC:
		return exec_of(CHILD, PARENT);
	case EXIT:
		return exit_of(CHILD, PARENT, EXITED(3));
	case FREE:
		return free_of(CHILD, PARENT);
	case ALIVE:
		return sight_of(CHILD, PARENT, 'S');
	case CORPSE:
		return sight_of(CHILD, PARENT, 'Z');
	case MISSING:
		return missing_of(CHILD);
	case THREAD:
		return thread_of(EVENT_THREAD_EXIT, CHILD, 12);
	default:
		ev = (struct event){ .kind = EVENT_CGROUP, .id = id_of(CHILD) };
		ev.facts.have = HAVE_CGROUP;
		ev.facts.cgroup = 7;
		return ev;
	}
}

/* The shortest way into each state. */
static void bring_to(enum life life)
{
	there_are(PARENT);
	if (life == LIFE_NONE)
		return;
	tell(fork_of(CHILD, PARENT));
	if (life != LIFE_RUNNING)
		tell(exit_of(CHILD, PARENT, EXITED(0)));
	if (life == LIFE_DOUBTED || life == LIFE_ZOMBIE)
		pass(2 * NS_PER_S);
	if (life == LIFE_ZOMBIE)
		tell(sight_of(CHILD, PARENT, 'Z'));
	forget();
	if (proc(CHILD)->life != life)
		fail_msg("this way does not lead to state %d", life);
}

#define NOTHING ""
#define REAPED "reap 11 by 10 wait rcu\n"
#define GONE "reap 11 by 10 wait audit\n"

static void everything_that_can_happen_in_every_state(void **state)
{
	/* what is told, and what it is afterwards; told NULL: no promise */
	static const struct { const char *told; enum life then; } want[][HAPPENINGS] = {
		[LIFE_NONE] = {
			[FORK] = { "fork 11 of 10\n", LIFE_RUNNING },
			[EXEC] = { "exec 11\n", LIFE_RUNNING },
			[EXIT] = { "exit 11\n", LIFE_DEAD },
			[FREE] = { NOTHING, LIFE_NONE },
			[ALIVE] = { "snapshot 11\n", LIFE_RUNNING },
			[CORPSE] = { "snapshot 11\n", LIFE_DEAD },
			[MISSING] = { NOTHING, LIFE_NONE },
			[THREAD] = { NOTHING, LIFE_NONE },
			[CGROUP] = { NOTHING, LIFE_NONE },
		},
		[LIFE_RUNNING] = {
			[FORK] = { NOTHING, LIFE_RUNNING },
			[EXEC] = { "exec 11\n", LIFE_RUNNING },
			[EXIT] = { "exit 11\n", LIFE_DEAD },
			[FREE] = { "inferred exit 11\n" REAPED, LIFE_NONE },
			[ALIVE] = { NOTHING, LIFE_RUNNING },
			[CORPSE] = { "inferred exit 11\n", LIFE_DEAD },
			[MISSING] = { "inferred exit 11\n" GONE, LIFE_NONE },
			[THREAD] = { "thread 12 ends in 11\n", LIFE_RUNNING },
			[CGROUP] = { NOTHING, LIFE_RUNNING },
		},
		[LIFE_DEAD] = {
			[FORK] = { NOTHING, LIFE_DEAD },
			[EXEC] = { NOTHING, LIFE_DEAD },
			[EXIT] = { NOTHING, LIFE_DEAD },
			[FREE] = { REAPED, LIFE_NONE },
			[ALIVE] = { NOTHING, LIFE_DEAD },
			[CORPSE] = { NOTHING, LIFE_DEAD },
			[MISSING] = { GONE, LIFE_NONE },
			[THREAD] = { "thread 12 ends in 11\n", LIFE_DEAD },
			[CGROUP] = { NOTHING, LIFE_DEAD },
		},
		[LIFE_DOUBTED] = {
			[FORK] = { NOTHING, LIFE_DOUBTED },
			[EXEC] = { NOTHING, LIFE_DOUBTED },
			[EXIT] = { NOTHING, LIFE_DOUBTED },
			[FREE] = { REAPED, LIFE_NONE },
			[ALIVE] = { NOTHING, LIFE_DOUBTED },
			[CORPSE] = { "zombie 11\nzombie found 11 of 10\n", LIFE_ZOMBIE },
			[MISSING] = { GONE, LIFE_NONE },
			[THREAD] = { NULL, LIFE_DOUBTED },
			[CGROUP] = { NOTHING, LIFE_DOUBTED },
		},
		[LIFE_ZOMBIE] = {
			[FORK] = { NOTHING, LIFE_ZOMBIE },
			[EXEC] = { NOTHING, LIFE_ZOMBIE },
			[EXIT] = { NOTHING, LIFE_ZOMBIE },
			[FREE] = { REAPED "zombie cleared 11\n", LIFE_NONE },
			[ALIVE] = { NOTHING, LIFE_ZOMBIE },
			[CORPSE] = { NOTHING, LIFE_ZOMBIE },
			[MISSING] = { GONE "zombie cleared 11\n", LIFE_NONE },
			[THREAD] = { NULL, LIFE_ZOMBIE },
			[CGROUP] = { NOTHING, LIFE_ZOMBIE },
		},
	};
	int life, what;

	for (life = LIFE_NONE; life <= LIFE_ZOMBIE; life++) {
		for (what = 0; what < HAPPENINGS; what++) {
			const struct proc *p;

			finish(state);
			begin(state);
			bring_to(life);
			pass(5 * NS_PER_MS);
			forget();
			tell(happening(what));
			buf_byte(&w.log, 0);
			p = proc(CHILD);
			if (want[life][what].told && strcmp(w.log.data, want[life][what].told))
				fail_msg("state %d, happening %d told \"%s\"", life, what,
					 w.log.data);
			if ((p ? p->life : LIFE_NONE) != want[life][what].then)
				fail_msg("state %d, happening %d leads to %d", life, what,
					 p ? p->life : LIFE_NONE);
		}
	}
}

static void a_whole_life_is_told_in_order(void **state)
{
	(void)state;
	there_are(PARENT);
	tell(fork_of(CHILD, PARENT));
	pass(NS_PER_MS);
	tell(exec_of(CHILD, PARENT));
	pass(NS_PER_MS);
	tell(exec_of(CHILD, PARENT)); /* a chain */
	pass(NS_PER_MS);
	tell(exit_of(CHILD, PARENT, EXITED(0)));
	pass(NS_PER_MS);
	tell(free_of(CHILD, PARENT));
	assert_told("fork 11 of 10\nexec 11\nexec 11\nexit 11\nreap 11 by 10 wait rcu\n");
	assert_null(proc(CHILD));
	assert_int_equal(engine_count(w.e), 2);
}

static void a_life_without_an_exec_is_whole_too(void **state)
{
	(void)state;
	there_are(PARENT);
	tell(fork_of(CHILD, PARENT)); /* vfork whose exec failed */
	tell(exit_of(CHILD, PARENT, EXITED(127)));
	tell(free_of(CHILD, PARENT));
	assert_told("fork 11 of 10\nexit 11\nreap 11 by 10 wait rcu\n");
}

static void every_record_twice_is_one_life(void **state)
{
	int i;

	(void)state;
	there_are(PARENT);
	for (i = 0; i < 2; i++)
		tell(fork_of(CHILD, PARENT));
	for (i = 0; i < 2; i++)
		tell(exit_of(CHILD, PARENT, KILLED(SIGTERM)));
	for (i = 0; i < 2; i++)
		tell(free_of(CHILD, PARENT));
	assert_told("fork 11 of 10\nexit 11\nreap 11 by 10 wait rcu\n");
}

static void records_after_the_release_mean_nothing(void **state)
{
	(void)state;
	there_are(PARENT);
	tell(fork_of(CHILD, PARENT));
	tell(exit_of(CHILD, PARENT, EXITED(0)));
	tell(free_of(CHILD, PARENT));
	forget();
	tell(missing_of(CHILD));
	tell(free_of(CHILD, PARENT));
	tell(thread_of(EVENT_THREAD_EXIT, CHILD, 12));
	assert_told("");
	assert_null(proc(CHILD));
}

static void a_lost_fork_costs_only_the_fork(void **state)
{
	(void)state;
	there_are(PARENT);
	tell(exec_of(CHILD, PARENT));
	assert_int_equal(proc(CHILD)->parent->id.pid, PARENT);
	assert_int_equal(proc(CHILD)->sid, SESSION);
	tell(exit_of(CHILD, PARENT, EXITED(0)));
	tell(free_of(CHILD, PARENT));
	assert_told("exec 11\nexit 11\nreap 11 by 10 wait rcu\n");
}

static void a_release_without_an_exit_is_inferred(void **state)
{
	(void)state;
	there_are(PARENT);
	tell(fork_of(CHILD, PARENT));
	tell(free_of(CHILD, PARENT));
	assert_told("fork 11 of 10\ninferred exit 11\nreap 11 by 10 wait rcu\n");
	assert_true(w.inferred);
	assert_false(w.reap.u.reap.has_zombie);
}

static void the_wait_status_is_kept(void **state)
{
	(void)state;
	there_are(PARENT);
	tell(fork_of(CHILD, PARENT));
	tell(exit_of(CHILD, PARENT, KILLED(SIGSEGV) | 0x80));
	assert_true(proc(CHILD)->has_status);
	assert_int_equal(proc(CHILD)->status, 0x8b);
	assert_int_equal(proc(CHILD)->letter, 'Z');
}

static void threads_are_told_and_change_nothing(void **state)
{
	(void)state;
	there_are(PARENT);
	tell(thread_of(EVENT_THREAD_START, PARENT, 12));
	tell(thread_of(EVENT_THREAD_EXIT, PARENT, PARENT)); /* the leader leaves first */
	assert_told("thread 12 starts in 10\nthread 10 ends in 10\n");
	assert_int_equal(proc(PARENT)->life, LIFE_RUNNING);
	tell(thread_of(EVENT_THREAD_EXIT, PARENT, 12));
	tell(exit_of(PARENT, INIT, EXITED(0)));
	assert_told("thread 12 ends in 10\nexit 10\n");
}

static void an_exec_by_another_thread_keeps_the_identity(void **state)
{
	struct event ev = exec_of(PARENT, INIT);

	(void)state;
	there_are(PARENT);
	ev.exec.old_tid = 12;
	tell(thread_of(EVENT_THREAD_EXIT, PARENT, PARENT));
	tell(ev);
	assert_told("thread 10 ends in 10\nexec 10\n");
	assert_int_equal(proc(PARENT)->life, LIFE_RUNNING);
	assert_int_equal(engine_count(w.e), 2);
}

static void many_lives_are_kept_apart(void **state)
{
	const struct proc *p;
	uint32_t pid, n = 0;

	(void)state;
	there_are(PARENT);
	for (pid = 100; pid < 5100; pid++)
		tell(fork_of(pid, PARENT));
	assert_int_equal(engine_count(w.e), 5002);
	for (p = engine_next(w.e, NULL); p; p = engine_next(w.e, p))
		n++;
	assert_int_equal(n, 5002);
	for (pid = 100; pid < 5100; pid++) {
		assert_non_null(proc(pid));
		assert_int_equal(proc(pid)->id.pid, pid);
		tell(exit_of(pid, PARENT, EXITED(0)));
	}
	for (pid = 100; pid < 5100; pid++)
		tell(free_of(pid, PARENT));
	assert_int_equal(engine_count(w.e), 2);
	assert_int_equal(proc(PARENT)->children_died, 5000);
	assert_int_equal(proc(PARENT)->children_reaped, 5000);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(everything_that_can_happen_in_every_state),
		story(a_whole_life_is_told_in_order),
		story(a_life_without_an_exec_is_whole_too),
		story(every_record_twice_is_one_life),
		story(records_after_the_release_mean_nothing),
		story(a_lost_fork_costs_only_the_fork),
		story(a_release_without_an_exit_is_inferred),
		story(the_wait_status_is_kept),
		story(threads_are_told_and_change_nothing),
		story(an_exec_by_another_thread_keeps_the_identity),
		story(many_lives_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
