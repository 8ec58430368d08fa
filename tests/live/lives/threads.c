// SPDX-License-Identifier: GPL-2.0-only
/*
 * threads CASE: a process is a group of threads, and the first of them is not always the last.
 *
 *   leader-first        the leader leaves with 5; after a step a thread ends the group with 7
 *   leader-first-quiet  the leader leaves with 5; after a step the last thread leaves with 3
 *   leader-first-traced the same as the first, of a child that its parent traces while it ignores
 *                       SIGCHLD: so it must be waited for
 *   exec                a thread that is not the leader executes a program, which ends with 33
 *   exec-after-leader   the same when the leader has left already
 *   forker              a thread forks and leaves; the child lives on until a step
 *   killed              eight threads, one SIGKILL
 *   herd=N              N threads come and go
 *   race=N              N processes whose two threads leave at the same time, each with a code
 *                       of its own
 *   bereaved=N          the same, and one of the threads has a child, which ends when it is adopted
 */
#include "lives.h"

#include <pthread.h>
#include <sys/ptrace.h>

static int ready[2];

static pid_t tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static void start(void *(*body)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, arg) != 0)
		die("pthread_create");
}

static void *end_group(void *arg)
{
	wait_at(*(int *)arg);
	_exit(7);
}

static void *leave_quietly(void *arg)
{
	wait_at(*(int *)arg);
	leave(3);
	return NULL;
}

static void leader_first(void *(*body)(void *), bool traced)
{
	struct gate *held = new_gate(), *gate = new_gate();
	pid_t pid;

	if (traced)
		signal(SIGCHLD, SIG_IGN);
	pid = sprout();
	if (pid == 0) {
		born("process");
		wait_at(held->wait);
		start(body, &gate->wait);
		leave(5);
	}
	if (traced)
		must(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	open_gate(held);
	await(look(pid).state == 'Z');
	ledger("{\"what\":\"leader-left\",\"pid\":%d,\"state\":\"%c\",\"threads\":%d}", pid,
	       look(pid).state, look(pid).threads);
	step();
	open_gate(gate);
	wait_for(pid);
}

static void *exec_tiny(void *arg)
{
	if (arg)
		await(look(getpid()).state == 'Z');
	ledger("{\"what\":\"thread\",\"tid\":%d}", tid());
	execl("build/tests/lives/tiny", "tiny", "33", NULL);
	die("exec");
}

static void exec_in_thread(bool leader_leaves)
{
	pid_t pid = sprout();

	if (pid == 0) {
		born("process");
		start(exec_tiny, leader_leaves ? &ready : NULL);
		if (leader_leaves)
			leave(5);
		for (;;)
			pause();
	}
	wait_for(pid);
}

static struct gate *child_gate;

static void *fork_and_leave(void *arg)
{
	pid_t pid = sprout();

	(void)arg;
	if (pid == 0) {
		born("child");
		wait_at(child_gate->wait);
		_exit(4);
	}
	ledger("{\"what\":\"thread\",\"tid\":%d}", tid());
	must(write(ready[1], &pid, sizeof(pid)));
	leave(0);
	return NULL;
}

static void forker(void)
{
	pid_t child;

	child_gate = new_gate();
	start(fork_and_leave, NULL);
	must(read(ready[0], &child, sizeof(child)));
	await(look(getpid()).threads == 1);
	ledger("{\"what\":\"forked\",\"pid\":%d,\"ppid\":%d}", child, look(child).ppid);
	step();
	open_gate(child_gate);
	wait_for(child);
}

static void *sleep_on(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void killed(void)
{
	pid_t pid = sprout();

	if (pid == 0) {
		born("process");
		for (int i = 0; i < 7; i++)
			start(sleep_on, NULL);
		must(write(ready[1], &pid, sizeof(pid)));
		sleep_on(NULL);
	}
	must(read(ready[0], &(pid_t){ 0 }, sizeof(pid_t)));
	must(kill(pid, SIGKILL));
	wait_for(pid);
}

static void *say_tid(void *arg)
{
	ledger("{\"what\":\"thread\",\"tid\":%d}", tid());
	return arg;
}

static void herd(int count)
{
	pid_t pid = sprout();
	pthread_t thread;

	if (pid == 0) {
		born("process");
		for (int i = 0; i < count; i++) {
			if (pthread_create(&thread, NULL, say_tid, NULL) != 0)
				die("pthread_create");
			pthread_join(thread, NULL);
		}
		_exit(0);
	}
	wait_for(pid);
}

static pthread_barrier_t both;

static void *race_with(void *arg)
{
	pthread_barrier_wait(&both);
	leave((int)(long)arg);
	return NULL;
}

static void race(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = sprout();

		if (pid == 0) {
			pthread_barrier_init(&both, NULL, 2);
			start(race_with, (void *)3L);
			pthread_barrier_wait(&both);
			leave(5);
		}
		bore("racer", pid);
		wait_for(pid);
	}
}

static void *fork_and_race(void *arg)
{
	pid_t parent = getpid();

	if (sprout() == 0) {
		while (getppid() == parent)
			usleep(100);
		adopted("child", me(), parent);
		leave(7);
	}
	return race_with(arg);
}

/* The kernel deletes them when the last thread has begun to leave: meanwhile others are gone. */
static void make_leaving_slow(void)
{
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	for (int i = 0; i < 300; i++)
		must(timer_create(CLOCK_MONOTONIC, &none, &timer));
}

static void bereave(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = sprout();

		if (pid == 0) {
			pthread_barrier_init(&both, NULL, 2);
			make_leaving_slow();
			start(fork_and_race, (void *)3L);
			pthread_barrier_wait(&both);
			leave(5);
		}
		wait_for(pid);
	}
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	must(pipe2(ready, O_CLOEXEC));
	if (!strncmp(name, "bereaved=", 9))
		under_prompt_reaper();
	born("driver");
	if (!strcmp(name, "leader-first"))
		leader_first(end_group, false);
	else if (!strcmp(name, "leader-first-quiet"))
		leader_first(leave_quietly, false);
	else if (!strcmp(name, "leader-first-traced"))
		leader_first(end_group, true);
	else if (!strcmp(name, "exec"))
		exec_in_thread(false);
	else if (!strcmp(name, "exec-after-leader"))
		exec_in_thread(true);
	else if (!strcmp(name, "forker"))
		forker();
	else if (!strcmp(name, "killed"))
		killed();
	else if (!strncmp(name, "herd=", 5))
		herd(atoi(name + 5));
	else if (!strncmp(name, "race=", 5))
		race(atoi(name + 5));
	else if (!strncmp(name, "bereaved=", 9))
		bereave(atoi(name + 9));
	else
		die("no case %s", name);
	linger();
	return 0;
}
