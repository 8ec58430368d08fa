// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/group.h"

#include <stdlib.h>

#include "base/buf.h"
#include "diagnose/cause.h"

static bool is_zombie(const struct proc *p)
{
	return p->life == LIFE_ZOMBIE;
}

static uint32_t parent_pid(const struct proc *p)
{
	return p->parent ? p->parent->id.pid : 0;
}

/* Together: one parent's; within them one program's, the oldest first. */
static int by_parent(const void *a, const void *b)
{
	const struct proc *x = *(const struct proc *const *)a, *y = *(const struct proc *const *)b;
	int order;

	if (x->parent != y->parent) {
		if (parent_pid(x) != parent_pid(y))
			return parent_pid(x) < parent_pid(y) ? -1 : 1;
		return (uintptr_t)x->parent < (uintptr_t)y->parent ? -1 : 1;
	}
	order = strncmp(x->comm, y->comm, COMM_LEN);
	if (order)
		return order;
	if (x->id.start != y->id.start)
		return x->id.start < y->id.start ? -1 : 1;
	return x->id.pid < y->id.pid ? -1 : x->id.pid > y->id.pid;
}

static int worst_first(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->oldest->id.start != y->oldest->id.start)
		return x->oldest->id.start < y->oldest->id.start ? -1 : 1;
	return x->oldest->id.pid < y->oldest->id.pid ? -1 : 1;
}

bool proc_older(const struct proc *a, const struct proc *b)
{
	return a->id.start < b->id.start || (a->id.start == b->id.start && a->id.pid < b->id.pid);
}

/* Sorted by their count, insertion into a few places. */
static void add_program(struct group *g, const char *comm, size_t count)
{
	int i = g->nprograms;

	if (i == GROUP_PROGRAMS) {
		struct group_program *last = &g->programs[--i];

		if (last->count >= count) {
			g->other_programs += count;
			return;
		}
		g->other_programs += last->count;
	} else {
		g->nprograms++;
	}
	for (; i && g->programs[i - 1].count < count; i--)
		g->programs[i] = g->programs[i - 1];
	g->programs[i] = (struct group_program){ comm, count };
}

/* Of one whose death was seen more is known; else the oldest tells most. */
static bool tells_more(const struct proc *a, const struct proc *b)
{
	return !a->died == !b->died ? proc_older(a, b) : a->died;
}

/* Of each one of thousands: without the words, which are for the examples. */
static enum cause cause_of(const struct proc *p)
{
	struct finding f;

	f.kind = FINDING_ZOMBIE;
	f.ts = 0;
	f.p = p;
	f.evidence.n = EVIDENCE_MAX;
	f.u.zombie.responsible = p->parent;
	diagnose_zombie(&f);
	return f.u.zombie.cause;
}

static void add_cause(struct group *g, const struct proc *p)
{
	enum cause cause = cause_of(p);
	int i;

	for (i = 0; i < g->ncauses; i++)
		if (g->causes[i].cause == cause)
			break;
	if (i == GROUP_CAUSES)
		return;
	if (i == g->ncauses)
		g->causes[g->ncauses++] = (struct group_cause){ cause, 0, p };
	g->causes[i].count++;
	if (tells_more(p, g->causes[i].example))
		g->causes[i].example = p;
}

static void sort_causes(struct group *g)
{
	int i, k;

	for (i = 1; i < g->ncauses; i++) {
		struct group_cause cause = g->causes[i];

		for (k = i; k && g->causes[k - 1].count < cause.count; k--)
			g->causes[k] = g->causes[k - 1];
		g->causes[k] = cause;
	}
}

/* Keeps the pids of the oldest few; the zombies come in no such order. */
static void add_pid(struct group *g, const struct proc *p, const struct proc **kept)
{
	int i = g->npids;

	if (i == GROUP_PIDS) {
		if (proc_older(kept[--i], p))
			return;
	} else {
		g->npids++;
	}
	for (; i && proc_older(p, kept[i - 1]); i--)
		kept[i] = kept[i - 1];
	kept[i] = p;
}

/* The first few that are met: who leaks has few creators. */
static void add_creator(struct group *g, const struct proc *p)
{
	int i;

	if (!p->creator.pid || (g->parent && ident_same(p->creator, g->parent->id)))
		return;
	for (i = 0; i < g->ncreators && !ident_same(g->creators[i].id, p->creator); i++)
		;
	if (i == GROUP_CREATORS)
		return;
	if (i == g->ncreators)
		g->creators[g->ncreators++] =
			(struct group_creator){ p->creator, p->creator_comm, 0 };
	g->creators[i].count++;
}

static bool same_path(const struct text *a, const struct text *b)
{
	return a == b || (a && b && a->len == b->len && !memcmp(a->s, b->s, a->len));
}

