/* SPDX-License-Identifier: GPL-2.0-only */
/* The freezers of control groups, for kernels that don't say where a frozen task sleeps. */
#ifndef PROCTRACE_SOURCE_FREEZER_H
#define PROCTRACE_SOURCE_FREEZER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A line of /proc/PID/cgroup (cgroups(7)): the kernel's function that a task sleeps in when
 * that group is frozen (do_freezer_trap, kernel/signal.c, or v1's __refrigerator, kernel/freezer.c),
 * and in path the file that tells it. NULL: the line is of a hierarchy without a freezer. Pure.
 */
const char *freezer_of(const char *line, char *path, size_t size);
/* What that file says, cgroup.events or freezer.state: the group is frozen, all of it. Pure. */
bool freezer_says_frozen(const char *text);

/* That function for a thread (a directory in dir) that is frozen with its group; else "". */
const char *freezer_sleep(int dir, const char *thread);

#endif
