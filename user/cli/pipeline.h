/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way of the data: event -> engine -> changes -> rules -> findings -> sink. Knows no kernel and
 * no clock; what the engine or a rule wants looked at waits in "asked" until the loop has done it.
 */
#ifndef PROCTRACE_CLI_PIPELINE_H
#define PROCTRACE_CLI_PIPELINE_H

#include "cli/options.h"
#include "detect/detect.h"
#include "event/mask.h"
#include "sink/sink.h"

/* A process that should be looked at; with its program too, or the limits that it stands under. */
struct question {
	struct ident id;
	bool program, limits;
};

struct pipeline {
	const struct options *options;
	struct engine *engine;
	struct detect detect;
	struct sink *sink;
	struct stream_stop totals;
	uint64_t inferred[CHANGES]; /* since the last resync */
	uint32_t seen; /* enum finding_kind of what was found, or'ed */
	struct buf asked; /* struct question */
	struct mask mask; /* of arguments, before anybody keeps them */
	/* called for one that was found and is selected, and that the source may not know of */
	void (*on_selected)(void *ctx, const struct proc *p);
	void *ctx;
	bool muted; /* what is applied is known, but not told */
};

void pipeline_open(struct pipeline *p, const struct options *o, struct sink *sink);
void pipeline_close(struct pipeline *p);
void pipeline_apply(struct pipeline *p, const struct event *ev);
/* The same without a look at what is due before it. */
void pipeline_feed(struct pipeline *p, const struct event *ev);
void pipeline_tick(struct pipeline *p, uint64_t now);
/* The same in a replay: what is due is done when it was due, and nobody is there to be looked at. */
void pipeline_pass(struct pipeline *p, uint64_t now);
/* When pipeline_tick() is next needed. */
uint64_t pipeline_deadline(const struct pipeline *p);
/* A check begins; what was inferred after a loss, before it, counts with it. */
void pipeline_check(struct pipeline *p, bool lossy);
/*
 * The end of a check against the kernel; told if it found something, or if it was made for a loss.
 */
void pipeline_resync(struct pipeline *p, uint64_t ts, bool lossy);
void pipeline_lost(struct pipeline *p, const struct stream_lost *lost);

#endif
