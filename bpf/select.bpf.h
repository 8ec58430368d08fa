/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is dropped inside the kernel. "tracked" remembers the processes that matched, so that their
 * later records pass whatever has become of them. A pid alone is no key: it may be in use again
 * before the release of its last holder is told.
 */
#ifndef PROCTRACE_SELECT_BPF_H
#define PROCTRACE_SELECT_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACKED_MAX); /* user space may set less */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tracked);
	__type(value, u8);
} tracked SEC(".maps");

/* Processes that found no room there: they match, and what comes of them may be dropped. */
u64 filters_lost = 0;

static __always_inline bool is_tracked(u32 pid, u64 start)
{
	struct tracked key = { .pid = pid, .start = start };

	if (bpf_map_lookup_elem(&tracked, &key))
		return true;
	key.start = 0;
	return bpf_map_lookup_elem(&tracked, &key);
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

static __always_inline void track(u32 pid, u64 start)
{
	struct tracked key = { .pid = pid, .start = start };
	u8 set = 1;

	if (bpf_map_update_elem(&tracked, &key, &set, BPF_ANY))
		__sync_fetch_and_add(&filters_lost, 1);
}

/* One that became another program, or ends: it may match now, and one that did stays ours. */
static __always_inline bool select_known(struct task_struct *task, u64 start)
{
	u32 pid = task->tgid;

	if (!selection.kinds || is_tracked(pid, start))
		return true;
	if ((selection.kinds & SELECT_TREE) || !has_attributes(task))
		return false;
	track(pid, start);
	return true;
}

/* A new process; in a tree it is ours if its creator or its parent is. */
static __always_inline bool select_new(struct task_struct *task, u64 start, u32 creator,
				       u64 creator_start)
{
	struct task_struct *parent = task->real_parent;

	if (!selection.kinds)
		return true;
	if ((selection.kinds & SELECT_TREE) && !is_tracked(creator, creator_start) &&
	    !is_tracked(parent->tgid, parent->group_leader->start_boottime))
		return false;
	if (!has_attributes(task))
		return false;
	track(task->tgid, start);
	return true;
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
		    is_tracked(BPF_CORE_READ(child, tgid), BPF_CORE_READ(child, start_boottime)))
			return true;
		at = BPF_CORE_READ(at, next);
	}
	return at != head;
}

/* One that is dead, and of which nothing but the release is still to come. */
static __always_inline bool select_dead(u32 pid, u64 start)
{
	return !selection.kinds || is_tracked(pid, start);
}

/* The last word on a process: true if it was ours, and it is forgotten. */
static __always_inline bool select_released(u32 pid, u64 start)
{
	struct tracked key = { .pid = pid, .start = start };

	if (!selection.kinds)
		return true;
	if (!is_tracked(pid, start))
		return false;
	bpf_map_delete_elem(&tracked, &key);
	key.start = 0;
	bpf_map_delete_elem(&tracked, &key);
	return true;
}

#endif
