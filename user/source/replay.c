// SPDX-License-Identifier: GPL-2.0-only
#include "source/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define BLOCK (1 << 18) /* bytes a read */
#define ALIGNED 64	/* the kernel copies to there several times as fast as to between */
#define SHORT (1 << 14) /* what is left of a line is moved, so that the next block is aligned */

/* Room for size bytes, and a NUL behind them; what is not read yet goes with it. */
static int make_room(struct replay *r, size_t size)
{
	char *data = aligned_alloc(ALIGNED, size + ALIGNED);

	if (!data)
		return -ENOMEM;
	if (r->till > r->from)
		memcpy(data, r->data + r->from, r->till - r->from);
	free(r->data);
	r->data = data;
	r->size = size;
	r->till -= r->from;
	r->from = 0;
	return 0;
}

static void move(struct replay *r, size_t to)
{
	size_t left = r->till - r->from;

	memmove(r->data + to, r->data + r->from, left);
	r->from = to;
	r->till = to + left;
}

int replay_open(struct replay *r, const char *path)
{
	*r = (struct replay){ 0 };
	r->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	return r->fd < 0 ? -errno : make_room(r, 2 * BLOCK);
}

void replay_close(struct replay *r)
{
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	free(r->data);
	line_room_free(&r->line_room);
}

/*
 * One more block behind what is left. How many bytes there were: 0 at the end, or -errno. A line that
 * is long stays where it is while there is room behind it, so that no byte of it is moved often.
 */
static ssize_t read_block(struct replay *r)
{
	size_t left = r->till - r->from;
	ssize_t n;

	if (left <= SHORT)
		move(r, SHORT - left);
	else if (r->size - r->till < BLOCK && left <= r->size / 2)
		move(r, 0);
	else if (r->size - r->till < BLOCK && make_room(r, 2 * r->size))
		return -ENOMEM;
	n = read(r->fd, r->data + r->till, BLOCK);
	r->till += n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : n;
}

/* The next line, where it stands: a NUL in place of its end. 1; 0: there is none; -errno. */
static int next_line(struct replay *r, char **text, size_t *len)
{
	size_t looked_at = 0;
	ssize_t n;
	char *end;

	for (;;) {
		end = memchr(r->data + r->from + looked_at, '\n', r->till - r->from - looked_at);
		if (end || r->ended)
			break;
		looked_at = r->till - r->from;
		n = read_block(r);
		if (n < 0)
			return (int)n;
		r->ended = n == 0;
	}
	if (!end && r->from == r->till)
		return 0;
	*text = r->data + r->from;
	*len = (end ? (size_t)(end - r->data) : r->till) - r->from;
	(*text)[*len] = 0;
	r->from += *len + (end != NULL);
	return 1;
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
	size_t len;
	int i, err;
	char *text;

	err = next_line(r, &text, &len);
	if (err <= 0)
		return err;
	r->number++;
	err = line_read(&r->line_room, text, len, line, &r->why);
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
