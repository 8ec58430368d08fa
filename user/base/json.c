// SPDX-License-Identifier: GPL-2.0-only
#include "base/json.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/escape.h"

struct reader {
	char *at, *end; /* there is a NUL at the end: nobody reads past it, one byte at a time */
	struct json_room *room;
	const char *why;
};

static bool refuse(struct reader *r, const char *why)
{
	r->why = why;
	return false;
}

void json_room_free(struct json_room *room)
{
	free(room->at);
	*room = (struct json_room){ 0 };
}

static inline char behind_space(struct reader *r)
{
	static const bool is_space[256] = {
		[' '] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true
	};

	while (is_space[(unsigned char)*r->at])
		r->at++;
	return *r->at;
}

/* The index of a new value: values move when there must be room for more. */
static uint32_t add(struct json_room *room, const char *key, enum json_type type)
{
	if (room->n == room->room) {
		room->room = room->room ? 2 * room->room : 128;
		room->at = xrealloc(room->at, room->room * sizeof(*room->at));
	}
	room->at[room->n].key = key;
	room->at[room->n].type = type;
	room->at[room->n].span = 1;
	return room->n++;
}

#define EACH_BYTE(x) (UINT64_C(0x0101010101010101) * (x))

/*
 * Marks what ends a run of plain bytes among eight: controls, quotes, backslashes, what is no
 * ASCII. A mark is right if there is none at a lower bit (a borrow may make one above it).
 */
static uint64_t mark_special(uint64_t eight)
{
	uint64_t quote = eight ^ EACH_BYTE('"'), backslash = eight ^ EACH_BYTE('\\');

	return ((eight - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1)) |
		eight) & EACH_BYTE(0x80);
}

