/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is dropped inside the kernel. "tracked" remembers the processes that matched, so that their
 * later records pass whatever has become of them; and of a tree the others too: they may come to
 * match, and so may what they make. A pid alone is no key: it may be in use again before the
 * release of its last holder is told.
 */
#ifndef PROCTRACE_SELECT_BPF_H
#define PROCTRACE_SELECT_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACKED_MAX); /* user space may set less */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tracked);
	__type(value, u8); /* enum tracked_as */
} tracked SEC(".maps");

/* Processes that found no room there: they may match, and what comes of them may be dropped. */
u64 filters_lost = 0;

/* enum tracked_as, or 0 */
static __always_inline u8 tracked_as(u32 pid, u64 start)
{
	struct tracked key = { .pid = pid, .start = start };
	u8 *as = bpf_map_lookup_elem(&tracked, &key);

	if (!as) {
		key.start = 0;
		as = bpf_map_lookup_elem(&tracked, &key);
	}
	return as ? *as : 0;
}

static __always_inline bool is_told(u32 pid, u64 start)
{
	return tracked_as(pid, start) == TRACKED_TOLD;
}

/* Of one that has passed; only of a tree user space can't tell by itself who belongs to it. */
static __always_inline u32 selected_flag(void)
{
	return selection.kinds & SELECT_TREE ? RECORD_SELECTED : 0;
}

#define CGROUP_DEPTH 16

/* In one of the groups, or below it. */
static __always_inline bool in_cgroup(struct task_struct *task)
{
	struct cgroup *cgroup = task_cgroup(task);
	u32 i, depth;

	for (depth = 0; depth < CGROUP_DEPTH && cgroup; depth++) {
		u64 id = BPF_CORE_READ(cgroup, kn, id);

		for (i = 0; i < SELECT_MAX && i < selection.cgroups; i++)
			if (selection.cgroup[i] == id)
				return true;
		cgroup = BPF_CORE_READ(cgroup, self.parent, cgroup);
	}
	return false;
}

/* Old kernels (5.10) leave the rest of a longer name behind the NUL: __set_task_comm(), fs/exec.c. */
static __always_inline bool is_named(struct task_struct *task)
{
	const u64 *comm = (const u64 *)task->group_leader->comm;
	u64 first = comm[0], second = comm[1], nul = first_nul(first);
	bool named = false;
	u32 i;

	if (nul) {
		first &= nul - 1;
		second = 0;
	} else {
		second &= first_nul(second) - 1;
	}
	for (i = 0; i < SELECT_MAX && i < selection.comms; i++) {
		const volatile u64 *want = (const volatile u64 *)selection.comm[i];

		named |= want[0] == first && want[1] == second;
	}
	return named;
}

static __always_inline bool has_attributes(struct task_struct *task)
{
	u32 pid = task->tgid, uid;
	bool ok;
	u32 i;

	if (selection.kinds & SELECT_PID) {
		for (ok = false, i = 0; i < SELECT_MAX && i < selection.pids; i++)
			ok |= selection.pid[i] == pid;
		if (!ok)
			return false;
	}
	if (selection.kinds & SELECT_UID) {
		uid = task->cred->uid.val;
		for (ok = false, i = 0; i < SELECT_MAX && i < selection.uids; i++)
			ok |= selection.uid[i] == uid;
		if (!ok)
			return false;
	}
	if ((selection.kinds & SELECT_COMM) && !is_named(task))
		return false;
	if ((selection.kinds & SELECT_CGROUP) && !in_cgroup(task))
		return false;
	return true;
}

static __always_inline void track(u32 pid, u64 start, u8 as)
{
	struct tracked key = { .pid = pid, .start = start };

	if (bpf_map_update_elem(&tracked, &key, &as, BPF_ANY))
		__sync_fetch_and_add(&filters_lost, 1);
}

/* One that became another program, or ends: it may match now, and one that did stays ours. */
static __always_inline bool select_known(struct task_struct *task, u64 start)
{
	u32 pid = task->tgid;
	u8 as;

	if (!selection.kinds)
		return true;
	as = tracked_as(pid, start);
	if (as == TRACKED_TOLD)
		return true;
	if (((selection.kinds & SELECT_TREE) && !as) || !has_attributes(task))
		return false;
	track(pid, start, TRACKED_TOLD);
	return true;
}

/* A new process; in a tree it is ours if its creator or its parent is. */
static __always_inline bool select_new(struct task_struct *task, u64 start, u32 creator,
				       u64 creator_start)
{
	struct task_struct *parent = task->real_parent;
	bool told;

	if (!selection.kinds)
		return true;
	if ((selection.kinds & SELECT_TREE) && !tracked_as(creator, creator_start) &&
	    !tracked_as(parent->tgid, parent->group_leader->start_boottime))
		return false;
	told = has_attributes(task);
	if (told || (selection.kinds & SELECT_TREE))
		track(task->tgid, start, told ? TRACKED_TOLD : TRACKED_KIN);
	return told;
}

#define CHILDREN 64

/*
 * The death of one that does not match concerns those that do if a child of it is one of them: it
 * is an orphan now. In a tree they are known; elsewhere, and behind too many, any child will do.
 */
static __always_inline bool select_parent(struct task_struct *task)
{
	struct list_head *head = &task->children, *at = head->next;
	int i;

	for (i = 0; i < CHILDREN && at != head; i++) {
		struct task_struct *child =
			(void *)at - bpf_core_field_offset(struct task_struct, sibling);

		if (!(selection.kinds & SELECT_TREE) ||
		    tracked_as(BPF_CORE_READ(child, tgid), BPF_CORE_READ(child, start_boottime)))
			return true;
		at = BPF_CORE_READ(at, next);
	}
	return at != head;
}

/* One that is dead, and of which nothing but the release is still to come. */
static __always_inline bool select_dead(u32 pid, u64 start)
{
	return !selection.kinds || is_told(pid, start);
}

/* The last word on a process: true if it was told of; and it is forgotten. */
static __always_inline bool select_released(u32 pid, u64 start)
{
	struct tracked key = { .pid = pid, .start = start };
	u8 as;

	if (!selection.kinds)
		return true;
	as = tracked_as(pid, start);
	if (!as)
		return false;
	bpf_map_delete_elem(&tracked, &key);
	key.start = 0;
	bpf_map_delete_elem(&tracked, &key);
	return as == TRACKED_TOLD;
}

#endif
