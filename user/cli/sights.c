// SPDX-License-Identifier: GPL-2.0-only
#include "cli/sights.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"

struct sight {
	struct event event;
	uint64_t position;
	struct text *args, *exe, *cwd, *cgroup;
};

static struct text *keep(struct slice *slice)
{
	struct text *copy;

	if (!slice->s)
		return NULL;
	copy = text_new(slice->s, slice->len);
	slice->s = copy->s;
	return copy;
}

void sights_add(struct sights *s, const struct event *ev, uint64_t position)
{
	struct sight *sight;

	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->at = xrealloc(s->at, s->room * sizeof(*s->at));
	}
	sight = &s->at[s->n++];
	*sight = (struct sight){ .event = *ev, .position = position };
	sight->cgroup = keep(&sight->event.facts.cgroup_path);
	if (ev->kind != EVENT_SIGHT)
		return;
	sight->args = keep(&sight->event.sight.args);
	sight->exe = keep(&sight->event.sight.exe);
	sight->cwd = keep(&sight->event.sight.cwd);
}

void sights_apply(struct sights *s, uint64_t position,
		  void (*fn)(void *ctx, const struct event *ev), void *ctx)
{
	while (s->next < s->n && s->at[s->next].position <= position) {
		struct sight sight = s->at[s->next++];

		fn(ctx, &sight.event);
		text_put(sight.args);
		text_put(sight.exe);
		text_put(sight.cwd);
		text_put(sight.cgroup);
	}
	if (s->next == s->n)
		s->next = s->n = 0;
}

static void drop(void *ctx, const struct event *ev)
{
	(void)ctx;
	(void)ev;
}

void sights_free(struct sights *s)
{
	sights_apply(s, UINT64_MAX, drop, NULL);
	free(s->at);
}
