/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing at a place: each writes from at on and gives where it has ended. Room is the caller's to
 * make: PUT_OVER bytes more than what is written, as numbers are written whole words at a time.
 */
#ifndef PROCTRACE_BASE_PUT_H
#define PROCTRACE_BASE_PUT_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define PUT_OVER 8
#define PUT_DECIMAL 20 /* the most that a number takes */
#define PUT_HEX 16

static inline char *put(char *at, const void *s, size_t n)
{
	memcpy(at, s, n);
	return at + n;
}

/* A literal: its length is known when it is compiled. */
#define put_lit(at, literal) put(at, "" literal, sizeof(literal) - 1)

#define PUT_EACH(byte) ((byte) * UINT64_C(0x0101010101010101))

/* The eight decimal digits of n < 100,000,000, each in a byte of its own, the first one lowest. */
static inline uint64_t put_split(uint32_t n)
{
	uint64_t x = n / 10000 | (uint64_t)(n % 10000) << 32, tens;

	tens = (x * 10486 >> 20) & 0x7f0000007f; /* hundreds: x / 100, below 10,000 */
	x = tens | (x - 100 * tens) << 16;
	tens = (x * 103 >> 10) & 0x000f000f000f000f; /* x / 10, below 100 */
	return tens | (x - 10 * tens) << 8;
}

/* Digits that are in bytes of their own. */
static inline char *put_eight(char *at, uint64_t digits)
{
	digits = htole64(digits + PUT_EACH('0'));
	return put(at, &digits, sizeof(digits));
}

/* Decimal, and hexadecimal without a prefix or leading zeros. */
char *put_u64(char *at, uint64_t n);
char *put_hex(char *at, uint64_t n);

#endif
