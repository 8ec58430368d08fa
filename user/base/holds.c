// SPDX-License-Identifier: GPL-2.0-only
#include "base/holds.h"

#include <stdlib.h>

#include "base/buf.h"

static struct hold **bucket_of(const struct holds *h, uint32_t key)
{
	return &h->buckets[(key * 2654435761u) & (h->nbuckets - 1)];
}

void holds_init(struct holds *h)
{
	*h = (struct holds){ .nbuckets = 64 };
	list_init(&h->queue);
	h->buckets = xcalloc(h->nbuckets, sizeof(*h->buckets));
}

void holds_fini(struct holds *h)
{
	struct hold *hold;

	while ((hold = holds_first(h))) {
		holds_remove(h, hold);
		free(hold);
	}
	free(h->buckets);
}

static void grow(struct holds *h)
{
	struct list *pos;

	free(h->buckets);
	h->nbuckets *= 2;
	h->buckets = xcalloc(h->nbuckets, sizeof(*h->buckets));
	list_each(pos, &h->queue) {
		struct hold *hold = list_entry(pos, struct hold, queue);
		struct hold **at = bucket_of(h, hold->key);

		hold->next_in_hash = *at;
		*at = hold;
	}
}

void holds_add(struct holds *h, struct hold *hold, uint32_t key, uint64_t due)
{
	struct hold **at;

	if (h->count >= h->nbuckets)
		grow(h);
	hold->key = key;
	hold->due = due;
	at = bucket_of(h, key);
	hold->next_in_hash = *at;
	*at = hold;
	list_add_tail(&hold->queue, &h->queue);
	h->count++;
}

void holds_remove(struct holds *h, struct hold *hold)
{
	struct hold **at = bucket_of(h, hold->key);

	while (*at != hold)
		at = &(*at)->next_in_hash;
	*at = hold->next_in_hash;
	list_del(&hold->queue);
	h->count--;
}

struct hold *holds_find(const struct holds *h, uint32_t key, const struct hold *prev)
{
	struct hold *hold = prev ? prev->next_in_hash : *bucket_of(h, key);

	while (hold && hold->key != key)
		hold = hold->next_in_hash;
	return hold;
}

struct hold *holds_first(const struct holds *h)
{
	return list_empty(&h->queue) ? NULL : list_entry(h->queue.next, struct hold, queue);
}
