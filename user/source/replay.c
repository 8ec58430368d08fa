// SPDX-License-Identifier: GPL-2.0-only
#include "source/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int replay_open(struct replay *r, const char *path)
{
	*r = (struct replay){ 0 };
	r->file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	return r->file ? 0 : -errno;
}

void replay_close(struct replay *r)
{
	if (r->file && r->file != stdin)
		fclose(r->file);
	free(r->text);
	line_room_free(&r->line_room);
}

/*
 * Wall time and boot time meet where a stream begins and where the clock was set. A part of a
 * stream, as rotation leaves them, has a process's start by both clocks.
 */
static int follow_clock(struct replay *r, struct line *line)
{
	if (line->kind == LINE_START)
		r->wall_offset = r->start_offset = (int64_t)(line->wall - line->start.ts);
	else if (line->kind == LINE_CLOCK)
		r->wall_offset = (int64_t)(line->wall - line->clock.ts);
	else if (!r->timed && line->start_boot)
		r->wall_offset = r->start_offset = (int64_t)(line->start_wall - line->start_boot);
	else if (!r->timed)
		return -EBADMSG;
	r->timed = true;
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
