// SPDX-License-Identifier: GPL-2.0-only
/* JSON is read in place, and as strictly as by another program (jansson), which reads it too. */
#include "base/buf.h"
#include "base/json.h"

#include <jansson.h>

#include "unit.h"

static struct json_room room, known;
static const char *why;
static char text[4096], again[4096];

static void assert_same_value(const struct json *a, const struct json *b)
{
	assert_int_equal(a->type, b->type);
	if (a->type == JSON_TYPE_INTEGER || a->type == JSON_TYPE_REAL)
		assert_int_equal(a->u.integer, b->u.integer);
	if (a->type != JSON_TYPE_STRING)
		return;
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->u.s, b->u.s, a->len + 1);
}

/* By its path each value is found as it was read. */
static void assert_found_alike(void)
{
	const struct json *a, *b, *value;
	uint32_t path;

	for (path = 1; path < room.npaths; path++) {
		a = json_at(&room, path);
		b = json_at(&known, path);
		assert_int_equal(!a, !b);
		if (!a)
			continue;
		assert_same_value(a, b);
		if (a->type != JSON_TYPE_ARRAY)
			continue;
		assert_int_equal(a->len, b->len);
		assert_int_equal(a->span, b->span);
		json_each(value, a)
			assert_same_value(value, b + (value - a));
	}
}

/* Read, and found twice: of the second time the first one is known. */
static const struct json *take(const char *json)
{
	const struct json *read;
	const char *ignored;
	int i;

	assert_true(strlen(json) < sizeof(text));
	strcpy(text, json);
	read = json_read(&room, text, strlen(text), &why);
	for (i = 0; i < 2; i++) {
		strcpy(again, json);
		assert_int_equal(json_find(&known, again, strlen(again), &ignored), read != NULL);
		if (read)
			assert_found_alike();
	}
	return read;
}

enum { TEXT, A, A_B, A_B_PID, A_B_S, A_B_LONG, A_N, AB, LIST, LIST_A, S, PATHS };
static const char *const paths[] = {
	[TEXT] = "", [A] = "a", [A_B] = "a.b", [A_B_PID] = "a.b.pid", [A_B_S] = "a.b.s",
	[A_B_LONG] = "a.b.a_name_of_two_words", [A_N] = "a.n", [AB] = "ab", [LIST] = "list",
	[LIST_A] = "list.a", [S] = "s",
};

static void members_are_found_by_their_path(void **state)
{
	const struct json *value;
	uint64_t number = 0;
	int64_t integer = 0;
	int n = 0;

	(void)state;
	assert_non_null(take(" { \"a\" : { \"b\" : { \"pid\" : 7 , \"s\" : \"x\" } , \"n\" : -3 } ,\r\n"
			     "\t\"ab\" : true , \"list\" : [ 1 , [ 2 , 3 ] , \"four\", {\"a\": 5} ] } "));
	assert_true(json_number(&room, A_B_PID, &number));
	assert_int_equal(number, 7);
	assert_string_equal(json_text(&room, A_B_S), "x");
	assert_true(json_signed(&room, A_N, &integer));
	assert_int_equal(integer, -3);
	assert_false(json_number(&room, A_N, &number)); /* it is below 0 */
	assert_true(json_flag(&room, AB));
	assert_false(json_flag(&room, A));
	assert_null(json_text(&room, A_B_PID));
	assert_null(json_at(&room, A_B_LONG));
	assert_null(json_at(&room, LIST_A));
	json_each(value, json_at(&room, LIST))
		n++;
	assert_int_equal(n, 4);
	json_each(value, json_at(&room, AB))
		n++;
	assert_int_equal(n, 4);
}

/* In whatever order, however they are written, and of those that stand twice the first. */
static void members_are_found_wherever_they_stand(void **state)
{
	static const char *const same[] = {
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\",\"a_name_of_two_words\":1},\"n\":3},\"ab\":4}",
		"{\"ab\":4,\"a\":{\"n\":3,\"b\":{\"a_name_of_two_words\":1,\"s\":\"x\",\"pid\":7}}}",
		"{\"?\":[0],\"ab\":4,\"p\":{\"pid\":9},\"a\":{\"nn\":1,\"n\":3,\"b\":{\"a_name_of_two_word\":2,"
		"\"a_name_of_two_words\":1,\"a_name_of_two_words_\":2,\"s\":\"x\",\"p\":6,\"pid\":7,\"pi\":5}}}",
		"{\"\\u0061\":{\"b\":{\"p\\u0069d\":7,\"\\u0073\":\"x\",\"a_name\\u005fof_two_words\":1},"
		"\"\\u006e\":3},\"a\\u0062\":4}",
		"{\"a\":{\"b\":{\"pid\":7,\"pid\":8,\"s\":\"x\",\"a_name_of_two_words\":1},\"b\":{\"pid\":9},\"n\":3},"
		"\"ab\":4,\"a\":{\"n\":5,\"b\":{\"s\":\"y\"}},\"ab\":6}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(same); i++) {
		uint64_t pid = 0, n = 0, ab = 0, one = 0;

		assert_non_null(take(same[i]));
		assert_true(json_number(&room, A_B_PID, &pid) && json_number(&room, A_N, &n) &&
			    json_number(&room, AB, &ab) && json_number(&room, A_B_LONG, &one));
		if (pid != 7 || n != 3 || ab != 4 || one != 1)
			fail_msg("%s: others", same[i]);
		assert_string_equal(json_text(&room, A_B_S), "x");
	}
	assert_non_null(take("{\"a\":3,\"a\":{\"n\":5}}"));
	assert_null(json_at(&room, A_N));
	assert_non_null(take("{\"other\":1}"));
	assert_null(json_at(&room, A)); /* nothing is left of the text before */
}

