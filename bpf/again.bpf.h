/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel does not enter a program that is at work already on that processor. Since 7.0 tracepoints
 * may be preempted: whoever comes to run in the middle of a program finds it at work, and nobody would
 * tell what he does (seen on 7.3: up to 13 forks for one that was preempted). So there each of these
 * tracepoints has a second program, called after the first, which tells what that one was left out of.
 */
#ifndef PROCTRACE_AGAIN_BPF_H
#define PROCTRACE_AGAIN_BPF_H

#define TAKEN_SLOTS (1 << 13)

/*
 * Whose event the first program has taken, by the pid of the task that it is of: until the second one
 * comes, in the same call of the same tracepoint. Pids that far apart share a slot: should both be in
 * such a call at once, one event is told twice.
 */
u32 taken[TAKEN_SLOTS] = {};
/* Events that the second program told, by the kind of their record. */
u64 told_again[RECORD_KIND_END] = {};

static __always_inline void take(u32 pid)
{
	if (preemptible)
		taken[pid % TAKEN_SLOTS] = pid;
}

/* True: the first program was left out, and it is for the second to tell. */
static __always_inline bool left_to_us(u32 pid, enum record_kind kind)
{
	u32 slot = pid % TAKEN_SLOTS;

	if (taken[slot] == pid) {
		taken[slot] = 0;
		return false;
	}
	__sync_fetch_and_add(&told_again[kind], 1);
	return true;
}

#endif
