/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many pids a pid namespace may give out (since 6.14 each has a pid_max of its own), as the
 * kernel side writes it for one process: its own namespace and those above it, but for the initial
 * one. Compiled by both sides.
 */
#ifndef PROCTRACE_NAMESPACE_H
#define PROCTRACE_NAMESPACE_H

#include "proctrace/record.h"

#define NS_LEVELS 32	/* MAX_PID_NS_LEVEL, include/linux/pid_namespace.h */
#define NS_RESERVED 300 /* numbers below are given out once: RESERVED_PIDS, kernel/pid.c */
#define NS_WORDS 5	/* of 64 numbers each: enough for these */

struct ns_pids {
	u32 level;	     /* 1: right below the initial one */
	u32 pid_max;	     /* all numbers are below */
	u32 used;	     /* how many are taken, the dead included */
	u32 next;	     /* the search for a free one begins there */
	u64 taken[NS_WORDS]; /* of the first numbers: a bit for each that is */
};

_Static_assert(sizeof(struct ns_pids) == 56, "ns_pids is ABI");

#endif
