// SPDX-License-Identifier: GPL-2.0-only
#include "base/escape.h"

#include <endian.h>

size_t utf8_next(const char *text, size_t n, uint32_t *cp)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len, i;
	uint32_t c = s[0], least;

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf)
		len = 2, c &= 0x1f, least = 0x80;
	else if (c >= 0xe0 && c <= 0xef)
		len = 3, c &= 0x0f, least = 0x800;
	else if (c >= 0xf0 && c <= 0xf4)
		len = 4, c &= 0x07, least = 0x10000;
	else
		return 0;
	if (n < len)
		return 0;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return len;
}

/* Eight bytes at a time, in any order. */
#define EACH(byte) ((byte) * UINT64_C(0x0101010101010101))

static inline uint64_t eight(const char *s)
{
	uint64_t x;

	memcpy(&x, s, sizeof(x));
	return x;
}

bool utf8_valid(const char *s, size_t n)
{
	uint32_t cp;

	while (n) {
		size_t len;

		if (n >= 8 && !(eight(s) & EACH(0x80)))
			len = 8;
		else if (!(*s & 0x80))
			len = 1;
		else
			len = utf8_next(s, n, &cp);
		if (!len)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

/* Code points over 0x7f that a terminal acts on, or that hide or turn round what stands beside. */
static bool is_treacherous(uint32_t cp)
{
	return (cp >= 0x80 && cp <= 0x9f) ||	/* C1 */
	       cp == 0xad || cp == 0x61c || cp == 0x180e ||
	       (cp >= 0x200b && cp <= 0x200f) || /* zero width, marks of direction */
	       (cp >= 0x2028 && cp <= 0x202e) || /* separators, embeddings */
	       (cp >= 0x2060 && cp <= 0x206f) || /* invisible operators, isolates */
	       cp == 0xfeff || (cp >= 0xfff0 && cp <= 0xfffb) ||
	       (cp >= 0xfe00 && cp <= 0xfe0f) || /* variation selectors */
	       (cp >= 0xe0000 && cp <= 0xe0fff); /* tags */
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void json_unicode(struct buf *b, uint32_t cp)
{
	if (cp >= 0x10000) {
		cp -= 0x10000;
		buf_printf(b, "\\u%04x\\u%04x", 0xd800 + (cp >> 10), 0xdc00 + (cp & 0x3ff));
	} else {
		buf_printf(b, "\\u%04x", cp);
	}
}

static char short_escape(unsigned char c)
{
	switch (c) {
	case '\n':
		return 'n';
	case '\t':
		return 't';
	case '\r':
		return 'r';
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	}
	return 0;
}

static inline bool all_plain(uint64_t x)
{
	/* a borrow or a carry comes from a byte that is none of these itself */
	return !(((x - EACH(0x20)) | ((x ^ EACH('"')) - EACH(1)) | ((x ^ EACH('\\')) - EACH(1)) |
		  (x + EACH(1)) | x) & EACH(0x80));
}

/* Fewer than eight, nothing is read beside them; in the rest of the word there is plain text. */
static inline uint64_t few(const char *s, size_t n)
{
	uint32_t first, last;
	uint64_t x = 0;

	if (n >= 4) {
		memcpy(&first, s, 4);
		memcpy(&last, s + n - 4, 4);
		x = le32toh(first) | (uint64_t)le32toh(last) << 8 * (n - 4);
	} else if (n) {
		x = (uint64_t)(unsigned char)s[0] | (uint64_t)(unsigned char)s[n / 2] << 8 * (n / 2) |
		    (uint64_t)(unsigned char)s[n - 1] << 8 * (n - 1);
	}
	return htole64(x | EACH('x') << 8 * n);
}

/* A word at a time, while it is all plain; to has room for one more. */
static inline bool copy_word(char *to, uint64_t x)
{
	memcpy(to, &x, sizeof(x));
	return all_plain(x);
}

/* Nearly all of what is written: plain text, copied as far as it goes. How many bytes that were. */
static inline size_t copy_plain(char *to, const char *s, size_t n)
{
	size_t i = 0;

	if (n < 8 && copy_word(to, few(s, n)))
		return n;
	while (n - i >= 8 && copy_word(to + i, eight(s + i)))
		i += 8;
	if (n >= 8 && n - i < 8 && copy_word(to + n - 8, eight(s + n - 8)))
		return n; /* the last eight, some of them once more */
	for (; i < n && is_plain((unsigned char)s[i]); i++)
		to[i] = s[i];
	return i;
}

/* From what is not plain on. */
static bool escape_rest(struct buf *b, const char *s, size_t n)
{
	bool utf8 = true;
	uint32_t cp;
	char *at;

	while (n) {
		size_t len = utf8_next(s, n, &cp);

		if (!len) {
			buf_lit(b, "\xef\xbf\xbd");
			len = 1;
			utf8 = false;
		} else if (cp == '"' || cp == '\\') {
			buf_byte(b, '\\');
			buf_byte(b, (char)cp);
		} else if (cp < 0x80 && short_escape((unsigned char)cp)) {
			buf_byte(b, '\\');
			buf_byte(b, short_escape((unsigned char)cp));
		} else if (cp < 0x80 || is_treacherous(cp)) {
			json_unicode(b, cp);
		} else {
			buf_add(b, s, len);
		}
		s += len;
		n -= len;
		at = buf_at(b, n + sizeof(uint64_t));
		len = copy_plain(at, s, n);
		buf_end(b, at + len);
		s += len;
		n -= len;
	}
	buf_byte(b, '"');
	return utf8;
}

bool escape_json(struct buf *b, const char *s, size_t n)
{
	char *at = buf_at(b, n + 2 + sizeof(uint64_t));
	size_t plain;

	*at++ = '"';
	plain = copy_plain(at, s, n);
	at += plain;
	if (plain < n) {
		buf_end(b, at);
		return escape_rest(b, s + plain, n - plain);
	}
	*at++ = '"';
	buf_end(b, at);
	return true;
}

void escape_text(struct buf *b, const char *s, size_t n, bool space_too)
{
	uint32_t cp;

	while (n) {
		size_t len = utf8_next(s, n, &cp);

		if (!len) {
			buf_printf(b, "\\x%02x", (unsigned char)*s);
			len = 1;
		} else if (cp == '\\' || (cp == ' ' && space_too)) {
			buf_byte(b, '\\');
			buf_byte(b, (char)cp);
		} else if (cp < 0x80 && short_escape((unsigned char)cp)) {
			buf_byte(b, '\\');
			buf_byte(b, short_escape((unsigned char)cp));
		} else if (cp < 0x20 || cp == 0x7f) {
			buf_printf(b, "\\x%02x", cp);
		} else if (is_treacherous(cp)) {
			buf_printf(b, "\\u{%x}", cp);
		} else {
			buf_add(b, s, len);
		}
		s += len;
		n -= len;
	}
}
