/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading at a place, eight bytes at a time: the other side of put.h. */
#ifndef PROCTRACE_BASE_GET_H
#define PROCTRACE_BASE_GET_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define GET_EACH(byte) ((byte) * UINT64_C(0x0101010101010101))

/* The eight bytes at "at", the first one lowest. */
static inline uint64_t get_eight(const char *at)
{
	uint64_t x;

	memcpy(&x, at, sizeof(x));
	return le64toh(x);
}

/* How many of them are decimal digits before the first that is none. */
static inline int get_digits(uint64_t eight)
{
	uint64_t x = eight ^ GET_EACH('0');

	/* a carry comes from a byte that is no digit itself, and goes to those behind it */
	x = ((x + GET_EACH(0x80 - 10)) | x) & GET_EACH(0x80);
	return x ? __builtin_ctzll(x) / 8 : 8;
}

/* The number that the first n of them are, 1 to 8, all of them decimal digits. */
static inline uint32_t get_decimal(uint64_t eight, int n)
{
	uint64_t x = (eight ^ GET_EACH('0')) << (64 - 8 * n); /* zeros before them */

	x = (x * 10 + (x >> 8)) & 0x00ff00ff00ff00ff;
	x = (x * 100 + (x >> 16)) & 0x0000ffff0000ffff;
	return (uint32_t)(x * 10000 + (x >> 32));
}

#endif
