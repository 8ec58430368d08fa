/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing JSON straight into a buffer: no tree, no allocation a line. Keys are constants; values
 * that a stranger may have written go through the escaper.
 */
#ifndef PROCTRACE_SINK_JSON_WRITE_H
#define PROCTRACE_SINK_JSON_WRITE_H

#include <stdbool.h>

#include "base/escape.h"

/* Members are written with a comma behind; closing an object takes the last one back. */
static inline void close_object(struct buf *b)
{
	if (b->data[b->len - 1] == ',')
		b->len--;
	buf_lit(b, "},");
}

static inline void close_array(struct buf *b)
{
	if (b->data[b->len - 1] == ',')
		b->len--;
	buf_lit(b, "],");
}

/* For the program's own constants: they need no escaping. */
static inline void member_const(struct buf *b, const char *key, const char *value)
{
	buf_byte(b, '"');
	buf_str(b, key);
	buf_lit(b, "\":\"");
	buf_str(b, value);
	buf_lit(b, "\",");
}

static inline void member_bytes(struct buf *b, const char *key, const char *s, size_t len)
{
	buf_byte(b, '"');
	buf_str(b, key);
	buf_lit(b, "\":");
	escape_json(b, s, len);
	buf_byte(b, ',');
}

static inline void member_str(struct buf *b, const char *key, const char *s)
{
	member_bytes(b, key, s, strlen(s));
}

static inline void member_u64(struct buf *b, const char *key, uint64_t n)
{
	buf_byte(b, '"');
	buf_str(b, key);
	buf_lit(b, "\":");
	buf_u64(b, n);
	buf_byte(b, ',');
}

static inline void member_i64(struct buf *b, const char *key, int64_t n)
{
	buf_byte(b, '"');
	buf_str(b, key);
	buf_lit(b, "\":");
	if (n < 0)
		buf_byte(b, '-');
	buf_u64(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
	buf_byte(b, ',');
}

static inline void member_bool(struct buf *b, const char *key, bool value)
{
	buf_byte(b, '"');
	buf_str(b, key);
	if (value)
		buf_lit(b, "\":true,");
	else
		buf_lit(b, "\":false,");
}

/* Milliseconds with what is behind the point. */
static inline void member_ms(struct buf *b, const char *key, uint64_t ns)
{
	uint64_t us = ns / 1000;

	buf_byte(b, '"');
	buf_str(b, key);
	buf_lit(b, "\":");
	buf_u64(b, us / 1000);
	if (us % 1000) {
		buf_byte(b, '.');
		buf_byte(b, (char)('0' + us / 100 % 10));
		buf_byte(b, (char)('0' + us / 10 % 10));
		buf_byte(b, (char)('0' + us % 10));
	}
	buf_byte(b, ',');
}

static inline void open_object(struct buf *b, const char *key)
{
	buf_byte(b, '"');
	buf_str(b, key);
	buf_lit(b, "\":{");
}

#endif
