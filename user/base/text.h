/* SPDX-License-Identifier: GPL-2.0-only */
/* Strings that are kept once and shared: a fork's argv is its parent's. Any bytes, NUL included. */
#ifndef PROCTRACE_BASE_TEXT_H
#define PROCTRACE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	uint32_t refs, len;
	char s[]; /* len bytes and a NUL */
};

/* One reference, the caller's. */
struct text *text_new(const void *s, size_t len);
/* Nobody refers to it any more: text_put() does it. */
void text_free(struct text *t);

static inline struct text *text_get(struct text *t)
{
	if (t)
		t->refs++;
	return t;
}

static inline void text_put(struct text *t)
{
	if (t && !--t->refs)
		text_free(t);
}

static inline uint64_t text_mix(uint64_t mixed, uint64_t part)
{
	mixed = (mixed ^ part) * UINT64_C(0x9e3779b97f4a7c15);
	return mixed ^ mixed >> 32;
}

static inline uint64_t text_hash(const char *s, size_t len)
{
	uint64_t mixed = len, part;

	for (; len >= sizeof(part); s += sizeof(part), len -= sizeof(part)) {
		memcpy(&part, s, sizeof(part));
		mixed = text_mix(mixed, part);
	}
	for (part = 0; len; len--)
		part = part << 8 | (unsigned char)*s++;
	return text_mix(mixed, part);
}

static inline bool text_is(const struct text *t, const void *s, size_t len)
{
	return t && s && t->len == len && !memcmp(t->s, s, len);
}

/* Makes *slot hold these bytes; keeps what it has if they are the same. */
static inline void text_set(struct text **slot, const void *s, size_t len)
{
	if (text_is(*slot, s, len))
		return;
	text_put(*slot);
	*slot = text_new(s, len);
}

static inline void text_share(struct text **slot, struct text *t)
{
	text_get(t);
	text_put(*slot);
	*slot = t;
}

#endif
