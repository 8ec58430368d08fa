/* SPDX-License-Identifier: GPL-2.0-only */
/* Which container a process is or was in, and the zombies of each. Pure. */
#ifndef PROCTRACE_DIAGNOSE_BY_CONTAINER_H
#define PROCTRACE_DIAGNOSE_BY_CONTAINER_H

#include "detect/finding.h"
#include "event/container.h"

struct groups;

/* What lies dead in one container, under whichever parents. */
struct group_container {
	struct container container; /* it has an id or a name */
	size_t count, parents;
	const struct proc *oldest;
	const struct proc *last; /* of those that were counted: one parent's come together */
};

/* Fills c, whose slices lie in p. False: it is in none, as far as is known. */
bool proc_container(const struct proc *p, struct container *c);

/* By its id, or by its name where it has none. Two that are none are the same. */
bool container_same(const struct container *a, const struct container *b);

/* Fills g->containers; the n zombies of one parent come together. */
void groups_by_container(struct groups *g, const struct proc *const *zombies, size_t n);

/*
 * How those in g->containers[at] come and go: what the growth of their parents, a finding for each
 * of g->at, adds up to. Parents whose zombies are in several containers count in none. False: it is
 * not known.
 */
bool container_growth(const struct groups *g, const struct finding *growth, size_t at,
		      struct leak *sum);

#endif
