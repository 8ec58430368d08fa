/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control groups that come to be, and processes that are moved into one: rare, and told with path.
 */
#ifndef PROCTRACE_CGROUP_BPF_H
#define PROCTRACE_CGROUP_BPF_H

#define CGROUP_PATH 1024

/* task NULL: the group was made; else it was moved there. */
static __always_inline int cgroup_seen(struct cgroup *cgroup, const char *path,
				       struct task_struct *task)
{
	int hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id); /* not direct: see plain() */
	struct record_cgroup *record;
	long len;

	if (hierarchy != cgroup_hierarchy)
		return 0;
	record = record_reserve(RECORD_CGROUP, sizeof(*record) + CGROUP_PATH);
	if (!record)
		return 0;
	record->id = BPF_CORE_READ(cgroup, kn, id);
	record->hierarchy = hierarchy;
	len = bpf_probe_read_kernel_str(record->data, CGROUP_PATH, path);
	record->path_len = len > 0 ? len - 1 : 0;
	fill_head(&record->head, RECORD_CGROUP, 0, task ? task->tgid : 0,
		  task ? plain(task)->group_leader->start_boottime : 0);
	record_submit(record);
	return 0;
}

#endif
