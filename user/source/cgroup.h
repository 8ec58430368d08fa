/* SPDX-License-Identifier: GPL-2.0-only */
/* Control groups: ids to paths. Which hierarchy names a process's group differs by machine. */
#ifndef PROCTRACE_SOURCE_CGROUP_H
#define PROCTRACE_SOURCE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"

struct cgroups {
	char mount[256]; /* empty: none found */
	char controller[32]; /* "pids" and the like; empty: the unified hierarchy */
	int hierarchy;
	struct cgroup_name *names; /* by id */
	size_t nbuckets, count;
	uint64_t news; /* how many groups were heard of, or seen */
	bool walking;
};

/*
 * Chooses the hierarchy: that in which wanted (a directory; NULL: any) lies, else that of the first
 * controller that has one of its own (pids, memory, cpu, devices, freezer), else the unified one.
 * Then learns every group there is.
 */
void cgroups_open(struct cgroups *c, const char *wanted);
void cgroups_close(struct cgroups *c);

/* The path below the mount, "/" first; unknown ids are looked for once more. s NULL: not known. */
struct slice cgroups_path(struct cgroups *c, uint64_t id);
void cgroups_learn(struct cgroups *c, uint64_t id, struct slice path);

/*
 * The id of a group named by its directory, absolute or below the mount; *below: the path below the
 * mount, within path. 0 or -errno.
 */
int cgroups_id(const struct cgroups *c, const char *path, uint64_t *id, const char **below);

/*
 * A line of /proc/self/mountinfo: true if it is the mount of this controller ("": of the unified
 * hierarchy), and where that is, if it fits. Pure.
 */
bool cgroup_parse_mount(const char *line, const char *controller, char *mount, size_t size);
/* A line of /proc/cgroups: the controller's hierarchy; 0: none, or another's line. Pure. */
int cgroup_parse_hierarchy(const char *line, const char *controller);

#endif
