// SPDX-License-Identifier: GPL-2.0-only
/* Strangers' bytes: JSON stays JSON, and a terminal is told nothing. */
#include <jansson.h>

#include "base/escape.h"
#include "unit.h"

/* From RFC 3629, by enumeration: encodes a code point, and knows which ones there are. */
static size_t encode(uint32_t cp, char *s)
{
	if (cp < 0x80) {
		s[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		s[0] = (char)(0xc0 + cp / 64);
		s[1] = (char)(0x80 + cp % 64);
		return 2;
	}
	if (cp < 0x10000) {
		s[0] = (char)(0xe0 + cp / 4096);
		s[1] = (char)(0x80 + cp / 64 % 64);
		s[2] = (char)(0x80 + cp % 64);
		return 3;
	}
	s[0] = (char)(0xf0 + cp / 262144);
	s[1] = (char)(0x80 + cp / 4096 % 64);
	s[2] = (char)(0x80 + cp / 64 % 64);
	s[3] = (char)(0x80 + cp % 64);
	return 4;
}

/* What a terminal may act on: C0, DEL, C1, and what turns the direction of text. */
static bool is_dangerous(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x61c || cp == 0x200e ||
	       cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

/* Every code point of what was written is harmless; there is no other byte in it. */
static void assert_harmless(const struct buf *b)
{
	char utf8[4];
	size_t at = 0;
	uint32_t cp;

	while (at < b->len) {
		const unsigned char *p = (const unsigned char *)b->data + at;
		size_t len = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

		assert_true(at + len <= b->len);
		cp = len == 1 ? p[0] :
		     len == 2 ? (p[0] - 0xc0u) * 64 + (p[1] - 0x80u) :
		     len == 3 ? (p[0] - 0xe0u) * 4096 + (p[1] - 0x80u) * 64 + (p[2] - 0x80u) :
				(p[0] - 0xf0u) * 262144 + (p[1] - 0x80u) * 4096 +
					(p[2] - 0x80u) * 64 + (p[3] - 0x80u);
		assert_true(cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff));
		assert_int_equal(encode(cp, utf8), len);
		assert_memory_equal(utf8, p, len);
		assert_false(is_dangerous(cp));
		at += len;
	}
}

/* What another program's parser makes of the JSON; the caller frees it. */
static json_t *parsed(const char *s, size_t n)
{
	struct buf b = { 0 };
	json_error_t error;
	json_t *array;
	char *copy = exact_copy(s, n);

	buf_byte(&b, '[');
	escape_json(&b, copy, n);
	free(copy);
	buf_byte(&b, ']');
	assert_harmless(&b);
	array = json_loadb(b.data, b.len, JSON_ALLOW_NUL, &error);
	if (!array)
		fail_msg("%s in %.*s", error.text, (int)b.len, b.data);
	assert_int_equal(json_array_size(array), 1);
	buf_free(&b);
	return array;
}

static void assert_json(const char *s, size_t n, const char *want, size_t len)
{
	json_t *array = parsed(s, n), *value = json_array_get(array, 0);

	assert_int_equal(json_string_length(value), len);
	assert_memory_equal(json_string_value(value), want, len);
	json_decref(array);
}

static void every_single_byte_is_json(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		char c = (char)i;

		if (i < 0x80)
			assert_json(&c, 1, &c, 1);
		else
			assert_json(&c, 1, "\xef\xbf\xbd", 3);
	}
}

static void every_code_point_comes_through_json(void **state)
{
	uint32_t cp;
	char s[4];

	(void)state;
	for (cp = 0; cp < 0x110000; cp += cp < 0x3000 || (cp >= 0xe0000 && cp < 0xe0200) ? 1 : 97) {
		size_t n;

		if (cp >= 0xd800 && cp < 0xe000)
			cp = 0xe000;
		n = encode(cp, s);
		assert_json(s, n, s, n);
	}
	assert_json("\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf", 4);
}

#define FFFD "\xef\xbf\xbd"

