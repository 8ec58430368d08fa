/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who lives under a reaper that did not start him, as far as the present alone can tell. Who did,
 * and how that one died, the kernel does not keep: only watching can tell. Pure.
 */
#ifndef PROCTRACE_DIAGNOSE_LEFTOVER_H
#define PROCTRACE_DIAGNOSE_LEFTOVER_H

#include "detect/finding.h"
#include "event/standing.h"

#define WORKS_MIN 100 /* works: uses more than one part in that many of the moment */

/* How a process came to its parent, an init or a subreaper. */
struct adoption {
	const struct proc *reaper; /* NULL: its parent is none */
	bool adopted; /* there are signs that another one had started it */
	bool certain; /* and these signs have no other cause */
	const struct proc *before; /* began later, yet was the reaper's child first; NULL: none */
	/* what it was started in: its session, if that is not the reaper's; else its group */
	bool by_session;
	uint32_t head_pid;	 /* who leads, or led, that */
	const struct proc *head; /* NULL: gone */
};

/* What was meant when it was left, the most suspicious first. */
enum leftover_kind {
	LEFTOVER_STRAY,	     /* something died above it: it still holds what led there */
	LEFTOVER_UNKNOWN,
	LEFTOVER_BACKGROUND, /* its session lives, or it was told to survive that (nohup) */
	LEFTOVER_DAEMON,     /* it has let go of all that it was started with */
	LEFTOVER_KINDS
};

struct leftover {
	const struct proc *p;
	struct adoption adoption;
	struct standing standing;
	enum leftover_kind kind;
};

/* Those that one reaper has of one session, or of one process group of its own session. */
struct leftover_group {
	struct leftover *at; /* of struct leftovers; those that work first, then the oldest */
	size_t count, working;
	enum leftover_kind kind; /* of the most suspicious */
};

struct leftovers {
	struct leftover *at; /* owned; the groups one after the other */
	struct leftover_group *groups; /* owned; the most suspicious first */
	size_t count, ngroups;
	size_t unclear; /* children of reapers that show no such sign */
	size_t processes; /* all that are known */
};

/*
 * Who came before whom to a reaper. Its children stand in the order in which they came, and adopted
 * ones come late: one that stands behind a child that is younger did not come by its birth.
 */
struct arrivals {
	struct arrival {
		uint32_t pid;
		const struct proc *before; /* NULL: nobody younger */
	} *at; /* owned; by pid */
	size_t n;
};

/* pids: the children in the kernel's order. */
void arrivals_make(struct arrivals *a, const struct engine *e, const uint32_t *pids, size_t n);
void arrivals_free(struct arrivals *a);

bool proc_is_reaper(const struct proc *p);
/* A process that runs, below a reaper, and is no kernel thread and no init of a namespace. */
bool proc_is_below_reaper(const struct proc *p);
/* order NULL: not known. */
struct adoption adoption_of(const struct engine *e, const struct proc *p,
			    const struct arrivals *order);

/* From its adoption and its standing. */
enum leftover_kind leftover_judge(const struct leftover *l);
bool leftover_works(const struct leftover *l);
const char *leftover_kind_name(enum leftover_kind kind);
const char *descriptor_name(enum descriptor d);

/* Sorts what is in g->at, and makes the groups. */
void leftovers_group(struct leftovers *g);
void leftovers_free(struct leftovers *g);

/* Short sentences a person can check. */
void leftover_evidence(const struct leftover *l, struct evidence *e);
void adoption_evidence(const struct adoption *a, const struct proc *p, struct evidence *e);

#endif
