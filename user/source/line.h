/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of a recorded stream, read back into what made it. A line shows the state behind a
 * change; its events lead there.
 */
#ifndef PROCTRACE_SOURCE_LINE_H
#define PROCTRACE_SOURCE_LINE_H

#include "base/buf.h"
#include "base/json.h"
#include "event/event.h"
#include "event/stream.h"

enum line_kind {
	LINE_OTHER, /* it says nothing that is needed; maybe of a later version */
	LINE_START,
	LINE_STOP,
	LINE_LOST,
	LINE_RESYNC,
	LINE_CLOCK,
	LINE_PROCESS,
	LINE_FINDING, /* its events were known before its time had come */
};

#define LINE_EVENTS 3
#define LINE_COUNTS 8

struct line {
	enum line_kind kind;
	uint64_t wall; /* the line's time: ns since 1970 */
	int nevents;
	/* the first is about another process, of which there may be no line: filters keep it out */
	bool aside;
	bool aside_looked_at; /* and this was seen of it then, it is not only named */
	struct stream_lost lost;
	struct stream_clock clock; /* ts: its boot time */
	uint64_t lost_since; /* by the wall clock */
	uint64_t limits_read; /* the same: when the limits in the last event were; 0: there are none */
	const char *reason;  /* of a stop or a resync */
	uint64_t checked;    /* of a resync: processes */
	int ncounts;
	/* the rest is filled in as far as it is told: to clear it all for every line took too long */
	/* of a resync: how many of which action were inferred; of a stop: records of which kind came */
	struct line_count {
		const char *what;
		uint64_t count;
	} counts[LINE_COUNTS];
	struct stream_start start;	  /* ts: its boot time */
	struct event events[LINE_EVENTS]; /* ts is left to be filled in */
};

/* Where a line is taken apart; reused from line to line, {0} to begin with. */
struct line_room {
	struct json_room json;
	struct buf args, comm, exe, cwd, cgroup, script;
	uint32_t execs; /* that nobody heard of */
};

void line_room_free(struct line_room *room);

/*
 * Fills *line. Its strings live until the next call, and in text, which is written over and ends
 * with a NUL behind its len bytes. 0, or -EBADMSG with *why saying what is wrong. Pure.
 */
int line_read(struct line_room *room, char *text, size_t len, struct line *line,
	      const char **why);

/* What a stream without its beginning is timed by: of the line that was read last. */
struct line_clocks {
	/* the process's start by the wall clock, and by the boot clock; 0: it does not have both */
	uint64_t start_wall, start_boot;
	char boot[17]; /* the first part of its entity id; "": there is none */
};
void line_clocks(const struct line_room *room, struct line_clocks *clocks);

#endif
