// SPDX-License-Identifier: GPL-2.0-only
/*
 * leftovers CASE [NAME|N]: what somebody left below a subreaper, this driver itself.
 *
 *   daemon    fork, setsid, fork, chdir /, umask 0, descriptors 0 to 2 on /dev/null; called NAME
 *   careless  fork, setsid, fork, and nothing else; called NAME
 *   session   a worker in a session of its own that had N children (3) and was killed; one is busy
 *   group     the same, in a process group of its own
 *   shared    the same, in the driver's group; and the driver has another child since
 *   plain     a child of the driver's, and one of that
 *
 * Row `stands`: role, pid, ppid, session, group, tty of each that is left, as /proc shows it once
 * nothing of it will change any more; then `rests`. Ends after a step.
 */
#include "lives.h"

#include <poll.h>

#define MOST 4096

static struct gate *gate;

static struct board {
	_Atomic(int) count, stage;
	struct {
		_Atomic(pid_t) pid;
		const char *role;
	} left[MOST];
} *board;

/* Said by one that will be left, when it is what it wants to be. */
static void note(const char *role)
{
	int i = board->count++;

	born(role);
	board->left[i].role = role;
	board->left[i].pid = me();
}

static void idle(const char *role)
{
	note(role);
	wait_at(gate->wait);
	_exit(0);
}

static void busy(void)
{
	struct pollfd end = { .fd = gate->wait, .events = POLLIN };

	note("busy");
	while (poll(&end, 1, 0) == 0)
		for (volatile int i = 0; i < 1000000; i++)
			;
	_exit(0);
}

static void call_me(const char *name)
{
	if (name)
		must(prctl(PR_SET_NAME, name));
}

static void daemonize(bool careful, const char *name)
{
	pid_t first = sprout();
	int null, fd;

	if (first) {
		wait_for(first);
		return;
	}
	must(setsid());
	if (sprout())
		_exit(0);
	call_me(name);
	if (careful) {
		must(chdir("/"));
		umask(0);
		null = must(open("/dev/null", O_RDWR));
		for (fd = 0; fd < 3; fd++)
			must(dup2(null, fd));
	} else {
		umask(027);
	}
	idle("daemon");
}

static void killed_worker(const char *how, int children)
{
	pid_t worker = sprout();
	int i;

	if (!worker) {
		born("worker");
		if (!strcmp(how, "session"))
			must(setsid());
		else if (!strcmp(how, "group"))
			must(setpgid(0, 0));
		for (i = 0; i < children; i++) {
			if (sprout())
				continue;
			if (i == children - 1)
				busy();
			idle("idle");
		}
		await(board->count == children);
		board->stage = 1;
		wait_at(gate->wait); /* its end, if nobody comes to kill it */
		_exit(0);
	}
	await(board->stage == 1);
	if (!strcmp(how, "shared") && !sprout()) {
		born("younger");
		board->stage = 2;
		wait_at(gate->wait);
		_exit(0);
	}
	if (!strcmp(how, "shared"))
		await(board->stage == 2);
	kill(worker, SIGKILL);
	wait_for(worker);
}

static void plain(void)
{
	if (sprout())
		return;
	born("child");
	if (!sprout())
		idle("grandchild");
	wait_at(gate->wait);
	wait(NULL);
	_exit(0);
}

static void stands(int i, bool adopted_by_me)
{
	struct seen seen;
	pid_t pid;

	await(board->left[i].pid != 0);
	pid = board->left[i].pid;
	if (adopted_by_me)
		await(look(pid).ppid == me());
	seen = look(pid);
	ledger("{\"what\":\"stands\",\"role\":\"%s\",\"pid\":%d,\"ppid\":%d,\"session\":%d,"
	       "\"group\":%d,\"tty\":%d}", board->left[i].role, pid, seen.ppid, seen.session,
	       seen.pgrp, seen.tty);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "", *word = argc > 2 ? argv[2] : NULL;
	int expected = 1, i;
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", must(dup(1)));
	setenv("LEDGER_FD", fd, 1);
	board = shared(sizeof(*board));
	gate = new_gate();
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	born("driver");

	if (!strcmp(name, "daemon") || !strcmp(name, "careless"))
		daemonize(!strcmp(name, "daemon"), word);
	else if (!strcmp(name, "plain"))
		plain();
	else if (!strcmp(name, "session") || !strcmp(name, "group") || !strcmp(name, "shared"))
		killed_worker(name, expected = word ? atoi(word) : 3);
	else
		die("no case %s", name);

	await(board->count == expected);
	for (i = 0; i < expected; i++)
		stands(i, strcmp(name, "plain"));
	ledger("{\"what\":\"rests\"}");
	step();
	open_gate(gate);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}
