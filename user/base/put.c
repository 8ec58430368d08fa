// SPDX-License-Identifier: GPL-2.0-only
#include "base/put.h"

#define EIGHT_DIGITS 100000000

/* As long as it is, no branch depends on how many digits there are: nobody could foretell it. */
char *put_u64(char *at, uint64_t n)
{
	uint64_t digits;
	int zeros;

	if (n >= EIGHT_DIGITS) {
		at = put_u64(at, n / EIGHT_DIGITS);
		return put_eight(at, put_split((uint32_t)(n % EIGHT_DIGITS)));
	}
	digits = put_split((uint32_t)n);
	zeros = __builtin_ctzll(digits | UINT64_C(1) << 56) / 8; /* the last digit is written */
	put_eight(at, digits >> 8 * zeros);
	return at + 8 - zeros;
}

/* Eight digits at once: each nibble in a byte of its own, the highest first in memory. */
static void hex_digits(char *to, uint32_t n)
{
	uint64_t x = n, over;

	x = (x | x << 16) & 0x0000ffff0000ffff;
	x = (x | x << 8) & 0x00ff00ff00ff00ff;
	x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
	over = (x + PUT_EACH(6)) >> 4 & PUT_EACH(1); /* 1: more than nine */
	x = htobe64(x + PUT_EACH('0') + over * ('a' - '0' - 10));
	memcpy(to, &x, sizeof(x));
}

char *put_hex(char *at, uint64_t n)
{
	int zeros = n ? __builtin_clzll(n) / 4 : PUT_HEX - 1;

	n <<= 4 * zeros;
	hex_digits(at, (uint32_t)(n >> 32));
	if (zeros < 8)
		hex_digits(at + 8, (uint32_t)n);
	return at + PUT_HEX - zeros;
}
