// SPDX-License-Identifier: GPL-2.0-only
#include "base/num.h"

#include <errno.h>

int num_u64(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (digit > max || n > (max - digit) / 10)
			return -ERANGE;
		n = n * 10 + digit;
	}
	*out = n;
	return 0;
}

int num_seconds(const char *s, uint64_t *ns)
{
	uint64_t whole = 0, part = 0, unit = 1000000000;
	int digits = 0;

	for (; *s >= '0' && *s <= '9'; s++, digits++) {
		whole = whole * 10 + (uint64_t)(*s - '0');
		if (whole > 1000000000)
			return -ERANGE;
	}
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++, digits++) {
			unit /= 10;
			if (!unit)
				return -ERANGE;
			part += (uint64_t)(*s - '0') * unit;
		}
	}
	if (*s || !digits)
		return -EINVAL;
	if (whole == 1000000000 && part)
		return -ERANGE;
	*ns = whole * 1000000000 + part;
	return 0;
}
