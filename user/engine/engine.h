/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes and their lives. Pure: no input, no output, no clock; time comes with the events
 * and with engine_tick(). The only writer of process state, with one front door: engine_apply().
 */
#ifndef PROCTRACE_ENGINE_ENGINE_H
#define PROCTRACE_ENGINE_ENGINE_H

#include "engine/proc.h"

enum change_kind {
	CHANGE_SNAPSHOT, /* it was there before */
	CHANGE_FORK,
	CHANGE_EXEC,
	CHANGE_SESSION, /* u.session: what was before */
	CHANGE_EXIT,	/* u.exit */
	CHANGE_ORPHAN,	/* u.orphan: the parent that died; p->parent is the adopter */
	CHANGE_SIGHT,	/* it was looked at: facts may be newer */
	CHANGE_CLASS,	/* u.old_class */
	CHANGE_ZOMBIE,	/* it stands unreaped past the threshold, and the kernel confirmed it */
	CHANGE_REAP,	/* u.reap; the last that is heard of it */
	CHANGE_THREAD_START,
	CHANGE_THREAD_EXIT,
	CHANGES
};

enum reap_how { REAP_WAIT, REAP_AUTO, REAP_INIT };
enum reap_precision { REAP_EXACT, REAP_RCU, REAP_AUDIT };

struct change {
	enum change_kind kind;
	uint64_t ts;
	const struct proc *p;
	const struct event *event; /* what caused it; NULL: time alone */
	bool inferred;
	union {
		struct {
			uint32_t sid, tty;
		} session;
		struct {
			const struct proc *adopter; /* NULL: not known, or nobody */
		} exit;
		struct {
			const struct proc *parent;
		} orphan;
		struct {
			struct ident reaper; /* pid 0: not known */
			const char *reaper_comm; /* NULL: not known */
			enum reap_how how;
			enum reap_precision precision;
			bool was_zombie; /* and told as one */
			bool has_zombie;
			uint64_t zombie; /* ns between death and release */
		} reap;
		enum class old_class;
	} u;
};

/*
 * Where the engine speaks to. Called from within engine_apply(), engine_tick(), engine_audit_end(),
 * engine_lost() and engine_ask_dead(): these two end the waiting of a death for its parent's.
 */
struct engine_out {
	void *ctx;
	/* p and event are only good during the call */
	void (*change)(void *ctx, const struct change *change);
	/*
	 * Somebody should look at this process and apply what the look finds; with its program too,
	 * if so asked. A look counts as truth: it must be applied after all events from before it.
	 */
	void (*ask)(void *ctx, struct ident id, bool program);
};

struct engine_config {
	uint64_t zombie_after; /* ns */
	size_t max_procs; /* how many are kept at the most; 0: no limit */
	bool partial; /* the source leaves processes out: a birth not heard of is no loss */
};

struct engine;

/* Owned by the caller, freed with engine_free() (NULL is fine). Never NULL. */
struct engine *engine_new(const struct engine_config *config, const struct engine_out *out);
void engine_free(struct engine *e);

/* Time goes forward with ev->ts; a little back is fine (the kernel's CPUs stamp by themselves). */
void engine_apply(struct engine *e, const struct event *ev);

/*
 * What is told next is the birth or the end of these, n pids, any. What is known of them, or lies
 * where they will be looked for, is fetched from memory, all of it at once; nothing else happens.
 */
void engine_expect(const struct engine *e, const uint32_t *pids, size_t n);

/* Time has come to now, in ns of the boot clock. */
void engine_tick(struct engine *e, uint64_t now);
/* When engine_tick() has something to do next; NEVER if only an event can bring it. */
uint64_t engine_deadline(const struct engine *e);

/*
 * Asks about every process that is dead, zombies last; false if none of them is still to be judged.
 * For the end of tracing: what was collected, but whose release was not heard of yet, is found
 * missing.
 */
bool engine_ask_dead(struct engine *e);

/*
 * Tracing is live from ts on: who began before was there, who began after was born, and if that was
 * not heard of, it was lost.
 */
void engine_began(struct engine *e, uint64_t ts);

/*
 * An audit: between begin and end every process of the kernel is applied as a sight. The end asks
 * about those that are known and were not among them.
 */
void engine_audit_begin(struct engine *e, uint64_t ts);
void engine_audit_end(struct engine *e);

/*
 * Some events from before ts were lost: for a while what is concluded of somebody of whom nothing
 * was heard is inferred, as he may be dead already.
 */
void engine_lost(struct engine *e, uint64_t ts);

/* Processes that were dropped because there were too many: of the living first, zombies last. */
uint64_t engine_evicted(const struct engine *e);

/* The process that is next heard of under this pid is followed, and what descends from it. */
void engine_follow(struct engine *e, uint32_t pid);

/* NULL: not known. start 0: the process that has the pid now. */
const struct proc *engine_find(const struct engine *e, struct ident id);
/* Every process once, in no order: starts with p NULL, ends with NULL. */
const struct proc *engine_next(const struct engine *e, const struct proc *p);
/* How many are kept, the dead among them. */
size_t engine_count(const struct engine *e);

/*
 * A service manager starts daemons: the init of a pid namespace, or a subreaper that is a daemon.
 */
bool proc_is_manager(const struct proc *p);

#endif
