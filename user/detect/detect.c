// SPDX-License-Identifier: GPL-2.0-only
#include "detect/detect.h"

#include "base/clock.h"

void detect_init(struct detect *d, const struct engine *engine, const struct detect_out *out)
{
	d->engine = engine;
	d->out = *out;
	holds_init(&d->orphans);
	holds_init(&d->daemons);
	holds_init(&d->leaks);
}

void detect_fini(struct detect *d)
{
	holds_fini(&d->orphans);
	holds_fini(&d->daemons);
	holds_fini(&d->leaks);
}

void detect_before(struct detect *d, const struct change *c)
{
	orphan_before(d, c);
}

void detect_after(struct detect *d, const struct change *c)
{
	orphan_after(d, c);
	zombie_after(d, c);
	daemon_after(d, c);
	leak_after(d, c);
}

void detect_tick(struct detect *d, uint64_t now)
{
	orphan_tick(d, now);
	daemon_tick(d, now);
	leak_tick(d, now);
}

static uint64_t earlier(uint64_t t, const struct holds *h)
{
	const struct hold *first = holds_first(h);

	return first && first->due < t ? first->due : t;
}

uint64_t detect_deadline(const struct detect *d)
{
	return earlier(earlier(earlier(NEVER, &d->orphans), &d->daemons), &d->leaks);
}

void detect_finish(struct detect *d)
{
	orphan_finish(d);
}
