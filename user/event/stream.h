/* SPDX-License-Identifier: GPL-2.0-only */
/* What a stream says besides processes: how it begins, and what happened to it. */
#ifndef PROCTRACE_EVENT_STREAM_H
#define PROCTRACE_EVENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_FEATURES 16

/* What begins a stream. Strings are borrowed; NULL: not known. */
struct stream_start {
	uint64_t ts;
	const char *version, *kernel, *boot_id, *hostname;
	uint64_t zombie_after; /* ns */
	bool partial; /* filters leave processes out before they are known */
	/* name, and whether it is on */
	struct feature {
		const char *name;
		bool on;
	} features[STREAM_FEATURES];
	size_t nfeatures;
};

struct stream_lost {
	uint64_t ts, since; /* the window */
	const char *kind, *cause;
	uint64_t count;
};

/* The wall clock was set: from here on lines have the new time. */
struct stream_clock {
	uint64_t ts;
	int64_t step; /* ns, by how much */
};

#endif
