/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing JSON straight into a buffer: no tree, no allocation a line. Keys are constants; values
 * that a stranger may have written go through the escaper.
 */
#ifndef PROCTRACE_SINK_JSON_WRITE_H
#define PROCTRACE_SINK_JSON_WRITE_H

#include <stdbool.h>

#include "base/escape.h"

/* Keys are literals: inlined, their length is known and their bytes are part of the code. */
#define INLINE static inline __attribute__((always_inline))

/* "key": with the bytes of more behind it */
INLINE void add_key(struct buf *b, const char *key, const char *more)
{
	size_t n = strlen(key), m = strlen(more);
	char *at = buf_take(b, n + m + 3);

	at[0] = '"';
	memcpy(at + 1, key, n);
	at[n + 1] = '"';
	at[n + 2] = ':';
	memcpy(at + n + 3, more, m);
}

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
INLINE void member_const(struct buf *b, const char *key, const char *value)
{
	add_key(b, key, "\"");
	buf_str(b, value);
	buf_lit(b, "\",");
}

/* False: not all of it is UTF-8. */
INLINE bool member_bytes(struct buf *b, const char *key, const char *s, size_t len)
{
	bool utf8;

	add_key(b, key, "");
	utf8 = escape_json(b, s, len);
	buf_byte(b, ',');
	return utf8;
}

INLINE void member_str(struct buf *b, const char *key, const char *s)
{
	member_bytes(b, key, s, strlen(s));
}

INLINE void member_u64(struct buf *b, const char *key, uint64_t n)
{
	add_key(b, key, "");
	buf_u64(b, n);
	buf_byte(b, ',');
}

INLINE void member_i64(struct buf *b, const char *key, int64_t n)
{
	add_key(b, key, "");
	if (n < 0)
		buf_byte(b, '-');
	buf_u64(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
	buf_byte(b, ',');
}

INLINE void member_bool(struct buf *b, const char *key, bool value)
{
	if (value)
		add_key(b, key, "true,");
	else
		add_key(b, key, "false,");
}

/* Milliseconds with what is behind the point. */
INLINE void member_ms(struct buf *b, const char *key, uint64_t ns)
{
	uint64_t us = ns / 1000;
	char *at;

	add_key(b, key, "");
	buf_u64(b, us / 1000);
	if (us % 1000) {
		at = buf_take(b, 4);
		at[0] = '.';
		at[1] = (char)('0' + us / 100 % 10);
		memcpy(at + 2, buf_pairs + us % 100 * 2, 2);
	}
	buf_byte(b, ',');
}

INLINE void open_object(struct buf *b, const char *key)
{
	add_key(b, key, "{");
}

#endif
