// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pids that are used again and again. A subreaper makes all lives, so nobody is collected elsewhere.
 *
 * reuse storm N FIRST COUNT   N lives that share COUNT pids from FIRST on; COUNT 0: as the kernel
 *                             numbers them. Each is a program `tiny CODE n`, and most end at once;
 *                             some are left lying, some are orphans, some stay longer. Row `life`:
 *                             n, pid, code, kind, parent, in the order of their births. After each
 *                             ROUND lives a row `round`, a step, and all are collected
 * reuse peak FIRST            a process with threads outside of the tree, then one without in it,
 *                             both with the pid FIRST
 * reuse root FIRST            the tree's root has the pid FIRST; it dies, and a stranger with a
 *                             child gets the pid before the kernel has told of the release
 *
 * In the last two the tree's root is role `root`.
 */
#include "lives.h"

#include <linux/sched.h>
#include <pthread.h>
#include <stdint.h>

#define ROUND 1000
#define LATER 24 /* so many are alive or lie dead beside the others at the most */

enum kind { PLAIN, CORPSE, ORPHAN, LONG, KINDS };

static const char *const kind_names[KINDS] = { "plain", "zombie", "orphan", "long" };

/* What the family shares: whose turn it is, and who was born last. */
static struct {
	int at;
	pid_t born;
} *turn;

static int first, pids;

/* A fork with the next pid of ours that is free. */
static pid_t fork_as(int wanted)
{
	pid_t set[1] = { wanted };
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)set,
				   .set_tid_size = wanted ? 1 : 0 };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static pid_t next_fork(void)
{
	pid_t pid;

	if (!pids) { /* where few are to be had, others may have them all for a moment */
		await((pid = fork()) >= 0);
		return pid;
	}
	do {
		pid = fork_as(first + turn->at);
		if (pid)
			turn->at = (turn->at + 1) % pids;
	} while (pid < 0 && errno == EEXIST);
	return must(pid);
}

static struct later {
	pid_t pid;
	int code, gate, n;
	enum kind kind;
} laters[LATER];

static _Noreturn void be_tiny(int code, int n, const int gate[2])
{
	char code_word[16], n_word[16];
	char *argv[] = { "tiny", code_word, n_word, NULL };

	for (struct later *l = laters; l < laters + LATER; l++)
		if (l->pid && l->gate >= 0)
			close(l->gate);
	if (gate[0] >= 0) {
		close(gate[1]);
		wait_at(gate[0]);
	}
	snprintf(code_word, sizeof(code_word), "%d", code);
	snprintf(n_word, sizeof(n_word), "%d", n);
	execv("build/tests/lives/tiny", argv);
	_exit(252);
}

static void collect(pid_t pid, int code)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != code << 8)
		die("%d: status %x, code %d", pid, status, code);
}

/* Those whose time has come; all of them at the end of a round. Gives a free place. */
static struct later *collect_later(int n, bool all)
{
	struct later *place = NULL;

	for (struct later *l = laters; l < laters + LATER; l++) {
		if (l->pid && (all || (l->kind != CORPSE && n - l->n > 40))) {
			if (l->gate >= 0)
				close(l->gate);
			collect(l->pid, l->code);
			l->pid = 0;
		}
		if (!l->pid)
			place = l;
	}
	return place;
}

/* Its parent goes at once, and says before by whom it is survived. */
static pid_t orphan(int code, int n, const int gate[2], pid_t *parent)
{
	*parent = next_fork();
	if (*parent == 0) {
		pid_t pid = next_fork();

		if (pid == 0)
			be_tiny(code, n, gate);
		turn->born = pid;
		_exit(0);
	}
	collect(*parent, 0);
	return turn->born;
}

static void live(int n, enum kind kind)
{
	int code = n % 251, gate[2] = { -1, -1 };
	struct later *place = collect_later(n, false);
	pid_t pid, parent = getpid();

	if (!place)
		kind = PLAIN;
	if (kind == ORPHAN || kind == LONG)
		must(pipe2(gate, O_CLOEXEC));
	if (kind == ORPHAN) {
		pid = orphan(code, n, gate, &parent);
	} else {
		pid = next_fork();
		if (pid == 0)
			be_tiny(code, n, gate);
	}
	if (gate[0] >= 0)
		close(gate[0]);
	ledger("{\"what\":\"life\",\"n\":%d,\"pid\":%d,\"code\":%d,\"kind\":\"%s\",\"parent\":%d}", n,
	       pid, code, kind_names[kind], parent);
	if (kind == PLAIN)
		collect(pid, code);
	else
		*place = (struct later){ pid, code, gate[1], n, kind };
}

static void storm(int count)
{
	for (int n = 0; n < count; n++) {
		live(n, n % 67 == 20 ? CORPSE : n % 31 == 10 ? ORPHAN : n % 37 == 30 ? LONG : PLAIN);
		if ((n + 1) % ROUND == 0) {
			ledger("{\"what\":\"round\",\"lives\":%d}", n + 1);
			step();
			collect_later(n, true);
		}
	}
}

static void *sleep_a_little(void *arg)
{
	usleep(20000);
	return arg;
}

static _Noreturn void have_threads(void)
{
	pthread_t thread[7];

	for (int i = 0; i < 7; i++)
		if (pthread_create(&thread[i], NULL, sleep_a_little, NULL))
			die("pthread_create");
	for (int i = 0; i < 7; i++)
		pthread_join(thread[i], NULL);
	_exit(0);
}

static void peak(void)
{
	struct gate *gate = new_gate();
	pid_t pid, root = must(fork());

	if (root == 0) {
		open_gate(gate);
		born("root");
		wait_at(gate->wait);
		pid = must(fork_as(first));
		if (pid == 0)
			_exit(3);
		bore("second", pid);
		collect(pid, 3);
		_exit(0);
	}
	step();
	pid = must(fork_as(first));
	if (pid == 0)
		have_threads();
	collect(pid, 0);
	open_gate(gate);
	collect(root, 0);
}

static void root_that_goes(void)
{
	struct gate *gate = new_gate();
	pid_t pid = must(fork_as(first));

	if (pid == 0) {
		open_gate(gate);
		born("root");
		wait_at(gate->wait);
		_exit(3);
	}
	step();
	open_gate(gate);
	collect(pid, 3);
	pid = must(fork_as(first));
	if (pid == 0) {
		pid = must(fork());
		if (pid == 0)
			_exit(5);
		collect(pid, 5);
		_exit(4);
	}
	collect(pid, 4);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	turn = shared(sizeof(*turn));
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	born("driver");
	if (!strcmp(name, "storm") && argc > 4) {
		first = atoi(argv[3]);
		pids = atoi(argv[4]);
		step();
		storm(atoi(argv[2]));
	} else if (!strcmp(name, "peak") && argc > 2) {
		first = atoi(argv[2]);
		peak();
	} else if (!strcmp(name, "root") && argc > 2) {
		first = atoi(argv[2]);
		root_that_goes();
	} else {
		die("no case %s", name);
	}
	linger();
	return 0;
}
