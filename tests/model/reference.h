/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel does with processes, as plainly as it can be said: an array, searched from its
 * beginning. Written after kernel/fork.c, kernel/exit.c, kernel/signal.c, kernel/ptrace.c,
 * kernel/pid_namespace.c; nothing of it comes from the engine. The tracer is held against this.
 */
#ifndef PROCTRACE_MODEL_REFERENCE_H
#define PROCTRACE_MODEL_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

#define REF_LIVES 128
#define REF_PIDS 64 /* few: they are used again and again */
#define REF_SPACES 6
#define REF_DEPTH 3

enum ref_state {
	REF_UNUSED,
	REF_RUNS,
	REF_EXITS,    /* all its threads have begun to exit: that is told; nothing else happened yet */
	REF_CORPSE,   /* it waits to be collected */
	REF_RELEASED, /* it was; that is not yet told */
};

enum ref_how { REF_WAITED, REF_BY_INIT, REF_AUTO };

struct ref_life {
	enum ref_state state;
	uint32_t n; /* its name in this story */
	struct ident id, creator;
	struct ref_life *parent; /* real_parent; NULL: the kernel itself */
	struct ref_life *tracer;
	uint32_t space; /* its pid namespace */
	bool init;	/* of that namespace */
	bool kthread, subreaper;
	bool ignores, catches; /* SIGCHLD */
	bool in_wait;
	bool before; /* it was there before tracing began */
	bool followed, doomed;
	uint32_t sid, pgid, tty, uid, cgroup;
	uint32_t exec_id, parent_exec_id, execs;
	int exit_signal;
	uint32_t threads;
	bool leader_dead; /* while other threads run */
	uint32_t status;
	/* since its last exec; the former handed on to it as well */
	uint32_t children_died, children_collected;
	const struct ref_life *counted_by; /* of the dead: whose account it is in, */
	uint32_t counted_exec;		   /* and that was which program then */

	/* of one that was released */
	enum ref_how how;
	struct ident reaper; /* the parent that it had then */
};

struct ref_space {
	bool used;
	uint32_t above; /* the namespace that it was made in */
	uint32_t depth;
	struct ref_life *init;
};

struct ref {
	struct ref_life lives[REF_LIVES];
	struct ref_space spaces[REF_SPACES];
	uint64_t last_start[REF_PIDS + 1];
	uint32_t born; /* the highest number so far */
	uint32_t end; /* of the lives that were ever used */
};

struct ref_fork {
	uint32_t n, pid;
	uint64_t now;
	int exit_signal;
	bool clone_parent;
	bool new_space;
	uint32_t space; /* where it is made, if that is not new: the caller's, or one below */
};

/* The n-th life; NULL: there is none, or it is over and told. */
struct ref_life *ref_nth(struct ref *r, uint32_t n);
struct ref_life *ref_by_id(struct ref *r, struct ident id);
/* Who has this pid now, dead or alive. */
struct ref_life *ref_by_pid(struct ref *r, uint32_t pid);
static inline bool ref_is_there(const struct ref_life *l)
{
	return l->state == REF_RUNS || l->state == REF_EXITS || l->state == REF_CORPSE;
}
#define ref_each(r, l) for (l = (r)->lives; l < (r)->lives + (r)->end; l++) if (l->state)

bool ref_pid_is_free(struct ref *r, uint32_t pid, uint64_t now);
/* NULL: the kernel refuses. */
struct ref_life *ref_fork(struct ref *r, struct ref_life *caller, const struct ref_fork *f);
void ref_exec(struct ref_life *l);
bool ref_setsid(struct ref *r, struct ref_life *l);
/* A leader of a session takes a terminal, or gives it up; then all of the session lose it. */
bool ref_terminal(struct ref *r, struct ref_life *l, uint32_t tty);
bool ref_trace(struct ref *r, struct ref_life *tracer, struct ref_life *l);
void ref_untrace(struct ref *r, struct ref_life *l);

/* Who gets the children of one that exits now; NULL: nobody, they all die with it. */
struct ref_life *ref_adopter(struct ref *r, struct ref_life *l);
/* Its parent does not want to know of its death. */
bool ref_needs_no_wait(const struct ref_life *l);
bool ref_childless(struct ref *r, const struct ref_life *l);
/* Its last thread begins to exit. */
void ref_die(struct ref *r, struct ref_life *l, uint32_t status);
/* A namespace's init waits until all that is in there was collected. */
bool ref_may_leave(struct ref *r, const struct ref_life *l);
/* What comes of its exit: its children are given away, it is dead. */
void ref_leave(struct ref *r, struct ref_life *l);
/* False: nothing there to collect. */
bool ref_wait(struct ref *r, struct ref_life *who, struct ref_life *child);
/* Its release is told: nothing more will be heard of it. */
void ref_forget(struct ref *r, struct ref_life *l);

#endif
