/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Things that wait: a queue in order of when they are due, where one can also be found by its key
 * before that. What is added must be due no earlier than what is there.
 */
#ifndef PROCTRACE_BASE_HOLDS_H
#define PROCTRACE_BASE_HOLDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct hold {
	struct list queue;
	struct hold *next_in_hash;
	uint64_t due;
	uint32_t key;
};

struct holds {
	struct list queue;
	struct hold **buckets;
	size_t nbuckets, count;
};

void holds_init(struct holds *h);
/* Frees what still waits (free() on each struct hold: it stands first in its holder). */
void holds_fini(struct holds *h);
/* hold belongs to h until it is taken out. */
void holds_add(struct holds *h, struct hold *hold, uint32_t key, uint64_t due);
void holds_remove(struct holds *h, struct hold *hold);
/* The next of this key after prev (NULL: the first). */
struct hold *holds_find(const struct holds *h, uint32_t key, const struct hold *prev);
/* The first in the queue; NULL: empty. */
struct hold *holds_first(const struct holds *h);

#endif
