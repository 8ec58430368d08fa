// SPDX-License-Identifier: GPL-2.0-only
#include "base/text.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/pool.h"

#define STEP 16
#define POOLED 512 /* bytes: nearly all argvs and paths are shorter */

/* One for each size: of a million argvs each is far away, and in small pages doubly so. */
static struct pool pools[POOLED / STEP];

/* NULL: it is too long for any. */
static struct pool *pool_of(size_t len)
{
	size_t size = sizeof(struct text) + len + 1, which = (size - 1) / STEP;

	if (POOL_OFF || which >= POOLED / STEP)
		return NULL;
	if (!pools[which].size)
		pool_init(&pools[which], (which + 1) * STEP);
	return &pools[which];
}

struct text *text_new(const void *s, size_t len)
{
	struct pool *pool = pool_of(len);
	struct text *t = pool ? pool_get(pool) : xmalloc(sizeof(*t) + len + 1);

	t->refs = 1;
	t->len = (uint32_t)len;
	memcpy(t->s, s, len);
	t->s[len] = 0;
	return t;
}

void text_free(struct text *t)
{
	struct pool *pool = pool_of(t->len);

	if (pool)
		pool_put(pool, t);
	else
		free(t);
}
