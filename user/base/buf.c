// SPDX-License-Identifier: GPL-2.0-only
#include "base/buf.h"

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

/* Room is made for the longest, and all of that is copied: a length that is known costs no call. */
static void add_digits(struct buf *b, const char *digits, size_t n, size_t most)
{
	buf_room(b, most);
	memcpy(b->data + b->len, digits, most);
	b->len += n;
}

#define DECIMAL 20
#define HEXADECIMAL 16

void buf_u64(struct buf *b, uint64_t n)
{
	char digits[2 * DECIMAL], *end = digits + DECIMAL, *at = end;

	while (n >= 10) {
		at -= 2;
		memcpy(at, buf_pairs + n % 100 * 2, 2);
		n /= 100;
	}
	if (n || at == end)
		*--at = (char)('0' + n);
	add_digits(b, at, (size_t)(end - at), DECIMAL);
}

/* Eight digits at once: each nibble in a byte of its own, the highest first in memory. */
static void hex_digits(char *to, uint32_t n)
{
	uint64_t x = n, over;

	x = (x | x << 16) & 0x0000ffff0000ffff;
	x = (x | x << 8) & 0x00ff00ff00ff00ff;
	x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
	over = (x + 0x0606060606060606) >> 4 & 0x0101010101010101; /* 1: more than nine */
	x += 0x3030303030303030 + over * ('a' - '0' - 10);
	x = htobe64(x);
	memcpy(to, &x, sizeof(x));
}

void buf_hex(struct buf *b, uint64_t n)
{
	size_t zeros = n ? (size_t)__builtin_clzll(n) / 4 : HEXADECIMAL - 1;

	buf_room(b, HEXADECIMAL);
	n <<= 4 * zeros;
	hex_digits(b->data + b->len, (uint32_t)(n >> 32));
	if (zeros < 8)
		hex_digits(b->data + b->len + 8, (uint32_t)n);
	b->len += HEXADECIMAL - zeros;
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
