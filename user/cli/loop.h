/* SPDX-License-Identifier: GPL-2.0-only */
/* A trace under way: the loop that moves the data, and its end. trace.c opens what it works on. */
#ifndef PROCTRACE_CLI_LOOP_H
#define PROCTRACE_CLI_LOOP_H

#include "cli/command.h"
#include "cli/delivery.h"
#include "cli/pipeline.h"
#include "cli/preamble.h"
#include "cli/recovery.h"
#include "cli/sights.h"
#include "cli/watch.h"
#include "source/live.h"

struct trace {
	struct options *o;
	struct live *live;
	struct pipeline pipe;
	struct sink sink;
	struct delivery delivery;
	struct command command;
	struct preamble preamble;
	bool pictured; /* the first picture is taken */
	int signals; /* a signalfd */
	struct sights sights; /* answers to what was asked */
	struct recovery recovery;
	struct watch watch;
	uint64_t until; /* when tracing ends by itself; NEVER */
	const char *reason; /* why it ends; NULL: it goes on */
	int interrupted; /* by which signal, while COMMAND still ran; 0: not */
	bool rotate; /* SIGHUP has come */
};

/* Goes on until there is a reason to end. */
void loop_run(struct trace *t);
/* Gives it one; the first counts. */
void loop_stop(struct trace *t, const char *reason);
/*
 * The end: what the ring still holds, what the rules still hold, and the last line. Releases are
 * told some 20 ms late: they are given that time, and then the dead are looked at.
 */
void loop_finish(struct trace *t);

/* Callbacks, with the trace as their ctx: what a look has found; a signal waits in t->signals. */
void loop_apply_sight(void *ctx, const struct event *ev);
void loop_take_signals(void *ctx);

#endif
