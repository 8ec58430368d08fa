/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Brings what the sink has written to its reader: who may be slow, take nothing or be gone, and
 * whose file may be rotated or removed. What does not arrive is said.
 */
#ifndef PROCTRACE_CLI_DELIVERY_H
#define PROCTRACE_CLI_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "sink/out.h"
#include "sink/sink.h"

struct delivery {
	struct out out;
	struct sink *sink;
	const char *work; /* what ends when this fails */
	/* while a reader is waited for: what else wakes, and who then does something about it */
	int wake_fd;
	void (*on_wake)(void *ctx);
	void *ctx;
	uint64_t hurry; /* since when a reader holds up the end; NEVER: not; 0: for too long */
	uint64_t taken; /* when the reader took something last */
	uint64_t looked; /* when the file was looked after last */
	bool removed; /* it is known to be gone */
	int failed; /* -errno of why nothing is written any more */
};

/* Fills in the sink's width and height, if what it writes goes to a terminal: they may change. */
void terminal_measure(struct sink *sink, const struct options *o);

/* Opens it as the options say, and fills in the sink's format, colour and size. 0, or -errno with the
 * complaint made. */
int delivery_open(struct delivery *d, struct sink *sink, const struct options *o);
/* Empties the sink, and waits for a slow reader. Where that fails it says so once; see failed. */
void delivery_flush(struct delivery *d);
/* The end is wanted from now, or that later time, on; who says so again is tired of the reader. */
void delivery_hurry(struct delivery *d, uint64_t since);
/* SIGHUP: what was told so far is in the old file, what comes goes to the new one. */
void delivery_rotate(struct delivery *d);
/* Now and then: a file that was removed takes all that is written, and keeps nothing of it. */
void delivery_look_after(struct delivery *d, uint64_t now);
void delivery_close(struct delivery *d);

#endif
