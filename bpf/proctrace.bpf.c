// SPDX-License-Identifier: GPL-2.0-only
/* The programs on the tracepoints: read, fill, submit. No thresholds, no policy. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "proctrace/record.h"
#include "config.bpf.h"
#include "emit.bpf.h"
#include "again.bpf.h"
#include "task.bpf.h"
#include "path.bpf.h"
#include "noted.bpf.h"
#include "select.bpf.h"
#include "signal.bpf.h"
#include "threads.bpf.h"
#include "cgroup.bpf.h"
#include "reap.bpf.h"
#include "task_iter.bpf.h"
#include "namespace.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define EXEC_ROOM (RECORD_ARGS_MAX + 2 * RECORD_PATH_MAX + NAME_ROOM)

/*
 * Where an exec record is put together, one for on_exec and one for on_exec_again: in process context,
 * and the kernel does not enter a program again on a CPU where it runs: so none is ever shared.
 */
struct exec_scratch {
	struct room room;
	struct path root, cwd, exe;
	struct record_exec record;
	u8 data[EXEC_ROOM];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2); /* user space sets 1 where there is no second program */
	__type(key, u32);
	__type(value, struct exec_scratch);
} scratch SEC(".maps");

static __always_inline int forked(struct task_struct *parent, struct task_struct *child)
{
	struct record_fork *record;
	u32 pid, creator;
	u64 start, creator_start;

	if (child->pid != child->tgid)
		return thread_started(child);
	pid = child->tgid;
	start = child->start_boottime;
	creator = parent->tgid;
	creator_start = plain(parent)->group_leader->start_boottime;
	if (!select_new(plain(child), start, creator, creator_start))
		return 0;
	record = record_reserve(RECORD_FORK, sizeof(*record));
	if (!record)
		return 0;
	fill_head(&record->head, RECORD_FORK, 0, pid, start);
	record->creator_start = creator_start;
	record->creator = creator;
	record->exit_signal = child->exit_signal;
	record->head.flags = fill_who(&record->who, child, plain(child)) | selected_flag();
	record_submit(record);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	take(child->pid);
	return forked(parent, child);
}

SEC("?tp_btf/sched_process_fork")
int BPF_PROG(on_fork_again, struct task_struct *parent, struct task_struct *child)
{
	return left_to_us(child->pid, RECORD_FORK) ? forked(parent, child) : 0;
}

/*
 * argv from the new image's own memory: what the kernel really started, whatever another thread of
 * the caller did to the strings that it passed.
 */
static __always_inline u32 read_args(struct exec_scratch *s, struct mm_struct *mm, u32 *flags)
{
	unsigned long start = mm->arg_start;
	u64 len = mm->arg_end - start;

	s->record.args_bytes = len;
	if (len > args_max)
		len = args_max;
	if (len > RECORD_ARGS_MAX)
		len = RECORD_ARGS_MAX;
	if (bpf_probe_read_user(s->data, len, (void *)start)) {
		*flags |= RECORD_ARGS_FAULT;
		return 0;
	}
	return len;
}

/* The file named to execve, when it is a script: the interpreter is what runs then. */
static __always_inline void read_script(struct exec_scratch *s, struct linux_binprm *bprm)
{
	u32 at = s->room.at;
	long len;

	if (bprm->interp == bprm->filename || at > EXEC_ROOM - NAME_ROOM)
		return;
	len = bpf_probe_read_kernel_str(s->data + at, NAME_ROOM, bprm->filename);
	if (len > 0)
		s->room.at = at + len;
}

/* Appends a path to the data; true when it did not fit. Walked by the verifier once, not twice. */
__noinline u32 read_path(u32 again, u32 cwd)
{
	struct exec_scratch *s = bpf_map_lookup_elem(&scratch, &again);

	return s ? walk_path(&s->room, s->data, EXEC_ROOM, cwd ? &s->cwd : &s->exe, &s->root) : 0;
}

static __always_inline u32 read_paths(struct exec_scratch *s, u32 again, struct task_struct *task,
				      struct linux_binprm *bprm)
{
	struct record_exec *record = &s->record;
	bool exe_cut, cwd_cut;
	struct fs_struct *fs = task->fs;
	struct file *file = task->mm->exe_file;
	u32 at = s->room.at;

	s->root.mnt = fs->root.mnt;
	s->root.dentry = fs->root.dentry;
	s->cwd.mnt = fs->pwd.mnt;
	s->cwd.dentry = fs->pwd.dentry;
	s->exe.mnt = file->f_path.mnt;
	s->exe.dentry = file->f_path.dentry;
	exe_cut = read_path(again, 0);
	record->exe_len = s->room.at - at;
	at = s->room.at;
	cwd_cut = read_path(again, 1);
	record->cwd_len = s->room.at - at;
	at = s->room.at;
	read_script(s, bprm);
	record->script_len = s->room.at - at;
	return (exe_cut ? RECORD_EXE_CUT : 0) | (cwd_cut ? RECORD_CWD_CUT : 0);
}

