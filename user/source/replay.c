// SPDX-License-Identifier: GPL-2.0-only
#include "source/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define BLOCK (1 << 18) /* bytes a read: without that it would be a few lines */
#define ALIGNED 64	/* the kernel copies to there several times as fast as to between */

int replay_open(struct replay *r, const char *path)
{
	*r = (struct replay){ 0 };
	r->file = strcmp(path, "-") ? fopen(path, "re") : fdopen(STDIN_FILENO, "r");
	if (!r->file)
		return -errno;
	r->block = aligned_alloc(ALIGNED, BLOCK);
	if (!r->block)
		return -ENOMEM;
	setvbuf(r->file, r->block, _IOFBF, BLOCK);
	return 0;
}

void replay_close(struct replay *r)
{
	if (r->file)
		fclose(r->file);
	free(r->block);
	free(r->text);
	line_room_free(&r->line_room);
}

/*
 * Wall time and boot time meet where a stream begins and where the clock was set. A part of a
 * stream, as rotation leaves them, has a process's start by both clocks.
 */
static int follow_clock(struct replay *r, const struct line *line)
{
	struct line_clocks clocks;

	if (line->kind == LINE_START)
		r->wall_offset = r->start_offset = (int64_t)(line->wall - line->start.ts);
	else if (line->kind == LINE_CLOCK)
		r->wall_offset = (int64_t)(line->wall - line->clock.ts);
	if (r->timed || line->kind == LINE_START || line->kind == LINE_CLOCK)
		return 0;
	line_clocks(&r->line_room, &clocks);
	if (!clocks.start_boot)
		return -EBADMSG;
	r->wall_offset = r->start_offset = (int64_t)(clocks.start_wall - clocks.start_boot);
	return 0;
}

int replay_next(struct replay *r, struct line *line, uint64_t *ts)
{
	ssize_t len;
	int i, err;

	errno = 0;
	len = getline(&r->text, &r->room, r->file);
	if (len < 0)
		return errno ? -errno : 0;
	r->number++;
	err = line_read(&r->line_room, r->text, (size_t)len, line, &r->why);
	if (err)
		return err;
	r->why = "the stream's beginning is missing, and so far nothing tells its time";
	err = follow_clock(r, line);
	if (err)
		return err;
	r->timed = true;
	*ts = line->wall - (uint64_t)r->wall_offset;
	r->why = "its time lies before the boot, or ages after it";
	if (*ts > TIME_MAX)
		return -EBADMSG;
	for (i = 0; i < line->nevents; i++)
		line->events[i].ts = *ts;
	if (line->limits_read)
		line->events[line->nevents - 1].sight.limits.ts =
			line->limits_read - (uint64_t)r->start_offset;
	line->lost.ts = *ts;
	line->lost.since = line->lost_since - (uint64_t)r->start_offset;
	return 1;
}
