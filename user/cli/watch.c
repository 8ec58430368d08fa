// SPDX-License-Identifier: GPL-2.0-only
#include "cli/watch.h"

#include <unistd.h>

#include "base/clock.h"
#include "cli/delivery.h"
#include "cli/zombies.h"

#define EVERY (2 * NS_PER_S)
#define SETTLED (NS_PER_S / 4) /* by then the kernel has said who stands that long */
#define CLEAR "\033[H\033[J" /* to the upper left, and what is behind it goes */

/* Before any dead process can be known for a zombie, "no zombies" would be no answer. */
void watch_begin(struct watch *w, const struct options *o, uint64_t now)
{
	uint64_t threshold = o->zombie_after < NS_PER_S ? o->zombie_after : NS_PER_S;
	uint64_t first = threshold + SETTLED;

	w->since = now;
	w->every = o->interval ? o->interval : EVERY;
	w->next = o->watch ? now + (w->every > first ? w->every : first) : NEVER;
	w->screen = !o->json && !o->output && isatty(STDOUT_FILENO);
}

/* What stands behind so many bytes of it must not scroll: the worst comes first, and stays. */
static void cut(struct buf *out, size_t from, uint32_t lines)
{
	static const char more[] = "…\n";
	size_t at = from, last = from;

	for (; at < out->len && lines; at++) {
		if (out->data[at] != '\n')
			continue;
		if (--lines)
			last = at + 1;
	}
	if (at == out->len)
		return;
	out->len = last;
	buf_str(out, more);
}

void watch_step(struct watch *w, struct pipeline *pipe, uint64_t now)
{
	struct stream_groups told = { .ts = now, .since = w->since, .limit = pipe->options->limit };
	struct buf *out = &pipe->sink->out;
	size_t from;

	if (now < w->next)
		return;
	w->next = now + w->every;
	terminal_measure(pipe->sink, pipe->options);
	if (w->screen)
		buf_lit(out, CLEAR);
	else if (!pipe->options->json && pipe->sink->sequence)
		buf_byte(out, '\n');
	from = out->len;
	if (zombies_tell(pipe, &told))
		pipe->seen |= FINDING_ZOMBIE;
	if (w->screen && pipe->sink->height > 1)
		cut(out, from, pipe->sink->height - 1);
}