static void bytes_that_are_no_utf8_become_replacement_characters(void **state)
{
	static const struct { const char *s, *want; } bad[] = {
		{ "\xc0\xaf", FFFD FFFD },		   /* overlong "/" */
		{ "\xc1\xbf", FFFD FFFD },
		{ "\xe0\x80\xaf", FFFD FFFD FFFD },	   /* overlong, three bytes */
		{ "\xe0\x9f\xbf", FFFD FFFD FFFD },
		{ "\xf0\x80\x80\xaf", FFFD FFFD FFFD FFFD },
		{ "\xf0\x8f\xbf\xbf", FFFD FFFD FFFD FFFD },
		{ "\xed\xa0\x80", FFFD FFFD FFFD },	   /* surrogates */
		{ "\xed\xbf\xbf", FFFD FFFD FFFD },
		{ "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD }, /* over U+10FFFF */
		{ "\xf5\x80\x80\x80", FFFD FFFD FFFD FFFD },
		{ "\xfe", FFFD },
		{ "a\xc3", "a" FFFD },			   /* cut short */
		{ "a\xe2\x82", "a" FFFD FFFD },
		{ "a\xf0\x9f\x98", "a" FFFD FFFD FFFD },
		{ "\xc3(", FFFD "(" },			   /* the next one is not swallowed */
		{ "\xe2\x82(", FFFD FFFD "(" },
		{ "\xe2\"", FFFD "\"" },
		{ "\xf0\x9f\\", FFFD FFFD "\\" },
		{ "\x80\xbf", FFFD FFFD },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		assert_json(bad[i].s, strlen(bad[i].s), bad[i].want, strlen(bad[i].want));
		assert_false(utf8_valid(bad[i].s, strlen(bad[i].s)));
	}
}

static void utf8_next_agrees_with_the_definition(void **state)
{
	uint32_t cp, found;
	char s[4], *copy;

	(void)state;
	for (cp = 0; cp < 0x110000; cp++) {
		size_t n = encode(cp, s), cut;
		bool surrogate = cp >= 0xd800 && cp < 0xe000;

		found = ~cp;
		assert_int_equal(utf8_next(s, n, &found), surrogate ? 0 : n);
		if (!surrogate)
			assert_int_equal(found, cp);
		if (cp % 251)
			continue;
		for (cut = 1; cut < n; cut++) {
			copy = exact_copy(s, cut);
			assert_int_equal(utf8_next(copy, cut, &found), 0);
			free(copy);
		}
	}
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80\0!", 17));
}

/* Any byte; every other time one of those that matter, for they are rare. */
static char any_of(uint64_t *seed, const char *set, unsigned int n)
{
	return dice(seed) % 2 ? (char)dice(seed) : set[dice(seed) % n];
}

static void any_bytes_are_json(void **state)
{
	uint64_t seed = 1;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		char s[24];
		size_t n = dice(&seed) % sizeof(s), i;

		for (i = 0; i < n; i++)
			s[i] = any_of(&seed, "\xe2\x80\xc2\xed\xf0\xf4\x22\x5c\xa0\xbf", 10);
		json_decref(parsed(s, n));
	}
}

static void json_escapes_are_the_short_ones_where_there_are(void **state)
{
	struct buf b = { 0 };

	(void)state;
	escape_json(&b, "a\"b\\c/\b\f\n\r\t", 11);
	assert_buf(&b, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\"");
	escape_json(&b, "\x1b[2J\x7f", 5);
	assert_buf(&b, "\"\\u001b[2J\\u007f\"");
	escape_json(&b, "\xc2\x9b" "31m", 5);
	assert_buf(&b, "\"\\u009b31m\"");
	escape_json(&b, "\xe2\x80\xae" "cod.exe", 10);
	assert_buf(&b, "\"\\u202ecod.exe\"");
	escape_json(&b, NULL, 0);
	assert_buf(&b, "\"\"");
	buf_free(&b);
}

static unsigned int hex(const char **s, char end)
{
	unsigned int v = 0;

	for (; **s && **s != end; (*s)++) {
		assert_non_null(strchr("0123456789abcdef", **s));
		v = v * 16 + (unsigned int)(strchr("0123456789abcdef", **s) - "0123456789abcdef");
	}
	return v;
}

