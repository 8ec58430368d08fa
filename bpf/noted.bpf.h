/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which pids may have an entry in the maps that are asked at every death. Most have none, and a look
 * into a hash map is not cheap: its lines of memory are in no cache (seen: 200 ns and more). Pids
 * come one after the other, so their counters share lines.
 */
#ifndef PROCTRACE_NOTED_BPF_H
#define PROCTRACE_NOTED_BPF_H

#define NOTED (1 << 13) /* pids that are so far apart share a counter */

/* Entries that are held under the pids of a counter: 0 means none, more means look. */
u32 noted[NOTED] = {};

static __always_inline bool is_noted(u32 pid)
{
	return noted[pid & (NOTED - 1)] != 0;
}

/* An entry came to be: the map's update said so. */
static __always_inline void note(u32 pid)
{
	__sync_fetch_and_add(&noted[pid & (NOTED - 1)], 1);
}

/* An entry is gone: the map's delete said so. */
static __always_inline void unnote(u32 pid)
{
	__sync_fetch_and_add(&noted[pid & (NOTED - 1)], -1);
}

#endif
