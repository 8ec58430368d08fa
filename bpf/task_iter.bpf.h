/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's present truth, task by task: the first picture and every later check. */
#ifndef PROCTRACE_TASK_ITER_BPF_H
#define PROCTRACE_TASK_ITER_BPF_H

#define EXIT_DEAD 0x10
#define EXIT_ZOMBIE 0x20
#define NICE_0_PRIO 120

/* ps's letter: task_state_index(), include/linux/sched.h */
static __always_inline u8 task_letter(struct task_struct *task)
{
	struct task_struct___state *old = (void *)task;
	u32 state;

	if (task->exit_state & EXIT_ZOMBIE)
		return 'Z';
	if (task->exit_state & EXIT_DEAD)
		return 'X';
	if (bpf_core_field_exists(task->__state))
		state = task->__state;
	else
		state = BPF_CORE_READ(old, state);
	if ((state & 0x402) == 0x402) /* TASK_IDLE */
		return 'I';
	if (state & 0x40)
		return 'P';
	if (state & 0x8)
		return 't';
	if (state & 0x4)
		return 'T';
	if (state & 0x2)
		return 'D';
	if (state & 0x1)
		return 'S';
	return state & 0x9000 ? 'D' : 'R'; /* TASK_RTLOCK_WAIT, TASK_FROZEN */
}

SEC("?iter/task")
int each_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct record_task record = {};
	u32 flags;

	if (!task)
		return 0;
	task = plain(task);
	if (task->pid != task->tgid)
		return 0;
	flags = fill_who(&record.who, task, task);
	if (selection.kinds && tracked_as(task->tgid, task->start_boottime))
		flags |= RECORD_SELECTED;
	fill_head(&record.head, RECORD_TASK, flags, task->tgid, task->start_boottime);
	if (task->ptrace) { /* not the flag: a branch on it keeps all paths that made it apart */
		record.tracer = task->parent->tgid;
		record.tracer_start = task->parent->group_leader->start_boottime;
	}
	record.euid = task->cred->euid.val;
	record.threads = task->signal->nr_threads;
	record.live = task->signal->live.counter;
	record.status = group_status(task, task);
	record.exit_signal = task->exit_signal;
	record.nice = task->static_prio - NICE_0_PRIO;
	record.state = task_letter(task);
	record.locked = task->mm && task->mm->locked_vm;
	bpf_seq_write(seq, &record, sizeof(record));
	return 0;
}

#endif
