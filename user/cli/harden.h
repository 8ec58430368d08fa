/* SPDX-License-Identifier: GPL-2.0-only */
/* Least privilege: once tracing is live, what is no longer needed is given up for good. */
#ifndef PROCTRACE_CLI_HARDEN_H
#define PROCTRACE_CLI_HARDEN_H

/*
 * First of all: where stdin, stdout or stderr is closed, nothing that is opened later may be taken
 * for it, or messages would end up in the stream.
 */
void fill_standard_streams(void);

/*
 * Keeps the capabilities that looks at other processes need, sets no_new_privs, forbids core dumps
 * and every system call that the loop does not make (they fail with EPERM). Call it after COMMAND
 * was started: what it executes is not bound by this. 0, or -errno and *what could not be done.
 */
int harden(const char **what);

#endif
