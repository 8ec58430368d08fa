/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What must be true of all that is written, whatever stood in it. The judge of UTF-8 and of JSON is
 * another program's (jansson). Whoever includes this has CHECK().
 */
#ifndef PROCTRACE_FUZZ_SAID_H
#define PROCTRACE_FUZZ_SAID_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FFFD "\xef\xbf\xbd"

static inline bool said_is_utf8(const char *s, size_t n)
{
	json_t *string = json_stringn(n ? s : "", n);

	json_decref(string);
	return string != NULL;
}

/* What a terminal acts on: C0, DEL, C1, what breaks lines, what turns the direction of text. */
static inline bool said_acts(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x61c || cp == 0x200e ||
	       cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

/* The code point at *s, of a text that is known to be UTF-8. */
static inline uint32_t said_next(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4, i;
	uint32_t cp = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (i = 1; i < len; i++)
		cp = cp << 6 | (p[i] & 0x3f);
	*s += len;
	return cp;
}

static inline void said_harmless(const char *s, size_t n)
{
	const char *end = s + n;

	CHECK(said_is_utf8(s, n));
	while (s < end)
		CHECK(!said_acts(said_next(&s)));
}

/* JSON as strict as it goes: nothing behind it, no name twice. The caller's. */
static inline json_t *said_json(const char *s, size_t n)
{
	json_error_t error;
	json_t *value = json_loadb(s, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

	if (!value)
		fprintf(stderr, "%s at %d in: %.*s\n", error.text, error.position, (int)n, s);
	CHECK(value);
	return value;
}

/*
 * The string shows these bytes: what is UTF-8 as it is, U+FFFD for each byte that is none. How long
 * a character is, jansson says.
 */
static inline void said_shows(const json_t *string, const char *bytes, size_t n)
{
	const char *at = json_string_value(string), *end;
	size_t len;

	CHECK(json_is_string(string));
	end = at + json_string_length(string);
	while (n) {
		for (len = n < 4 ? n : 4; len && !said_is_utf8(bytes, len); len--)
			;
		if (len) {
			CHECK((size_t)(end - at) >= len && !memcmp(at, bytes, len));
			at += len;
		} else {
			CHECK((size_t)(end - at) >= 3 && !memcmp(at, FFFD, 3));
			at += 3;
			len = 1;
		}
		bytes += len;
		n -= len;
	}
	CHECK(at == end);
}

#endif
