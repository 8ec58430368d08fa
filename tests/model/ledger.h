/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: for every life what the records have told of it so far, and what the engine and the
 * rules have said. Both must agree, line for line; and the engine's table must be the reference's.
 */
#ifndef PROCTRACE_MODEL_LEDGER_H
#define PROCTRACE_MODEL_LEDGER_H

#include <stdbool.h>

#include "detect/detect.h"
#include "reference.h"

struct world;

/* What can be said once or more often of a life. */
struct said {
	uint32_t births, execs, exits, orphanings, zombies, clearings, reaps, threads, sessions;
};

#define PARENTS_LOST 32

/* It has lost a parent. */
struct loss {
	struct ident parent, adopter;
	uint32_t status; /* how the parent ended */
	bool status_known;
	uint64_t ts;
	bool told, forgiven, unsure; /* as a finding; the adopter may be another by now */
};

/* What the records told of a life so far: what the engine must show. */
struct account {
	uint32_t n; /* 0: unused */
	struct ident id;
	bool known, dead;
	struct ident parent;
	bool reckoned; /* the parent is the adopter that an exit named */
	bool adopted, subreaper;
	uint32_t sid, tty;
	struct { uint32_t sid, tty; } was; /* before the record that is being applied */
	uint64_t heard, died;
	uint64_t told_death; /* the time of its exit record, if that came */
	uint32_t status;
	enum class class;
	uint64_t daemon_since; /* 0: it is none, or was one before tracing began */
	uint32_t daemons;      /* findings since then */
	uint64_t stood; /* since when it was dead and not yet released; 0: never */
	bool heir; /* it lay dead when its parent died */
	bool no_wait; /* when its exit was told */
	bool how_unsure, reaper_unsure; /* decided after that, or told wrongly */
	bool counts_unsure;		/* such were its children */
	bool excused;			/* losses made it an orphan that it is not */
	bool program_unsure;		/* its creator's, which nobody could know */
	uint64_t truly_died, truly_released; /* whether a record told it or not */
	struct ident true_parent;
	uint64_t true_parent_since;
	uint32_t lost; /* kinds of its records that were lost, as bits */
	uint32_t delivered; /* kinds that were not */
	struct said due, told;
	bool followed, followed_dead; /* when its birth and its death were told */
	bool told_dead, told_zombie; /* since it was kept */
	struct loss losses[PARENTS_LOST];
	uint32_t nlosses;
};

struct ledger {
	struct account accounts[REF_LIVES];
	uint64_t ticked; /* time came to here */
	uint64_t rested; /* all was at rest, and held against the reference */
	uint64_t checks;
	char why[512]; /* the first fault; "": none */
	int kind;      /* and which of the checks found it */
};

struct account *ledger_of(struct world *w, struct ident id);
void ledger_born(struct world *w, const struct ref_life *l);
/* What is too rare to be told rightly goes on to its children. */
void ledger_inherits(struct world *w, const struct ref_life *l, const struct ref_life *creator);
void ledger_forget(struct world *w, const struct ref_life *l);

/* This record, or this sight, is about to be applied. */
void ledger_hears(struct world *w, const struct event *ev);
void ledger_lost(struct world *w, const struct event *ev);
/* Time comes to now: what rules hold back is told. */
void ledger_ticks(struct world *w, uint64_t now);
/* What really happens: one is about to leave its children; it has left them; after each op. */
void ledger_leaves(struct world *w, const struct ref_life *dead, uint32_t status);
void ledger_left(struct world *w);
void ledger_note_truth(struct world *w);

/* What the engine and the rules say. */
void ledger_change(void *ctx, const struct change *c);
void ledger_finding(void *ctx, const struct finding *f);

/* After each op: what was due was told, and the table shows what the records told. */
void ledger_check(struct world *w);
/* After an audit: the table shows what is; an exec that was lost, after the second. */
void ledger_check_table(struct world *w, bool second);
/* The same, and each life was told from its birth to its end. */
void ledger_check_truth(struct world *w, bool second);

#define wrong(w, ...) ((w)->lenient ? (void)0 : ledger_wrong(w, __LINE__, __VA_ARGS__))
void ledger_wrong(struct world *w, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
