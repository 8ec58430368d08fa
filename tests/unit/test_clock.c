// SPDX-License-Identifier: GPL-2.0-only
/* Times as people and programs read them. */
#include <time.h>

#include "base/clock.h"
#include "unit.h"

static void known_moments_are_written_in_rfc_3339(void **state)
{
	static const struct { uint64_t seconds, ns; const char *want; } moments[] = {
		{ 0, 0, "1970-01-01T00:00:00.000000000Z" },
		{ 1, 1, "1970-01-01T00:00:01.000000001Z" },
		{ 951782399, 999999999, "2000-02-28T23:59:59.999999999Z" },
		{ 951782400, 0, "2000-02-29T00:00:00.000000000Z" },
		{ 1000000000, 120000000, "2001-09-09T01:46:40.120000000Z" },
		{ 1234567890, 123456789, "2009-02-13T23:31:30.123456789Z" },
		{ 1709164800, 5, "2024-02-29T00:00:00.000000005Z" },
		{ 1709251200, 0, "2024-03-01T00:00:00.000000000Z" },
		{ 1767225599, 999000000, "2025-12-31T23:59:59.999000000Z" },
		{ 1767225600, 0, "2026-01-01T00:00:00.000000000Z" },
		{ 2147483648, 0, "2038-01-19T03:14:08.000000000Z" },
		{ 4107542399, 0, "2100-02-28T23:59:59.000000000Z" },
		{ 4107542400, 0, "2100-03-01T00:00:00.000000000Z" }, /* no leap year */
		/* and back: dates are not carried over */
		{ 86399, 0, "1970-01-01T23:59:59.000000000Z" },
	};
	struct buf b = { 0 };
	uint64_t wall;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(moments); i++) {
		assert_int_equal(clock_parse_rfc3339(moments[i].want, &wall), 0);
		assert_int_equal(wall, moments[i].seconds * NS_PER_S + moments[i].ns);
		clock_rfc3339(&b, moments[i].seconds * NS_PER_S + moments[i].ns);
		assert_int_equal(b.len, 30);
		assert_buf(&b, moments[i].want);
	}
	buf_free(&b);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000000+",
		"2026-01-01 00:00:00.000000000Z", "2026-13-01T00:00:00.000000000Z",
		"2026-00-01T00:00:00.000000000Z", "2026-01-32T00:00:00.000000000Z",
		"2026-01-01T24:00:00.000000000Z", "2026-01-01T00:60:00.000000000Z",
		"2026-01-01T00:00:61.000000000Z", "2026-01-01T00:00:00.00000000xZ",
		"1969-12-31T23:59:59.000000000Z", "-026-01-01T00:00:00.000000000Z",
		"2026/01/01T00:00:00.000000000Z", "2026-01-01T00-00-00.000000000Z",
	};
	uint64_t wall;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		if (!clock_parse_rfc3339(bad[i], &wall))
			fail_msg("%s is taken", bad[i]);
}

static void a_column_of_times_is_local_and_in_milliseconds(void **state)
{
	struct buf b = { 0 };

	(void)state;
	setenv("TZ", "XYZ-5:30", 1); /* five and a half hours before Greenwich */
	tzset();
	clock_hms(&b, UINT64_C(1234567890) * NS_PER_S + 123999999);
	assert_buf(&b, "05:01:30.123");
	setenv("TZ", "UTC0", 1);
	tzset();
	clock_hms(&b, UINT64_C(1234567890) * NS_PER_S + 999999);
	assert_buf(&b, "23:31:30.000");
	clock_hms(&b, UINT64_C(1767225600) * NS_PER_S - 1);
	assert_buf(&b, "23:59:59.999");
	buf_free(&b);
}

static void both_clocks_agree_with_the_systems(void **state)
{
	struct timespec boot, wall;
	uint64_t now = clock_boot(), then;
	int64_t shown, real;

	(void)state;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	then = (uint64_t)boot.tv_sec * NS_PER_S + (uint64_t)boot.tv_nsec;
	assert_true(now <= then);
	assert_true(then - now < 60 * NS_PER_S);
	shown = (int64_t)clock_boot() + clock_wall_offset();
	clock_gettime(CLOCK_REALTIME, &wall);
	real = (int64_t)wall.tv_sec * (int64_t)NS_PER_S + wall.tv_nsec;
	assert_true(llabs(real - shown) < (int64_t)(60 * NS_PER_S));
}

static void spans_have_their_two_largest_units(void **state)
{
	static const struct { uint64_t s; const char *words; } spans[] = {
		{ 0, "0s" }, { 59, "59s" }, { 60, "1m00s" }, { 3599, "59m59s" }, { 3600, "1h00m" },
		{ 86399, "23h59m" }, { 86400, "1d00h" }, { 400 * 86400 + 3600, "400d01h" },
	};
	char span[SPAN_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(spans); i++) {
		clock_span(span, spans[i].s * NS_PER_S + NS_PER_S - 1);
		assert_string_equal(span, spans[i].words);
	}
	clock_span(span, UINT64_MAX);
	assert_string_equal(span, "213503d23h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_moments_are_written_in_rfc_3339),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(a_column_of_times_is_local_and_in_milliseconds),
		cmocka_unit_test(spans_have_their_two_largest_units),
		cmocka_unit_test(both_clocks_agree_with_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
