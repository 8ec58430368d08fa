// SPDX-License-Identifier: GPL-2.0-only
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/get.h"
#include "base/json_reader.h"

static char *refuse(struct reader *r, const char *why)
{
	r->why = why;
	return NULL;
}

static inline char *behind_space(char *at)
{
	while ((unsigned char)*at <= ' ' &&
	       (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
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
static uint32_t read_unicode(char **at)
{
	int32_t high = hex4(*at), low;

	if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff))
		return 0;
	*at += 4;
	if (high < 0xd800 || high > 0xdbff)
		return (uint32_t)high;
	if ((*at)[0] != '\\' || (*at)[1] != 'u')
		return 0;
	low = hex4(*at + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*at += 6;
	return 0x10000 + (((uint32_t)high - 0xd800) << 10 | ((uint32_t)low - 0xdc00));
}

/* What stands behind a backslash. The result is never longer than what it was written as. */
static char *unescape(char **at, char *to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	char c = **at;
	const char *found = strchr(from, c);
	uint32_t cp;

	if (!c)
		return NULL;
	++*at;
	if (found) {
		*to = into[found - from];
		return to + 1;
	}
	cp = c == 'u' ? read_unicode(at) : 0;
	return cp ? put_utf8(to, cp) : NULL;
}

/* A string whose plain beginning is behind, up to at. */
static char *read_odd_string(struct reader *r, const char *from, char *at, uint32_t *len)
{
	char *to = at, *end;
	uint32_t cp;

	while (*at != '"') {
		size_t n = *at ? utf8_next(at, (size_t)(r->end - at), &cp) : 0;

		if (!n || cp < 0x20)
			return refuse(r, "a string does not end, or is not all UTF-8");
		if (cp == '\\') {
			at++;
			to = unescape(&at, to);
			if (!to)
				return refuse(r, "a string has an escape that JSON has not");
		} else {
			memmove(to, at, n);
			to += n;
			at += n;
		}
		end = (char *)json_skip_plain(at, r->end);
		memmove(to, at, (size_t)(end - at));
		to += end - at;
		at = end;
	}
	*to = 0;
	*len = (uint32_t)(to - from);
	return at + 1;
}

/* Behind its opening quote. */
static char *read_string(struct reader *r, char *from, uint32_t *len)
{
	char *at = (char *)json_skip_plain(from, r->end);

	if (*at != '"')
		return read_odd_string(r, from, at, len);
	*len = (uint32_t)(at - from);
	*at = 0;
	return at + 1;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reals of few digits come out exact by one division: both numbers fit a double. */
static char *read_real(struct reader *r, struct json *value, const char *from, char *end)
{
	static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
	bool negative = *from == '-';
	uint64_t digits = 0;
	const char *at, *dot = NULL;

	for (at = from + negative; at < end && (is_digit(*at) || *at == '.'); at++) {
		if (*at == '.')
			dot = at;
		else
			digits = digits * 10 + (uint64_t)(*at - '0');
	}
	value->type = JSON_TYPE_REAL;
	if (at == end && dot && end - from <= 16 && end - dot - 1 < 10) {
		value->u.real = (double)digits / tens[end - dot - 1];
		value->u.real = negative ? -value->u.real : value->u.real;
		return end;
	}
	value->u.real = strtod(from, NULL);
	return isfinite(value->u.real) ? end : refuse(r, "a number is too large");
}

static char *behind_digits(char *at)
{
	while (is_digit(*at))
		at++;
	return at;
}

static char *read_fraction(struct reader *r, char *at, struct json *value, const char *from)
{
	if (*at == '.') {
		at++;
		if (!is_digit(*at))
			return refuse(r, "a number has no digit behind its point");
		at = behind_digits(at);
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		if (*at == '+' || *at == '-')
			at++;
		if (!is_digit(*at))
			return refuse(r, "a number has no digit in its exponent");
		at = behind_digits(at);
	}
	return read_real(r, value, from, at);
}

static char *read_odd_number(struct reader *r, char *at, struct json *value)
{
	const char *from = at;
	bool negative = *from == '-', fits;
	uint64_t n = 0, most = (uint64_t)INT64_MAX + negative;
	size_t digits;

	at += negative;
	if (!is_digit(*at))
		return refuse(r, "a value is missing");
	for (; is_digit(*at); at++)
		n = n * 10 + (uint64_t)(*at - '0');
	digits = (size_t)(at - from) - negative;
	fits = digits < 20 && n <= most; /* 19 digits cannot wrap around */
	if (from[negative] == '0' && digits > 1)
		return refuse(r, "a number begins with 0");
	if (*at == '.' || *at == 'e' || *at == 'E')
		return read_fraction(r, at, value, from);
	if (!fits)
		return refuse(r, "a number is too large");
	value->type = JSON_TYPE_INTEGER;
	value->u.integer = negative ? (int64_t)(0 - n) : (int64_t)n;
	return at;
}

/* Nearly all are like this: few digits, and maybe some behind a point. A double holds them all. */
char *json_read_number(struct reader *r, char *at, struct json *value)
{
	static const uint32_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000 };
	uint64_t whole, part;
	int n, behind;

	if (r->end - at < 17)
		return read_odd_number(r, at, value);
	whole = get_eight(at);
	n = get_digits(whole);
	if (!n || is_digit(at[n]) || (*at == '0' && n > 1) || (at[n] | 0x20) == 'e')
		return read_odd_number(r, at, value);
	whole = get_decimal(whole, n);
	value->type = JSON_TYPE_INTEGER;
	value->u.integer = (int64_t)whole;
	if (at[n] != '.')
		return at + n;
	part = get_eight(at + n + 1);
	behind = get_digits(part);
	if (behind == 0 || behind == 8 || (at[n + 1 + behind] | 0x20) == 'e')
		return read_odd_number(r, at, value);
	whole = whole * tens[behind] + get_decimal(part, behind);
	value->type = JSON_TYPE_REAL;
	value->u.real = (double)whole / tens[behind];
	return at + n + 1 + behind;
}

static char *read_word(struct reader *r, char *at, const char *word)
{
	size_t len = strlen(word);

	return strncmp(at, word, len) ? refuse(r, "a value is missing") : at + len;
}

#define NAME_BYTES (JSON_NAME_WORDS * 8)

/* The first in a list, up to some member, whose name this text is; NULL: none. */
static inline const struct json_path *look_for(const struct json_path *path,
					       const struct json_path *until,
					       const uint64_t text[JSON_NAME_WORDS])
{
	for (; path != until; path = path->next)
		if (!((text[0] ^ path->written[0]) & path->mask[0]) &&
		    !((text[1] ^ path->written[1]) & path->mask[1]) &&
		    !((text[2] ^ path->written[2]) & path->mask[2]))
			return path;
	return NULL;
}

/* Where in an object the reader is. */
struct place {
	const struct json_path *parent; /* the object; NULL: nothing in it is asked for */
	const struct json_path *next;	/* what is mostly written next; NULL: nothing */
	const struct json_path *path;	/* the member; NULL: it is not asked for */
	const char *key;
};

/* The member whose name begins there, without looking for its end. NULL: that takes to read it. */
static const struct json_path *recognize(const struct reader *r, const char *at,
					 const struct place *p)
{
	uint64_t text[JSON_NAME_WORDS];
	const struct json_path *path;

	if (!p->parent || r->end - at < NAME_BYTES)
		return NULL;
	memcpy(text, at, sizeof(text));
	path = look_for(p->next, NULL, text);
	return path ? path : look_for(p->parent->child, p->next, text);
}

/* Behind the opening quote of a member's name. */
static inline char *read_name(struct reader *r, char *at, struct place *p)
{
	const char *from = at;
	uint32_t len;

	p->key = from;
	p->path = recognize(r, at, p);
	if (p->path) {
		at += p->path->len;
		*at++ = 0;
	} else {
		at = read_string(r, at, &len);
		/* its bytes are those of none: others may mean one, and so may some near the end */
		if (at && p->parent && (at - from - 1 != len || r->end - from < NAME_BYTES))
			p->path = json_path_named(p->parent, from);
	}
	if (!p->path)
		return at;
	p->next = p->path->next;
	if (r->room.found[p->path->number])
		p->path = NULL; /* the first one counts */
	return at;
}

static inline char *read_scalar(struct reader *r, char *at, struct json *value)
{
	switch (*at) {
	case '"':
		value->type = JSON_TYPE_STRING;
		value->u.s = at + 1;
		return read_string(r, at + 1, &value->len);
	case 't':
		value->type = JSON_TYPE_TRUE;
		return read_word(r, at, "true");
	case 'f':
		value->type = JSON_TYPE_FALSE;
		return read_word(r, at, "false");
	case 'n':
		return read_word(r, at, "null");
	default:
		return json_read_number(r, at, value);
	}
}

static char *read_inside(struct reader *r, char *at, uint32_t self, const struct json_path *path,
			 int depth) __attribute__((noinline)); /* so a plain value takes no call */

static inline __attribute__((always_inline)) char *
read_value(struct reader *r, char *at, const struct place *p, int depth)
{
	uint32_t self = r->room.n;
	struct json *value = json_add(&r->room, p->key);

	value->begin = (uint32_t)(at - r->begin);
	if (p->path)
		r->room.found[p->path->number] = self;
	if (*at == '{' || *at == '[')
		return read_inside(r, at, self, p->path, depth);
	return read_scalar(r, at, value);
}

/* From an opening bracket on. */
static char *read_inside(struct reader *r, char *at, uint32_t self, const struct json_path *path,
			 int depth)
{
	bool object = *at == '{';
	char close = object ? '}' : ']';
	struct place p = { .parent = object ? path : NULL };
	uint32_t len = 0;

	if (depth == JSON_DEPTH)
		return refuse(r, "it is nested too deep");
	r->room.at[self].type = object ? JSON_TYPE_OBJECT : JSON_TYPE_ARRAY;
	p.next = p.parent ? p.parent->child : NULL;
	at = behind_space(at + 1);
	while (*at != close) {
		if (object) {
			if (*at != '"')
				return refuse(r, "the name of a member is missing");
			at = read_name(r, at + 1, &p);
			if (!at)
				return NULL;
			at = behind_space(at);
			if (*at != ':')
				return refuse(r, "':' is missing");
			at = behind_space(at + 1);
		}
		at = read_value(r, at, &p, depth + 1);
		if (!at)
			return NULL;
		len++;
		at = behind_space(at);
		if (*at == ',') {
			at = behind_space(at + 1);
			if (*at == close)
				return refuse(r, "a value is missing");
		} else if (*at != close) {
			return refuse(r, object ? "',' or '}' is missing" : "',' or ']' is missing");
		}
	}
	r->room.at[self].len = len;
	r->room.at[self].span = r->room.n - self;
	return at + 1;
}

const struct json *json_read(struct json_room *room, char *text, size_t len, const char **why)
{
	struct reader r = { .begin = text, .end = text + len, .room = *room };
	char *at = behind_space(text);

	r.room.n = 0;
	r.room.found = room->own;
	if (room->paths)
		memset(room->own, 0, room->npaths * sizeof(*room->own));
	if (len > UINT32_MAX)
		at = refuse(&r, "it is too long");
	else if (*at != '{' && *at != '[')
		at = refuse(&r, "it begins neither with '{' nor with '['");
	else
		at = read_value(&r, at, &(struct place){ .path = room->paths }, 0);
	if (at && behind_space(at) < r.end)
		at = refuse(&r, "something stands behind its end");
	*why = r.why;
	*room = r.room;
	return at ? room->at : NULL;
}
