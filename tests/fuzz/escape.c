// SPDX-License-Identifier: GPL-2.0-only
/* The escaper: any bytes, as JSON and as text, shown and read back. */
#include "base/escape.h"

#include "fuzz.h"
#include "said.h"

static void as_json(const char *s, size_t n)
{
	struct buf b = { 0 };
	json_t *array;

	buf_byte(&b, '[');
	escape_json(&b, s, n);
	buf_byte(&b, ']');
	said_harmless(b.data, b.len);
	array = said_json(b.data, b.len);
	CHECK(json_array_size(array) == 1);
	said_shows(json_array_get(array, 0), s, n);
	json_decref(array);
	buf_free(&b);
}

static unsigned int hex(const char **s, const char *end)
{
	unsigned int n = 0;

	for (; *s < end && strchr("0123456789abcdef", **s); (*s)++)
		n = n * 16 + (unsigned int)(**s <= '9' ? **s - '0' : **s - 'a' + 10);
	return n;
}

static void add_utf8(struct buf *b, uint32_t cp)
{
	if (cp >= 0x10000)
		buf_byte(b, (char)(0xf0 | cp >> 18));
	if (cp >= 0x800)
		buf_byte(b, (char)(cp >= 0x10000 ? 0x80 | (cp >> 12 & 0x3f) : 0xe0 | cp >> 12));
	buf_byte(b, (char)(cp >= 0x800 ? 0x80 | (cp >> 6 & 0x3f) : 0xc0 | cp >> 6));
	buf_byte(b, (char)(0x80 | (cp & 0x3f)));
}

/* What escape_text() says of itself, backwards. Returns what is behind the escape at s. */
static const char *read_escape(const char *s, const char *end, struct buf *b)
{
	static const char letters[] = "nrtbf\\ ", meant[] = "\n\r\t\b\f\\ ";
	const char *letter;

	CHECK(end - s >= 2);
	if (s[1] == 'x') {
		const char *digits = s + 2;

		CHECK(end - s >= 4);
		buf_byte(b, (char)hex(&digits, s + 4));
		CHECK(digits == s + 4);
		return digits;
	}
	if (s[1] == 'u') {
		const char *digits = s + 3;

		CHECK(end - s >= 5 && s[2] == '{');
		add_utf8(b, hex(&digits, end));
		CHECK(digits < end && *digits == '}');
		return digits + 1;
	}
	letter = strchr(letters, s[1]);
	CHECK(letter && *letter);
	buf_byte(b, meant[letter - letters]);
	return s + 2;
}

static void as_text(const char *s, size_t n, bool space_too)
{
	struct buf b = { 0 }, back = { 0 };
	const char *at, *end;

	buf_room(&b, 1);
	escape_text(&b, s, n, space_too);
	said_harmless(b.data, b.len);
	at = b.data;
	end = at + b.len;
	while (at < end) {
		if (*at == '\\') {
			at = read_escape(at, end, &back);
		} else {
			CHECK(!space_too || *at != ' ');
			buf_byte(&back, *at++);
		}
	}
	CHECK(back.len == n && (!n || !memcmp(back.data, s, n)));
	buf_free(&b);
	buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = input_copy(data, size);

	CHECK(utf8_valid(s, size) == said_is_utf8(s, size));
	as_json(s, size);
	as_text(s, size, false);
	as_text(s, size, true);
	free(s);
	return 0;
}
