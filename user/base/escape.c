// SPDX-License-Identifier: GPL-2.0-only
#include "base/escape.h"

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

/* Eight bytes at a time, in any order: those of x that are below 0x80 and less than n. */
#define EACH(byte) ((byte) * UINT64_C(0x0101010101010101))
#define LESS(x, n) (((x) - EACH(n)) & ~(x) & EACH(0x80))
#define IS(x, byte) LESS((x) ^ EACH(byte), 1)

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

static inline bool copy_eight_plain(char *to, const char *s)
{
	uint64_t x = eight(s);

	memcpy(to, &x, sizeof(x));
	return !((x & EACH(0x80)) | LESS(x, 0x20) | IS(x, '"') | IS(x, '\\') | IS(x, 0x7f));
}

/* Nearly all of what is written: plain text, copied as far as it goes. How many bytes that were. */
static size_t add_plain(struct buf *b, const char *s, size_t n)
{
	char *to;
	size_t i = 0;

	buf_room(b, n);
	to = b->data + b->len;
	while (n - i >= 8 && copy_eight_plain(to + i, s + i))
		i += 8;
	if (n >= 8 && i < n && n - i < 8 && copy_eight_plain(to + n - 8, s + n - 8))
		i = n; /* the last eight, some of them once more */
	for (; i < n && is_plain((unsigned char)s[i]); i++)
		to[i] = s[i];
	b->len += i;
	return i;
}

void escape_json(struct buf *b, const char *s, size_t n)
{
	uint32_t cp;

	buf_byte(b, '"');
	while (n) {
		size_t len = add_plain(b, s, n);

		s += len;
		n -= len;
		if (!n)
			break;
		len = utf8_next(s, n, &cp);
		if (!len) {
			buf_lit(b, "\xef\xbf\xbd");
			len = 1;
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
	}
	buf_byte(b, '"');
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
