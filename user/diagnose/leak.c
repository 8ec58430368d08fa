// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/leak.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/num.h"
#include "diagnose/cause.h"

#define NEAR_PART 5 /* a limit is near when this part of it is left */

const char *limit_words(const struct limits *l, enum limit_kind kind)
{
	static const char *const words[LIMIT_KINDS] = {
		[LIMIT_CGROUP] = "pids.max of its control group",
		[LIMIT_PID_MAX] = "kernel.pid_max",
		[LIMIT_THREADS_MAX] = "kernel.threads-max",
		[LIMIT_NPROC] = "RLIMIT_NPROC of its user",
	};

	if (kind == LIMIT_CGROUP && l->up)
		return "pids.max of a control group above its own";
	if (kind == LIMIT_PID_MAX && l->of_namespace)
		return l->ns_up ? "kernel.pid_max of a pid namespace above its own"
				: "kernel.pid_max of its pid namespace";
	return words[kind];
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

void evidence_rates(struct evidence *e, const struct leak *l)
{
	static const char *const ages[LEAK_WINDOWS] = { "minute", "5 minutes", "15 minutes" };
	static const uint32_t minutes[LEAK_WINDOWS] = { 1, 5, 15 };
	char words[EVIDENCE_LEN];
	size_t n = 0;
	int i;

	if (!l->minutes && l->now_for >= NS_PER_S)
		evidence_add(e, "in the last %u s %u became zombies and %u were collected",
			     (unsigned int)(l->now_for / NS_PER_S), l->created_now, l->reaped_now);
	for (i = 0; i < LEAK_WINDOWS && l->minutes >= minutes[i]; i++)
		n += (size_t)snprintf(words + n, sizeof(words) - n, "%s %s %u%s and %u%s",
				      i ? ", in" : "in the last", ages[i], l->created[i],
				      i ? "" : " became zombies", l->reaped[i],
				      i ? "" : " were collected");
	if (n)
		evidence_add(e, "%s", words);
}

static void about_growth(const struct leak *l, struct evidence *e)
{
	char within[SPAN_LEN];

	clock_span(within, l->within);
	if (l->growth)
		evidence_add(e, "%u of its children stand as zombies, %u more than %s ago",
			     l->count, l->growth, within);
	else if (l->within)
		evidence_add(e, "%u of its children stand as zombies, no more than %s ago",
			     l->count, within);
	else
		evidence_add(e, "%u of its children stand as zombies", l->count);
}

static void about_limit(const struct finding *f, struct evidence *e)
{
	const struct leak *l = &f->u.leak;
	const struct limit *limit = &l->limits.of[l->nearest];
	char used[64], left[SPAN_LEN];

	snprintf(used, sizeof(used), "%llu of %llu", (unsigned long long)limit->used,
		 (unsigned long long)limit->max);
	if (!limit_room(*limit)) {
		evidence_add(e, "%s is reached: %s", limit_words(&l->limits, l->nearest), used);
	} else if (l->hit) {
		clock_span(left, l->hit > f->ts ? l->hit - f->ts : 0);
		evidence_add(e, "%s is reached in %s at this rate: %s are in use",
			     limit_words(&l->limits, l->nearest), left, used);
	} else if (limit_room(*limit) <= limit->max / NEAR_PART) {
		evidence_add(e, "%s is near: %s are in use", limit_words(&l->limits, l->nearest),
			     used);
	}
}

/* Which limit, when, and whether it has been hit already. */
static void about_end(const struct finding *f, struct evidence *e)
{
	const struct limits *l = &f->u.leak.limits;

	if (f->u.leak.nearest != LIMIT_KINDS)
		about_limit(f, e);
	if (l->refused)
		evidence_add(e, "the limits of its control groups have refused %llu fork%s (EAGAIN)",
			     (unsigned long long)l->refused, plural(l->refused));
}

void diagnose_limits(struct finding *f)
{
	about_end(f, &f->evidence);
}

void diagnose_growth(struct finding *f)
{
	const struct leak *l = &f->u.leak;

	about_growth(l, &f->evidence);
	evidence_rates(&f->evidence, l);
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
	evidence_rates(&f->evidence, l);
	about_end(f, &f->evidence);
	for (i = 0; i < child.evidence.n; i++)
		evidence_add(&f->evidence, "%s", child.evidence.s[i]);
}
