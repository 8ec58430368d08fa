// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm exec N [CPU]   vfork, exec of a tiny program and wait, N times as fast as it goes
 * storm fork N [CPU]   fork, exit and wait
 * storm fat N [CPU]    as exec, with 16 KiB of arguments each
 * storm spin [CPU]     keep a processor busy until stdin ends
 * storm crowd N        N children that do nothing until stdin ends
 *
 * The nth child (from 0) ends with n % 251, so that the order alone says what each must have done.
 */
#include "lives.h"

#include <poll.h>

static char *const empty[] = { NULL };

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(0, sizeof(set), &set));
}

static char fat[16384]; /* an argument: empty unless it is to be fat */

static pid_t run_tiny(int code)
{
	char word[8];
	char *argv[] = { "tiny", word, fat[0] ? fat : NULL, NULL };
	pid_t pid;

	snprintf(word, sizeof(word), "%d", code & 0xff);
	pid = must(vfork());
	if (pid == 0) {
		execve("build/tests/lives/tiny", argv, empty);
		_exit(252);
	}
	return pid;
}

static pid_t just_exit(int code)
{
	pid_t pid = must(fork());

	if (pid == 0)
		_exit(code);
	return pid;
}

static void storm(pid_t (*child)(int), int count)
{
	double begin;

	born("storm");
	begin = now_real();
	for (int i = 0; i < count; i++) {
		pid_t pid = child(i % 251);
		int status;

		if (waitpid(pid, &status, 0) != pid || status != (i % 251) << 8)
			die("child %d: status %x", i, status);
	}
	ledger("{\"what\":\"storm\",\"count\":%d,\"seconds\":%.6f}", count, now_real() - begin);
}

static void spin(void)
{
	struct pollfd end = { .fd = 0, .events = POLLIN };

	ledger("{\"what\":\"spinning\"}");
	do {
		for (volatile int i = 0; i < 10000000; i++)
			;
	} while (poll(&end, 1, 0) == 0);
}

static void crowd(int count)
{
	struct gate *gate = new_gate();

	for (int i = 0; i < count; i++) {
		if (sprout() == 0) {
			wait_at(gate->wait);
			_exit(0);
		}
	}
	born("crowd");
	linger();
	open_gate(gate);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	int cpu_at = strcmp(name, "spin") ? 3 : 2;

	if (argc > cpu_at && strcmp(name, "crowd"))
		pin(atoi(argv[cpu_at]));
	if (!strcmp(name, "fat"))
		memset(fat, 'x', sizeof(fat) - 1);
	if ((!strcmp(name, "exec") || !strcmp(name, "fat")) && argc > 2)
		storm(run_tiny, atoi(argv[2]));
	else if (!strcmp(name, "fork") && argc > 2)
		storm(just_exit, atoi(argv[2]));
	else if (!strcmp(name, "spin"))
		spin();
	else if (!strcmp(name, "crowd") && argc > 2)
		crowd(atoi(argv[2]));
	else
		die("no case %s", name);
	return 0;
}
