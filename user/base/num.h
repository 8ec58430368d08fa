/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strict reading of numbers: the whole string or nothing, no signs, no spaces. 0 or
 * -EINVAL/-ERANGE.
 */
#ifndef PROCTRACE_BASE_NUM_H
#define PROCTRACE_BASE_NUM_H

#include <stdint.h>

int num_u64(const char *s, uint64_t max, uint64_t *out);
/* "1", "0.25": at most nine decimals, in nanoseconds; up to 1e9 s */
int num_seconds(const char *s, uint64_t *ns);

/* The end of a noun that so many are told of: "" or "s". */
static inline const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
