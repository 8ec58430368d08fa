/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROCTRACE_MODEL_CHANCE_H
#define PROCTRACE_MODEL_CHANCE_H

#include "dice.h"
#include "world.h"

/* What a kind of story looks like. */
struct temper {
	uint32_t crowd;  /* how many live at once, about */
	uint32_t losses; /* one record in so many is lost, or comes twice; 0: none */
	uint32_t looks;  /* one op in so many is a look */
	uint32_t lazy;	 /* one parent in so many never waits */
};

struct temper temper_of(struct dice *d, bool faults);
/* What happens next in this world. */
struct op chance_op(struct dice *d, const struct temper *t, struct world *w);

#endif
