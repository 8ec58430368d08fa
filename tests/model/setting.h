/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROCTRACE_MODEL_SETTING_H
#define PROCTRACE_MODEL_SETTING_H

#include <stdint.h>
#include <stdlib.h>

/* A number from the environment, where it is set. */
static inline uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 10) : otherwise;
}

#endif
