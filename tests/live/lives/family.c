// SPDX-License-Identifier: GPL-2.0-only
/*
 * family WORD...: a parent that dies before its child, in every way that makes a difference.
 *
 * Where they live (who adopts):
 *   subreaper     the parent's own parent is a subreaper that waits
 *   pidns         all of it in a new pid namespace, with an init that waits
 *   outside       with subreaper: the parent unshares, so that the child is the namespace's init
 * How the parent ends:
 *   exit=N        by itself
 *   crash         by a real SIGSEGV
 *   kill=SIG      by another process, the "assassin"
 *   group=SIG     the assassin kills the process group, parent and child alike
 * What the child is by then:
 *   exec          it runs a program of its own (else it is the parent's image)
 *   setsid        it leads its own session
 *   brief         it ends as soon as it sees that it was orphaned
 *   dead          it ended already and was not waited for: a zombie, no orphan
 */
#include "lives.h"

enum role { DRIVER, INIT, REAPER, PARENT, CHILD, ASSASSIN, ROLES };

static const char *const role_names[ROLES] = {
	[DRIVER] = "driver", [INIT] = "init",	[REAPER] = "reaper",
	[PARENT] = "parent", [CHILD] = "child", [ASSASSIN] = "assassin",
};

/* Seen by all of the family: a process in a pid namespace must tell its host pid by itself. */
static struct board {
	_Atomic(pid_t) host[ROLES];
	_Atomic(pid_t) inner[ROLES];
} *board;

static struct options {
	bool subreaper, pidns, outside, crash, exec, setsid, brief, dead;
	int exit, kill, group;
} opt;

static struct gate *parent_gate, *child_gate, *ready_gate, *end_gate;

static void announce(enum role role)
{
	born(role_names[role]);
	board->inner[role] = getpid();
	board->host[role] = me();
}

static void in_place(void)
{
	char c = 0;

	must(write(ready_gate->open, &c, 1));
}

static void child(pid_t parent)
{
	char fd[16], ready[24];

	announce(CHILD);
	if (opt.setsid)
		must(setsid());
	if (opt.dead) {
		in_place();
		_exit(7);
	}
	if (opt.exec) {
		must(fcntl(child_gate->wait, F_SETFD, 0));
		must(fcntl(ready_gate->open, F_SETFD, 0));
		snprintf(fd, sizeof(fd), "%d", child_gate->wait);
		snprintf(ready, sizeof(ready), "ready=%d", ready_gate->open);
		execl("build/tests/lives/hold", "hold", "child-program", fd, "7", ready, NULL);
		die("exec hold");
	}
	in_place();
	if (opt.brief) {
		while (look(me()).ppid == parent)
			;
		adopted("child", me(), parent);
		_exit(7);
	}
	wait_at(child_gate->wait);
	_exit(7);
}

/* fork() that keeps the write end by which the child says that it is in place. */
static pid_t beget(unsigned long flags)
{
	int keep = ready_gate->open;
	pid_t pid;

	ready_gate->open = -1;
	pid = sprout_with(flags | SIGCHLD);
	ready_gate->open = keep;
	return pid;
}

static void parent(void)
{
	pid_t pid;

	announce(PARENT);
	if (opt.group)
		must(setpgid(0, 0));
	if (opt.outside)
		must(unshare(CLONE_NEWPID));
	pid = me();
	if (beget(0) == 0)
		child(pid);
	open_gate(ready_gate);
	wait_at(parent_gate->wait);
	if (opt.crash)
		*(volatile int *)0 = 0;
	_exit(opt.exit);
}

/* Waits for all children and says, in host pids, what wait() said. */
static void reap_all(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		for (int role = 0; pid > 0 && role < ROLES; role++)
			if (pid == (opt.pidns ? board->inner[role] : board->host[role]))
				waited(board->host[role], status);
	}
}

static void reaper(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	announce(REAPER);
	if (beget(0) == 0)
		parent();
	open_gate(ready_gate);
	reap_all();
	wait_at(end_gate->wait);
	_exit(0);
}

static void init(void)
{
	announce(INIT);
	if (beget(0) == 0) {
		if (opt.subreaper)
			reaper();
		parent();
	}
	open_gate(ready_gate);
	reap_all();
	wait_at(end_gate->wait);
	_exit(0);
}

static void assassin(int sig, bool group)
{
	pid_t pid = must(fork());

	if (pid == 0) {
		must(prctl(PR_SET_NAME, "assassin"));
		announce(ASSASSIN);
		must(kill(group ? -board->host[PARENT] : board->host[PARENT], sig));
		_exit(0);
	}
	wait_for(pid);
}

static void parse(char **words)
{
	for (; *words; words++) {
		char *value = strchr(*words, '=');

		if (value)
			*value++ = 0;
		if (!strcmp(*words, "subreaper"))
			opt.subreaper = true;
		else if (!strcmp(*words, "pidns"))
			opt.pidns = true;
		else if (!strcmp(*words, "outside"))
			opt.outside = true;
		else if (!strcmp(*words, "crash"))
			opt.crash = true;
		else if (!strcmp(*words, "exec"))
			opt.exec = true;
		else if (!strcmp(*words, "setsid"))
			opt.setsid = true;
		else if (!strcmp(*words, "brief"))
			opt.brief = true;
		else if (!strcmp(*words, "dead"))
			opt.dead = true;
		else if (!strcmp(*words, "exit") && value)
			opt.exit = atoi(value);
		else if (!strcmp(*words, "kill") && value)
			opt.kill = atoi(value);
		else if (!strcmp(*words, "group") && value)
			opt.group = atoi(value);
		else
			die("what is %s?", *words);
	}
}

int main(int argc, char **argv)
{
	pid_t pid;
	char c;

	(void)argc;
	parse(argv + 1);
	board = shared(sizeof(*board));
	parent_gate = new_gate();
	child_gate = new_gate();
	ready_gate = new_gate();
	end_gate = new_gate();
	announce(DRIVER);

	pid = beget(opt.pidns ? CLONE_NEWPID : 0);
	if (pid == 0) {
		if (opt.pidns)
			init();
		if (opt.subreaper)
			reaper();
		parent();
	}

	if (read(ready_gate->wait, &c, 1) != 1)
		die("no child");
	if (opt.dead)
		await(look(board->host[CHILD]).state == 'Z');

	if (opt.kill)
		assassin(opt.kill, false);
	else if (opt.group)
		assassin(opt.group, true);
	else
		open_gate(parent_gate);
	await(is_dead(board->host[PARENT]));
	if (!opt.group && !opt.dead && !opt.brief)
		adopted("child", board->host[CHILD], board->host[PARENT]);
	open_gate(child_gate);
	if (!opt.subreaper && !opt.pidns)
		wait_for(pid); /* the parent itself */
	await(is_dead(board->host[CHILD]));
	linger();
	open_gate(end_gate);
	if (opt.subreaper || opt.pidns)
		wait_for(pid);
	return 0;
}
