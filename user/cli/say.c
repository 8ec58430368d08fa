// SPDX-License-Identifier: GPL-2.0-only
#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/escape.h"

/* In one write: lines of several programs on one stderr do not mix. */
static void vsay(const char *prefix, const char *format, va_list args)
{
	struct buf line = { 0 };
	char text[2048];

	vsnprintf(text, sizeof(text), format, args);
	buf_str(&line, prefix);
	escape_text(&line, text, strlen(text), false);
	buf_byte(&line, '\n');
	if (write(STDERR_FILENO, line.data, line.len) < 0) {
		/* there is nobody left to tell */
	}
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
