// SPDX-License-Identifier: GPL-2.0-only
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"

#define LEAST 16384
#define HUGE_PAGE ((size_t)2 << 20)
#define MOST (2 * HUGE_PAGE)
#define LINE 64

struct free_one {
	struct free_one *next;
};

struct piece {
	struct piece *next;
	char pad[LINE - sizeof(struct piece *)];
};

void pool_init(struct pool *p, size_t size)
{
	*p = (struct pool){ .size = (size + 15) & ~(size_t)15, .next = LEAST };
}

void pool_fini(struct pool *p)
{
	struct piece *piece;

	while ((piece = p->pieces)) {
		p->pieces = piece->next;
		free(piece);
	}
	*p = (struct pool){ 0 };
}

/*
 * Whoever comes by chance upon one of a million would wait for its page's address too: the kernel
 * may back what is big with huge pages.
 */
static void *take(size_t size)
{
	size_t align = size < HUGE_PAGE ? LINE : HUGE_PAGE;
	void *piece = aligned_alloc(align, (size + align - 1) & ~(align - 1));

	if (!piece)
		abort();
	if (size >= HUGE_PAGE)
		madvise(piece, size, MADV_HUGEPAGE); /* if not, it is slower */
	return piece;
}

void *pool_big(size_t size)
{
	return memset(take(size), 0, size);
}

/* Small ones to begin with, then ever bigger ones. */
static void add_piece(struct pool *p)
{
	struct piece *piece = take(p->next);

	piece->next = p->pieces;
	p->pieces = piece;
	p->at = (char *)(piece + 1);
	p->end = (char *)piece + p->next;
	if (p->next < MOST)
		p->next *= 2;
}

void *pool_get(struct pool *p)
{
	struct free_one *one = p->free;

	if (POOL_OFF)
		return xcalloc(1, p->size);
	if (one) {
		p->free = one->next;
	} else {
		if ((size_t)(p->end - p->at) < p->size)
			add_piece(p);
		one = (struct free_one *)p->at;
		p->at += p->size;
	}
	return memset(one, 0, p->size);
}

void pool_put(struct pool *p, void *one)
{
	struct free_one *first = one;

	if (POOL_OFF) {
		free(one);
		return;
	}
	first->next = p->free;
	p->free = first;
}
