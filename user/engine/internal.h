/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files of this room alone. */
#ifndef PROCTRACE_ENGINE_INTERNAL_H
#define PROCTRACE_ENGINE_INTERNAL_H

#include "base/clock.h"
#include "engine/engine.h"

#define FOLLOW_MAX 16
#define ASK_AGAIN (100 * NS_PER_MS) /* what was answered, and not yet decided */
/*
 * Should an answer be lost. Of thousands that are asked for at once the last is answered seconds
 * later: who asked again meanwhile would only make it later.
 */
#define ASK_LOST (5 * NS_PER_S)

struct engine {
	struct engine_config config;
	struct engine_out out;
	struct proc **buckets; /* by pid */
	size_t nbuckets, count;
	struct list dead, doubted, zombies;
	enum life was; /* of the process an event is being applied to: its life before */
	const struct proc *at_work; /* that process: it cannot be evicted */
	uint64_t began;
	uint64_t released; /* when somebody was last heard to be gone, known or not */
	uint32_t audit;
	uint64_t audit_ts;
	uint64_t look_at; /* when the next few zombies are looked at */
	size_t hand; /* where the search for somebody to evict goes on */
	uint64_t evicted;
	uint32_t followed[FOLLOW_MAX];
	size_t nfollowed;
};

/* Into one of the lists of the dead, at its end. */
static inline void to_list(struct proc *p, struct list *list)
{
	list_del(&p->dead);
	list_add_tail(&p->dead, list);
}

/* store.c: the table of processes */
void store_init(struct engine *e);
void store_free(struct engine *e);
struct proc *store_find(const struct engine *e, struct ident id);
/* The same for its parent or adopter, who is never younger: the pid may have been used again. */
struct proc *store_find_parent(const struct engine *e, struct ident id, struct ident child);
/* The one that is known only as somebody's parent, by its bare pid, if id can be its name. */
struct proc *store_find_unnamed(const struct engine *e, struct ident id);
struct proc *store_add(struct engine *e, struct ident id);
/* Takes it out and frees it: family_remove() does it, when it has left its family. */
void store_remove(struct engine *e, struct proc *p);

/* facts.c: what an event tells of a process, whatever happened to it */
void facts_learn(struct engine *e, struct proc *p, const struct event *ev);
/* True if it has become another program and no exec was heard of; facts_learn() forgets that. */
bool facts_exec_missed(const struct proc *p, const struct event *ev);
void facts_exec(struct proc *p, const struct event *ev);
void facts_exec_unheard(struct proc *p, const struct event *ev);
void facts_sight(struct proc *p, const struct event *ev);
void facts_inherit(struct proc *child, const struct proc *creator, const struct event *ev);
void facts_classify(struct engine *e, struct proc *p, const struct event *ev);

/* family.c: parents and children */
void family_place(struct engine *e, struct proc *p, const struct event *ev);
/* The event names another parent than the living one that it was heard of with. */
bool family_disputes(const struct proc *p, const struct event *ev);
/* It turns out that its parent had collected it before it died itself. */
void family_return(struct engine *e, struct proc *p, struct proc *reaper);
void family_follow(struct proc *p);
/* A new one; somebody else is dropped if there are too many. */
struct proc *family_add(struct engine *e, struct ident id);
bool family_full(const struct engine *e);
/* It leaves parent and children, and is taken out. */
void family_remove(struct engine *e, struct proc *p);
/*
 * It is gone: taken out, or kept for its name until the releases of its children were told as well.
 */
void family_retire(struct engine *e, struct proc *p);
void family_orphan_children(struct engine *e, struct proc *dead, const struct event *ev);

/* life.c: what an event means for a process (NULL: one not heard of), by the table */
void life_apply(struct engine *e, struct proc *p, const struct event *ev);

#endif
