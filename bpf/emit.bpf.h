/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place where records are reserved, sent and, when they cannot be, counted.
 *
 * What costs is waking the reader, not writing the record. So nothing wakes it while it is on its
 * rounds (it comes back every few milliseconds by itself); only a reader that has gone to sleep
 * because a round found nothing says so in reader_waits, and the next record wakes it, once.
 */
#ifndef PROCTRACE_EMIT_BPF_H
#define PROCTRACE_EMIT_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23); /* user space sets its own size */
} ring SEC(".maps");

volatile u32 reader_waits = 0;
/*
 * Records that found no room, by kind. In an NMI a reserve would fail too, whenever the ring's lock
 * is taken; but no tracepoint here is reached from one: a signal is made under siglock, a release
 * told in soft interrupt, all else happens to a task in its own context. So there is no such cause.
 */
u64 lost[RECORD_KIND_END] = {};

static __always_inline u64 wake_flag(void)
{
	if (!reader_waits)
		return BPF_RB_NO_WAKEUP;
	reader_waits = 0;
	return BPF_RB_FORCE_WAKEUP;
}

/*
 * Size must be a constant: ring memory is reserved whole. NULL, and counted, when there is none.
 * Reserve first, read then: what is written is in no cache, and comes in while other things are read.
 */
static __always_inline void *record_reserve(enum record_kind kind, u64 size)
{
	void *record = bpf_ringbuf_reserve(&ring, size, 0);

	if (!record)
		__sync_fetch_and_add(&lost[kind], 1);
	return record;
}

static __always_inline void record_submit(void *record)
{
	bpf_ringbuf_submit(record, wake_flag());
}

/* For records whose length is only known when they are full: one copy, no byte too many. */
static __always_inline void record_output(enum record_kind kind, void *record, u64 size)
{
	if (bpf_ringbuf_output(&ring, record, size, wake_flag()))
		__sync_fetch_and_add(&lost[kind], 1);
}

static __always_inline void fill_head(struct record_head *head, enum record_kind kind, u32 flags,
				      u32 pid, u64 start)
{
	head->kind = kind;
	head->flags = flags;
	head->pid = pid;
	head->ts = bpf_ktime_get_boot_ns();
	head->start = start;
}

#endif
