// SPDX-License-Identifier: GPL-2.0-only
/* Numbers are read eight bytes at a time as they are read one by one. */
#include "base/get.h"

#include <ctype.h>

#include "unit.h"

static void the_first_byte_that_is_no_digit_is_found(void **state)
{
	uint64_t seed = 1;
	char eight[9] = "";
	int i, n;

	(void)state;
	for (i = 0; i < 200000; i++) {
		for (n = 0; n < 8; n++)
			eight[n] = (char)('0' + dice(&seed) % 10);
		eight[dice(&seed) % 8] = (char)dice(&seed);
		eight[dice(&seed) % 8] = (char)(i % 256);
		for (n = 0; n < 8 && isdigit((unsigned char)eight[n]);)
			n++;
		assert_int_equal(get_digits(get_eight(eight)), n);
	}
	assert_int_equal(get_digits(get_eight("01234567")), 8);
}

static void digits_are_the_number_that_they_show(void **state)
{
	uint64_t seed = 1;
	uint32_t number;
	char eight[24];
	int i, n;

	(void)state;
	for (i = 0; i < 200000; i++) {
		number = dice(&seed) % 100000000 >> dice(&seed) % 27;
		n = snprintf(eight, sizeof(eight), "%u", number);
		memset(eight + n, (int)dice(&seed), 8);
		assert_int_equal(get_decimal(get_eight(eight), n), number);
	}
	assert_int_equal(get_decimal(get_eight("00000070"), 8), 70);
	assert_int_equal(get_decimal(get_eight("99999999"), 8), 99999999);
	assert_int_equal(get_decimal(get_eight("0,\"x\":1,"), 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_byte_that_is_no_digit_is_found),
		cmocka_unit_test(digits_are_the_number_that_they_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
