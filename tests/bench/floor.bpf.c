// SPDX-License-Identifier: GPL-2.0-only
/*
 * What any program on these tracepoints costs: one that does nothing, and one that does no more than
 * send as many bytes as proctrace's records have, with the time in them. Nobody reads the ring.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "proctrace/record.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 26);
} ring SEC(".maps");

static __always_inline int send(u32 size)
{
	struct record_head *head = bpf_ringbuf_reserve(&ring, size, 0);

	if (!head)
		return 0;
	head->ts = bpf_ktime_get_boot_ns();
	bpf_ringbuf_submit(head, BPF_RB_NO_WAKEUP);
	return 0;
}

#define FLOOR(name, tracepoint, size)                                                              \
	SEC("tp_btf/" tracepoint) int name##_empty(void *ctx) { return 0; }                        \
	SEC("tp_btf/" tracepoint) int name##_sends(void *ctx) { return send(size); }

FLOOR(fork, "sched_process_fork", sizeof(struct record_fork))
FLOOR(exec, "sched_process_exec", sizeof(struct record_exec) + 160)
FLOOR(exit, "sched_process_exit", sizeof(struct record_exit))
FLOOR(free, "sched_process_free", sizeof(struct record_free))
