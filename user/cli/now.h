/* SPDX-License-Identifier: GPL-2.0-only */
/* proctrace zombies, orphans, daemons: what the kernel shows at this moment, told once. */
#ifndef PROCTRACE_CLI_NOW_H
#define PROCTRACE_CLI_NOW_H

#include "cli/delivery.h"
#include "cli/pipeline.h"
#include "diagnose/leftover.h"
#include "source/live.h"

struct now {
	struct options *o;
	struct live *live; /* NULL: /proc alone */
	struct pipeline pipe;
	struct sink sink;
	struct delivery delivery;
	uint64_t ts; /* of the picture */
	uint64_t seen; /* when the last one in it was looked at */
};

/* The program's exit status. */
int now_run(struct options *o);

/*
 * A second picture, a moment after the first: who stood dead all that time is a LIFE_ZOMBIE then,
 * and not one whose parent is just about to wait. 0 or -errno.
 */
int now_look_again(struct now *n);

/* The order in which a reaper's children came to it, if it can be seen; arrivals_free(). */
void now_arrivals(struct now *n, const struct proc *reaper, struct arrivals *order);

/* What the command tells; gives the findings that it has told of, for --fail-on. */
uint32_t now_zombies(struct now *n);
uint32_t now_orphans(struct now *n);
uint32_t now_daemons(struct now *n);

#endif
