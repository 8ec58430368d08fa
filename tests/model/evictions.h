/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where not everybody can be kept: who had to go went in the stated order, and was counted. The
 * living go first, then the dead, zombies last; but nobody whom somebody calls parent. And nobody
 * comes in beyond the limit while there is one that may go.
 */
#ifndef PROCTRACE_MODEL_EVICTIONS_H
#define PROCTRACE_MODEL_EVICTIONS_H

#include "reference.h"

struct world;

/* Whom the engine keeps, in the order in which they go, by what it has told of them. */
struct kept {
	struct kept_one {
		struct ident id, parent;
		enum { KEPT_ALIVE, KEPT_DEAD, KEPT_ZOMBIE, KEPT_FOR_CHILDREN } as;
		bool has_children;
	} at[REF_LIVES];
	size_t n;
	uint64_t evicted; /* so far */
};

/* Before and after an event is applied. */
void evictions_before(struct world *w);
void evictions_after(struct world *w, const struct event *ev);

#endif
