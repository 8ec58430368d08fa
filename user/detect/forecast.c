// SPDX-License-Identifier: GPL-2.0-only
#include "detect/forecast.h"

/* The user's tasks, as far as they are known: RLIMIT_NPROC counts them all. */
static uint64_t tasks_of(const struct engine *e, uint32_t uid)
{
	const struct proc *p = NULL;
	uint64_t n = 0;

	while ((p = engine_next(e, p)))
		if ((p->have & HAVE_USER) && p->uid == uid && p->life != LIFE_GONE)
			n += p->life == LIFE_RUNNING && p->threads > 1 ? p->threads : 1;
	return n;
}

void forecast(const struct engine *e, const struct proc *p, const struct limits *read, uint64_t now,
	      struct leak *leak)
{
	struct limits *l = &leak->limits;
	int i;

	*l = *read;
	leak->nearest = LIMIT_KINDS;
	if (!l->ts)
		return;
	if (p->uid && l->of[LIMIT_NPROC].max) /* root is not held to it */
		l->of[LIMIT_NPROC].used = tasks_of(e, p->uid);
	else
		l->of[LIMIT_NPROC].max = 0;
	for (i = 0; i < LIMIT_KINDS; i++)
		if (l->of[i].max && (leak->nearest == LIMIT_KINDS ||
				     limit_room(l->of[i]) < limit_room(l->of[leak->nearest])))
			leak->nearest = (enum limit_kind)i;
	if (leak->nearest != LIMIT_KINDS && leak->growth)
		leak->hit = (leak->nearest == LIMIT_NPROC ? now : l->ts) +
			    (uint64_t)((double)limit_room(l->of[leak->nearest]) *
				       (double)leak->within / leak->growth);
}
