// SPDX-License-Identifier: GPL-2.0-only
/* JSON is read in place, and as strictly as by another program (jansson), which reads it too. */
#include "base/json.h"

#include <jansson.h>

#include "unit.h"

static struct json_room room;
static const char *why;
static char text[4096];

static const struct json *take(const char *json)
{
	assert_true(strlen(json) < sizeof(text));
	strcpy(text, json);
	return json_read(&room, text, strlen(text), &why);
}

static void members_are_found_by_their_path(void **state)
{
	const struct json *root =
		take(" { \"a\" : { \"b\" : { \"pid\" : 7 , \"s\" : \"x\" } , \"n\" : -3 } ,\r\n"
				       "\t\"ab\" : true , \"list\" : [ 1 , [ 2 , 3 ] , \"four\" ] } "),
			  *value;
	uint64_t number = 0;
	int64_t integer = 0;
	int n = 0;

	(void)state;
	assert_non_null(root);
	assert_true(json_number(root, "a.b.pid", &number));
	assert_int_equal(number, 7);
	assert_string_equal(json_text(root, "a.b.s"), "x");
	assert_true(json_signed(root, "a.n", &integer));
	assert_int_equal(integer, -3);
	assert_false(json_number(root, "a.n", &number)); /* it is below 0 */
	assert_true(json_flag(root, "ab"));
	assert_false(json_flag(root, "a"));
	assert_null(json_text(root, "a.b.pid"));
	assert_null(json_at(root, "a.b.pid.more"));
	assert_null(json_at(root, "a.bb"));
	assert_null(json_at(root, "list.a"));
	assert_null(json_at(NULL, "a"));
	assert_ptr_equal(json_at(root, ""), root);
	json_each(value, json_at(root, "list"))
		n++;
	assert_int_equal(n, 3);
	json_each(value, json_at(root, "ab"))
		n++;
	assert_int_equal(n, 3);
}

static void strings_lose_their_escapes(void **state)
{
	static const struct { const char *json, *bytes; } rows[] = {
		{ "\"\"", "" },
		{ "\"plain, and longer than eight bytes\"", "plain, and longer than eight bytes" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00.\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80." },
		{ "\"1234567\\n1234567890\xc3\xa9 1234567890\\t\"", "1234567\n1234567890\xc3\xa9 1234567890\t" },
	};
	char json[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		snprintf(json, sizeof(json), "{\"s\":%s}", rows[i].json);
		assert_non_null(take(json));
		assert_string_equal(json_text(room.at, "s"), rows[i].bytes);
		assert_int_equal(json_at(room.at, "s")->len, strlen(rows[i].bytes));
	}
}

static void numbers_are_exact(void **state)
{
	static const char *const reals[] = { "1.5", "-0.25", "12.345", "0.001", "1e3", "1E-3", "-1.5e+2",
					     "123456789012.345", "0.1234567890123", "1234567890123456.7" };
	static const char *const integers[] = { "0", "-0", "9223372036854775807", "-9223372036854775808" };
	char json[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(reals); i++) {
		snprintf(json, sizeof(json), "[%s]", reals[i]);
		assert_non_null(take(json));
		assert_int_equal(room.at[1].type, JSON_TYPE_REAL);
		assert_true(room.at[1].u.real == strtod(reals[i], NULL));
	}
	for (i = 0; i < COUNT(integers); i++) {
		snprintf(json, sizeof(json), "[%s]", integers[i]);
		assert_non_null(take(json));
		assert_int_equal(room.at[1].type, JSON_TYPE_INTEGER);
		assert_true(room.at[1].u.integer == strtoll(integers[i], NULL, 10));
	}
}

static void what_is_no_json_is_refused_and_said_why(void **state)
{
	static const struct { const char *json, *why; } rows[] = {
		{ "", "begins" }, { "7", "begins" }, { "\"a\"", "begins" }, { "{", "name" },
		{ "{a:1}", "name" }, { "{\"a\"1}", "':'" }, { "{\"a\":}", "value" },
		{ "{\"a\":1", "'}'" }, { "{\"a\":1,}", "value" }, { "[1", "']'" }, { "[1,]", "value" },
		{ "[1 2]", "']'" }, { "[]x", "behind" }, { "[tru]", "value" }, { "[fals]", "value" },
		{ "[nul]", "value" }, { "[-]", "value" }, { "[+1]", "value" }, { "[01]", "begins with 0" },
		{ "[1.]", "point" }, { "[1e]", "exponent" }, { "[1e+]", "exponent" },
		{ "[9223372036854775808]", "too large" }, { "[-9223372036854775809]", "too large" },
		{ "[99999999999999999999999]", "too large" }, { "[1e999]", "too large" },
		{ "[\"a", "does not end" }, { "[\"a\n\"]", "does not end" }, { "[\"\xff\"]", "UTF-8" },
		{ "[\"\xc0\x80\"]", "UTF-8" }, { "[\"\\x\"]", "escape" }, { "[\"\\", "escape" },
		{ "[\"\\u0000\"]", "escape" }, { "[\"\\u12g4\"]", "escape" }, { "[\"\\ud800\"]", "escape" },
		{ "[\"\\udc00\"]", "escape" }, { "[\"\\ud800\\u0041\"]", "escape" },
		{ "[\"\\ud800\\n\"]", "escape" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		if (take(rows[i].json))
			fail_msg("%s: taken", rows[i].json);
		if (!strstr(why, rows[i].why))
			fail_msg("%s: %s", rows[i].json, why);
		assert_null(json_loads(rows[i].json, 0, NULL));
	}
}

static void nothing_is_nested_without_end(void **state)
{
	size_t i;

	(void)state;
	for (i = JSON_DEPTH; i <= JSON_DEPTH + 1; i++) {
		char json[2 * JSON_DEPTH + 3] = "";

		memset(json, '[', i);
		memset(json + i, ']', i);
		assert_int_equal(take(json) != NULL, i == JSON_DEPTH);
	}
	assert_non_null(strstr(why, "nested"));
}

static int end(void **state)
{
	(void)state;
	json_room_free(&room);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_their_path),
		cmocka_unit_test(strings_lose_their_escapes),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(what_is_no_json_is_refused_and_said_why),
		cmocka_unit_test(nothing_is_nested_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
