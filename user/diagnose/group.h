/* SPDX-License-Identifier: GPL-2.0-only */
/* All zombies of a moment, by the parent that must collect them. Pure. */
#ifndef PROCTRACE_DIAGNOSE_GROUP_H
#define PROCTRACE_DIAGNOSE_GROUP_H

#include "detect/finding.h"
#include "diagnose/by_container.h"

#define GROUP_CAUSES CAUSES
#define GROUP_PROGRAMS 4
#define GROUP_PIDS 5
#define GROUP_CREATORS 4

/* Why some of a group stay. */
struct group_cause {
	enum cause cause;
	size_t count;
	const struct proc *example; /* the oldest of them, of those that were seen to die if any was */
};

struct group_program {
	const char *comm; /* a zombie's: its argv is gone */
	size_t count;
};

/* Who made what lies before another's door: an adopted one's, or a CLONE_PARENT child's. */
struct group_creator {
	struct ident id;
	const char *comm;
	size_t count;
};

struct group {
	const struct proc *parent; /* NULL: not known */
	size_t count;
	const struct proc *oldest; /* by its start: when it died only watching can tell */
	struct group_cause causes[GROUP_CAUSES]; /* the most frequent first */
	int ncauses;
	struct group_program programs[GROUP_PROGRAMS]; /* the same */
	int nprograms;
	size_t other_programs; /* zombies of programs that have no place there */
	struct group_creator creators[GROUP_CREATORS]; /* the same; known by watching alone */
	int ncreators;
	uint32_t pids[GROUP_PIDS]; /* of some, the oldest first */
	int npids;
	struct container container; /* that all of them were in; neither id nor name: none */
};

struct groups {
	struct group *at; /* owned; the worst first */
	size_t n;
	struct group_container *containers; /* owned; the worst first; what is in none is in none */
	size_t ncontainers;
	size_t zombies;
	size_t fresh;	  /* dead, and not yet for long enough to be zombies */
	size_t processes; /* all that are known */
	/* leaders that are dead while their other threads run: state Z, and no zombies */
	const struct proc **leaders; /* owned */
	size_t nleaders;
};

/* By their birth; on a coarse clock, where several were born at once, by their pids. */
bool proc_older(const struct proc *a, const struct proc *b);

/* Everything points into the engine, and is good until that hears of something. wanted NULL: all. */
void groups_make(struct groups *g, const struct engine *e,
		 bool (*wanted)(void *ctx, const struct proc *zombie), void *ctx);
void groups_free(struct groups *g);

/* The evidence for a cause, from its example: fills f anew. */
void group_evidence(const struct group_cause *cause, uint64_t ts, struct finding *f);
/* The present alone shows this cause, or it was watched; else it is only likely. */
bool group_cause_certain(const struct group_cause *cause);

/*
 * Who gets the zombies of this process when it ends, as find_new_reaper() in kernel/exit.c does it;
 * NULL: nobody (an init of a pid namespace takes all with it), or it is not known.
 */
const struct proc *group_heir(const struct proc *parent);
/* It has zombies of its own, or cannot run: it will not collect those of others. */
bool group_heir_is_bad(const struct proc *heir);

#endif
