/* SPDX-License-Identifier: GPL-2.0-only */
/* What every fuzz target includes: its entry, how it fails, and how it takes its input apart. */
#ifndef PROCTRACE_FUZZ_H
#define PROCTRACE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* What is left of an input. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* The next n bytes, or as many as there are; *n: how many. */
static inline const uint8_t *input_take(struct input *in, size_t *n)
{
	const uint8_t *at = in->at;

	if (*n > in->left)
		*n = in->left;
	in->at += *n;
	in->left -= *n;
	return at;
}

static inline uint8_t input_byte(struct input *in)
{
	size_t n = 1;
	const uint8_t *at = input_take(in, &n);

	return n ? *at : 0;
}

static inline uint16_t input_u16(struct input *in)
{
	uint16_t low = input_byte(in);

	return (uint16_t)(low | input_byte(in) << 8);
}

/* A copy of its own, with a NUL behind: whoever reads on is caught by the address sanitizer. */
static inline char *input_copy(const void *data, size_t n)
{
	char *copy = malloc(n + 1);

	CHECK(copy);
	if (n)
		memcpy(copy, data, n);
	copy[n] = 0;
	return copy;
}

#endif
