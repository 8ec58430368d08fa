// SPDX-License-Identifier: GPL-2.0-only
/* Numbers from a command line: the whole string or nothing. */
#include <errno.h>

#include "base/num.h"
#include "unit.h"

static void a_number_is_read_whole(void **state)
{
	static const struct { const char *s; uint64_t max, want; } good[] = {
		{ "0", 0, 0 },
		{ "7", 7, 7 },
		{ "0012", 99, 12 },
		{ "4194304", 1 << 22, 4194304 },
		{ "4294967295", UINT32_MAX, 4294967295 },
		{ "18446744073709551615", UINT64_MAX, UINT64_MAX },
		{ "00000000000000000000000000000000001", 1, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		uint64_t n = 99;

		assert_int_equal(num_u64(good[i].s, good[i].max, &n), 0);
		assert_true(n == good[i].want);
	}
}

static void a_number_over_the_bound_is_out_of_range(void **state)
{
	static const struct { const char *s; uint64_t max; } big[] = {
		{ "1", 0 },
		{ "8", 7 },
		{ "10", 9 },
		{ "11", 10 },
		{ "4194305", 1 << 22 },
		{ "18446744073709551616", UINT64_MAX },
		{ "18446744073709551620", UINT64_MAX },
		{ "184467440737095516150", UINT64_MAX },
		{ "99999999999999999999999999", UINT64_MAX },
		{ "18446744073709551615", UINT64_MAX - 1 },
	};
	size_t i;
	uint64_t n;

	(void)state;
	for (i = 0; i < COUNT(big); i++)
		assert_int_equal(num_u64(big[i].s, big[i].max, &n), -ERANGE);
}

static void what_is_no_number_is_invalid(void **state)
{
	static const char *const bad[] = {
		"", " ", " 1", "1 ", "+1", "-1", "-0", "0x10", "1e3", "1.0", "1,000", "1\n",
		"a", "\xef\xbc\x91", "--", "1a", "/", ":",
	};
	size_t i;
	uint64_t n;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(num_u64(bad[i], UINT64_MAX, &n), -EINVAL);
}

static void seconds_have_nine_decimals(void **state)
{
	static const struct { const char *s; uint64_t want; } good[] = {
		{ "0", 0 },
		{ "1", 1000000000 },
		{ "0.25", 250000000 },
		{ "10.5", 10500000000 },
		{ "0.000000001", 1 },
		{ "0.123456789", 123456789 },
		{ "1.900000000", 1900000000 },
		{ "1000000000", 1000000000000000000 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		uint64_t ns = 99;

		assert_int_equal(num_seconds(good[i].s, &ns), 0);
		assert_true(ns == good[i].want);
	}
}

static void seconds_too_many_or_too_fine_are_refused(void **state)
{
	static const char *const bad[] = { "1000000001", "18446744074", "99999999999999999999999",
					   "0.0000000001", "0.1234567890", "1.0000000000" };
	size_t i;
	uint64_t ns;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		if (num_seconds(bad[i], &ns) != -ERANGE)
			fail_msg("%s was taken", bad[i]);
}

static void a_billion_seconds_and_a_bit_is_too_much(void **state)
{
	uint64_t ns;

	(void)state;
	assert_int_equal(num_seconds("1000000000.5", &ns), -ERANGE);
	assert_int_equal(num_seconds("1000000000.000000001", &ns), -ERANGE);
}

static void what_is_no_time_is_invalid(void **state)
{
	static const char *const bad[] = { "", ".", " 1", "1 ", "-1", "+1", "1s", "1e3", "1,5",
					   "1.5.5", "inf", "nan", "0x1", "1.-5" };
	size_t i;
	uint64_t ns;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		if (num_seconds(bad[i], &ns) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
}

static void one_alone_is_no_plural(void **state)
{
	(void)state;
	assert_string_equal(plural(0), "s");
	assert_string_equal(plural(1), "");
	assert_string_equal(plural(2), "s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_alone_is_no_plural),
		cmocka_unit_test(a_number_is_read_whole),
		cmocka_unit_test(a_number_over_the_bound_is_out_of_range),
		cmocka_unit_test(what_is_no_number_is_invalid),
		cmocka_unit_test(seconds_have_nine_decimals),
		cmocka_unit_test(seconds_too_many_or_too_fine_are_refused),
		cmocka_unit_test(a_billion_seconds_and_a_bit_is_too_much),
		cmocka_unit_test(what_is_no_time_is_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
