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

int ring_drain(struct ring *r, void (*fn)(void *ctx, const void *record, size_t size, uint64_t end),
	       void *ctx)
{
	unsigned long at = *r->consumer, given = at, body;
	unsigned long end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	int n = 0;

	while (at < end) {
		const uint8_t *head = r->data + (at & (r->size - 1));
		uint32_t len = __atomic_load_n((const uint32_t *)head, __ATOMIC_ACQUIRE);
		size_t size = len & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (len & BPF_RINGBUF_BUSY_BIT)
			break;
		body = at + BPF_RINGBUF_HDR_SZ;
		at = body + ((size + 7) & ~7UL);
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			fn(ctx, in_one_piece(r, body, size), size, at);
			n++;
		}
		if (at - given >= GIVE_BACK) {
			__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
			given = at;
		}
	}
	__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
	return n;
}
