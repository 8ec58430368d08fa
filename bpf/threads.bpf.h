/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads send nothing unless asked. How many a process had at most is counted here, for those
 * that had more than one.
 */
#ifndef PROCTRACE_THREADS_BPF_H
#define PROCTRACE_THREADS_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, u32);
} thread_peak SEC(".maps");

/* Set for good when a peak found no room: from then on counts are not known, and not told. */
u32 thread_peaks_lost = 0;

static __always_inline void send_thread(struct task_struct *task, enum record_kind kind)
{
	struct record_thread *record;

	record = record_reserve(kind, sizeof(*record));
	if (!record)
		return;
	record->tid = task->pid;
	record->status = task->exit_code;
	bpf_probe_read_kernel(record->comm, sizeof(record->comm), task->comm);
	fill_head(&record->head, kind, 0, task->tgid, plain(task)->group_leader->start_boottime);
	record_submit(record);
}

static __always_inline int thread_started(struct task_struct *task)
{
	u32 pid = task->tgid, now = plain(task)->signal->nr_threads;
	u32 *peak = bpf_map_lookup_elem(&thread_peak, &pid);

	if (peak) {
		if (now > *peak)
			*peak = now;
	} else if (!bpf_map_update_elem(&thread_peak, &pid, &now, BPF_NOEXIST)) {
		note(pid);
	} else if (!bpf_map_lookup_elem(&thread_peak, &pid)) { /* not another thread's, meanwhile */
		thread_peaks_lost = 1;
	}
	if (want_threads &&
	    (!selection.kinds || is_told(pid, plain(task)->group_leader->start_boottime)))
		send_thread(task, RECORD_THREAD_START);
	return 0;
}

static __always_inline void thread_exited(struct task_struct *task)
{
	if (!want_threads || task->pid == task->tgid)
		return;
	if (!selection.kinds || is_told(task->tgid, plain(task)->group_leader->start_boottime))
		send_thread(task, RECORD_THREAD_EXIT);
}

/*
 * The most threads that the dying group had at once, 0 when that is not known. Of every group, told
 * or not: what is left here would be the next one's of its pid.
 */
static __always_inline u32 threads_forget(struct task_struct *task)
{
	u32 pid = task->tgid, most;
	u32 *peak = is_noted(pid) ? bpf_map_lookup_elem(&thread_peak, &pid) : NULL;

	if (!peak)
		return thread_peaks_lost ? 0 : task->signal->nr_threads;
	most = *peak;
	if (!bpf_map_delete_elem(&thread_peak, &pid))
		unnote(pid);
	return most;
}

#endif
