// SPDX-License-Identifier: GPL-2.0-only
/* Talk between the driver and its members: one pipe to each, and one from all. */
#include "random.h"

#include <poll.h>

#define UNHEARD_MAX 64

static struct reply unheard[UNHEARD_MAX]; /* said, and not yet asked for */
static int unheard_count;

/* Harvests that were told before the death itself was known here. */
static struct reply early[UNHEARD_MAX];
static int early_count;

void give(int slot, struct order order)
{
	row_ordered(slot, &order);
	if (slot == 0)
		obey(&order);
	else
		must(write(GIVE_FD + slot, &order, sizeof(order)));
}

/* Takes one reply from the pipe. Whom handlers have collected is told at any time. */
void hear_more(void)
{
	struct pollfd said = { .fd = HEAR_FD, .events = POLLIN };
	struct reply reply;

	while (poll(&said, 1, 10000) < 0 && errno == EINTR)
		;
	if (!said.revents)
		die("nobody answers");
	must(read(HEAR_FD, &reply, sizeof(reply)));
	if (unheard_count == UNHEARD_MAX || early_count == UNHEARD_MAX)
		die("too much to hear");
	if (reply.what != HARVESTED)
		unheard[unheard_count++] = reply;
	else if (!harvested(&reply))
		early[early_count++] = reply;
}

/* True if one of them can be understood by now. */
bool hear_early(void)
{
	for (int i = 0; i < early_count; i++) {
		if (!harvested(&early[i]))
			continue;
		early[i] = early[--early_count];
		return true;
	}
	return false;
}

struct reply hear(int slot, enum what what)
{
	struct reply reply;

	for (;;) {
		for (int i = 0; i < unheard_count; i++) {
			if (unheard[i].slot != slot || unheard[i].what != what)
				continue;
			reply = unheard[i];
			memmove(&unheard[i], &unheard[i + 1],
				(size_t)(--unheard_count - i) * sizeof(reply));
			return reply;
		}
		hear_more();
	}
}

struct reply ask(int slot, struct order order)
{
	give(slot, order);
	return hear(slot, order.what);
}