/* Alike but for their values, or nearly: what is known of one is not taken for true of another. */
static void texts_are_told_apart_by_what_stands_between_their_values(void **state)
{
	static const char *const rows[] = {
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\"}},\"ab\":true,\"list\":[\"one\",\"two\"],\"s\":\"a string of some length\"}\n",
		"{\"a\":{\"b\":{\"pid\":-70000000000,\"s\":\"\"}},\"ab\":true,\"list\":[],\"s\":\"\"}\n",
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\"}},\"ab\":null,\"list\":[\"one\"],\"s\":\"x\"}\n",
		"{\"a\":{\"b\":{\"pid\":7.25,\"s\":\"x\"}},\"ab\":false,\"list\":[\"1\",\"2\",\"3\"],\"s\":\"\"}\n",
		"{\"a\":{\"b\":{\"pid\":007,\"s\":\"x\"}},\"ab\":true,\"list\":[\"one\"],\"s\":\"x\"}\n",
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\\n\"}},\"ab\":true,\"list\":[\"o\\\"ne\"],\"s\":\"x\"}\n",
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"\xc3\xa9\"}},\"ab\":true,\"list\":[\"one\"],\"s\":\"\xc3\"}\n",
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\"}},\"ab\":true,\"list\":[\"one\",],\"s\":\"x\"}\n",
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\"}},\"ab\":true,\"list\":[\"one\",2],\"s\":\"x\"}\n",
		"{\"a\":{\"b\":{\"pid\":true,\"s\":\"x\"}},\"ab\":null,\"list\":[[\"one\"]],\"s\":\"x\"}\n",
		"{\"a\":{\"b\":{\"pid\":\"7\",\"s\":\"x\"}},\"ab\":1,\"list\":\"one\",\"s\":\"x\"}\n",
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\"}},\"ab\":true,\"list\":[\"one\"],\"s\":\"x\"}",
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\"}},\"ab\":true,\"list\":[\"one\"],\"s\":\"x\"}}\n",
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\"}},\"ab\":true,\"list\":[\"one\"],\"s\":\"x",
		"{\"a\":{\"b\":{\"pid\":7,\"t\":\"x\"}},\"ab\":null,\"list\":[\"one\"],\"t\":\"x\"}\n",
		"{\"a\":{\"b\":{\"pid\":7,\"s\":\"x\"}},\"ab\":tru",
		"{\"a\":{\"b\":{\"pid\":",
		"{\"a\":{\"n\":[\"one\",\"two\"]},\"list\":[\"three\"],\"s\":[\"four\"]}\n",
		"{\"a\":{\"n\":[]},\"list\":[\"three\",\"four\"],\"s\":[]}\n",
		"{\"a\":{\"n\":7},\"list\":[\"three\",\"four\"],\"s\":\"a string of some length\"}\n",
		"{\"a\":{\"n\":7},\"list\":[\"three\",\"four\"],\"s\":\"\\n, a string of some length\"}\n",
		"{\"list\":[\"one of some length\",\"two\"],\"s\":\"x\"}\n",
		"{\"list\":[\"\\n, one of some length\",\"two\"],\"s\":\"x\"}\n",
		"{\"a\":{\"b\":{}},\"other\":8,\"pid\":9}\n",
		"{\"a\":{\"b\":{}},\"other\":\"eight\",\"pid\":9}\n",
		"{\"a\":{\"b\":{}},\"other\":[{\"pid\":1}],\"pid\":9,\"a\":4}\n",
	};
	size_t i;
	int round;

	(void)state;
	for (round = 0; round < 2; round++)
		for (i = 0; i < COUNT(rows); i++)
			take(rows[i]);
}

/* How many values of a text were read, number n of its kind; of that is "more". */
static uint32_t values_read(const char *more, int n)
{
	uint64_t found = 0;

	snprintf(again, sizeof(again), "{\"other\":%d,\"more\":[\"%s\"],\"a\":{\"n\":%d}}", n, more, n);
	assert_true(json_find(&known, again, strlen(again), &why));
	assert_true(json_number(&known, A_N, &found));
	assert_int_equal(found, n);
	return known.n;
}

/*
 * Whoever asks by path does not pay for what he does not ask for, once such a text is known; and
 * once a few are known, if that differs between them.
 */
