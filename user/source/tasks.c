// SPDX-License-Identifier: GPL-2.0-only
#include "source/tasks.h"

#include <stdlib.h>

static int by_start(const void *a, const void *b)
{
	const struct record_task *x = a, *y = b;

	if (x->head.start != y->head.start)
		return x->head.start < y->head.start ? -1 : 1;
	return x->head.pid < y->head.pid ? -1 : x->head.pid > y->head.pid;
}

static int by_pid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * A parent that the iterator left out is looked at through /proc, before its children are told: on
 * some kernels the iterator begins behind pid 1 (seen: 6.18).
 */
static void hand_out_missing(const struct record_task *tasks, size_t n, struct rooms *rooms,
			     void (*fn)(void *ctx, const struct event *ev), void *ctx)
{
	uint32_t *pids = xcalloc(n + 1, sizeof(*pids)), last = 0;
	struct event ev;
	size_t i;

	for (i = 0; i < n; i++)
		pids[i] = tasks[i].head.pid;
	qsort(pids, n, sizeof(*pids), by_pid);
	for (i = 0; i < n; i++) {
		const struct record_who *who = &tasks[i].who;

		if (!who->ppid || who->ppid == last ||
		    bsearch(&who->ppid, pids, n, sizeof(*pids), by_pid))
			continue;
		last = who->ppid;
		proc_look((struct ident){who->ppid, who->parent_start}, PROC_ARGS, &rooms->proc,
			  &ev);
		if (ev.kind == EVENT_SIGHT)
			fn(ctx, &ev);
	}
	free(pids);
}

static void hand_out(const struct record_task *task, bool program, struct rooms *rooms,
		     void (*fn)(void *ctx, const struct event *ev), void *ctx)
{
	struct cgroup_news news;
	struct event ev;

	if (decode(task, sizeof(*task), &rooms->decode, &ev, &news))
		return;
	ev.facts.cgroup_path = cgroups_path(&rooms->cgroups, ev.facts.cgroup);
	if (program && !ev.facts.kthread && !ev.sight.dead) /* the dead have none any more */
		proc_read_args(ev.id, &rooms->proc, &ev);
	fn(ctx, &ev);
}

void tasks_hand_out(struct record_task *tasks, size_t n, uint64_t born_before, bool programs,
		    struct rooms *rooms, void (*fn)(void *ctx, const struct event *ev), void *ctx)
{
	size_t i;

	if (n) /* tasks may be NULL then, which qsort() does not take */
		qsort(tasks, n, sizeof(*tasks), by_start);
	hand_out_missing(tasks, n, rooms, fn, ctx);
	for (i = 0; i < n; i++)
		if (tasks[i].head.start < born_before)
			hand_out(&tasks[i], programs, rooms, fn, ctx);
}
