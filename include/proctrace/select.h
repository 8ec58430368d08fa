/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which processes are worth a record. Values of one kind are alternatives; the kinds that are
 * given must all hold. The kernel side drops what does not match; what it lets through besides
 * (a parent whose death orphans a match) is what the findings need.
 */
#ifndef PROCTRACE_SELECT_H
#define PROCTRACE_SELECT_H

#include "proctrace/record.h"

#define SELECT_MAX 8 /* values of one kind */
#define TRACKED_MAX (1 << 20) /* processes that are remembered */

enum select_kind {
	SELECT_TREE = 1 << 0, /* descendants of the processes in the map "tracked" */
	SELECT_PID = 1 << 1,
	SELECT_UID = 1 << 2,
	SELECT_COMM = 1 << 3,
	SELECT_CGROUP = 1 << 4,
};

/* Key of the map "tracked". */
struct tracked {
	u32 pid;
	u32 pad;
	u64 start; /* 0: whoever has the pid */
};

/* What it remembers of them. */
enum tracked_as {
	TRACKED_KIN = 1, /* it belongs to the tree, and does not match yet */
	TRACKED_TOLD = 2, /* it matched: all that comes of it is told */
};

struct selection {
	u32 kinds; /* enum select_kind, or'ed; 0: every process */
	u32 pids, uids, comms, cgroups; /* how many of each */
	u32 pid[SELECT_MAX];
	u32 uid[SELECT_MAX];
	char comm[SELECT_MAX][RECORD_COMM]; /* padded with NUL */
	u32 pad;
	u64 cgroup[SELECT_MAX]; /* ids: the group itself; those below it are told in user space */
};

#endif
