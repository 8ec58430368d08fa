/* SPDX-License-Identifier: GPL-2.0-only */
/* The COMMAND that is traced: started when the hooks are live, waited for, its status passed on. */
#ifndef PROCTRACE_CLI_COMMAND_H
#define PROCTRACE_CLI_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid;
	int pidfd; /* readable when it has ended; -1: none runs, or there is none to be had */
	bool ended;
	int status; /* an exit status as a shell gives it, when ended */
};

/*
 * 0; or -errno if it could not be run, with the exit status that a shell gives in c->status.
 * to_stderr: our stdout is the stream's alone, and COMMAND's goes to stderr.
 */
int command_start(struct command *c, char **argv, bool to_stderr);
/* Collects it if it has ended. */
void command_check(struct command *c);
void command_signal(const struct command *c, int sig);
void command_close(struct command *c);

#endif
