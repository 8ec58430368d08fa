// SPDX-License-Identifier: GPL-2.0-only
/*
 * causes CASE: a parent that leaves dead children lying, each for another cause, below a keeper who
 * adopts and collects whatever the parent leaves when it is killed.
 *
 *   never=N       N children, no wait, SIGCHLD at its default
 *   counts=N      the same, but a handler counts the signals
 *   deaf          the same, SIGCHLD blocked, and never fetched
 *   once=N        N die before the handler is called once, and it waits once a signal
 *   sigwait=N     the same, with SIGCHLD blocked and fetched by sigwait
 *   signalfd=N    or through a descriptor
 *   another       asleep in a wait for one that lives until a step
 *   group         asleep in a wait for the process group of one that lives until a step
 *   forgets       waits for the younger of two by its pid, and never for the elder
 *   late          collects a child; after a step another dies; collects it after another step
 *   good          a handler that collects all; a child that dies after a step
 *   stuck         the same, but it is in vfork() until a second step
 *   held          the same, but a tracer holds the parent
 *   traced        the same, but a tracer holds the child
 *   traced-never  a tracer holds one child, and the parent waits for nobody
 *   subreaper     waits for its own child, and not for the orphan that it adopts
 *   inherits      the same, and the orphan is dead when it is adopted
 *   full          forks in the control groups DIR... of its arguments until the kernel refuses
 */
#include "lives.h"

#include <sys/ptrace.h>
#include <sys/signalfd.h>

static volatile sig_atomic_t signals;

/* A child that ends at once, or after a step. */
static pid_t child_that_ends(const char *role, bool after_step)
{
	pid_t pid = sprout();

	if (pid == 0) {
		signal(SIGCHLD, SIG_DFL);
		if (after_step)
			step();
		_exit(3);
	}
	bore(role, pid);
	return pid;
}

static pid_t corpse(void)
{
	pid_t pid = child_that_ends("child", false);

	await(look(pid).state == 'Z');
	return pid;
}

static void ready(void)
{
	ledger("{\"what\":\"ready\"}");
}

__attribute__((noreturn)) static void idle(void)
{
	for (;;)
		pause();
}

static void collect_one(int sig)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	(void)sig;
	signals++;
	if (pid > 0)
		waited(pid, status);
}

static void collect_all(int sig)
{
	int status;
	pid_t pid;

	(void)sig;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		waited(pid, status);
}

static void wait_for_all(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, 0)) > 0)
		waited(pid, status);
}

static sigset_t block(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	must(sigprocmask(how, &set, NULL));
	return set;
}

static void never(int count)
{
	while (count--)
		corpse();
	ready();
	idle();
}

static void count_one(int sig)
{
	(void)sig;
	signals++;
}

static void once(int count)
{
	signal(SIGCHLD, collect_one);
	block(SIG_BLOCK);
	while (count--)
		corpse();
	block(SIG_UNBLOCK);
	await(signals);
	ready();
	idle();
}

static void fetch(int count, bool by_fd)
{
	sigset_t set = block(SIG_BLOCK);
	struct signalfd_siginfo info;
	int fd = must(signalfd(-1, &set, SFD_CLOEXEC)), sig;

	while (count--)
		corpse();
	ready();
	while (by_fd ? read(fd, &info, sizeof(info)) == sizeof(info) : sigwait(&set, &sig) == 0)
		collect_one(SIGCHLD);
}

static void another(bool group)
{
	pid_t pid = sprout();

	if (pid == 0) {
		must(setpgid(0, 0));
		born("other");
		step();
		_exit(0);
	}
	await(look(pid).pgrp == pid);
	corpse();
	ready();
	if (waitpid(group ? -pid : pid, NULL, 0) != pid)
		die("waitpid");
	wait_for_all();
}

static void forgets(void)
{
	corpse();
	wait_for(child_that_ends("younger", false));
	ready();
	idle();
}