/* again: 1 for the second program, 0 for the first */
static __always_inline int execed(struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm,
				  u32 again)
{
	struct task_struct *links = plain(task);
	struct record_exec *record;
	struct exec_scratch *s;
	u32 pid = task->tgid, flags, len;
	u64 start = task->start_boottime; /* who execs is the leader, from then on */

	s = bpf_map_lookup_elem(&scratch, &again);
	if (!s || !links->mm)
		return 0;
	if (!select_known(links, start))
		return 0;
	record = &s->record;
	fill_head(&record->head, RECORD_EXEC, 0, pid, start);
	flags = fill_who(&record->who, task, links) | selected_flag();
	record->old_pid = old_pid;
	record->euid = links->cred->euid.val;
	record->argc = bprm->argc;
	record->args_len = read_args(s, links->mm, &flags);
	s->room.at = record->args_len;
	record->head.flags = flags | read_paths(s, again, links, bprm);
	len = s->room.at;
	if (len > EXEC_ROOM)
		len = EXEC_ROOM;
	record_output(RECORD_EXEC, record, sizeof(*record) + len);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	take(task->pid);
	return execed(task, old_pid, bprm, 0);
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(on_exec_again, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	return left_to_us(task->pid, RECORD_EXEC) ? execed(task, old_pid, bprm, 1) : 0;
}

static __always_inline void fill_times(struct record_exit *record, struct task_struct *task,
				       struct task_struct *leader)
{
	struct signal_struct *signal = plain(task)->signal;

	record->utime = signal->utime + task->utime;
	record->stime = signal->stime + task->stime;
	if (task->pid != task->tgid) { /* a dead leader is counted only when it is released */
		record->utime += leader->utime;
		record->stime += leader->stime;
	}
	record->maxrss = signal->maxrss * PAGE_KIB;
}

static __always_inline int process_exited(struct task_struct *task)
{
	struct record_exit *record;
	struct task_struct *links = plain(task), *leader = links->group_leader, *adopter;
	bool childless;
	struct list_head *children = &links->children;
	u32 pid = task->tgid, flags, threads = threads_forget(links);
	u64 start = leader->start_boottime;

	if (select_known(links, start))
		flags = selected_flag();
	else if (select_parent(links))
		flags = 0;
	else
		goto untold;
	record = record_reserve(RECORD_EXIT, sizeof(*record));
	if (!record)
		goto untold;
	fill_head(&record->head, RECORD_EXIT, 0, pid, start);
	record->threads = threads;
	flags |= fill_who(&record->who, task, leader);
	record->status = group_status(links, leader);
	fill_killer(record, pid, start);
	fill_times(record, task, leader);
	if (links->signal->oom_mm)
		flags |= RECORD_OOM;
	/*
	 * Other threads have lists of their own. One that is on its way out at the same time may have
	 * given its children to the adopter already, as this one was dying too: forget_original_parent().
	 */
	childless = children->next == children && threads == 1;
	if (childless)
		flags |= RECORD_CHILDLESS;
	/* nobody adopts nothing, and to find out who would takes a walk over the ancestors */
	adopter = childless ? NULL : (struct task_struct *)find_adopter();
	record->adopter = 0;
	record->adopter_start = 0;
	if (adopter) {
		record->adopter = BPF_CORE_READ(adopter, tgid);
		record->adopter_start = BPF_CORE_READ(adopter, group_leader, start_boottime);
		flags |= autoreaps(adopter) ? RECORD_ADOPTER_AUTOREAPS : 0;
	}
	record->head.flags = flags;
	record_submit(record);
	return 0;
untold:
	killer_forget(pid);
	return 0;
}

static __always_inline int exited(struct task_struct *task, bool group_dead)
{
	thread_exited(task);
	return group_dead ? process_exited(task) : 0;
}

/* From 6.16 on the kernel says itself whether the group is dead. */
SEC("?tp_btf/sched_process_exit")
int BPF_PROG(on_exit_group, struct task_struct *task, bool group_dead)
{
	take(task->pid);
	return exited(task, group_dead);
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(on_exit_again, struct task_struct *task, bool group_dead)
{
	return left_to_us(task->pid, RECORD_EXIT) ? exited(task, group_dead) : 0;
}

/* Before: two last threads may both see that none is left; user space takes the first. */
SEC("?tp_btf/sched_process_exit")
int BPF_PROG(on_exit_live, struct task_struct *task)
{
	return exited(task, plain(task)->signal->live.counter == 0);
}

static __always_inline int freed(struct task_struct *task)
{
	struct record_free *record;
	struct task_struct *parent;
	u32 pid = task->tgid;
	u64 start = task->start_boottime;

	if (task->pid != task->tgid || !select_released(pid, start) || was_told(pid, start))
		return 0;
	record = record_reserve(RECORD_FREE, sizeof(*record));
	if (!record)
		return 0;
	fill_head(&record->head, RECORD_FREE, 0, pid, start);
	parent = plain(task)->real_parent;
	record->parent_start = parent->group_leader->start_boottime;
	record->ppid = parent->tgid;
	record->pad = 0;
	record_submit(record);
	return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(on_free, struct task_struct *task)
{
	take(task->pid);
	return freed(task);
}

SEC("?tp_btf/sched_process_free")
int BPF_PROG(on_free_again, struct task_struct *task)
{
	return left_to_us(task->pid, RECORD_FREE) ? freed(task) : 0;
}

SEC("?tp_btf/cgroup_mkdir")
int BPF_PROG(on_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	return cgroup_seen(cgroup, path, NULL);
}

SEC("?tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup_attach, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	return cgroup_seen(cgroup, path, task);
}
