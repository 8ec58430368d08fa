// SPDX-License-Identifier: GPL-2.0-only
/*
 * zombies CASE: a child that dies before its parent, and what becomes of it.
 *
 *   never            the parent never waits; after a step it ends, and its reaper collects
 *   late             the parent waits after a step
 *   ignored          SIGCHLD is ignored: the kernel collects
 *   nocldwait        the same by SA_NOCLDWAIT
 *   ignored-after    SIGCHLD is ignored when the child is dead already: it stays
 *   escape           the double fork: the grandchild is the reaper's affair
 *   clone=SIG        the child's exit signal is SIG (0 too): a plain wait never sees it
 *   clone-parent     a child made with CLONE_PARENT is its maker's sibling
 *   traced           a ptrace tracer holds the dead child for a step
 *   other-thread     one thread forks, another waits
 *   lazy-subreaper   the adopter is a subreaper that does not wait until a step
 *   lazy-init        the adopter is the init of a pid namespace that does not
 *   burst=N          the init of a pid namespace dies and takes N processes with it
 *   many=N           N children, none waited for until a step
 */
#include "lives.h"

#include <pthread.h>
#include <sys/ptrace.h>

/* A child that ends at once with a code of its own. */
static pid_t child_that_exits(int code)
{
	pid_t pid = sprout();

	if (pid == 0) {
		born("child");
		_exit(code);
	}
	return pid;
}

/* Looks at a dead child without collecting it, and says what wait() will say. */
static void see_dead(pid_t pid)
{
	siginfo_t info = { 0 };
	int status;

	must(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | __WALL));
	status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
	ledger("{\"what\":\"dead\",\"pid\":%d,\"status\":%d,\"state\":\"%c\",\"time\":%.6f}", pid,
	       status, look(pid).state, now_real());
}

static void wait_late(pid_t pid)
{
	ledger("{\"what\":\"waiting\",\"pid\":%d,\"time\":%.6f}", pid, now_real());
	wait_for(pid);
}

static void never(void)
{
	see_dead(child_that_exits(5));
	step();
	_exit(0);
}

static void late(void)
{
	pid_t pid = child_that_exits(5);

	see_dead(pid);
	step();
	wait_late(pid);
}

static void collected_by_kernel(const struct sigaction *action)
{
	int status;

	must(sigaction(SIGCHLD, action, NULL));
	child_that_exits(9);
	if (waitpid(-1, &status, 0) != -1 || errno != ECHILD)
		die("somebody was there to wait for");
	ledger("{\"what\":\"echild\"}");
	signal(SIGCHLD, SIG_DFL);
}

static void ignored_after(void)
{
	pid_t pid = child_that_exits(5);

	see_dead(pid);
	signal(SIGCHLD, SIG_IGN);
	step();
	wait_late(pid);
}

static void escape(void)
{
	struct gate *gate = new_gate();
	pid_t middle = sprout(), grandchild;
	int status;

	if (middle == 0) {
		pid_t self = getpid();

		born("middle");
		grandchild = sprout();
		if (grandchild == 0) {
			born("grandchild");
			await(look(getpid()).ppid != self);
			adopted("grandchild", getpid(), self);
			wait_at(gate->wait);
			_exit(4);
		}
		_exit(0);
	}
	wait_for(middle);
	open_gate(gate);
	/* This parent lives on, has nobody to wait for, and does not wait. */
	if (waitpid(-1, &status, __WALL) != -1 || errno != ECHILD)
		die("somebody was there to wait for");
	step();
}

static void catch(int sig)
{
	(void)sig;
}

static void clone_child(int sig)
{
	int status, error;
	pid_t pid;

	if (sig)
		signal(sig, catch);
	pid = sprout_with((unsigned long)sig);
	if (pid == 0) {
		born("child");
		_exit(6);
	}
	see_dead(pid);
	error = waitpid(pid, &status, 0) == -1 ? errno : 0;
	ledger("{\"what\":\"plain-wait\",\"errno\":%d}", error);
	step();
	wait_late(pid);
}

static void clone_parent(void)
{
	struct gate *caller_gate = new_gate(), *sibling_gate = new_gate();
	pid_t caller, sibling;
	int fd[2];

	must(pipe2(fd, O_CLOEXEC));
	caller = sprout();
	if (caller == 0) {
		born("caller");
		sibling = sprout_with(CLONE_PARENT | SIGCHLD);
		if (sibling == 0) {
			born("sibling");
			wait_at(sibling_gate->wait);
			_exit(8);
		}
		must(write(fd[1], &sibling, sizeof(sibling)));
		wait_at(caller_gate->wait);
		_exit(2);
	}
	must(read(fd[0], &sibling, sizeof(sibling)));
	open_gate(caller_gate);
	wait_for(caller);
	ledger("{\"what\":\"alone\",\"pid\":%d,\"ppid\":%d}", sibling, look(sibling).ppid);
	open_gate(sibling_gate);
	wait_for(sibling);
}

