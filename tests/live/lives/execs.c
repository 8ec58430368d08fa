// SPDX-License-Identifier: GPL-2.0-only
/*
 * execs CASE [PROGRAM]: the ways to become a program, and to fail at it.
 *
 *   fork PROGRAM         fork, exec
 *   vfork PROGRAM        vfork, exec
 *   vfork-exit           vfork, and no exec at all
 *   vfork-failed         vfork, an exec that fails, exit 127
 *   fork-failed          fork, an exec that fails, exit 126
 *   fork-retried         fork, an exec that fails, then one that works
 *   spawn PROGRAM        posix_spawn
 *   spawn-failed         posix_spawn of a program that is not there: libc waits for the child
 *   chain=N              one process that is N programs, one after the other
 *   no-arguments         execve with an empty argv
 *   renamed HEX          prctl(PR_SET_NAME) with these bytes, then the end
 *
 * PROGRAM (a tiny one) gets 33 as its only argument and is to end with it.
 */
#include "lives.h"

#include <spawn.h>

static char *const nobody[] = { "nobody", "33", NULL };
static char *const empty[] = { NULL };
static char *program_argv[] = { "tiny", "33", NULL };

static void fork_exec(const char *program)
{
	pid_t pid = sprout();

	if (pid == 0) {
		execve(program, program_argv, empty);
		_exit(127);
	}
	bore("child", pid);
	wait_for(pid);
}

/* vfork() by itself: nothing but exec and _exit may follow in the child. */
static void vfork_exec(const char *program, char *const argv[])
{
	pid_t pid = must(vfork());

	if (pid == 0) {
		if (program)
			execve(program, argv, empty);
		_exit(program ? 127 : 3);
	}
	bore("child", pid);
	wait_for(pid);
}

static void fork_failed(const char *then)
{
	pid_t pid = sprout();

	if (pid == 0) {
		execve("/nowhere/nobody", nobody, empty);
		execve("/etc", nobody, empty);
		if (then)
			execve(then, program_argv, empty);
		_exit(126);
	}
	bore("child", pid);
	wait_for(pid);
}

static void spawn(const char *program)
{
	pid_t pid;

	if (posix_spawn(&pid, program, NULL, NULL, program_argv, empty) != 0)
		die("posix_spawn");
	bore("child", pid);
	wait_for(pid);
}

static void spawn_failed(void)
{
	pid_t pid;

	ledger("{\"what\":\"failed\",\"errno\":%d}",
	       posix_spawn(&pid, "/nowhere/nobody", NULL, NULL, nobody, empty));
}

static void link_of_chain(int left)
{
	char word[24];

	if (left == 0)
		_exit(42);
	snprintf(word, sizeof(word), "link=%d", left - 1);
	execl("build/tests/lives/execs", "execs", word, NULL);
	die("exec");
}

static void chain(int length)
{
	pid_t pid = sprout();

	if (pid == 0) {
		born("child");
		link_of_chain(length);
	}
	wait_for(pid);
}

static void no_arguments(const char *program)
{
	pid_t pid = sprout();

	if (pid == 0) {
		execve(program, empty, empty);
		_exit(127);
	}
	bore("child", pid);
	wait_for(pid);
}

static void renamed(const char *hex)
{
	pid_t pid = sprout();
	char name[64] = "";

	if (pid == 0) {
		for (size_t i = 0; hex[2 * i] && i < sizeof(name) - 1; i++) {
			unsigned int byte;

			if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
				die("hex");
			name[i] = (char)byte;
		}
		must(prctl(PR_SET_NAME, name));
		_exit(0);
	}
	bore("child", pid);
	wait_for(pid);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const char *program = argc > 2 ? argv[2] : "build/tests/lives/tiny";

	if (!strncmp(name, "link=", 5))
		link_of_chain(atoi(name + 5));
	born("driver");
	if (!strcmp(name, "fork"))
		fork_exec(program);
	else if (!strcmp(name, "vfork"))
		vfork_exec(program, program_argv);
	else if (!strcmp(name, "vfork-exit"))
		vfork_exec(NULL, NULL);
	else if (!strcmp(name, "vfork-failed"))
		vfork_exec("/nowhere/nobody", nobody);
	else if (!strcmp(name, "fork-failed"))
		fork_failed(NULL);
	else if (!strcmp(name, "fork-retried"))
		fork_failed(program);
	else if (!strcmp(name, "spawn"))
		spawn(program);
	else if (!strcmp(name, "spawn-failed"))
		spawn_failed();
	else if (!strncmp(name, "chain=", 6))
		chain(atoi(name + 6));
	else if (!strcmp(name, "no-arguments"))
		no_arguments(program);
	else if (!strcmp(name, "renamed"))
		renamed(argc > 2 ? argv[2] : "");
	else
		die("no case %s", name);
	linger();
	return 0;
}
