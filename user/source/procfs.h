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

#endif
