/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Things of one size that come and go by the million: taken from big pieces of memory, and the one
 * that was given back last is the next one handed out, as it is still in the cache. What the pool
 * took from the system it keeps until its end.
 */
#ifndef PROCTRACE_BASE_POOL_H
#define PROCTRACE_BASE_POOL_H

#include <stddef.h>

/* A pool would hide from the address sanitizer who uses what was given back. */
#if defined(__SANITIZE_ADDRESS__)
#define POOL_OFF 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_OFF 1
#endif
#endif
#ifndef POOL_OFF
#define POOL_OFF 0
#endif

struct pool {
	size_t size; /* of each, a multiple of 16 */
	struct free_one *free;
	struct piece *pieces;
	char *at, *end; /* what is left of the newest piece */
	size_t next;	/* how big the next piece is */
};

void pool_init(struct pool *p, size_t size);
/* All that came from it is gone. */
void pool_fini(struct pool *p);
/* Zeroed. Never NULL. */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *one);

/* A zeroed piece for whoever goes about it by chance; to be freed with free(). */
void *pool_big(size_t size);

#endif
