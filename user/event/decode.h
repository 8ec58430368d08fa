/* SPDX-License-Identifier: GPL-2.0-only */
/* From the ring's bytes to events. Pure, and hard to fool: a fuzz target. */
#ifndef PROCTRACE_EVENT_DECODE_H
#define PROCTRACE_EVENT_DECODE_H

#include <stddef.h>

#include "event/event.h"
#include "proctrace/record.h"

/* Where decode() lays what it had to turn round; the event's slices point into it or the record. */
struct decode_room {
	char exe[RECORD_PATH_MAX + RECORD_PATH_NAMES];
	char cwd[RECORD_PATH_MAX + RECORD_PATH_NAMES];
};

/* A group that was made: no event, but what gives later ids a path. */
struct cgroup_news {
	uint64_t id;
	struct slice path;
};

/*
 * Reads one record of size bytes. 0 and *ev filled; 1 if it only brought *news, and *ev is no
 * event; -EBADMSG for a record that is too short, of an unknown kind, or contradicts itself.
 */
int decode(const void *record, size_t size, struct decode_room *room, struct event *ev,
	   struct cgroup_news *news);

/*
 * Whose birth or end a record tells of, which may be cut; 0: of nobody's. Cheap, for whoever looks
 * ahead: most others that records tell of were heard of just before.
 */
uint32_t decode_ahead(const void *record, size_t size);

/* The kind's name as the stream's "lost" tells it: "fork", "thread_start"; NULL: no such kind. */
const char *record_kind_name(unsigned int kind);

#endif
