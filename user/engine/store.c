// SPDX-License-Identifier: GPL-2.0-only
/* The table of processes, by pid: a pid may stand twice while an old life waits for its release. */
#include <stdlib.h>

#include "engine/internal.h"

static size_t bucket_of(const struct engine *e, uint32_t pid)
{
	return pid & (e->nbuckets - 1); /* pids are given out in a row: so they spread themselves */
}

void store_init(struct engine *e)
{
	e->nbuckets = 1024;
	e->buckets = pool_big(e->nbuckets * sizeof(*e->buckets));
	pool_init(&e->procs, sizeof(struct proc));
}

static void release(struct engine *e, struct proc *p)
{
	text_put(p->args);
	text_put(p->exe);
	text_put(p->cwd);
	text_put(p->cgroup_path);
	free(p->doing);
	pool_put(&e->procs, p);
}

void store_free(struct engine *e)
{
	size_t i;

	for (i = 0; i < e->nbuckets; i++) {
		while (e->buckets[i]) {
			struct proc *p = e->buckets[i];

			e->buckets[i] = p->next_in_hash;
			release(e, p);
		}
	}
	for (i = 0; i < PATHS; i++)
		text_put(e->paths[i]);
	free(e->buckets);
	pool_fini(&e->procs);
}

static void grow(struct engine *e)
{
	size_t i, old = e->nbuckets;
	struct proc **from = e->buckets;

	e->nbuckets *= 2;
	e->buckets = pool_big(e->nbuckets * sizeof(*e->buckets));
	for (i = 0; i < old; i++) {
		while (from[i]) {
			struct proc *p = from[i];
			struct proc **to = &e->buckets[bucket_of(e, p->id.pid)];

			from[i] = p->next_in_hash;
			p->next_in_hash = *to;
			*to = p;
		}
	}
	free(from);
}

static struct proc *find(const struct engine *e, struct ident id, uint64_t born_until)
{
	struct proc *p, *youngest = NULL;

	for (p = e->buckets[bucket_of(e, id.pid)]; p; p = p->next_in_hash) {
		if (p->id.pid != id.pid || p->id.start > born_until)
			continue;
		if (id.start ? ident_same(p->id, id)
			     : !youngest || p->id.start > youngest->id.start)
			youngest = p;
	}
	return youngest;
}

/*
 * Of a crowd everybody is far away, in memory that nobody has touched for long: all of a process is
 * fetched at once, not line after line as it is read.
 */
static struct proc *fetch(struct proc *p)
{
	size_t at;

	for (at = 0; p && at < sizeof(*p); at += 64) /* a parent's account may be a line further */
		__builtin_prefetch((char *)p + at, 1);
	return p;
}

struct proc *store_find(const struct engine *e, struct ident id)
{
	return fetch(find(e, id, NEVER));
}

void store_fetch_ties(const struct proc *p)
{
	__builtin_prefetch(p->sibling.next, 1);
	__builtin_prefetch(p->sibling.prev, 1);
	__builtin_prefetch(p->args, 1);
	__builtin_prefetch(p->exe, 1);
}

/*
 * The way to somebody is a chain of places, each of which tells of the next: slot, process, what it
 * hangs on. Where even the page's address is far away, a prefetch waits for it like a load, and one
 * at a time gains little: so all go each step together, and wait at once.
 */
void engine_expect(const struct engine *e, const uint32_t *pids, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		__builtin_prefetch(&e->buckets[bucket_of(e, pids[i])], 1);
	for (i = 0; i < n; i++)
		fetch(e->buckets[bucket_of(e, pids[i])]);
	for (i = 0; i < n; i++) {
		struct proc *p = e->buckets[bucket_of(e, pids[i])];

		if (p && p->id.pid == pids[i])
			store_fetch_ties(p);
		else if (p)
			fetch(p->next_in_hash);
	}
}

struct proc *store_find_parent(const struct engine *e, struct ident id, struct ident child)
{
	return find(e, id, id.start ? NEVER : child.start + START_TICK);
}

static bool is_younger_than_a_child(const struct proc *p, struct ident id)
{
	struct list *pos;

	list_each(pos, &p->children)
		if (id.start > list_entry(pos, struct proc, sibling)->id.start + START_TICK)
			return true;
	return false;
}

struct proc *store_find_unnamed(const struct engine *e, struct ident id)
{
	struct proc *p = e->buckets[bucket_of(e, id.pid)];

	while (p && (p->id.pid != id.pid || p->id.start || !p->stub))
		p = p->next_in_hash;
	return p && is_younger_than_a_child(p, id) ? NULL : p;
}

struct proc *store_add(struct engine *e, struct ident id)
{
	struct proc *p = pool_get(&e->procs), **at;

	if (2 * e->count >= e->nbuckets) /* or a newborn would meet strangers there, far away */
		grow(e);
	p->id = id;
	p->argc = -1;
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->dead);
	at = &e->buckets[bucket_of(e, id.pid)];
	p->next_in_hash = *at;
	*at = p;
	e->count++;
	return p;
}

void store_remove(struct engine *e, struct proc *p)
{
	struct proc **at = &e->buckets[bucket_of(e, p->id.pid)];

	while (*at != p)
		at = &(*at)->next_in_hash;
	*at = p->next_in_hash;
	e->count--;
	release(e, p);
}

const struct proc *engine_find(const struct engine *e, struct ident id)
{
	return store_find(e, id);
}

const struct proc *engine_next(const struct engine *e, const struct proc *p)
{
	size_t i = 0;

	if (p) {
		if (p->next_in_hash)
			return p->next_in_hash;
		i = bucket_of(e, p->id.pid) + 1;
	}
	for (; i < e->nbuckets; i++)
		if (e->buckets[i])
			return e->buckets[i];
	return NULL;
}

size_t engine_count(const struct engine *e)
{
	return e->count;
}
