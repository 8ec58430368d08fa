/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The release of a dead process as it happens, in the context of whoever causes it. Not every
 * kernel lets a program in there. sched_process_free comes a grace period later, everywhere: it
 * tells of those of which nothing was told here.
 */
#ifndef PROCTRACE_REAP_BPF_H
#define PROCTRACE_REAP_BPF_H

#define PF_EXITING 0x00000004
#define TOLD_SLOTS (1 << 12)

/*
 * Releases that were told at their moment, so that the free needs no record of its own: the start
 * of the process, in a slot of its pid. Whoever finds another's there tells once more.
 */
u64 told[TOLD_SLOTS] = {};

static __always_inline bool was_told(u32 pid, u64 start)
{
	return start && told[pid % TOLD_SLOTS] == start;
}

/*
 * What made the kernel release it: wait_task_zombie(), exit_notify(), reparent_leader() and
 * __ptrace_detach() call release_task(). Who is on his way out waits for nobody, save the init of a
 * pid namespace, in its last thread: zap_pid_ns_processes(). By then the children of anybody else
 * are another's.
 */
static __always_inline u32 release_of(struct task_struct *task)
{
	struct task_struct *self = (void *)bpf_get_current_task();

	if (self == task)
		return RECORD_BY_ITSELF;
	if (BPF_CORE_READ(self, tgid) == plain(task)->real_parent->tgid &&
	    (!(BPF_CORE_READ(self, flags) & PF_EXITING) ||
	     BPF_CORE_READ(self, signal, live.counter) == 0))
		return RECORD_WAITED;
	return RECORD_LET_GO;
}

/*
 * Of thread-group leaders; a leader that lost its place by another thread's exec is none. One whose
 * last thread goes after it, under a parent that ignores SIGCHLD, is released in that thread's call
 * and has none of its own: the free tells of it. So it does where the kernel leaves a run out, as
 * another task came between on the same processor (seen on 7.3): that is no loss, and not counted.
 */
SEC("?fentry/release_task")
int BPF_PROG(on_release, struct task_struct *task)
{
	struct record_reap *record;
	struct task_struct *parent;
	u32 pid = task->tgid;
	u64 start = task->start_boottime;

	if (task->pid != task->tgid || !select_dead(pid, start))
		return 0;
	record = record_reserve(RECORD_REAP, sizeof(*record));
	if (!record)
		return 0;
	fill_head(&record->head, RECORD_REAP, 0, pid, start);
	parent = plain(task)->real_parent;
	record->parent_start = parent->group_leader->start_boottime;
	record->ppid = parent->tgid;
	record->release = release_of(task);
	record_submit(record);
	told[pid % TOLD_SLOTS] = start;
	return 0;
}

#endif
