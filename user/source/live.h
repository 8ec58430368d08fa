/* SPDX-License-Identifier: GPL-2.0-only */
/* The running kernel as a source of events: BPF programs, their ring, the task iterator. */
#ifndef PROCTRACE_SOURCE_LIVE_H
#define PROCTRACE_SOURCE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "proctrace/select.h"

struct live_options {
	uint32_t args_max;   /* bytes of argv, at most RECORD_ARGS_MAX */
	uint32_t ring_bytes; /* a power of two, at least a page */
	bool threads;
	bool picture_only; /* live_snapshot() and live_look() are all that is wanted */
	size_t max_procs; /* how many matching ones a selection remembers; 0: TRACKED_MAX */
	struct selection selection;
	const char *cgroup_wanted; /* a directory that decides the hierarchy; NULL: choose */
};

/* What could be had here. */
struct live_features {
	bool exit_group_dead; /* the exit tracepoint says itself that the group is dead */
	bool task_iterator;   /* else /proc */
	bool cgroup_events;
	bool pid_max_of_namespaces; /* each has its own, which a program reads */
	bool second_programs; /* tracepoints may be preempted: each has one more */
	bool exact_reap; /* a program sees each release as it happens */
	const char *cgroup_controller; /* "": unified; NULL: no groups */
};

/* What could not be kept, of one kind and for one cause, since the programs were loaded. */
struct live_loss {
	const char *kind, *cause;
	uint64_t count;
	bool hole; /* the lives that were told may have a hole: somebody should look */
};

#define LIVE_LOSSES (RECORD_KIND_END + 8)

typedef void live_event_fn(void *ctx, const struct event *ev);
/* Whose birth or end is among the next few events, n of them: a hint for engine_expect(). */
typedef void live_ahead_fn(void *ctx, const uint32_t *pids, size_t n);

struct live;

/*
 * Loads the programs. 0, or -errno with the reason in why (one line, no newline): -EPERM, -ENOENT
 * (no BTF) and whatever the kernel says. Close with live_close(), NULL is fine.
 */
int live_open(struct live **l, const struct live_options *options, char *why, size_t size);
void live_close(struct live *l);

/* From here on everything is recorded. 0 or -errno. */
int live_attach(struct live *l);
const struct live_features *live_features(const struct live *l);

/*
 * This process is ours whatever becomes of it, and with SELECT_TREE what it makes from here on is of
 * the tree. start 0: whoever has the pid. again: the kernel side had its chance, and has counted the
 * loss if there was no room.
 */
int live_track(struct live *l, struct ident id, bool again);
int live_untrack(struct live *l, struct ident id);
/*
 * The id of a control group for a selection, by its directory, and *below: that path below the
 * mount (points into path). Before live_open(). 0 or -errno.
 */
int live_cgroup_id(const char *path, uint64_t *id, const char **below);

/*
 * The processes of now, oldest first, each as an EVENT_SIGHT, with argv, executable and directory
 * where programs is set; only those that began before born_before (boot clock). 0 or -errno.
 */
int live_snapshot(struct live *l, uint64_t born_before, bool programs, live_event_fn *fn,
		  void *ctx);

/* Nothing is recorded from here on; what the ring holds can still be drained. */
void live_detach(struct live *l);

/* One process, as it is now: an EVENT_SIGHT, with its program if so asked, or an EVENT_MISSING. */
void live_look(struct live *l, struct ident id, bool program, live_event_fn *fn, void *ctx);

/* The same, with the limits that its children count against. */
void live_measure(struct live *l, struct ident id, live_event_fn *fn, void *ctx);

/*
 * Of a process in a pid namespace below the initial one: its pid limit, where it is narrower than
 * that in limits. 0 or -errno.
 */
int live_narrow(struct live *l, uint32_t pid, struct limits *limits);

/* For poll(): readable while the ring holds something; woken only after live_doze(). */
int live_fd(const struct live *l);
/* Hands out what the ring holds now, at most; how many records. */
int live_drain(struct live *l, live_ahead_fn *ahead, live_event_fn *fn, void *ctx);
/*
 * Positions in the ring: of what the kernel has reserved, and of what was handed out, the record
 * that is being handed out included. Whoever looks at the kernel and then notes live_produced()
 * knows that every event from before his look was told once live_consumed() has come there.
 */
uint64_t live_produced(const struct live *l);
uint64_t live_consumed(const struct live *l);

/* The next record shall wake who polls live_fd(); until then records come in silence. */
void live_doze(struct live *l);

/* Fills the rows, always the same in the same order; how many. Makes a few system calls. */
size_t live_losses(struct live *l, struct live_loss rows[LIVE_LOSSES]);
/* How many records found no room so far: cheap, and newer than any record that was handed out. */
uint64_t live_dropped(const struct live *l);
/* How many records of a kind were handed out. With those that were lost they are all there were. */
uint64_t live_delivered(const struct live *l, enum record_kind kind);

#endif
