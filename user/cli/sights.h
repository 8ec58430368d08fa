/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What looks have found, until it can be told. A look is true as of its moment: whatever the ring
 * tells from before that comes first. So each sight waits until the ring has been read up to the
 * position that it had when the look was over.
 */
#ifndef PROCTRACE_CLI_SIGHTS_H
#define PROCTRACE_CLI_SIGHTS_H

#include <stddef.h>

#include "event/event.h"

struct sights {
	struct sight *at;
	size_t next, n, room; /* at[next..n) wait */
};

/* Copies the event, its strings too. Positions must not go down. */
void sights_add(struct sights *s, const struct event *ev, uint64_t position);
/* Hands out, and forgets, those whose position has been reached. */
void sights_apply(struct sights *s, uint64_t position,
		  void (*fn)(void *ctx, const struct event *ev), void *ctx);
void sights_free(struct sights *s);

#endif
