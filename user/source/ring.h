/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reading side of a BPF ring buffer, as Documentation/bpf/ringbuf.rst and the kernel's
 * kernel/bpf/ringbuf.c lay it out: one page with the consumer's position, one with the producer's,
 * and the data. The kernel would map the data twice in a row, so that no record is ever split; but
 * all of it counts as this process's memory, so it is mapped once, and a split record is put
 * together.
 *
 * Positions only grow. A record that is reserved and not yet submitted stops the reader; so when
 * the reader has passed the position that the producer had at some moment, it has seen every record
 * that was reserved before that moment.
 */
#ifndef PROCTRACE_SOURCE_RING_H
#define PROCTRACE_SOURCE_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define RING_AHEAD 64 /* records that are shown before they are handed out */

/* A record as far as it lies in one piece. */
struct ring_piece {
	const void *data;
	size_t size;
};

struct ring_reader {
	/* the records that come next, n of RING_AHEAD at the most */
	void (*ahead)(void *ctx, const struct ring_piece *pieces, size_t n);
	/* each of them, valid during the call, and the position behind it */
	void (*record)(void *ctx, const void *record, size_t size, uint64_t end);
	void *ctx;
};

struct ring {
	unsigned long *consumer;
	const unsigned long *producer;
	const uint8_t *data;
	size_t size;
	struct buf whole; /* the record that was split */
};

/* size: the map's, a power of two. 0 or -errno. Close also what was only half opened. */
int ring_open(struct ring *r, int map_fd, size_t size);
void ring_close(struct ring *r);

/* What the producers have reserved, and what the reader has given back. */
uint64_t ring_produced(const struct ring *r);
uint64_t ring_consumed(const struct ring *r);

/* Hands out the records that are there when it is called, at most. How many. */
int ring_drain(struct ring *r, const struct ring_reader *reader);

#endif
