// SPDX-License-Identifier: GPL-2.0-only
#include "cli/say.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/escape.h"
#include "sink/out.h"

#define WAIT_MS 100

/*
 * Tracing must not stand still because nobody reads what is said: a line is waited for a moment,
 * and those after it not at all, until one gets through again.
 */
static void deliver(struct buf *line)
{
	static struct out err = { .fd = -1 };
	static bool stuck;
	struct pollfd fd = { .events = POLLOUT };

	if (err.fd < 0 && out_adopt(&err, STDERR_FILENO))
		return;
	fd.fd = err.fd;
	if (out_write(&err, line) == -EAGAIN && !stuck && poll(&fd, 1, WAIT_MS) > 0)
		out_write(&err, line);
	stuck = line->len;
}

/* In one write: lines of several programs on one stderr do not mix. */
static void vsay(const char *prefix, const char *format, va_list args)
{
	struct buf line = { 0 };
	char text[2048];

	vsnprintf(text, sizeof(text), format, args);
	buf_str(&line, prefix);
	escape_text(&line, text, strlen(text), false);
	if (line.len > PIPE_BUF - 1)
		line.len = PIPE_BUF - 1;
	buf_byte(&line, '\n');
	deliver(&line);
	buf_free(&line);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay("proctrace: ", format, args);
	va_end(args);
}

void say_plain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay("", format, args);
	va_end(args);
}
