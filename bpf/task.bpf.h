/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place where task_struct and what hangs from it is read.
 *
 * Arguments of tp_btf programs are read directly: a load that faults gives 0, no helper call.
 * Pointers that were computed are read with bpf_core_read(), and so is all that a loop reads: the
 * verifier of newer kernels spends a search through the whole type information on every direct load
 * that it visits (seen on 6.18: 500 ms for one loop of 64 turns).
 */
#ifndef PROCTRACE_TASK_BPF_H
#define PROCTRACE_TASK_BPF_H

#define PF_KTHREAD 0x00200000
#define SIGNAL_GROUP_EXIT 0x00000004
#define SIGCHLD 17
#define SIG_IGN 1
#define SA_NOCLDWAIT 2
#define PIDTYPE_PGID 2
#define PIDTYPE_SID 3
#define PAGE_KIB 4 /* the unit of maxrss on the architectures that are served */
#define ANCESTORS 64

/* The innermost of a task's pids, with its namespace: numbers[level] of its struct pid. */
static __always_inline struct upid innermost_upid(struct task_struct *task)
{
	struct pid *pid = task->thread_pid;
	struct upid upid = {};
	u32 level = pid->level;

	if (level <= 32) /* MAX_PID_NS_LEVEL, include/linux/pid_namespace.h */
		bpf_probe_read_kernel(&upid, sizeof(upid),
				      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
					      level * sizeof(struct upid));
	return upid;
}

/* Session or process group, as the initial pid namespace numbers it. */
static __always_inline u32 signal_pid(struct signal_struct *signal, int type)
{
	struct pid *pid = signal->pids[type];

	return BPF_CORE_READ(pid, numbers[0].nr);
}

/* Field 7 of /proc/PID/stat: new_encode_dev(tty_devnum(tty)), drivers/tty/tty_io.c */
static __always_inline u32 signal_tty(struct signal_struct *signal)
{
	struct tty_struct *tty = signal->tty;
	struct tty_driver *driver;
	u32 major, minor;

	if (!tty)
		return 0;
	driver = tty->driver;
	major = driver->major;
	minor = driver->minor_start + tty->index;
	return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
}

/* In the hierarchy that names groups on this machine: see cgroup_subsys. */
static __always_inline struct cgroup *task_cgroup(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	struct cgroup_subsys_state *css = NULL;
	int subsys = cgroup_subsys;

	if (subsys < 0 || subsys >= 12)
		return BPF_CORE_READ(set, dfl_cgrp);
	bpf_core_read(&css, sizeof(css), &set->subsys[subsys]);
	return BPF_CORE_READ(css, cgroup);
}

static __always_inline u32 parent_flags(struct task_struct *parent)
{
	struct signal_struct *signal = parent->signal;
	struct k_sigaction *action = &parent->sighand->action[SIGCHLD - 1];
	u64 handler = (u64)action->sa.sa_handler;
	struct list_head *waiters = &signal->wait_chldexit.head;
	u32 flags = 0;

	if (handler == SIG_IGN || (action->sa.sa_flags & SA_NOCLDWAIT))
		flags |= RECORD_PARENT_AUTOREAPS;
	if (handler > SIG_IGN)
		flags |= RECORD_PARENT_CATCHES;
	if (waiters->next != waiters)
		flags |= RECORD_PARENT_WAITS;
	if (BPF_CORE_READ_BITFIELD(signal, is_child_subreaper))
		flags |= RECORD_PARENT_SUBREAPER;
	return flags;
}

/* The same of one that is no tracepoint's own argument: its dead children need no wait. */
static __always_inline bool autoreaps(struct task_struct *task)
{
	u64 handler = (u64)BPF_CORE_READ(task, sighand, action[SIGCHLD - 1].sa.sa_handler);
	u64 flags = BPF_CORE_READ(task, sighand, action[SIGCHLD - 1].sa.sa_flags);

	return handler == SIG_IGN || (flags & SA_NOCLDWAIT);
}

/* Fills every byte of who; gives the flags that go into the record's head. */
static __always_inline u32 fill_who(struct record_who *who, struct task_struct *task)
{
	struct task_struct *parent = task->real_parent;
	struct signal_struct *signal = task->signal;
	u32 flags = parent_flags(parent);

	if (task->flags & PF_KTHREAD)
		flags |= RECORD_KTHREAD;
	if (BPF_CORE_READ_BITFIELD(signal, is_child_subreaper))
		flags |= RECORD_SUBREAPER;
	if (task->ptrace)
		flags |= RECORD_TRACED;
	who->ppid = parent->tgid;
	who->parent_start = parent->group_leader->start_boottime;
	who->uid = task->cred->uid.val;
	who->sid = signal_pid(signal, PIDTYPE_SID);
	who->pgid = signal_pid(signal, PIDTYPE_PGID);
	who->tty = signal_tty(signal);
	who->nspid = innermost_upid(task->group_leader).nr;
	/* the node's id is its inode number too (since 5.5) */
	who->cgroup = BPF_CORE_READ(task_cgroup(task), kn, id);
	who->exec_id = task->self_exec_id;
	who->ns_level = task->thread_pid->level;
	bpf_probe_read_kernel(who->comm, sizeof(who->comm), task->group_leader->comm);
	if (who->nspid == 1)
		flags |= RECORD_NS_INIT;
	return flags;
}

/* The group's wait status: wait_task_zombie(), kernel/exit.c */
static __always_inline u32 group_status(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;

	if (signal->flags & SIGNAL_GROUP_EXIT)
		return signal->group_exit_code;
	return task->group_leader->exit_code;
}

/*
 * Who gets the children of a dying group: find_new_reaper(), kernel/exit.c. NULL when it is the
 * init of its pid namespace: then the kernel kills and reaps all that is in there.
 */
static __always_inline struct task_struct *find_adopter(struct task_struct *father)
{
	struct pid_namespace *ns = innermost_upid(father).ns;
	struct task_struct *init, *ancestor;
	u32 level = father->thread_pid->level;
	int i;

	init = BPF_CORE_READ(ns, child_reaper);
	if (BPF_CORE_READ(init, tgid) == father->tgid)
		return NULL;
	if (!BPF_CORE_READ_BITFIELD(father->signal, has_child_subreaper))
		return init;
	ancestor = father->real_parent;
	for (i = 0; i < ANCESTORS; i++) {
		struct signal_struct *signal = BPF_CORE_READ(ancestor, signal);

		if (BPF_CORE_READ(ancestor, thread_pid, level) != level ||
		    BPF_CORE_READ(ancestor, pid) == 0)
			break;
		if (BPF_CORE_READ_BITFIELD_PROBED(signal, is_child_subreaper) &&
		    BPF_CORE_READ(signal, live.counter) > 0)
			return ancestor;
		ancestor = BPF_CORE_READ(ancestor, real_parent);
	}
	return init;
}

#endif