static void late(void)
{
	wait_for(child_that_ends("first", false));
	ready();
	step();
	corpse();
	ledger("{\"what\":\"dead\"}");
	step();
	wait_for_all();
}

static void good(void)
{
	signal(SIGCHLD, collect_all);
	child_that_ends("child", true);
	ready();
	idle();
}

static void stuck(void)
{
	corpse();
	if (sprout_with(CLONE_VFORK | SIGCHLD) == 0) {
		born("vforked");
		ready();
		step();
		_exit(0);
	}
	wait_for_all();
}

static void trace(pid_t pid, bool stop)
{
	if (sprout() != 0)
		return;
	must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	born("tracer");
	signal(SIGCHLD, SIG_DFL);
	must(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	if (stop)
		must(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	ready();
	idle();
}

static void held(bool parent, void (*handler)(int))
{
	pid_t child;

	signal(SIGCHLD, handler);
	child = child_that_ends("child", true);
	trace(parent ? getpid() : child, parent);
	idle();
}

static void traced_never(void)
{
	corpse();
	held(false, SIG_DFL);
}

static void subreaper(bool dead)
{
	pid_t middle;

	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	middle = sprout();
	if (middle == 0) {
		born("middle");
		if (dead)
			corpse();
		else
			child_that_ends("child", true);
		_exit(0);
	}
	wait_for(middle);
	ready();
	idle();
}

static void full(char **dirs)
{
	char path[256], pid[16];
	int fd, count = 0;

	snprintf(pid, sizeof(pid), "%d", me());
	for (; *dirs; dirs++) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", *dirs);
		fd = must(open(path, O_WRONLY | O_CLOEXEC));
		must(write(fd, pid, strlen(pid)));
		close(fd);
	}
	for (;;) {
		pid_t child = fork();

		if (child == 0) {
			born("child");
			_exit(3);
		}
		if (child < 0)
			break;
		count++;
		await(look(child).state == 'Z');
	}
	ledger("{\"what\":\"refused\",\"errno\":%d,\"count\":%d}", errno, count);
	ready();
	idle();
}

static void parent(const char *name, char **args)
{
	int count = strchr(name, '=') ? atoi(strchr(name, '=') + 1) : 0;

	born("parent");
	if (!strncmp(name, "never=", 6)) {
		never(count);
	} else if (!strncmp(name, "counts=", 7)) {
		signal(SIGCHLD, count_one);
		never(count);
	} else if (!strcmp(name, "deaf")) {
		block(SIG_BLOCK);
		never(2);
	} else if (!strncmp(name, "once=", 5)) {
		once(count);
	} else if (!strncmp(name, "sigwait=", 8) || !strncmp(name, "signalfd=", 9)) {
		fetch(count, !strncmp(name, "signalfd=", 9));
	} else if (!strcmp(name, "another") || !strcmp(name, "group")) {
		another(!strcmp(name, "group"));
	} else if (!strcmp(name, "forgets")) {
		forgets();
	} else if (!strcmp(name, "late")) {
		late();
	} else if (!strcmp(name, "good")) {
		good();
	} else if (!strcmp(name, "stuck")) {
		stuck();
	} else if (!strcmp(name, "held") || !strcmp(name, "traced")) {
		held(!strcmp(name, "held"), collect_all);
	} else if (!strcmp(name, "traced-never")) {
		traced_never();
	} else if (!strcmp(name, "subreaper") || !strcmp(name, "inherits")) {
		subreaper(!strcmp(name, "inherits"));
	} else if (!strcmp(name, "full")) {
		full(args);
	} else {
		die("no case %s", name);
	}
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 2)
		die("usage: causes CASE");
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	born("keeper");
	if (must(fork()) == 0) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
		parent(argv[1], argv + 2);
		_exit(0);
	}
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR)
		if (pid > 0)
			waited(pid, status);
	linger();
	return 0;
}