static void of_texts_that_are_known_only_what_is_asked_for_is_read(void **state)
{
	char more[16];
	int i;

	(void)state;
	assert_int_equal(values_read("x", 1), 6); /* all: itself, other, more, x, a, n */
	assert_int_equal(values_read("x", 22), 3); /* itself, a, n */
	for (i = 0; i < 40; i++) {
		snprintf(more, sizeof(more), "%d", i);
		assert_in_range(values_read(more, i), 3, i < 8 ? 6 : 3);
		assert_int_equal(values_read(more, i), 3);
		assert_int_equal(values_read("x", i), 3);
	}
	assert_int_equal(values_read("\\n", 1), 6);
}

/* More values than there was room for: where they are kept moves while they are read. */
static void a_long_list_of_a_known_text_is_found_whole(void **state)
{
	struct buf json = { 0 };
	int i;

	(void)state;
	take("{\"list\":[\"one\"]}");
	buf_str(&json, "{\"list\":[\"one\"");
	for (i = 0; i < 600; i++)
		buf_printf(&json, ",\"%d\"", i);
	buf_str(&json, "]}");
	buf_byte(&json, 0);
	take(json.data);
	buf_free(&json);
}

/* No end of texts that are not alike is kept: the later ones are read like the first. */
static void what_is_known_of_texts_does_not_grow_without_end(void **state)
{
	char json[64];
	uint64_t n = 0;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		snprintf(json, sizeof(json), "{\"name_%d\":%d,\"a\":{\"n\":%d}}", i % 3000, i, i);
		strcpy(again, json);
		assert_true(json_find(&known, again, strlen(again), &why));
		assert_true(json_number(&known, A_N, &n));
		assert_int_equal(n, i);
	}
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
		assert_string_equal(json_text(&room, S), rows[i].bytes);
		assert_int_equal(json_at(&room, S)->len, strlen(rows[i].bytes));
	}
}

/* Where a text ends numbers are read byte by byte, elsewhere more at a time. */
static const char *const behind[] = { "", ",\"some way to its end\"" };

static void numbers_are_exact(void **state)
{
	static const char *const reals[] = { "1.5", "-0.25", "12.345", "0.001", "1e3", "1E-3", "-1.5e+2",
					     "123456789012.345", "0.1234567890123", "1234567890123456.7",
					     "70.953", "12345678.1234567", "99999999.99999999", "0.0",
					     "8.2500000", "1.5e2", "7.1E0", "12345678e1" };
	static const char *const integers[] = { "0", "-0", "9223372036854775807", "-9223372036854775808",
						"7", "1234567", "12345678", "123456789", "10000000" };
	char json[256];
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(reals); i++) {
		for (j = 0; j < COUNT(behind); j++) {
			snprintf(json, sizeof(json), "[%s%s]", reals[i], behind[j]);
			assert_non_null(take(json));
			assert_int_equal(room.at[1].type, JSON_TYPE_REAL);
			assert_true(room.at[1].u.real == strtod(reals[i], NULL));
		}
	}
	for (i = 0; i < COUNT(integers); i++) {
		for (j = 0; j < COUNT(behind); j++) {
			snprintf(json, sizeof(json), "[%s%s]", integers[i], behind[j]);
			assert_non_null(take(json));
			assert_int_equal(room.at[1].type, JSON_TYPE_INTEGER);
			assert_true(room.at[1].u.integer == strtoll(integers[i], NULL, 10));
		}
	}
}

static void what_is_no_number_is_refused_wherever_it_stands(void **state)
{
	static const char *const rows[] = { "01", "00", "1.", "1.x", "1.5.5", "1e", "1.5e", "1.5e+", ".5",
					    "1.e1", "-01", "-.5", "1 2", "1-", "0x1", "12345678x",
					    "12345678.", "1.12345678.", "01.5", "1.1234567x" };
	char json[256];
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		for (j = 0; j < COUNT(behind); j++) {
			snprintf(json, sizeof(json), "[%s%s]", rows[i], behind[j]);
			if (take(json))
				fail_msg("%s: taken", json);
			assert_null(json_loads(json, 0, NULL));
			take("{\"a\":{\"n\":1},\"s\":\"x\"}");
			snprintf(json, sizeof(json), "{\"a\":{\"n\":%s},\"s\":\"x%s\"}", rows[i],
				 j ? " and some way on" : "");
			assert_null(take(json));
		}
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
	json_room_free(&known);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_their_path),
		cmocka_unit_test(members_are_found_wherever_they_stand),
		cmocka_unit_test(texts_are_told_apart_by_what_stands_between_their_values),
		cmocka_unit_test(of_texts_that_are_known_only_what_is_asked_for_is_read),
		cmocka_unit_test(a_long_list_of_a_known_text_is_found_whole),
		cmocka_unit_test(what_is_known_of_texts_does_not_grow_without_end),
		cmocka_unit_test(strings_lose_their_escapes),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(what_is_no_number_is_refused_wherever_it_stands),
		cmocka_unit_test(what_is_no_json_is_refused_and_said_why),
		cmocka_unit_test(nothing_is_nested_without_end),
	};

	json_paths(&room, paths, PATHS);
	json_paths(&known, paths, PATHS);
	return cmocka_run_group_tests(tests, NULL, end);
}