/* Reads back what escape_text() shows, by its description alone. */
static size_t read_back(const char *s, char *out)
{
	size_t n = 0;

	while (*s) {
		char two[3] = "";
		const char *at = two;

		if (*s != '\\') {
			out[n++] = *s++;
			continue;
		}
		switch (s[1]) {
		case 'x':
			memcpy(two, s + 2, 2);
			out[n++] = (char)hex(&at, 0);
			s += 4;
			break;
		case 'u':
			assert_int_equal(s[2], '{');
			s += 3;
			n += encode(hex(&s, '}'), out + n);
			s++;
			break;
		case 'n': out[n++] = '\n'; s += 2; break;
		case 't': out[n++] = '\t'; s += 2; break;
		case 'r': out[n++] = '\r'; s += 2; break;
		case 'b': out[n++] = '\b'; s += 2; break;
		case 'f': out[n++] = '\f'; s += 2; break;
		case '\\': out[n++] = '\\'; s += 2; break;
		case ' ': out[n++] = ' '; s += 2; break;
		default:
			fail_msg("what does %s mean?", s);
		}
	}
	return n;
}

static void assert_readable(const char *s, size_t n, bool space_too)
{
	struct buf b = { 0 };
	char back[256], *copy = exact_copy(s, n);

	escape_text(&b, copy, n, space_too);
	free(copy);
	assert_harmless(&b);
	buf_byte(&b, 0);
	assert_int_equal(strlen(b.data) + 1, b.len);
	assert_int_equal(read_back(b.data, back), n);
	assert_memory_equal(back, s, n);
	buf_free(&b);
}

static void text_is_harmless_and_can_be_read_back(void **state)
{
	uint64_t seed = 2;
	uint32_t cp;
	char s[24];
	int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		s[0] = (char)i;
		assert_readable(s, 1, false);
		assert_readable(s, 1, true);
	}
	for (cp = 0x80; cp < 0x110000; cp += cp < 0x3000 ? 1 : 89)
		assert_readable(s, encode(cp, s), false);
	for (i = 0; i < 20000; i++) {
		size_t n = dice(&seed) % sizeof(s), at;

		for (at = 0; at < n; at++)
			s[at] = any_of(&seed, "\xe2\x80\xc2\xed\xf0 \\x\n\xaeu{", 12);
		assert_readable(s, n, dice(&seed) % 2);
	}
}

static void text_keeps_what_people_can_read(void **state)
{
	struct buf b = { 0 };

	(void)state;
	escape_text(&b, "gr\xc3\xbc\xc3\x9f dich, \xe4\xb8\x96\xe7\x95\x8c \"1\"", 24 - 1, false);
	assert_buf(&b, "gr\xc3\xbc\xc3\x9f dich, \xe4\xb8\x96\xe7\x95\x8c \"1\"");
	escape_text(&b, "two words", 9, true);
	assert_buf(&b, "two\\ words");
	escape_text(&b, "C:\\n\n", 5, false);
	assert_buf(&b, "C:\\\\n\\n");
	escape_text(&b, "\x1b]0;x\x07\x7f", 7, false);
	assert_buf(&b, "\\x1b]0;x\\x07\\x7f");
	escape_text(&b, "\xc2\x9b\xff\xe2\x80\xae", 6, false);
	assert_buf(&b, "\\u{9b}\\xff\\u{202e}");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_single_byte_is_json),
		cmocka_unit_test(every_code_point_comes_through_json),
		cmocka_unit_test(bytes_that_are_no_utf8_become_replacement_characters),
		cmocka_unit_test(utf8_next_agrees_with_the_definition),
		cmocka_unit_test(any_bytes_are_json),
		cmocka_unit_test(json_escapes_are_the_short_ones_where_there_are),
		cmocka_unit_test(text_is_harmless_and_can_be_read_back),
		cmocka_unit_test(text_keeps_what_people_can_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
