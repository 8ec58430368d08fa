/* SPDX-License-Identifier: GPL-2.0-only */
/* What every unit test includes: cmocka as it wants to be included, and a few checks. */
#ifndef PROCTRACE_UNIT_H
#define PROCTRACE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The bytes of b are exactly these; b is emptied. */
static inline void assert_buf(struct buf *b, const char *want)
{
	buf_byte(b, 0);
	assert_string_equal(b->data, want);
	b->len = 0;
}

/* An exact copy on the heap: whoever reads behind its end is caught by the address sanitizer. */
static inline void *exact_copy(const void *data, size_t n)
{
	void *p = malloc(n ? n : 1);

	assert_non_null(p);
	memcpy(p, data, n);
	return p;
}

/* The same numbers on every run. */
static inline uint32_t dice(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*seed >> 33);
}

#endif
