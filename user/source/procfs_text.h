/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the texts of /proc/PID say, proc(5). All of it pure; behind the bytes of each text there is
 * a NUL.
 */
#ifndef PROCTRACE_SOURCE_PROCFS_TEXT_H
#define PROCTRACE_SOURCE_PROCFS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"

/*
 * The text of /proc/PID/stat: fills what it tells of ev's facts and sight, and ev->id.start as far
 * as ticks go. 0, or -EBADMSG if it is none; comm may hold any bytes but NUL, ") Z 1 (" too.
 */
int proc_parse_stat(const char *text, size_t len, struct event *ev);
/* The same for /proc/PID/status; what a line does not say stays unknown. */
void proc_parse_status(const char *text, size_t len, struct event *ev);
/* What the status of a parent says of its SIGCHLD. */
void proc_parse_signals(const char *text, struct facts *f);
/*
 * The text of /proc/PID/syscall, of a thread that is in a wait call: for whom, as waitpid() takes
 * it. 0, -ENOENT if it does not say so (a pidfd), or -EBADMSG.
 */
int proc_parse_wait(const char *text, int32_t *wait_for);
/*
 * The same text of a thread that sleeps: the kernel's function that it sleeps in, where the system
 * call tells it (do_wait, kernel/exit.c; do_sigtimedwait, kernel/signal.c), or "".
 */
const char *proc_parse_sleep(const char *text);

#endif
