/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROCTRACE_MODEL_DICE_H
#define PROCTRACE_MODEL_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

/* splitmix64: the same numbers for the same seed, everywhere. */
static inline uint64_t dice_next(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* One of 0 … n-1. */
static inline uint32_t dice_of(struct dice *d, uint32_t n)
{
	return (uint32_t)(dice_next(d) >> 32) % n;
}

static inline bool dice_one_in(struct dice *d, uint32_t n)
{
	return !dice_of(d, n);
}

#endif
