// SPDX-License-Identifier: GPL-2.0-only
/* Zombies: the engine says when one stands too long, the diagnosis says why. */
#include "detect/detect.h"

static void tell(struct detect *d, const struct change *c)
{
	struct finding f = { .ts = c->ts, .p = c->p };

	if (c->kind == CHANGE_ZOMBIE) {
		f.kind = FINDING_ZOMBIE;
		f.u.zombie.responsible = c->p->parent;
	} else {
		f.kind = FINDING_ZOMBIE_CLEARED;
		f.u.reap = c;
	}
	d->out.finding(d->out.ctx, &f);
}

void zombie_after(struct detect *d, const struct change *c)
{
	if (c->kind == CHANGE_ZOMBIE || (c->kind == CHANGE_REAP && c->u.reap.was_zombie))
		tell(d, c);
}