static void traced(void)
{
	struct gate *child_gate = new_gate(), *tracer_gate = new_gate();
	pid_t child, tracer;
	char c = 0;
	int fd[2];

	must(pipe2(fd, O_CLOEXEC));
	child = sprout();
	if (child == 0) {
		born("child");
		wait_at(child_gate->wait);
		_exit(5);
	}
	tracer = sprout();
	if (tracer == 0) {
		int status;

		born("tracer");
		must(ptrace(PTRACE_SEIZE, child, NULL, NULL));
		must(write(fd[1], &c, 1));
		wait_at(tracer_gate->wait);
		/* The tracer collects first; the real parent has its turn only then. */
		if (waitpid(child, &status, __WALL) != child)
			die("tracer's wait");
		ledger("{\"what\":\"tracer-waited\",\"pid\":%d,\"status\":%d}", child, status);
		_exit(0);
	}
	must(read(fd[0], &c, 1));
	open_gate(child_gate);
	await(look(child).state == 'Z');
	ledger("{\"what\":\"dead\",\"pid\":%d,\"status\":%d,\"state\":\"Z\",\"time\":%.6f}", child,
	       5 << 8, now_real());
	step();
	open_gate(tracer_gate);
	wait_late(child);
	wait_for(tracer);
}

static pid_t forked_by_thread;

static void *fork_in_thread(void *arg)
{
	forked_by_thread = child_that_exits(3);
	ledger("{\"what\":\"thread\",\"tid\":%d}", (int)syscall(SYS_gettid));
	return arg;
}

static void *wait_in_thread(void *arg)
{
	wait_for(forked_by_thread);
	return arg;
}

static void other_thread(void)
{
	pthread_t forker, waiter;

	pthread_create(&forker, NULL, fork_in_thread, NULL);
	pthread_join(forker, NULL); /* the forking thread is gone: its child stays the group's */
	pthread_create(&waiter, NULL, wait_in_thread, NULL);
	pthread_join(waiter, NULL);
}

/* A middle process leaves a grandchild, who ends under an adopter that does not wait. */
static void leave_a_grandchild(void)
{
	pid_t middle = sprout();

	if (middle == 0) {
		pid_t self = me();

		born("middle");
		if (sprout() == 0) {
			born("grandchild");
			await(look(me()).ppid != self);
			adopted("grandchild", me(), self);
			_exit(4);
		}
		_exit(0);
	}
	if (waitpid(middle, NULL, 0) != middle)
		die("wait for middle");
}

static void lazy_subreaper(void)
{
	int status;
	pid_t pid;

	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	leave_a_grandchild();
	step();
	pid = waitpid(-1, &status, 0);
	waited(pid, status);
}

static void lazy_init(void)
{
	pid_t init = sprout_with(CLONE_NEWPID | SIGCHLD);

	if (init == 0) {
		born("init");
		leave_a_grandchild();
		step();
		if (waitpid(-1, NULL, 0) < 0)
			die("init's wait");
		linger();
		_exit(0);
	}
	wait_for(init);
}

static void burst(int count)
{
	pid_t init;
	int fd[2];

	must(pipe2(fd, O_CLOEXEC));
	init = sprout_with(CLONE_NEWPID | SIGCHLD);
	if (init == 0) {
		born("init");
		for (int i = 0; i < count; i++) {
			if (sprout() == 0) {
				born("inmate");
				must(write(fd[1], "", 1));
				for (;;)
					pause();
			}
		}
		for (int i = 0; i < count; i++)
			must(read(fd[0], &(char){ 0 }, 1));
		ledger("{\"what\":\"inmates\",\"count\":%d}", count);
		step();
		_exit(11);
	}
	wait_for(init);
}

static void many(int count)
{
	for (int i = 0; i < count; i++)
		see_dead(child_that_exits(i & 127));
	step();
	for (int i = 0; i < count; i++) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		waited(pid, status);
	}
}

int main(int argc, char **argv)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	const struct sigaction nocldwait = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
	const char *name = argc > 1 ? argv[1] : "";
	const char *value = strchr(name, '=') ? strchr(name, '=') + 1 : "0";

	under_prompt_reaper();
	born("driver");
	if (!strcmp(name, "never"))
		never();
	else if (!strcmp(name, "late"))
		late();
	else if (!strcmp(name, "ignored"))
		collected_by_kernel(&ignore);
	else if (!strcmp(name, "nocldwait"))
		collected_by_kernel(&nocldwait);
	else if (!strcmp(name, "ignored-after"))
		ignored_after();
	else if (!strcmp(name, "escape"))
		escape();
	else if (!strncmp(name, "clone=", 6))
		clone_child(atoi(value));
	else if (!strcmp(name, "clone-parent"))
		clone_parent();
	else if (!strcmp(name, "traced"))
		traced();
	else if (!strcmp(name, "other-thread"))
		other_thread();
	else if (!strcmp(name, "lazy-subreaper"))
		lazy_subreaper();
	else if (!strcmp(name, "lazy-init"))
		lazy_init();
	else if (!strncmp(name, "burst=", 6))
		burst(atoi(value));
	else if (!strncmp(name, "many=", 5))
		many(atoi(value));
	else
		die("no case %s", name);
	linger();
	return 0;
}
