/* SPDX-License-Identifier: GPL-2.0-only */
/* proctrace zombies: what the kernel shows at this moment, told once. */
#ifndef PROCTRACE_CLI_NOW_H
#define PROCTRACE_CLI_NOW_H

#include "cli/delivery.h"
#include "cli/pipeline.h"
#include "source/live.h"

struct now {
	struct options *o;
	struct live *live; /* NULL: /proc alone */
	struct pipeline pipe;
	struct sink sink;
	struct delivery delivery;
	uint64_t ts; /* of the picture */
};

/* The program's exit status. */
int now_run(struct options *o);

/*
 * A second picture, a moment after the first: who stood dead all that time is a LIFE_ZOMBIE then,
 * and not one whose parent is just about to wait. 0 or -errno.
 */
int now_look_again(struct now *n);

/* What the command tells; gives the findings that it has told of, for --fail-on. */
uint32_t now_zombies(struct now *n);

#endif
