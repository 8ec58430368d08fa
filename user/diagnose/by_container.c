// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/by_container.h"

#include <stdlib.h>

#include "base/buf.h"
#include "diagnose/group.h"

bool proc_container(const struct proc *p, struct container *c)
{
	*c = (struct container){ 0 };
	return p->cgroup_path && container_read(c, p->cgroup_path->s, p->cgroup_path->len);
}

static bool same_slice(struct slice a, struct slice b)
{
	return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

bool container_same(const struct container *a, const struct container *b)
{
	return same_slice(a->id, b->id) && same_slice(a->name, b->name);
}

static struct group_container *find_or_add(struct buf *found, const struct container *c)
{
	size_t n = found->len / sizeof(struct group_container), i;
	struct group_container *at = (struct group_container *)found->data;

	for (i = n; i--;) /* the last one is the likeliest */
		if (container_same(&at[i].container, c))
			return &at[i];
	buf_add(found, &(struct group_container){ .container = *c }, sizeof(*at));
	return (struct group_container *)found->data + n;
}

static int worst_first(const void *a, const void *b)
{
	const struct group_container *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return proc_older(x->oldest, y->oldest) ? -1 : 1;
}

void groups_by_container(struct groups *g, const struct proc *const *zombies, size_t n)
{
	struct group_container *in;
	struct buf found = { 0 };
	struct container c;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct proc *p = zombies[i];

		if (!proc_container(p, &c))
			continue;
		in = find_or_add(&found, &c);
		in->parents += !in->count++ || in->last->parent != p->parent;
		in->last = p;
		if (!in->oldest || proc_older(p, in->oldest))
			in->oldest = p;
	}
	g->containers = (struct group_container *)found.data;
	g->ncontainers = found.len / sizeof(*g->containers);
	if (g->ncontainers)
		qsort(g->containers, g->ncontainers, sizeof(*g->containers), worst_first);
}

bool container_growth(const struct groups *g, const struct finding *growth, size_t at,
		      struct leak *sum)
{
	const struct container *c = &g->containers[at].container;
	bool known = false;
	size_t i;
	int w;

	*sum = (struct leak){ .nearest = LIMIT_KINDS };
	for (i = 0; i < g->n; i++) {
		const struct leak *l = &growth[i].u.leak;

		if (!growth[i].p || !container_same(&g->at[i].container, c))
			continue;
		known = true;
		for (w = 0; w < LEAK_WINDOWS; w++) {
			sum->created[w] += l->created[w];
			sum->reaped[w] += l->reaped[w];
		}
		sum->created_now += l->created_now;
		sum->reaped_now += l->reaped_now;
		sum->count += l->count;
		if (l->minutes > sum->minutes)
			sum->minutes = l->minutes;
		if (l->now_for > sum->now_for)
			sum->now_for = l->now_for;
	}
	return known;
}
