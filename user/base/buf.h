/* SPDX-License-Identifier: GPL-2.0-only */
/* A growing run of bytes. Running out of memory ends the program: there is nothing better to do. */
#ifndef PROCTRACE_BASE_BUF_H
#define PROCTRACE_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *data; /* owned; NULL until something was added */
	size_t len, cap;
};

/* Makes sure that n more bytes fit. */
void buf_grow(struct buf *b, size_t n);
void buf_free(struct buf *b);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Decimal, and hexadecimal without a prefix or leading zeros. */
void buf_u64(struct buf *b, uint64_t n);
void buf_hex(struct buf *b, uint64_t n);
/* The two digits of each number from 0 to 99, one after the other. */
extern const char buf_pairs[201];
void buf_base64(struct buf *b, const void *data, size_t n);
/* What buf_base64() made, back. 0, or -EBADMSG if it is none; what came before that was added. */
int buf_unbase64(struct buf *b, const char *s, size_t n);

/* malloc and friends that never give NULL */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);

static inline void buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->len < n)
		buf_grow(b, n);
}

/* Room for n bytes that the caller fills, all of them. */
static inline char *buf_take(struct buf *b, size_t n)
{
	buf_room(b, n);
	b->len += n;
	return b->data + b->len - n;
}

/* Where the next bytes go: room for n of them, of which buf_end() takes those up to its end. */
static inline char *buf_at(struct buf *b, size_t n)
{
	buf_room(b, n);
	return b->data + b->len;
}

static inline void buf_end(struct buf *b, const char *end)
{
	b->len = (size_t)(end - b->data);
}

static inline void buf_add(struct buf *b, const void *data, size_t n)
{
	if (!n)
		return; /* data may be NULL then */
	buf_room(b, n);
	memcpy(b->data + b->len, data, n);
	b->len += n;
}

static inline void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_byte(struct buf *b, char c)
{
	buf_room(b, 1);
	b->data[b->len++] = c;
}

/* A literal: its length is known when it is compiled. */
#define buf_lit(b, literal) buf_add(b, "" literal, sizeof(literal) - 1)

#endif
