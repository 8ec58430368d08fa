/* SPDX-License-Identifier: GPL-2.0-only */
/* The pids that a process's namespaces may give out. Loaded where each has a pid_max of its own. */
#ifndef PROCTRACE_NAMESPACE_BPF_H
#define PROCTRACE_NAMESPACE_BPF_H

#include "proctrace/namespace.h"

#define LEAF_BITS 6		/* XA_CHUNK_SHIFT, include/linux/xarray.h */
#define IDR_NODE 2		/* an entry is a node: xa_is_internal() */
#define PIDNS_ADDING (1U << 31) /* in pid_allocated, kernel/pid.c */

static __always_inline struct xa_node *xa_node_of(void *entry)
{
	return ((u64)entry & 3) == IDR_NODE ? entry - IDR_NODE : NULL;
}

/* A leaf marks what is free (IDR_FREE is its first mark); where there is none, nothing is taken. */
static __always_inline u64 taken_in(struct xa_node *leaf)
{
	u64 free = ~0ULL;

	if (leaf)
		bpf_core_read(&free, sizeof(free), &leaf->marks);
	return ~free;
}

/* The numbers from 0 on, 64 in a leaf: the first leaves of the tree in idr (lib/radix-tree.c). */
static __always_inline void read_taken(struct pid_namespace *ns, u64 taken[NS_WORDS])
{
	struct xa_node *node = xa_node_of(BPF_CORE_READ(ns, idr.idr_rt.xa_head)), *leaves[NS_WORDS];
	int i;

	for (i = 0; i < 3 && node && BPF_CORE_READ(node, shift) > LEAF_BITS; i++) {
		void *first = NULL;

		bpf_core_read(&first, sizeof(first), &node->slots);
		node = xa_node_of(first);
	}
	if (!node || BPF_CORE_READ(node, shift) == 0) {
		taken[0] = taken_in(node);
		return;
	}
	__builtin_memset(leaves, 0, sizeof(leaves));
	bpf_core_read(leaves, sizeof(leaves), &node->slots);
	for (i = 0; i < NS_WORDS; i++)
		taken[i] = taken_in(xa_node_of(leaves[i]));
}

/* Fills every byte. A function of its own, which the verifier walks once and not for each level. */
__noinline int fill_namespace(struct ns_pids *row, u64 namespace, u32 level)
{
	struct pid_namespace *ns = (void *)namespace;

	if (!row)
		return 0;
	__builtin_memset(row, 0, sizeof(*row));
	row->level = level;
	row->pid_max = BPF_CORE_READ(ns, pid_max);
	row->used = BPF_CORE_READ(ns, pid_allocated) & ~PIDNS_ADDING;
	row->next = BPF_CORE_READ(ns, idr.idr_next);
	read_taken(ns, row->taken);
	return 0;
}

/* For the one task that the iterator is made for: its own namespace last. */
SEC("?iter/task")
int each_namespace(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct ns_pids row = {};
	struct pid *pid;
	u32 level, last;

	if (!task)
		return 0;
	pid = plain(task)->thread_pid;
	last = BPF_CORE_READ(pid, level);
	for (level = 1; level <= NS_LEVELS && level <= last; level++) {
		fill_namespace(&row, (u64)innermost_upid(pid, level).ns, level);
		bpf_seq_write(seq, &row, sizeof(row));
	}
	return 0;
}

#endif
