/* SPDX-License-Identifier: GPL-2.0-only */
/* A recorded stream as a source of events. */
#ifndef PROCTRACE_SOURCE_REPLAY_H
#define PROCTRACE_SOURCE_REPLAY_H

#include "source/line.h"

struct replay {
	int fd;
	char *data;
	size_t size;
	size_t from, till; /* what of it is not read yet */
	bool ended;
	struct line_room line_room;
	uint64_t number; /* of the line that was read last, 1 and up */
	const char *why; /* what is wrong with it */
	bool timed; /* what to add to boot times to get wall times is known */
	int64_t wall_offset;  /* at this line */
	int64_t start_offset; /* at the stream's beginning: a process's start does not wander */
};

/* path "-": stdin. 0 or -errno. Close it with replay_close(), also after a failure. */
int replay_open(struct replay *r, const char *path);
void replay_close(struct replay *r);

/*
 * The next line, its events with their boot times: *ts is the line's own. 1; 0 at the end; -EBADMSG
 * for one that cannot be read (r->why says why; go on with the next); another -errno.
 */
int replay_next(struct replay *r, struct line *line, uint64_t *ts);

#endif
