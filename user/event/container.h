/* SPDX-License-Identifier: GPL-2.0-only */
/* Containers, as the paths of control groups name them. */
#ifndef PROCTRACE_EVENT_CONTAINER_H
#define PROCTRACE_EVENT_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_ID 64 /* hexadecimal digits */

/*
 * The container's id within the path of a control group: the last 64 digits in a row; NULL: none.
 */
static inline const char *container_id(const char *path, size_t len)
{
	const char *found = NULL;
	size_t run = 0, i;

	for (i = 0; i < len; i++) {
		bool hex = (path[i] >= '0' && path[i] <= '9') || (path[i] >= 'a' && path[i] <= 'f');

		run = hex ? run + 1 : 0;
		if (run == CONTAINER_ID)
			found = path + i + 1 - CONTAINER_ID;
	}
	return found;
}

#endif
