/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules: the engine's changes in, findings out. One rule a file. They read the engine and
 * never write it; what they need to remember they keep themselves.
 */
#ifndef PROCTRACE_DETECT_DETECT_H
#define PROCTRACE_DETECT_DETECT_H

#include "base/holds.h"
#include "detect/finding.h"

struct detect_out {
	void *ctx;
	void (*finding)(void *ctx, const struct finding *finding);
	void (*ask)(void *ctx, struct ident id, bool program);
	/* the limits on this one's children should be looked at, and the sight applied */
	void (*measure)(void *ctx, struct ident id);
};

struct detect {
	const struct engine *engine;
	struct detect_out out;
	struct holds orphans; /* orphan.c */
	struct holds daemons; /* daemon.c */
	struct holds leaks; /* leak.c */
};

void detect_init(struct detect *d, const struct engine *engine, const struct detect_out *out);
void detect_fini(struct detect *d);

/* Before a change is told: the last chance to say something of a process as it stood. */
void detect_before(struct detect *d, const struct change *c);
/* After it was told. */
void detect_after(struct detect *d, const struct change *c);
void detect_tick(struct detect *d, uint64_t now);
uint64_t detect_deadline(const struct detect *d);
/* Everything still held is told or dropped: tracing ends. */
void detect_finish(struct detect *d);

/* the rules */
void orphan_before(struct detect *d, const struct change *c);
void orphan_after(struct detect *d, const struct change *c);
void orphan_tick(struct detect *d, uint64_t now);
void orphan_finish(struct detect *d);
void zombie_after(struct detect *d, const struct change *c);
void daemon_after(struct detect *d, const struct change *c);
void daemon_tick(struct detect *d, uint64_t now);
void leak_after(struct detect *d, const struct change *c);
void leak_tick(struct detect *d, uint64_t now);

/*
 * How this parent's zombies come and go at now, told or not, and where that leads: all of leak but
 * the cause. False: it has had none of late.
 */
bool leak_of(const struct detect *d, const struct proc *parent, uint64_t now, struct leak *leak);

#endif
