// SPDX-License-Identifier: GPL-2.0-only
/*
 * strangers PLAN: a row of processes, one after the other, that call themselves what the file PLAN
 * says. A line of it, the bytes in hexadecimal:
 *
 *   name NAME            prctl(PR_SET_NAME), then the end
 *   exec CWD EXE ARGS    chdir, then exec; ARGS with a NUL behind each
 *
 * Their roles are the numbers of the lines, from 0.
 */
#include "lives.h"

/* In place; the length in bytes. */
static size_t unhex(char *s)
{
	size_t n = 0;
	unsigned int byte;

	for (; sscanf(s + 2 * n, "%2x", &byte) == 1; n++)
		s[n] = (char)byte;
	s[n] = 0;
	return n;
}

__attribute__((noreturn)) static void be_called(char *name)
{
	unhex(name);
	must(prctl(PR_SET_NAME, name));
	_exit(0);
}

__attribute__((noreturn)) static void become(char *cwd, char *exe, char *args)
{
	char *argv[64], *none[] = { NULL }, *end = args;
	int argc = 0;

	unhex(cwd);
	unhex(exe);
	end += unhex(args);
	for (; args < end && argc < 63; args += strlen(args) + 1)
		argv[argc++] = args;
	argv[argc] = NULL;
	must(chdir(cwd));
	execve(exe, argv, none);
	die("exec");
}

int main(int argc, char **argv)
{
	FILE *plan = argc > 1 ? fopen(argv[1], "r") : NULL;
	static char line[1 << 16];
	char role[16];

	if (!plan)
		die("no plan");
	born("driver");
	for (int n = 0; fgets(line, sizeof(line), plan); n++) {
		char *words[4] = { strtok(line, " \n") };
		pid_t pid;

		for (int i = 1; i < 4; i++)
			words[i] = strtok(NULL, " \n");
		pid = sprout();
		if (pid == 0) {
			if (!strcmp(words[0], "name"))
				be_called(words[1]);
			become(words[1], words[2], words[3]);
		}
		snprintf(role, sizeof(role), "%d", n);
		bore(role, pid);
		wait_for(pid);
	}
	linger();
	return 0;
}
