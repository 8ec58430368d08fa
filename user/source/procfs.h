/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A look at one process through /proc, and at all of them where the task iterator cannot be had.
 * Each look holds the process's directory open: what is read there is of one process, even if the
 * pid is used again meanwhile.
 */
#ifndef PROCTRACE_SOURCE_PROCFS_H
#define PROCTRACE_SOURCE_PROCFS_H

#include "base/buf.h"
#include "event/event.h"

/* Where a look lays what it read; the event's slices point into it. Reused from look to look. */
struct proc_room {
	uint32_t args_max; /* how much of argv to keep */
	struct buf stat, status, args, exe, cwd;
};

void proc_room_free(struct proc_room *room);

/*
 * Fills *ev with an EVENT_SIGHT of id, or with an EVENT_MISSING if there is no such process (or
 * another one under its pid). id.start 0: whoever has the pid. Always gives an answer, stamped with
 * the boot time at which it was true. how: what to read besides where it stands. PROC_PARENT: of
 * a dead one what its parent does with SIGCHLD, of a living one what it does as a parent.
 */
enum proc_read { PROC_ARGS = 1 << 0, PROC_PARENT = 1 << 1 };
void proc_look(struct ident id, unsigned int how, struct proc_room *room, struct event *ev);

/*
 * argv, executable and working directory into the slices of ev->sight, as far as they can be read.
 */
void proc_read_args(struct ident id, struct proc_room *room, struct event *ev);

/*
 * The directory of that process, if it is still there, with *ev filled from its stat; or -1. And a
 * whole small file below such a directory (most: where to end); 0 or -errno.
 */
int proc_open(struct ident id, struct proc_room *room, struct event *ev);
int proc_slurp(int dir, const char *name, size_t most, struct buf *b);

/*
 * Every process that began before born_before, oldest first, as live_snapshot() tells them. 0 or
 * -errno.
 */
int proc_snapshot(uint64_t born_before, struct proc_room *room,
		  void (*fn)(void *ctx, const struct event *ev), void *ctx);

/*
 * The text of /proc/PID/stat: fills what it tells of ev's facts and sight, and ev->id.start as far
 * as ticks go. 0, or -EBADMSG if it is none. Pure; comm may hold any bytes but NUL, ") Z 1 (" too.
 * Behind the len bytes of this and all other texts there is a NUL.
 */
int proc_parse_stat(const char *text, size_t len, struct event *ev);
/* The same for /proc/PID/status; what a line does not say stays unknown. Pure. */
void proc_parse_status(const char *text, size_t len, struct event *ev);
/* What the status of a parent says of its SIGCHLD. Pure. */
void proc_parse_signals(const char *text, struct facts *f);
/*
 * The text of /proc/PID/syscall, of a thread that is in a wait call: for whom, as waitpid() takes
 * it. 0, -ENOENT if it does not say so (a pidfd), or -EBADMSG. Pure.
 */
int proc_parse_wait(const char *text, int32_t *wait_for);
/*
 * The same text of a thread that sleeps: the kernel's function that it sleeps in, where the system
 * call tells it (do_wait, kernel/exit.c; do_sigtimedwait, kernel/signal.c), or "". Pure.
 */
const char *proc_parse_sleep(const char *text);

#endif
