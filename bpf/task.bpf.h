/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place where task_struct and what hangs from it is read.
 *
 * Arguments of tp_btf programs, and what hangs from them, are read directly: a load that faults gives
 * 0, and a helper call costs 20 to 50 ns. Pointers that were computed are read with bpf_core_read().
 */
#ifndef PROCTRACE_TASK_BPF_H
#define PROCTRACE_TASK_BPF_H

extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym __weak;

/*
 * A task whose pointers are read as they always were. From 6.3 on an argument is trusted, and for
 * each pointer that is loaded from a trusted one, on each path, the verifier searches the whole type
 * information three times (seen on 6.18: 4 ms a pointer, 35 s for all that an exit reads). The same
 * kernels have a cast that costs nothing and takes the trust away. Numbers are better read from the
 * argument itself: a load that may fault is 47 bytes of code on x86, one that is trusted 7.
 */
static __always_inline struct task_struct *plain(struct task_struct *task)
{
	if (!have_rdonly_cast)
		return task;
	return bpf_rdonly_cast(task, bpf_core_type_id_kernel(struct task_struct));
}

/* Where the first NUL byte of a word is: its high bit. 0: it has none. */
static __always_inline u64 first_nul(u64 word)
{
	u64 nuls = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;

	return nuls & -nuls; /* what is above the first may be wrong */
}

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
static __always_inline struct upid innermost_upid(struct pid *pid, u32 level)
{
	struct upid upid = {};

	if (level <= 32) /* MAX_PID_NS_LEVEL, include/linux/pid_namespace.h */
		bpf_probe_read_kernel(&upid, sizeof(upid),
				      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
					      level * sizeof(struct upid));
	return upid;
}

/* The pid that the process itself sees. */
static __always_inline u32 innermost_pid(struct pid *pid, u32 *ns_level)
{
	u32 level = pid->level, nr = pid->numbers[0].nr;

	*ns_level = level;
	barrier_var(nr); /* or both ends in one load, which the verifier takes for one pointer only */
	return level ? innermost_upid(pid, level).nr : nr;
}

/* Session or process group, as the initial pid namespace numbers it. */
static __always_inline u32 signal_pid(struct signal_struct *signal, int type)
{
	return signal->pids[type]->numbers[0].nr;
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

/* The node's id is its inode number too (since 5.5). */
static __always_inline u64 task_cgroup_id(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	int subsys = cgroup_subsys;

	if (subsys < 0 || subsys >= 12)
		return set->dfl_cgrp->kn->id;
	return set->subsys[subsys]->cgroup->kn->id;
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

/*
 * Fills every byte of who; gives the flags that go into the record's head. Leader is the task itself
 * or plain(task)->group_leader.
 */
static __always_inline u32 fill_who(struct record_who *who, struct task_struct *task,
				    struct task_struct *leader)
{
	struct task_struct *links = plain(task), *parent = links->real_parent;
	struct signal_struct *signal = links->signal;
	u32 flags = parent_flags(parent);
	const u64 *comm;
	u64 *to;

	if (task->flags & PF_KTHREAD)
		flags |= RECORD_KTHREAD;
	if (BPF_CORE_READ_BITFIELD(signal, is_child_subreaper))
		flags |= RECORD_SUBREAPER;
	if (leader->ptrace) /* a tracer of another thread has no say in who is waited for */
		flags |= RECORD_TRACED;
	who->ppid = parent->tgid;
	who->parent_start = parent->group_leader->start_boottime;
	who->uid = links->cred->uid.val;
	who->sid = signal_pid(signal, PIDTYPE_SID);
	who->pgid = signal_pid(signal, PIDTYPE_PGID);
	who->tty = signal_tty(signal);
	who->nspid = innermost_pid(leader->thread_pid, &who->ns_level);
	who->cgroup = task_cgroup_id(links);
	who->exec_id = task->self_exec_id;
	comm = (const u64 *)leader->comm;
	to = (u64 *)who->comm;
	to[0] = comm[0];
	to[1] = comm[1];
	if (who->nspid == 1)
		flags |= RECORD_NS_INIT;
	return flags;
}

/* The group's wait status: wait_task_zombie(), kernel/exit.c */
static __always_inline u32 group_status(struct task_struct *task, struct task_struct *leader)
{
	struct signal_struct *signal = task->signal;

	if (signal->flags & SIGNAL_GROUP_EXIT)
		return signal->group_exit_code;
	return leader->exit_code;
}

/*
 * Who gets the children of the current, dying group: find_new_reaper(), kernel/exit.c. Gives a
 * struct task_struct *, NULL when it is the init of its pid namespace: then the kernel kills and
 * reaps all that is in there. Loops stand in functions of their own, which the verifier walks once
 * and not on every path that leads there.
 */
__noinline u64 find_adopter(void)
{
	struct task_struct *father = (void *)bpf_get_current_task(), *init, *ancestor;
	struct signal_struct *of_father = BPF_CORE_READ(father, signal);
	u32 level = BPF_CORE_READ(father, thread_pid, level);
	struct pid_namespace *ns = innermost_upid(BPF_CORE_READ(father, thread_pid), level).ns;
	int i;

	init = BPF_CORE_READ(ns, child_reaper);
	if (BPF_CORE_READ(init, tgid) == BPF_CORE_READ(father, tgid))
		return 0;
	if (!BPF_CORE_READ_BITFIELD_PROBED(of_father, has_child_subreaper))
		return (u64)init;
	ancestor = BPF_CORE_READ(father, real_parent);
	for (i = 0; i < ANCESTORS; i++) {
		struct signal_struct *signal = BPF_CORE_READ(ancestor, signal);

		if (BPF_CORE_READ(ancestor, thread_pid, level) != level ||
		    BPF_CORE_READ(ancestor, pid) == 0)
			break;
		if (BPF_CORE_READ_BITFIELD_PROBED(signal, is_child_subreaper) &&
		    BPF_CORE_READ(signal, live.counter) > 0)
			return (u64)ancestor;
		ancestor = BPF_CORE_READ(ancestor, real_parent);
	}
	return (u64)init;
}

#endif
