// SPDX-License-Identifier: GPL-2.0-only
/*
 * daemons CASE: the ways to get away from whoever started one.
 *
 *   classic    fork, setsid, fork again, chdir /, close the standard files
 *   library    daemon(3)
 *   service    a child of an init (that of a pid namespace), in a session of its own
 *   worker     as service, but the child has not left init's session
 *   brief      classic, but it ends before it has stood as a daemon
 *   attached   a child in its own session whose parent lives: nobody left it behind
 *
 * Row `stands`: role, pid, ppid, session, tty as /proc shows them once the last step is done, and
 * the time of it. Ends after a step.
 */
#include "lives.h"

static struct gate *gate;

static struct board {
	_Atomic(pid_t) daemon;
	_Atomic(pid_t) parent;
} *board;

static void stands(void)
{
	struct seen seen;

	await(board->daemon != 0);
	if (board->parent)
		await(look(board->daemon).ppid != board->parent);
	seen = look(board->daemon);
	ledger("{\"what\":\"stands\",\"role\":\"daemon\",\"pid\":%d,\"start\":%llu,\"ppid\":%d,"
	       "\"session\":%d,\"tty\":%d,\"time\":%.6f}", board->daemon, seen.start, seen.ppid,
	       seen.session, seen.tty, now_real());
}

/* The daemon's own part: it says who it is, lets go of everything, and lives. */
static void be_daemon(void)
{
	born("daemon");
	board->daemon = me();
	wait_at(gate->wait);
	_exit(0);
}

static void classic(void)
{
	pid_t first = sprout();

	if (first == 0) {
		born("first");
		must(setsid());
		board->parent = me();
		if (sprout() == 0) {
			must(chdir("/"));
			umask(0);
			be_daemon();
		}
		_exit(0);
	}
	wait_for(first);
}

static void library(void)
{
	pid_t first = sprout();

	if (first == 0) {
		born("first");
		board->parent = me();
		if (daemon(0, 0) < 0)
			die("daemon");
		be_daemon();
	}
	wait_for(first);
}

static void init_with_service(bool session)
{
	must(setsid()); /* the namespace's init leads its session, as a container's does */
	born("init");
	if (sprout() == 0) {
		if (session)
			must(setsid());
		be_daemon();
	}
	open_gate(gate);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	_exit(0);
}

static void attached(void)
{
	if (sprout() == 0) {
		must(setsid());
		be_daemon();
	}
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	char fd[16];

	/* daemon(3) gives the standard files away: the ledger gets a place of its own. */
	snprintf(fd, sizeof(fd), "%d", must(dup(1)));
	setenv("LEDGER_FD", fd, 1);
	board = shared(sizeof(*board));
	under_prompt_reaper();
	gate = new_gate();
	born("driver");

	if (!strcmp(name, "classic") || !strcmp(name, "brief"))
		classic();
	else if (!strcmp(name, "library"))
		library();
	else if (!strcmp(name, "service") || !strcmp(name, "worker")) {
		if (sprout_with(CLONE_NEWPID | SIGCHLD) == 0)
			init_with_service(!strcmp(name, "service"));
	} else if (!strcmp(name, "attached"))
		attached();
	else
		die("no case %s", name);

	stands();
	if (!strcmp(name, "brief"))
		usleep(50000); /* what it means to be brief: a sixth of the time a daemon needs */
	else
		step();
	open_gate(gate);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}
