/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc shows of how one process stands. What cannot be read is not known. */
#ifndef PROCTRACE_SOURCE_STANDING_H
#define PROCTRACE_SOURCE_STANDING_H

#include "event/standing.h"
#include "source/procfs.h"

/* Fills *s; 0, or -ESRCH if it is dead, or gone. The moment stays unmeasured. */
int standing_read(struct ident id, struct proc_room *room, struct standing *s);

/* The processor time that it has used, in ns; 0 or -errno. A pid alone: is it still the same? */
int standing_cpu(uint32_t pid, uint64_t *ns);

/*
 * The children of a process of a single thread, in the order in which they came to it: adopted ones
 * come when they are adopted. Adds the pids, as uint32_t; 0 or -errno (-EBUSY: more threads).
 */
int standing_children(struct ident parent, struct proc_room *room, struct buf *pids);

/* What /proc/PID/status says of the umask and of SIGHUP. Pure. */
void standing_parse_status(const char *text, struct standing *s);
/* JOURNAL_STREAM in the len bytes of an environment: is it this device and inode? Pure. */
bool standing_is_journal(const char *env, size_t len, uint64_t dev, uint64_t ino);

#endif
