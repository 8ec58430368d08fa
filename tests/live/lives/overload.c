// SPDX-License-Identifier: GPL-2.0-only
/*
 * overload MILLISECONDS: a family under a storm of forks, that counts all it does exactly. Steps:
 *
 *   `cast`      everybody who is there before the storm
 *   `stormed`   the storm is over: who stays, and in which state, /proc tells
 *   `young`     a few more were born a moment ago
 *   `collected` all are dead and collected, with the counts: forks, execs, collected
 *   `markers`   a child on each processor was, too: pids; again with each further step
 *
 * and it lives on until its stdin ends. Row `orphaned`: pid, and whether it was born before the
 * storm; `leaver`: pid, of one that is collected when the storm is over; `slow`: pid, of one that
 * may have lain dead for longer than SLOW, as its parent got no processor. It is a subreaper, so
 * nobody is collected elsewhere.
 */
#include "lives.h"

#define EACH 4 /* how many there are of each kind */
#define SLOW 0.3 /* seconds: --zombie-after */

static struct counts {
	unsigned long forks, execs, collected, orphaned;
} *counts;

static struct gate *act, *end;

static void count(unsigned long *which)
{
	__atomic_add_fetch(which, 1, __ATOMIC_RELAXED);
}

static pid_t bear(void)
{
	pid_t pid = sprout();

	if (pid > 0)
		count(&counts->forks);
	return pid;
}

static void collect(pid_t pid)
{
	if (waitpid(pid, NULL, 0) != pid)
		die("waitpid %d", pid);
	count(&counts->collected);
}

static _Noreturn void collect_all_and_leave(void)
{
	while (waitpid(-1, NULL, 0) > 0)
		count(&counts->collected);
	_exit(0);
}

/* Nobody waits for anybody before the end. */
static _Noreturn void stay(void)
{
	wait_at(end->wait);
	collect_all_and_leave();
}

static _Noreturn void become_hold(const char *role)
{
	char fd[8];

	snprintf(fd, sizeof(fd), "%d", must(dup(end->wait)));
	count(&counts->execs);
	execl("build/tests/lives/hold", "hold", role, fd, "0", NULL);
	die("execl");
}

static void be_orphaned(pid_t parent, bool before)
{
	await(getppid() != parent);
	ledger("{\"what\":\"orphaned\",\"pid\":%d,\"before\":%s}", getpid(),
	       before ? "true" : "false");
	count(&counts->orphaned);
}

/* Who lives before the storm acts when it begins; who is born in it acts at once. */
static void await_act(bool before)
{
	if (before)
		wait_at(act->wait);
}

static _Noreturn void child_that_stays(bool before)
{
	(void)before;
	stay();
}

static _Noreturn void child_that_execs(bool before)
{
	await_act(before);
	become_hold("exec");
}

static _Noreturn void child_that_execs_twice(bool before)
{
	char fd[8];

	await_act(before);
	snprintf(fd, sizeof(fd), "%d", must(dup(end->wait)));
	count(&counts->execs);
	count(&counts->execs);
	execl("/bin/sh", "sh", "-c", "exec build/tests/lives/hold twice \"$0\" 0", fd, NULL);
	die("execl");
}

static _Noreturn void child_that_dies(bool before)
{
	await_act(before);
	_exit(7);
}

static _Noreturn void parent_that_leaves_a_child(bool before)
{
	pid_t self = getpid();

	if (bear() == 0) {
		await_act(before);
		be_orphaned(self, before);
		stay();
	}
	await_act(before);
	_exit(0);
}

static _Noreturn void parent_that_leaves_a_program(bool before)
{
	pid_t self = getpid();

	if (bear() == 0) {
		await_act(before);
		be_orphaned(self, before);
		become_hold("left");
	}
	await_act(before);
	_exit(0);
}

static _Noreturn void parent_of_a_corpse(bool before)
{
	if (bear() == 0)
		child_that_dies(before);
	stay();
}

static _Noreturn void parent_that_leaves_a_corpse(bool before)
{
	pid_t child = bear();

	if (child == 0)
		child_that_dies(before);
	await_act(before);
	await(is_dead(child));
	_exit(0);
}

static _Noreturn void three_generations(bool before)
{
	if (bear() == 0) {
		if (bear() == 0)
			stay();
		stay();
	}
	await_act(before);
	stay();
}

static _Noreturn void parent_that_begets_late(bool before)
{
	pid_t self = getpid();

	await_act(before);
	if (bear() == 0) {
		be_orphaned(self, false);
		stay();
	}
	_exit(0);
}

static void (*const kinds[])(bool before) = {
	child_that_stays, child_that_execs, child_that_execs_twice, child_that_dies,
	parent_that_leaves_a_child, parent_that_leaves_a_program, parent_of_a_corpse,
	parent_that_leaves_a_corpse, three_generations, parent_that_begets_late,
};
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

