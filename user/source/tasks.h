/* SPDX-License-Identifier: GPL-2.0-only */
/* The task iterator's records as sights: a picture of all processes, oldest first. */
#ifndef PROCTRACE_SOURCE_TASKS_H
#define PROCTRACE_SOURCE_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/decode.h"
#include "event/event.h"
#include "source/cgroup.h"
#include "source/procfs.h"

/* What an event's slices may point into, whoever made it. */
struct rooms {
	struct decode_room decode;
	struct cgroups cgroups;
	struct proc_room proc;
};

/*
 * Hands out each of n tasks that began before born_before (boot clock) as an EVENT_SIGHT; with
 * argv, executable and directory from /proc where programs is set. Sorts the tasks. A parent that
 * is not among them is looked at through /proc, and told before all of them.
 */
void tasks_hand_out(struct record_task *tasks, size_t n, uint64_t born_before, bool programs,
		    struct rooms *rooms, void (*fn)(void *ctx, const struct event *ev), void *ctx);

#endif
