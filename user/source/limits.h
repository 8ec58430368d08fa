/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading the limits on the number of tasks, see event/limits.h. */
#ifndef PROCTRACE_SOURCE_LIMITS_H
#define PROCTRACE_SOURCE_LIMITS_H

#include <stddef.h>

#include "event/limits.h"
#include "proctrace/namespace.h"

/* Where the hierarchy of the pids controller is mounted; "": nowhere. Of /proc/self/mountinfo. */
struct pids_mount {
	char path[256];
};

void limits_find_mount(struct pids_mount *mount);

/* What several readings of one moment have in common; begins zeroed. */
struct limits_moment {
	struct limits machine, of_group;
	char group[256];
};

/*
 * Those of a process; what cannot be read stays 0. RLIMIT_NPROC has its max only: who counts the
 * user's tasks is the caller. moment, if given, keeps what the next reading need not read again.
 */
void limits_read(const struct pids_mount *mount, uint32_t pid, struct limits_moment *moment,
		 struct limits *limits);

/*
 * What its n pid namespaces leave, its own last: where one of them has less room than the machine,
 * LIMIT_PID_MAX becomes that one's. Pure.
 */
void limits_narrow(struct limits *limits, const struct ns_pids *namespaces, size_t n);

/*
 * The path of the group that counts pids, from the text of /proc/PID/cgroup: the line of the pids
 * controller, else the unified one. Points into text; *len its length. NULL: there is none. Pure.
 */
const char *limits_group(const char *text, size_t *len);

#endif
