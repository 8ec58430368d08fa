// SPDX-License-Identifier: GPL-2.0-only
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/put.h"

void *xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		abort();
	return p;
}

void *xmalloc(size_t n)
{
	return xrealloc(NULL, n);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void buf_grow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;

	while (cap - b->len < n)
		cap *= 2;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return;
	buf_room(b, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(b->data + b->len, (size_t)n + 1, format, args);
	va_end(args);
	b->len += (size_t)n;
}

/* 00 to 99 */
const char buf_pairs[201] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

void buf_u64(struct buf *b, uint64_t n)
{
	buf_end(b, put_u64(buf_at(b, PUT_DECIMAL + PUT_OVER), n));
}

void buf_hex(struct buf *b, uint64_t n)
{
	buf_end(b, put_hex(buf_at(b, PUT_HEX), n));
}

void buf_base64(struct buf *b, const void *data, size_t n)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;

	for (; n; p += 3, n -= n < 3 ? n : 3) {
		unsigned int v = (unsigned int)p[0] << 16;

		if (n > 1)
			v |= (unsigned int)p[1] << 8;
		if (n > 2)
			v |= p[2];
		buf_byte(b, set[v >> 18]);
		buf_byte(b, set[v >> 12 & 63]);
		buf_byte(b, n > 1 ? set[v >> 6 & 63] : '=');
		buf_byte(b, n > 2 ? set[v & 63] : '=');
	}
}

static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int buf_unbase64(struct buf *b, const char *s, size_t n)
{
	size_t i, filled = n;

	if (n % 4)
		return -EBADMSG;
	while (filled && n - filled < 2 && s[filled - 1] == '=')
		filled--;
	for (i = 0; i < filled; i += 4) {
		size_t left = filled - i < 4 ? filled - i : 4, j;
		uint32_t v = 0;

		for (j = 0; j < 4; j++) {
			int six = j < left ? sextet(s[i + j]) : 0;

			if (six < 0)
				return -EBADMSG;
			v = v << 6 | (uint32_t)six;
		}
		for (j = 0; j + 1 < left; j++)
			buf_byte(b, (char)(v >> (16 - 8 * j)));
	}
	return 0;
}
