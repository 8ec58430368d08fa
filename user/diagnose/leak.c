// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/leak.h"

#include "base/clock.h"
#include "diagnose/cause.h"

const char *limit_words(const struct limits *l, enum limit_kind kind)
{
	static const char *const words[LIMIT_KINDS] = {
		[LIMIT_CGROUP] = "pids.max of its control group",
		[LIMIT_PID_MAX] = "kernel.pid_max",
		[LIMIT_THREADS_MAX] = "kernel.threads-max",
		[LIMIT_NPROC] = "RLIMIT_NPROC of its user",
	};

	return kind == LIMIT_CGROUP && l->up ? "pids.max of a control group above its own"
					     : words[kind];
}

/* The last that died: of all of them it tells most of what the parent does now. */
static const struct proc *newest_zombie(const struct proc *parent)
{
	const struct list *pos;
	const struct proc *newest = NULL;

	list_each(pos, &parent->children) {
		const struct proc *p = list_entry(pos, struct proc, sibling);

		if (p->life == LIFE_ZOMBIE && (!newest || p->died >= newest->died))
			newest = p;
	}
	return newest;
}

static void about_growth(const struct leak *l, struct evidence *e)
{
	if (l->growth)
		evidence_add(e, "%u of its children stand as zombies, %u more than %u s ago",
			     l->count, l->growth, (unsigned int)(l->within / NS_PER_S));
	else if (l->within)
		evidence_add(e, "%u of its children stand as zombies, no more than %u s ago",
			     l->count, (unsigned int)(l->within / NS_PER_S));
	else
		evidence_add(e, "%u of its children stand as zombies", l->count);
	if (l->minutes >= 1)
		evidence_add(e, "in the last %s %u became zombies and %u of them were collected",
			     l->minutes >= 5 ? "5 minutes" : "minute",
			     l->created[l->minutes >= 5], l->reaped[l->minutes >= 5]);
}

static void about_limit(const struct finding *f, struct evidence *e)
{
	const struct leak *l = &f->u.leak;
	const struct limit *limit = &l->limits.of[l->nearest];
	uint64_t left = l->hit > f->ts ? l->hit - f->ts : 0;

	if (!limit_room(*limit))
		evidence_add(e, "%s is reached: %llu of %llu", limit_words(&l->limits, l->nearest),
			     (unsigned long long)limit->used, (unsigned long long)limit->max);
	else
		evidence_add(e, "%s is reached in %llu s at this rate: %llu of %llu are in use",
			     limit_words(&l->limits, l->nearest),
			     (unsigned long long)(left / NS_PER_S),
			     (unsigned long long)limit->used, (unsigned long long)limit->max);
}

/* Which limit, when, and whether it has been hit already. */
static void about_end(const struct finding *f, struct evidence *e)
{
	const struct limits *l = &f->u.leak.limits;

	if (f->u.leak.nearest != LIMIT_KINDS)
		about_limit(f, e);
	if (l->refused)
		evidence_add(e, "the limits of its control groups have refused %llu forks",
			     (unsigned long long)l->refused);
}

void diagnose_growth(struct finding *f)
{
	const struct leak *l = &f->u.leak;

	about_growth(l, &f->evidence);
	if (!l->minutes && l->now_for >= NS_PER_S)
		evidence_add(&f->evidence, "in the last %u s %u became zombies and %u were collected",
			     (unsigned int)(l->now_for / NS_PER_S), l->created_now, l->reaped_now);
	about_end(f, &f->evidence);
}

void diagnose_leak(struct finding *f)
{
	struct finding child = { .kind = FINDING_ZOMBIE, .ts = f->ts, .p = newest_zombie(f->p) };
	struct leak *l = &f->u.leak;
	int i;

	child.u.zombie.responsible = f->p;
	child.u.zombie.cause = CAUSE_UNKNOWN;
	if (child.p)
		diagnose_zombie(&child);
	l->cause = child.u.zombie.cause;
	about_growth(l, &f->evidence);
	about_end(f, &f->evidence);
	for (i = 0; i < child.evidence.n; i++)
		evidence_add(&f->evidence, "%s", child.evidence.s[i]);
}