static inline char *skip_plain(char *at, const char *end)
{
	uint64_t eight, special;

	for (; end - at >= 8; at += 8) {
		memcpy(&eight, at, 8);
		special = mark_special(le64toh(eight));
		if (special)
			return at + __builtin_ctzll(special) / 8;
	}
	while ((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* Four hex digits; -1: there is something else. */
static int32_t hex4(const char *at)
{
	int32_t value = 0;
	int i;

	for (i = 0; i < 4; i++) {
		char c = at[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return value;
}

static char *put_utf8(char *to, uint32_t cp)
{
	if (cp < 0x80) {
		*to++ = (char)cp;
		return to;
	}
	if (cp < 0x800) {
		*to++ = (char)(0xc0 | cp >> 6);
	} else {
		if (cp < 0x10000) {
			*to++ = (char)(0xe0 | cp >> 12);
		} else {
			*to++ = (char)(0xf0 | cp >> 18);
			*to++ = (char)(0x80 | (cp >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (cp >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (cp & 0x3f));
	return to;
}

/* Behind \u: one code point, of two of them where it takes a pair. 0: it is none. */
static uint32_t read_unicode(struct reader *r)
{
	int32_t high = hex4(r->at), low;

	if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff))
		return 0;
	r->at += 4;
	if (high < 0xd800 || high > 0xdbff)
		return (uint32_t)high;
	if (r->at[0] != '\\' || r->at[1] != 'u')
		return 0;
	low = hex4(r->at + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	r->at += 6;
	return 0x10000 + (((uint32_t)high - 0xd800) << 10 | ((uint32_t)low - 0xdc00));
}

/* What stands behind a backslash. The result is never longer than what it was written as. */
static char *unescape(struct reader *r, char *to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	char c = *r->at;
	const char *found = strchr(from, c);
	uint32_t cp;

	if (!c)
		return NULL;
	r->at++;
	if (found) {
		*to = into[found - from];
		return to + 1;
	}
	cp = c == 'u' ? read_unicode(r) : 0;
	return cp ? put_utf8(to, cp) : NULL;
}

/* A string whose plain beginning is behind: r->at is at what ended it. */
static bool read_odd_string(struct reader *r, const char *from, uint32_t *len)
{
	char *to = r->at, *end;
	uint32_t cp;

	while (*r->at != '"') {
		size_t n = *r->at ? utf8_next(r->at, (size_t)(r->end - r->at), &cp) : 0;

		if (!n || cp < 0x20)
			return refuse(r, "a string does not end, or is not all UTF-8");
		if (cp == '\\') {
			r->at++;
			to = unescape(r, to);
			if (!to)
				return refuse(r, "a string has an escape that JSON has not");
		} else {
			memmove(to, r->at, n);
			to += n;
			r->at += n;
		}
		end = skip_plain(r->at, r->end);
		memmove(to, r->at, (size_t)(end - r->at));
		to += end - r->at;
		r->at = end;
	}
	*to = 0;
	*len = (uint32_t)(to - from);
	r->at++;
	return true;
}

/* Its opening quote is at r->at. */
static bool read_string(struct reader *r, const char **s, uint32_t *len)
{
	char *from = ++r->at;

	*s = from;
	r->at = skip_plain(from, r->end);
	if (*r->at != '"')
		return read_odd_string(r, from, len);
	*len = (uint32_t)(r->at - from);
	*r->at++ = 0;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reals of few digits come out exact by one division: both numbers fit a double. */
static bool read_real(struct reader *r, struct json *value, const char *from)
{
	static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
	bool negative = *from == '-';
	uint64_t digits = 0;
	const char *at, *dot = NULL;

	for (at = from + negative; at < r->at && (is_digit(*at) || *at == '.'); at++) {
		if (*at == '.')
			dot = at;
		else
			digits = digits * 10 + (uint64_t)(*at - '0');
	}
	value->type = JSON_TYPE_REAL;
	if (at == r->at && dot && r->at - from <= 16 && r->at - dot - 1 < 10) {
		value->u.real = (double)digits / tens[r->at - dot - 1];
		value->u.real = negative ? -value->u.real : value->u.real;
		return true;
	}
	value->u.real = strtod(from, NULL);
	return isfinite(value->u.real) || refuse(r, "a number is too large");
}

static void skip_digits(struct reader *r)
{
	while (is_digit(*r->at))
		r->at++;
}

static bool read_fraction(struct reader *r, struct json *value, const char *from)
{
	if (*r->at == '.') {
		r->at++;
		if (!is_digit(*r->at))
			return refuse(r, "a number has no digit behind its point");
		skip_digits(r);
	}
	if (*r->at == 'e' || *r->at == 'E') {
		r->at++;
		if (*r->at == '+' || *r->at == '-')
			r->at++;
		if (!is_digit(*r->at))
			return refuse(r, "a number has no digit in its exponent");
		skip_digits(r);
	}
	return read_real(r, value, from);
}

static bool read_number(struct reader *r, struct json *value)
{
	const char *from = r->at;
	bool negative = *from == '-', fits;
	uint64_t n = 0, most = (uint64_t)INT64_MAX + negative;
	size_t digits;

	r->at += negative;
	if (!is_digit(*r->at))
		return refuse(r, "a value is missing");
	for (; is_digit(*r->at); r->at++)
		n = n * 10 + (uint64_t)(*r->at - '0');
	digits = (size_t)(r->at - from) - negative;
	fits = digits < 20 && n <= most; /* 19 digits cannot wrap around */
	if (from[negative] == '0' && digits > 1)
		return refuse(r, "a number begins with 0");
	if (*r->at == '.' || *r->at == 'e' || *r->at == 'E')
		return read_fraction(r, value, from);
	if (!fits)
		return refuse(r, "a number is too large");
	value->type = JSON_TYPE_INTEGER;
	value->u.integer = negative ? (int64_t)(0 - n) : (int64_t)n;
	return true;
}

static bool read_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(r->at, word, len))
		return refuse(r, "a value is missing");
	r->at += len;
	return true;
}

static bool read_value(struct reader *r, const char *key, int depth);

/* The opening bracket is at r->at. */
static bool read_inside(struct reader *r, uint32_t self, bool object, int depth)
{
	char close = object ? '}' : ']', c;
	const char *key = NULL;
	uint32_t len = 0, key_len;

	if (depth == JSON_DEPTH)
		return refuse(r, "it is nested too deep");
	r->at++;
	c = behind_space(r);
	while (c != close) {
		if (object) {
			if (c != '"')
				return refuse(r, "the name of a member is missing");
			if (!read_string(r, &key, &key_len))
				return false;
			if (behind_space(r) != ':')
				return refuse(r, "':' is missing");
			r->at++;
		}
		if (!read_value(r, key, depth + 1))
			return false;
		len++;
		c = behind_space(r);
		if (c == ',') {
			r->at++;
			c = behind_space(r);
			if (c == close)
				return refuse(r, "a value is missing");
		} else if (c != close) {
			return refuse(r, object ? "',' or '}' is missing" : "',' or ']' is missing");
		}
	}
	r->at++;
	r->room->at[self].len = len;
	r->room->at[self].span = r->room->n - self;
	return true;
}

static bool read_value(struct reader *r, const char *key, int depth)
{
	char c = behind_space(r);
	uint32_t self = add(r->room, key, JSON_TYPE_NULL);
	struct json *value = &r->room->at[self];

	switch (c) {
	case '{':
	case '[':
		value->type = c == '{' ? JSON_TYPE_OBJECT : JSON_TYPE_ARRAY;
		return read_inside(r, self, c == '{', depth);
	case '"':
		value->type = JSON_TYPE_STRING;
		return read_string(r, &value->u.s, &value->len);
	case 't':
		value->type = JSON_TYPE_TRUE;
		return read_word(r, "true");
	case 'f':
		value->type = JSON_TYPE_FALSE;
		return read_word(r, "false");
	case 'n':
		return read_word(r, "null");
	default:
		return read_number(r, value);
	}
}

const struct json *json_read(struct json_room *room, char *text, size_t len, const char **why)
{
	struct reader r = { .at = text, .end = text + len, .room = room };
	char c = behind_space(&r);
	bool ok;

	room->n = 0;
	if (len > UINT32_MAX)
		ok = refuse(&r, "it is too long");
	else if (c != '{' && c != '[')
		ok = refuse(&r, "it begins neither with '{' nor with '['");
	else
		ok = read_value(&r, NULL, 0);
	behind_space(&r);
	if (ok && r.at < r.end)
		ok = refuse(&r, "something stands behind its end");
	*why = r.why;
	return ok ? room->at : NULL;
}
