// SPDX-License-Identifier: GPL-2.0-only
/* Strict numbers, held against arithmetic that is slower and too wide to overflow. */
#include "base/num.h"

#include <errno.h>

#include "fuzz.h"

#define SECONDS_MAX ((unsigned __int128)1000000000 * 1000000000) /* in ns */

/* The digits at *s as a number that stops growing at 2^80. */
static unsigned __int128 digits(const char **s, int *n)
{
	const unsigned __int128 huge = (unsigned __int128)1 << 80;
	unsigned __int128 value = 0;

	for (*n = 0; **s >= '0' && **s <= '9'; (*s)++, (*n)++)
		if (value < huge)
			value = value * 10 + (unsigned int)(**s - '0');
	return value;
}

static void check_u64(const char *s, uint64_t max)
{
	const char *end = s;
	uint64_t got = 4711;
	int n, err = num_u64(s, max, &got);
	unsigned __int128 want = digits(&end, &n);

	if (n && !*end && want <= max)
		CHECK(!err && got == want);
	else
		CHECK((err == -EINVAL || err == -ERANGE) && got == 4711);
	if (n && !*end && want > max)
		CHECK(err == -ERANGE);
}

static void check_seconds(const char *s)
{
	const char *end = s;
	int whole_digits, decimals = 0, i, err;
	unsigned __int128 want = digits(&end, &whole_digits) * 1000000000, part = 0;
	uint64_t got = 4711;

	if (*end == '.') {
		end++;
		part = digits(&end, &decimals);
	}
	for (i = decimals; i < 9; i++)
		part *= 10;
	want += part;
	err = num_seconds(s, &got);
	if (!*end && whole_digits + decimals && decimals <= 9 && want <= SECONDS_MAX)
		CHECK(!err && got == want);
	else
		CHECK((err == -EINVAL || err == -ERANGE) && got == 4711);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t bits = input_byte(&in);
	char *s = input_copy(in.at, in.left);

	check_u64(s, UINT64_MAX);
	check_u64(s, UINT64_MAX >> (bits & 63));
	check_u64(s, bits);
	check_seconds(s);
	free(s);
	return 0;
}
