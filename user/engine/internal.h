/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files of this room alone. */
#ifndef PROCTRACE_ENGINE_INTERNAL_H
#define PROCTRACE_ENGINE_INTERNAL_H

#include "base/clock.h"
#include "base/pool.h"
#include "engine/engine.h"

#define FOLLOW_MAX 16
#define PATHS 256 /* that are kept for whoever has them next */
#define EARLY_MAX 1024 /* events that wait for a parent's death */
#define ASK_AGAIN (100 * NS_PER_MS) /* what was answered, but is not yet decided */
#define DOUBT (2 * NS_PER_S) /* after a loss: by then all have been seen again */
#define ASK_LATE (2 * NS_PER_S) /* what was not answered: there may be many questions before it */

struct engine {
	struct engine_config config;
	struct engine_out out;
	struct proc **buckets; /* by pid */
	size_t nbuckets, count;
	struct pool procs;
	struct text *paths[PATHS]; /* by their hash */
	struct list dead, doubted, zombies;
	struct list early; /* events that wait, see early.c */
	size_t nearly;
	enum life was; /* of the process an event is being applied to: its life before */
	const struct proc *at_work; /* that process: it cannot be evicted */
	uint64_t began;
	uint64_t released; /* when somebody was last heard to be gone, known or not */
	uint32_t audit;
	uint64_t audit_ts;
	uint64_t look_at; /* when the next few zombies are looked at */
	uint64_t lost; /* events from before were lost, 0: none */
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

/* It is asked about at ask_at, if no answer comes before: the list is in that order. */
static inline void to_doubted(struct engine *e, struct proc *p, uint64_t ask_at)
{
	struct list *before;

	list_del(&p->dead);
	p->ask_at = ask_at;
	for (before = e->doubted.prev; before != &e->doubted; before = before->prev)
		if (list_entry(before, struct proc, dead)->ask_at <= ask_at)
			break;
	list_add_tail(&p->dead, before->next);
}

/* store.c: the table of processes */
void store_init(struct engine *e);
void store_free(struct engine *e);
struct proc *store_find(const struct engine *e, struct ident id);
/* The same for its parent or adopter, who is never younger: the pid may have been used again. */
struct proc *store_find_parent(const struct engine *e, struct ident id, struct ident child);
/* The one that is known only as somebody's parent, by its bare pid, if id can be its name. */
struct proc *store_find_unnamed(const struct engine *e, struct ident id);
/* At a death: what the release will let go of comes nearer meanwhile. */
void store_fetch_ties(const struct proc *p);
struct proc *store_add(struct engine *e, struct ident id);
/* Takes it out and frees it: family_remove() does it, when it has left its family. */
void store_remove(struct engine *e, struct proc *p);

/* facts.c: what an event tells of a process, whatever happened to it */
void facts_learn(struct engine *e, struct proc *p, const struct event *ev);
/* True if it has become another program and no exec was heard of; facts_learn() forgets that. */
bool facts_exec_missed(const struct proc *p, const struct event *ev);
void facts_exec(struct engine *e, struct proc *p, const struct event *ev);
void facts_exec_unheard(struct proc *p, const struct event *ev);
void facts_exec_begun(struct proc *p); /* whether it succeeds or kills */
void facts_sight(struct engine *e, struct proc *p, const struct event *ev);
void facts_inherit(struct proc *child, const struct proc *creator, const struct event *ev);
void facts_classify(struct engine *e, struct proc *p, const struct event *ev);

/* family.c: parents and children */
void family_place(struct engine *e, struct proc *p, const struct event *ev);
/* It has become another program: the account of its children begins anew. */
void family_new_account(struct proc *p);
/* The event names another parent than the living one that it was heard of with. */
bool family_disputes(const struct proc *p, const struct event *ev);
/* It turns out that its parent had collected it before it died itself. */
void family_return(struct engine *e, struct proc *p, struct proc *reaper);
void family_follow(struct engine *e, struct proc *p, const struct event *ev);
/* Once p itself was told of. */
void family_follow_children(struct engine *e, struct proc *p, const struct event *ev);
/* A new one; if there are too many, somebody else is dropped, but nobody whom ev names. */
struct proc *family_add(struct engine *e, struct ident id, const struct event *ev);
bool family_full(const struct engine *e);
/* It leaves parent and children, and is taken out. */
void family_remove(struct engine *e, struct proc *p);
/*
 * It is gone: taken out, or kept for its name until the releases of its children were told as well.
 */
void family_retire(struct engine *e, struct proc *p);
void family_orphan_children(struct engine *e, struct proc *dead, const struct event *ev);

/* early.c: deaths that are told before their parent's */
/* True if the event waits, and is not to be applied now. */
bool early_keep(struct engine *e, struct proc *p, const struct event *ev);
/*
 * What waits is applied where the event about p shows that it has waited enough: true if there was
 * any, and p may be gone then. A look comes after all that was recorded before it; so does what one
 * does whose parent's death waits.
 */
bool early_is_over(struct engine *e, const struct proc *p, const struct event *ev);
/* What waits is applied: for this one, if it is dead now; all; what has waited for long. */
void early_after(struct engine *e, struct ident id);
void early_all(struct engine *e);
void early_tick(struct engine *e, uint64_t now);
uint64_t early_deadline(const struct engine *e);
void early_free(struct engine *e);

/* engine.c: applies an event, whether it could wait or not */
void engine_go_on(struct engine *e, const struct event *ev);

/* death.c: its exit record says it */
void death_heard(struct engine *e, struct proc *p, const struct event *ev);
/* Found dead, or gone, while it counts as running: when it died, nobody knows. */
void death_unheard(struct engine *e, struct proc *p, const struct event *ev);
/* Dead since before tracing began. */
void death_found(struct engine *e, struct proc *p, const struct event *ev);

/* reap.c: the kernel has let go of it; the last that is told of it */
void reap_tell(struct engine *e, struct proc *p, const struct event *ev);

/* life.c: what an event means for a process (NULL: one not heard of), by the table */
void life_apply(struct engine *e, struct proc *p, const struct event *ev);
/* Where it is heard of for the first time, and not by its fork. */
void life_introduce(struct engine *e, struct proc *p, const struct event *ev);
/* It is another program, and no exec was heard of. */
void life_infer_exec(struct engine *e, struct proc *p, const struct event *ev);
void life_tell(struct engine *e, enum change_kind kind, const struct proc *p,
	       const struct event *ev, bool inferred);
/* Its fork, or that it was there; and of those who turn out to be followed with it. */
void life_tell_birth(struct engine *e, struct proc *p, const struct event *ev, bool inferred);
/* The same once more, and its death: to nobody was it told who wants the followed alone. */
void life_tell_again(struct engine *e, struct proc *p, const struct event *ev);
/* It turns out that p died before ts, and nobody said so. */
void life_end_unheard(struct engine *e, struct proc *p, uint64_t ts);

#endif
