/* SPDX-License-Identifier: GPL-2.0-only */
/* proctrace zombies --watch: the groups of zombies, again and again while tracing goes on. */
#ifndef PROCTRACE_CLI_WATCH_H
#define PROCTRACE_CLI_WATCH_H

#include "cli/pipeline.h"

struct watch {
	uint64_t since, next; /* boot time; next: NEVER if nothing is watched */
	uint64_t every;
	bool screen; /* each takes the place of the one before */
};

void watch_begin(struct watch *w, const struct options *o, uint64_t now);
/* Tells of the zombies of now, if that is due. */
void watch_step(struct watch *w, struct pipeline *pipe, uint64_t now);

#endif
