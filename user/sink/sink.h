/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the story is told: one format a file behind one small interface. A sink only writes bytes
 * into a buffer; where they go is out.h's.
 */
#ifndef PROCTRACE_SINK_SINK_H
#define PROCTRACE_SINK_SINK_H

#include "base/buf.h"
#include "detect/finding.h"
#include "diagnose/group.h"
#include "diagnose/steps.h"
#include "engine/engine.h"
#include "event/stream.h"

/*
 * The version of the stream. The first number is raised when a line's meaning changes or something
 * is taken out, the second when something is added: readers of 1.x read every later 1.y.
 */
#define STREAM_VERSION "1.2"
#define ECS_VERSION "8.11.0"

#define STREAM_COUNTS 32
#define BOOT_LEN 16

/* What ends it. */
struct stream_stop {
	uint64_t ts;
	const char *reason;
	uint64_t counts[CHANGES], findings[8], lost;
	struct stream_count {
		char kind[16], cause[16]; /* cause "": of records that came */
		uint64_t count;
	} losses[STREAM_COUNTS], records[STREAM_COUNTS];
	size_t nlosses, nrecords; /* no records: it is not known how many came */
};

/* The state was checked against the kernel. */
struct stream_resync {
	uint64_t ts;
	const char *reason; /* "lost", "audit" */
	uint64_t checked; /* processes */
	uint64_t inferred[CHANGES]; /* what had not been heard of */
};

/* The first kind from i on that is told and of which there were some; CHANGES: none. */
int next_inferred(const struct stream_resync *resync, int i);

/* The zombies of a moment, by who should collect them. */
struct stream_groups {
	uint64_t ts;
	const struct groups *groups;
	uint64_t since; /* they are watched; 0: this is one look */
	/* of each group a FINDING_ZOMBIE_LEAK: not watched, its limits alone count; p NULL: not known */
	const struct finding *growth;
	size_t limit; /* how many groups are told; 0: all, in text what fits on a screen */
	bool from_proc; /* and not by the task iterator: some things were not to be seen */
};

/* Who lives under a reaper that did not start him, in groups of one origin. */
struct stream_leftovers {
	uint64_t ts;
	const struct leftovers *leftovers;
	size_t limit; /* how many groups are told; 0: all, in text the first few */
	bool from_proc;
};

struct stream_daemons {
	uint64_t ts;
	const struct daemons *daemons;
	size_t limit; /* how many are told; 0: all */
	bool from_proc;
};

/* A new one, with a count of 0; NULL if there is no room, or for a name that is too long. */
struct stream_count *stream_count_add(struct stream_count *counts, size_t *n, const char *kind,
				      const char *cause);

/* What every line needs besides its own facts. */
struct sink {
	const struct sink_ops *ops;
	struct buf out;
	int64_t wall_offset;  /* boot time to wall time, for the line's own time; kept fresh by the
				 loop */
	int64_t start_offset; /* the same at the stream's beginning: a process's start does not
				 wander */
	uint64_t sequence;   /* of the last line written */
	char boot[BOOT_LEN + 1]; /* the part of entity ids that tells boots and hosts apart */
	bool lossy; /* of the JSON line that is being written: some bytes of it were no UTF-8 */
	bool color;
	uint32_t width, height; /* of the terminal that text is for; 0: of none */
};

struct sink_ops {
	void (*start)(struct sink *s, const struct stream_start *start);
	void (*change)(struct sink *s, const struct change *c);
	void (*finding)(struct sink *s, const struct finding *f);
	void (*lost)(struct sink *s, const struct stream_lost *lost);
	void (*resync)(struct sink *s, const struct stream_resync *resync);
	void (*clock)(struct sink *s, const struct stream_clock *clock);
	void (*stop)(struct sink *s, const struct stream_stop *stop);
	void (*groups)(struct sink *s, const struct stream_groups *groups);
	void (*leftovers)(struct sink *s, const struct stream_leftovers *leftovers);
	void (*daemons)(struct sink *s, const struct stream_daemons *daemons);
};

extern const struct sink_ops json_sink, text_sink;

void json_groups(struct sink *s, const struct stream_groups *told);
void text_groups(struct sink *s, const struct stream_groups *told);
void json_leftovers(struct sink *s, const struct stream_leftovers *told);
void text_leftovers(struct sink *s, const struct stream_leftovers *told);
void json_daemons(struct sink *s, const struct stream_daemons *told);
void text_daemons(struct sink *s, const struct stream_daemons *told);

/* NULL for changes that are not told in the stream. */
const char *change_action(enum change_kind kind);
const char *finding_action(enum finding_kind kind);
const char *class_name(enum class class);
const char *orphan_kind_name(enum orphan_kind kind);
const char *daemon_kind_name(enum daemon_kind kind);
const char *reap_how_name(enum reap_how how);
const char *reap_precision_name(enum reap_precision precision);
const char *sigchld_name(enum sigchld sigchld);

/* ps's letters: the state, < N L; "" if it was never looked at. At most 5 bytes. */
void state_letters(const struct proc *p, char letters[5]);
/* For people: "docker 0123456789ab", "lxc web". */
void container_words(struct buf *b, const struct container *c);

#endif
