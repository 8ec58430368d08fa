// SPDX-License-Identifier: GPL-2.0-only
/* storm fork|vfork|exec|thread N: begins and ends N lives, one after the other, as fast as it goes. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *self;

static void collect(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		perror("storm");
		exit(1);
	}
}

static void by_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	collect(pid);
}

static void by_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	collect(pid);
}

static void by_exec(void)
{
	char *const argv[] = { "storm", "nothing", NULL };
	char *const empty[] = { NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		execve(self, argv, empty);
		_exit(127);
	}
	collect(pid);
}

static void *nothing(void *arg)
{
	return arg;
}

static void by_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, nothing, NULL);
	if (errno) {
		perror("storm");
		exit(1);
	}
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*one)(void);
	} kinds[] = {
		{ "fork", by_fork }, { "vfork", by_vfork }, { "exec", by_exec }, { "thread", by_thread },
	};
	size_t i;
	long n;

	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	self = argv[0];
	for (i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, argv[1]))
			continue;
		for (n = atol(argv[2]); n > 0; n--)
			kinds[i].one();
		return 0;
	}
	fprintf(stderr, "usage: storm fork|vfork|exec|thread N\n");
	return 2;
}