/* Some are collected when they have acted: nothing is left of them. */
static struct {
	pid_t pid[3 * EACH * KINDS];
	int n;
} leavers;

/* How many a kind comes to, in the order of kinds; whoever begets late does it in the storm. */
static const int heads[] = { 1, 1, 1, 1, 2, 2, 2, 2, 3, 1 };
#define ORPHANS 3 /* kinds whose parent leaves somebody behind */

static void cast(bool before)
{
	for (int i = 0; i < EACH * KINDS; i++) {
		int kind = i % KINDS;
		bool leaves = kind == 4 || kind == 5 || kind == 7 || kind == 9 || i == 3;
		pid_t pid = bear();

		if (pid == 0)
			kinds[kind](before);
		if (!leaves)
			continue;
		ledger("{\"what\":\"leaver\",\"pid\":%d}", pid);
		leavers.pid[leavers.n++] = pid;
	}
}

static void collect_leavers(void)
{
	while (leavers.n)
		collect(leavers.pid[--leavers.n]);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void collect_at_once(pid_t pid, double born)
{
	collect(pid);
	if (now() > born + SLOW)
		ledger("{\"what\":\"slow\",\"pid\":%d}", pid);
}

static void run_tiny(void)
{
	char *argv[] = { "tiny", "3", NULL };
	double born = now();
	pid_t pid = must(vfork());

	if (pid == 0) {
		execve("build/tests/lives/tiny", argv, NULL);
		_exit(99);
	}
	count(&counts->forks);
	count(&counts->execs);
	collect_at_once(pid, born);
}

static void fork_and_exit(void)
{
	double born = now();
	pid_t pid = bear();

	if (pid == 0)
		_exit(5);
	collect_at_once(pid, born);
}

/* A grandchild that outlives its parent for a moment: an orphan, by name. */
static void fork_twice(void)
{
	static pid_t *grandchild;
	double born = now();
	pid_t pid, own;

	if (!grandchild)
		grandchild = shared(sizeof(*grandchild));
	pid = bear();
	if (pid == 0) {
		pid = getpid();
		prctl(PR_SET_NAME, "twice");
		own = bear();
		if (own == 0) {
			while (getppid() == pid)
				sched_yield();
			_exit(0);
		}
		*grandchild = own;
		_exit(0);
	}
	collect_at_once(pid, born);
	collect_at_once(*grandchild, born);
}

static void storm(double until, bool twice)
{
	for (int n = 0; now() < until; n++) {
		if (n % 3 == 0)
			run_tiny();
		else if (n % 3 == 1 && twice)
			fork_twice();
		else
			fork_and_exit();
	}
}

static void mark(void)
{
	cpu_set_t all, one;

	must(sched_getaffinity(0, sizeof(all), &all));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		pid_t pid;

		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		must(sched_setaffinity(0, sizeof(one), &one));
		pid = bear();
		if (pid == 0)
			_exit(0);
		await(is_dead(pid));
		bore("marker", pid);
		collect(pid);
	}
	must(sched_setaffinity(0, sizeof(all), &all));
}

static void tell(const char *what)
{
	ledger("{\"what\":\"%s\",\"forks\":%lu,\"execs\":%lu,\"collected\":%lu}", what,
	       counts->forks, counts->execs, counts->collected);
}

int main(int argc, char **argv)
{
	unsigned long heads_in_all = 0;
	double seconds = argc > 1 ? atof(argv[1]) / 1e3 : 1, until;
	pid_t other;
	char c;
	int i;

	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	counts = shared(sizeof(*counts));
	act = new_gate();
	end = new_gate();
	born("driver");
	cast(true);
	for (i = 0; i < EACH * KINDS; i++)
		heads_in_all += (unsigned long)heads[i % KINDS];
	await(__atomic_load_n(&counts->forks, __ATOMIC_RELAXED) == heads_in_all);
	tell("cast");

	step();
	until = now() + seconds;
	open_gate(act);
	other = bear();
	if (other == 0) {
		storm(until, false);
		_exit(0);
	}
	ledger("{\"what\":\"leaver\",\"pid\":%d}", other);
	storm(now() + seconds / 2, true);
	cast(false);
	storm(until, true);
	collect(other);
	collect_leavers();
	await(__atomic_load_n(&counts->orphaned, __ATOMIC_RELAXED) == 2 * EACH * ORPHANS);
	tell("stormed");

	step();
	for (i = 0; i < 3; i++)
		if (bear() == 0)
			stay();
	tell("young");

	step();
	open_gate(end);
	while (waitpid(-1, NULL, 0) > 0)
		count(&counts->collected);
	if (counts->forks != counts->collected)
		die("%lu forks, %lu collected", counts->forks, counts->collected);
	tell("collected");
	while (read(0, &c, 1) == 1) {
		mark();
		tell("markers");
	}
	return 0;
}
