// SPDX-License-Identifier: GPL-2.0-only
#include "cli/members.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define PIDS (1 << 22) /* PID_MAX_LIMIT, include/linux/threads.h */
#define ROUNDS 100     /* each finds what was made during the one before: the first few find all */

struct members {
	struct live *live;
	const struct options *options;
	uint8_t *pids; /* a bit for each */
	uint32_t found; /* in this round */
};

static bool is_in(const struct members *m, uint32_t pid)
{
	return pid < PIDS && (m->pids[pid / 8] & (1 << pid % 8));
}

static bool is_root(const struct options *o, uint32_t pid)
{
	uint32_t i;

	for (i = 0; i < o->trees; i++)
		if (o->tree[i] == pid)
			return true;
	return false;
}

/* Parents come before their children: they are older. */
static void on_sight(void *ctx, const struct event *ev)
{
	bool known = ev->facts.selected;
	struct members *m = ctx;

	if (ev->kind != EVENT_SIGHT || ev->id.pid >= PIDS)
		return;
	if (!known && !is_root(m->options, ev->id.pid) && !is_in(m, ev->facts.parent.pid))
		return;
	m->pids[ev->id.pid / 8] |= (uint8_t)(1 << ev->id.pid % 8);
	if (!known && ev->id.start % START_TICK) /* else it is not known as the kernel knows it */
		m->found += !live_track(m->live, ev->id, false);
}

void members_track(struct live *l, const struct options *o)
{
	struct members m = { .live = l, .options = o, .pids = xcalloc(PIDS / 8, 1) };
	int rounds = 0;

	do {
		m.found = 0;
		memset(m.pids, 0, PIDS / 8);
	} while (!live_snapshot(l, NEVER, false, on_sight, &m) && m.found && ++rounds < ROUNDS);
	free(m.pids);
}
