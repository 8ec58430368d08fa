// SPDX-License-Identifier: GPL-2.0-only
/* Growing bytes, numbers, base64. */
#include <inttypes.h>

#include "unit.h"

static void numbers_are_written_as_printf_writes_them(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 9, 10, 99, 100, 4294967295, 4294967296, 15, 16,
					    255, 256, 1000000000000000000, UINT64_MAX - 1,
					    UINT64_MAX };
	struct buf b = { 0 };
	char want[32];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(numbers); i++) {
		buf_u64(&b, numbers[i]);
		snprintf(want, sizeof(want), "%" PRIu64, numbers[i]);
		assert_buf(&b, want);
		buf_hex(&b, numbers[i]);
		snprintf(want, sizeof(want), "%" PRIx64, numbers[i]);
		assert_buf(&b, want);
	}
	buf_free(&b);
}

/* RFC 4648, section 10 */
static void base64_is_that_of_the_rfc(void **state)
{
	static const struct { const char *data, *want; } vectors[] = {
		{ "", "" },		{ "f", "Zg==" },	{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	struct buf b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(vectors); i++) {
		char *copy = exact_copy(vectors[i].data, strlen(vectors[i].data));

		buf_base64(&b, copy, strlen(vectors[i].data));
		assert_buf(&b, vectors[i].want);
		free(copy);
	}
	buf_base64(&b, "\xfb\xff\xfe\x00", 4);
	assert_buf(&b, "+//+AA==");
	buf_free(&b);
}

static int value(char c)
{
	const char *set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(set, c) : NULL;

	assert_non_null(at);
	return (int)(at - set);
}

static void what_is_no_base64_is_refused(void **state)
{
	static const char *const bad[] = { "A", "AA", "AAA", "A===", "====", "AA=A", "AAA*", "=AAA",
					   "AAAA=" };
	struct buf b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		if (!buf_unbase64(&b, bad[i], strlen(bad[i])))
			fail_msg("%s is taken", bad[i]);
	b.len = 0;
	assert_int_equal(buf_unbase64(&b, "", 0), 0);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void base64_can_be_read_back(void **state)
{
	uint64_t seed = 4;
	int round;

	(void)state;
	for (round = 0; round < 2000; round++) {
		unsigned char data[32], back[40];
		struct buf b = { 0 }, read = { 0 };
		size_t n = dice(&seed) % sizeof(data), i, m = 0;

		for (i = 0; i < n; i++)
			data[i] = (unsigned char)dice(&seed);
		buf_base64(&b, data, n);
		assert_int_equal(b.len, (n + 2) / 3 * 4);
		assert_int_equal(buf_unbase64(&read, b.data, b.len), 0);
		assert_int_equal(read.len, n);
		assert_memory_equal(n ? read.data : "", data, n);
		buf_free(&read);
		for (i = 0; i < b.len; i += 4) {
			bool two = b.data[i + 2] != '=', three = b.data[i + 3] != '=';
			int v = value(b.data[i]) << 18 | value(b.data[i + 1]) << 12 |
				(two ? value(b.data[i + 2]) : 0) << 6 |
				(three ? value(b.data[i + 3]) : 0);

			back[m++] = (unsigned char)(v >> 16);
			if (two)
				back[m++] = (unsigned char)(v >> 8);
			if (three)
				back[m++] = (unsigned char)v;
		}
		assert_int_equal(m, n);
		assert_memory_equal(back, data, n);
		buf_free(&b);
	}
}

static void what_is_added_stays_as_it_grows(void **state)
{
	struct buf b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_byte(&b, (char)(i * 7));
	assert_int_equal(b.len, 100000);
	for (i = 0; i < 100000; i++)
		if (b.data[i] != (char)(i * 7))
			fail_msg("byte %zu changed", i);
	buf_free(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	buf_free(&b); /* twice is fine */
}

static void one_big_piece_fits_as_well(void **state)
{
	char *big = calloc(1, 1 << 20);
	struct buf b = { 0 };

	(void)state;
	buf_str(&b, "x");
	buf_add(&b, big, 1 << 20);
	buf_lit(&b, "yz");
	assert_int_equal(b.len, (1 << 20) + 3);
	assert_memory_equal(b.data + (1 << 20) + 1, "yz", 2);
	buf_free(&b);
	free(big);
}

static void printf_leaves_no_nul_behind(void **state)
{
	struct buf b = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 300; i++)
		buf_printf(&b, "%d,", i % 10);
	assert_int_equal(b.len, 600);
	assert_null(memchr(b.data, 0, b.len));
	assert_memory_equal(b.data + 590, "5,6,7,8,9,", 10);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_as_printf_writes_them),
		cmocka_unit_test(base64_is_that_of_the_rfc),
		cmocka_unit_test(what_is_no_base64_is_refused),
		cmocka_unit_test(base64_can_be_read_back),
		cmocka_unit_test(what_is_added_stays_as_it_grows),
		cmocka_unit_test(one_big_piece_fits_as_well),
		cmocka_unit_test(printf_leaves_no_nul_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
