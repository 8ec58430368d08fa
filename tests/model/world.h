/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A world without a kernel: the reference lives, its records go to the engine and the rules as the
 * live source would send them, what is asked is looked up in the reference, and the ledger checks
 * what the engine says. What happens comes from outside, one op after the other: an op that makes
 * no sense in the world as it stands does nothing, so that any part of a story is a story.
 */
#ifndef PROCTRACE_MODEL_WORLD_H
#define PROCTRACE_MODEL_WORLD_H

#include "base/clock.h"
#include "detect/detect.h"
#include "engine/engine.h"
#include "evictions.h"
#include "ledger.h"
#include "reference.h"

#define BEGINNING (100000 * NS_PER_S + 12345)
#define THRESHOLD NS_PER_S

#define OPS(X) \
	X(FORK) X(EXEC) X(SETSID) X(SETPGID) X(TERMINAL) X(SUBREAPER) X(SIGCHLD) X(WAITING) \
	X(TRACE) X(UNTRACE) X(CGROUP) X(THREAD) X(UNTHREAD) X(LEADER) X(DIE) X(LEAVE) X(WAIT) \
	X(FREE) X(TIME) X(LOOK) X(SIGHTS) X(AUDIT) X(REST)
#define OP_ENUM(name) OP_##name,
enum op_kind { OPS(OP_ENUM) OP_KINDS };

enum fault { FAULT_NONE, FAULT_LOST, FAULT_TWICE };

enum { FORK_CLONE_PARENT = 1, FORK_NEW_SPACE = 2, FORK_BELOW = 4, FORK_USR1 = 8, FORK_QUIET = 16 };

struct op {
	uint8_t kind; /* enum op_kind */
	uint8_t fault; /* of the record that it makes */
	uint16_t arg;
	uint32_t who, with; /* numbers of lives; FORK: with is the pid */
	uint32_t n;	    /* FORK: the number of the new life */
	uint32_t dt;	    /* ns that go by before it */
	uint32_t back;	    /* its record is stamped so much earlier: another processor's clock */
};

struct sight_list {
	struct event *at;
	size_t n, room;
};

struct world {
	struct ref ref;
	struct engine *engine;
	struct detect detect;
	struct ledger ledger;
	uint64_t now;
	bool faults; /* records get lost: less can be demanded of the engine */
	bool exact; /* releases are told as they happen, most of them */
	size_t max_procs;
	struct kept kept; /* before the event that is being applied, where not all can be */
	bool lenient; /* what is said is not judged: too many processes, or impossible orders */
	struct sight_list sights; /* looks that were taken and are not yet applied */
	struct buf asked; /* struct question */
	bool auditing, audit_asked;
	/* where records go; NULL: to the engine at once */
	void (*record)(void *ctx, const struct event *ev);
	void *ctx;
	struct buf *story; /* told in words, if somebody wants it */
};

/* The first picture: init, kthreadd, a service manager, a shell on a terminal. */
#define FIRST_LIVES 4

void world_open(struct world *w, bool faults, bool exact, size_t max_procs);
void world_close(struct world *w);
/* A new engine, with new rules, that has seen the first picture; world_open() makes one. */
void world_trace(struct world *w);
void world_untrace(struct world *w);

/* False: the ledger has found a fault, w->ledger.why says which. */
bool world_do(struct world *w, const struct op *op);
/* Time, looks and audits, until nothing is open; then all is held against the reference. */
void world_rest(struct world *w);
/* Whoever came after the first picture dies and is collected; nothing may be left of them. */
bool world_end(struct world *w);

/* What it runs, as argv. */
struct slice world_program(const struct ref_life *l);
/* The way of an event through the engine and the rules: user/cli/pipeline.c's. */
void world_apply(struct world *w, const struct event *ev);
void world_tick(struct world *w);
/* All that is asked is looked at, until nothing more is. */
void world_answer(struct world *w);
void world_audit(struct world *w);

#endif