/* The group began with the container of the first. */
static void add_container(struct group *g, const struct proc *p, const struct proc *first)
{
	struct container c;

	if (same_path(p->cgroup_path, first->cgroup_path))
		return;
	proc_container(p, &c);
	if (!container_same(&c, &g->container))
		g->container = (struct container){ 0 };
}

/* The n zombies of one parent. */
static void make_group(struct group *g, const struct proc **zombies, size_t n)
{
	const struct proc *kept[GROUP_PIDS];
	size_t i, run = 0;
	int k;

	*g = (struct group){ .parent = zombies[0]->parent, .count = n, .oldest = zombies[0] };
	proc_container(zombies[0], &g->container);
	for (i = 0; i < n; i++) {
		const struct proc *p = zombies[i];

		if (proc_older(p, g->oldest))
			g->oldest = p;
		add_cause(g, p);
		add_pid(g, p, kept);
		add_container(g, p, zombies[0]);
		add_creator(g, p);
		run++;
		if (i + 1 == n || strncmp(p->comm, zombies[i + 1]->comm, COMM_LEN)) {
			add_program(g, p->comm, run);
			run = 0;
		}
	}
	for (k = 0; k < g->npids; k++)
		g->pids[k] = kept[k]->id.pid;
	sort_causes(g);
}

static void take(struct groups *g, const struct proc *p, struct buf *zombies, struct buf *leaders)
{
	if (is_zombie(p))
		buf_add(zombies, &p, sizeof(p));
	else if (p->life == LIFE_DEAD)
		g->fresh++;
	else if (p->life == LIFE_RUNNING && p->letter == 'Z')
		buf_add(leaders, &p, sizeof(p));
}

void groups_make(struct groups *g, const struct engine *e,
		 bool (*wanted)(void *ctx, const struct proc *zombie), void *ctx)
{
	struct buf found = { 0 }, leaders = { 0 };
	const struct proc *p = NULL, **zombies;
	size_t i, begin = 0;

	*g = (struct groups){ 0 };
	while ((p = engine_next(e, p))) {
		if (p->stub)
			continue;
		g->processes += p->life != LIFE_GONE;
		if (!wanted || wanted(ctx, p))
			take(g, p, &found, &leaders);
	}
	g->leaders = (const struct proc **)leaders.data;
	g->nleaders = leaders.len / sizeof(p);
	zombies = (const struct proc **)found.data;
	g->zombies = found.len / sizeof(p);
	if (g->zombies)
		qsort(zombies, g->zombies, sizeof(p), by_parent);
	if (g->nleaders)
		qsort(g->leaders, g->nleaders, sizeof(p), by_parent);
	for (i = 0; i < g->zombies; i++)
		g->n += !i || zombies[i]->parent != zombies[i - 1]->parent;
	g->at = xcalloc(g->n + 1, sizeof(*g->at));
	g->n = 0;
	for (i = 0; i < g->zombies; i++) {
		if (i + 1 < g->zombies && zombies[i + 1]->parent == zombies[i]->parent)
			continue;
		make_group(&g->at[g->n++], zombies + begin, i + 1 - begin);
		begin = i + 1;
	}
	qsort(g->at, g->n, sizeof(*g->at), worst_first);
	groups_by_container(g, zombies, g->zombies);
	buf_free(&found);
}

void groups_free(struct groups *g)
{
	free(g->at);
	free(g->containers);
	free(g->leaders);
	*g = (struct groups){ 0 };
}

void group_evidence(const struct group_cause *cause, uint64_t ts, struct finding *f)
{
	*f = (struct finding){ .kind = FINDING_ZOMBIE, .ts = ts, .p = cause->example };
	f->u.zombie.responsible = cause->example->parent;
	diagnose_zombie(f);
}

bool group_cause_certain(const struct group_cause *cause)
{
	enum cause is = cause->cause;

	return cause->example->died || is == CAUSE_PARENT_STOPPED || is == CAUSE_TRACED ||
	       is == CAUSE_CLONE_CHILD || is == CAUSE_WAITS_FOR_ANOTHER;
}

/* In a pid namespace below the first one. */
static bool is_inside(const struct proc *p)
{
	return (p->have & HAVE_NSPID) && p->nspid != p->id.pid;
}

const struct proc *group_heir(const struct proc *parent)
{
	const struct proc *p;

	if (!parent || parent->ns_init)
		return NULL;
	for (p = parent->parent; p; p = p->parent) {
		if (is_inside(p) != is_inside(parent))
			return NULL; /* it has entered its namespace, whose init is elsewhere */
		if (p->ns_init || p->subreaper)
			return p;
		if (p->stub || !(p->have & HAVE_SUBREAPER))
			return NULL;
	}
	return NULL;
}

bool group_heir_is_bad(const struct proc *heir)
{
	struct list *pos;

	if (heir->letter == 'T' || heir->letter == 't' || heir->letter == 'D')
		return true;
	list_each(pos, &heir->children)
		if (is_zombie(list_entry(pos, struct proc, sibling)))
			return true;
	return false;
}
