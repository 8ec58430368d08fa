// SPDX-License-Identifier: GPL-2.0-only
#include "source/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

/* How often the room that was read is given back: each time costs the writers a cache line. */
#define GIVE_BACK 65536

int ring_open(struct ring *r, int map_fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *at;

	*r = (struct ring){ .size = size };
	at = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	r->consumer = (unsigned long *)at;
	at = mmap(NULL, page + size, PROT_READ, MAP_SHARED, map_fd, (off_t)page);
	if (at == MAP_FAILED)
		return -errno;
	r->producer = (const unsigned long *)at;
	r->data = at + page;
	return 0;
}

void ring_close(struct ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (r->producer)
		munmap((void *)(uintptr_t)r->producer, page + r->size);
	if (r->consumer)
		munmap(r->consumer, page);
	buf_free(&r->whole);
	*r = (struct ring){ 0 };
}

uint64_t ring_produced(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}

uint64_t ring_consumed(const struct ring *r)
{
	return *r->consumer;
}

/* The record that begins there, in one piece. */
static const void *in_one_piece(struct ring *r, unsigned long at, size_t size)
{
	size_t from = at & (r->size - 1), first = r->size - from;

	if (size <= first)
		return r->data + from;
	r->whole.len = 0;
	buf_add(&r->whole, r->data + from, first);
	buf_add(&r->whole, r->data, size - first);
	return r->whole.data;
}

static uint32_t head_at(const struct ring *r, unsigned long at)
{
	const uint8_t *head = r->data + (at & (r->size - 1));

	return __atomic_load_n((const uint32_t *)head, __ATOMIC_ACQUIRE);
}

static size_t size_of(uint32_t head)
{
	return head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
}

static unsigned long behind(unsigned long body, size_t size)
{
	return body + ((size + 7) & ~7UL);
}

/* Up to where the next few records are all there. */
static unsigned long look_ahead(const struct ring *r, unsigned long at, unsigned long end,
				const struct ring_reader *reader)
{
	struct ring_piece pieces[RING_AHEAD];
	size_t n = 0;

	while (at < end && n < RING_AHEAD) {
		uint32_t head = head_at(r, at);
		unsigned long body = at + BPF_RINGBUF_HDR_SZ, from = body & (r->size - 1);
		size_t size = size_of(head), first = r->size - from;

		if (head & BPF_RINGBUF_BUSY_BIT)
			break;
		at = behind(body, size);
		if (!(head & BPF_RINGBUF_DISCARD_BIT))
			pieces[n++] = (struct ring_piece){
				r->data + from, size < first ? size : first
			};
	}
	if (n)
		reader->ahead(reader->ctx, pieces, n);
	return at;
}

int ring_drain(struct ring *r, const struct ring_reader *reader)
{
	unsigned long at = *r->consumer, given = at, seen;
	unsigned long end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	int n = 0;

	while ((seen = look_ahead(r, at, end, reader)) > at) {
		while (at < seen) {
			uint32_t head = head_at(r, at);
			unsigned long body = at + BPF_RINGBUF_HDR_SZ;
			size_t size = size_of(head);

			at = behind(body, size);
			if (!(head & BPF_RINGBUF_DISCARD_BIT)) {
				reader->record(reader->ctx, in_one_piece(r, body, size), size, at);
				n++;
			}
			if (at - given >= GIVE_BACK) {
				__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
				given = at;
			}
		}
	}
	__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
	return n;
}
