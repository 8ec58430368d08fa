/* SPDX-License-Identifier: GPL-2.0-only */
/* The limits that a process's children count against: who forks past one of them gets EAGAIN. */
#ifndef PROCTRACE_EVENT_LIMITS_H
#define PROCTRACE_EVENT_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum limit_kind {
	LIMIT_CGROUP, /* pids.max of its control group, or of one above it */
	LIMIT_PID_MAX,
	LIMIT_THREADS_MAX,
	LIMIT_NPROC, /* RLIMIT_NPROC: the user's tasks */
	LIMIT_KINDS
};

struct limit {
	uint64_t max; /* 0: none, or not known */
	uint64_t used;
};

/* How many more there may be; a limit may be lowered under what is there. */
static inline uint64_t limit_room(struct limit l)
{
	return l.max > l.used ? l.max - l.used : 0;
}

struct limits {
	uint64_t ts; /* boot time of the reading; 0: nothing was read */
	struct limit of[LIMIT_KINDS];
	uint32_t up; /* of LIMIT_CGROUP: how many levels above the process's own group it stands */
	bool of_namespace; /* LIMIT_PID_MAX is that of a pid namespace; else the machine's */
	uint32_t ns_up; /* of that: how many levels above the process's own namespace */
	uint64_t refused; /* forks that the groups' limits have refused so far (pids.events) */
};

#endif
