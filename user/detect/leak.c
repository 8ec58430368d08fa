// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zombie leaks: one parent's zombies keep growing. A crowd that stands is none, however large, nor is
 * one that comes and goes: what counts is the least number in each stretch of time. If four
 * stretches in a row rise, it grows. Stretches are a minute, five and fifteen, so that a leak of a
 * few an hour is found too; and two and ten seconds, where a limit is so near at that speed that it
 * would be hit before, or soon.
 *
 * Time is cut where the boot clock shows whole stretches, so that a replay cuts it there too.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "detect/detect.h"
#include "detect/forecast.h"

#define BEAT (2 * NS_PER_S)
#define STRETCHES 4 /* in a row */
#define GROWTH 5 /* at the least, over all of them */
#define EVEN 8 /* each of them has this part of it, at the least */
#define MEASURE_SOON (10 * NS_PER_S)
#define MEASURE_LATER (30 * NS_PER_S)
#define MINUTES 15

enum { SCALE_BEAT, SCALE_TEN, SCALE_MINUTE, SCALE_FIVE, SCALE_QUARTER, SCALES };

static const uint64_t lengths[SCALES] = {
	[SCALE_BEAT] = BEAT,
	[SCALE_TEN] = 10 * NS_PER_S,
	[SCALE_MINUTE] = 60 * NS_PER_S,
	[SCALE_FIVE] = 300 * NS_PER_S,
	[SCALE_QUARTER] = 900 * NS_PER_S,
};

/* Growth by so much counts if a limit is reached within that time; else the slower scales will see. */
static const struct urgency {
	int scale;
	uint32_t growth;
	uint64_t within;
} urgencies[] = {
	{ SCALE_BEAT, GROWTH, 60 * NS_PER_S },
	{ SCALE_BEAT, 20, 600 * NS_PER_S },
	{ SCALE_TEN, GROWTH, 300 * NS_PER_S },
};

#define SILENCE ((STRETCHES + 1) * 900 * NS_PER_S)

struct account {
	struct hold hold;
	struct ident id; /* the parent */
	uint64_t since;
	struct scale {
		struct low {
			uint32_t count;
			uint64_t left; /* when it was last that few; boot time */
		} least,		/* in this stretch, so far */
			past[STRETCHES]; /* of the last ones, oldest first */
		uint32_t n;		 /* how many of them there are */
	} scale[SCALES];
	uint32_t created[MINUTES], reaped[MINUTES]; /* the last whole minutes, newest first */
	uint32_t created_now, reaped_now;
	struct limits limits;
	uint64_t measure_at;
	const struct scale *told; /* leaks, and was told so by this scale; NULL: does not */
	uint32_t told_count;
};

static struct account *find(const struct detect *d, struct ident id)
{
	struct hold *hold = NULL;

	while ((hold = holds_find(&d->leaks, id.pid, hold)))
		if (ident_same(((struct account *)hold)->id, id))
			return (struct account *)hold;
	return NULL;
}

static void note_count(struct account *a, uint32_t count, uint64_t ts)
{
	size_t i;

	for (i = 0; i < SCALES; i++)
		if (count <= a->scale[i].least.count)
			a->scale[i].least = (struct low){ count, ts };
}

/* There will be more than count of them. */
static struct account *note_rise(struct detect *d, const struct proc *parent, uint32_t count,
				 uint64_t since, uint64_t now)
{
	struct account *a = find(d, parent->id);
	size_t i;

	if (!a) {
		a = xcalloc(1, sizeof(*a));
		a->id = parent->id;
		a->since = now;
		for (i = 0; i < SCALES; i++)
			a->scale[i].least.count = count;
		holds_add(&d->leaks, &a->hold, parent->id.pid, (now / BEAT + 1) * BEAT);
	}
	note_count(a, count, since);
	return a;
}

static void note_reaped(struct detect *d, const struct proc *parent, uint64_t ts)
{
	struct account *a = find(d, parent->id);

	if (!a)
		return;
	a->reaped_now++;
	note_count(a, parent->zombies, ts);
}

/* It was one from its death on, though that is known only now. */
static void note_zombie(struct detect *d, const struct proc *p, uint64_t now)
{
	note_rise(d, p->parent, p->parent->zombies - 1, p->died ? p->died : now, now)->created_now++;
}

void leak_after(struct detect *d, const struct change *c)
{
	const struct proc *adopter;
	struct account *a;

	if (c->kind == CHANGE_ZOMBIE && c->p->parent)
		note_zombie(d, c->p, c->ts);
	else if (c->kind == CHANGE_REAP && c->u.reap.was_zombie && c->p->parent)
		note_reaped(d, c->p->parent, c->ts);
	else if (c->kind == CHANGE_EXIT && c->p->zombies && (adopter = c->u.exit.adopter))
		note_rise(d, adopter, adopter->zombies, c->ts, c->ts); /* they are handed on */
	else if (c->kind == CHANGE_SIGHT && c->event->sight.limits.ts && (a = find(d, c->p->id)))
		a->limits = c->event->sight.limits;
}

static void end_stretch(struct scale *s, uint32_t count, uint64_t now)
{
	memmove(s->past, s->past + 1, sizeof(s->past) - sizeof(s->past[0]));
	s->past[STRETCHES - 1] = s->least;
	s->least = (struct low){ count, now };
	if (s->n < STRETCHES)
		s->n++;
}

static void end_minute(struct account *a)
{
	memmove(a->created + 1, a->created, sizeof(a->created) - sizeof(a->created[0]));
	memmove(a->reaped + 1, a->reaped, sizeof(a->reaped) - sizeof(a->reaped[0]));
	a->created[0] = a->created_now;
	a->reaped[0] = a->reaped_now;
	a->created_now = a->reaped_now = 0;
}

static uint32_t growth(const struct scale *s)
{
	uint32_t first = s->past[0].count, last = s->past[STRETCHES - 1].count;

	return s->n == STRETCHES && last > first ? last - first : 0;
}

/* All the time: what came together at once and is a little larger now and then does not. */
static bool rises(const struct scale *s)
{
	uint32_t all = growth(s);
	int i;

	for (i = 1; i < STRETCHES; i++) {
		uint32_t before = s->past[i - 1].count, count = s->past[i].count;

		if (count <= before || (count - before) * EVEN < all)
			return false;
	}
	return s->n == STRETCHES;
}

static void count_windows(const struct account *a, struct leak *leak, uint64_t now)
{
	static const int windows[LEAK_WINDOWS] = { 1, 5, 15 };
	int i, minute;

	leak->minutes = (uint32_t)((now - a->since) / (60 * NS_PER_S));
	leak->created_now = a->created_now;
	leak->reaped_now = a->reaped_now;
	leak->now_for = now % (60 * NS_PER_S);
	if (leak->now_for > now - a->since)
		leak->now_for = now - a->since;
	for (i = 0; i < LEAK_WINDOWS; i++) {
		for (minute = 0; minute < windows[i]; minute++) {
			leak->created[i] += a->created[minute];
			leak->reaped[i] += a->reaped[minute];
		}
	}
}

static void count_program(struct leak_program *all, size_t *n, size_t room, const char *comm)
{
	size_t i;

	for (i = 0; i < *n; i++) {
		if (strncmp(all[i].comm, comm, COMM_LEN))
			continue;
		all[i].count++;
		return;
	}
	if (*n < room)
		all[(*n)++] = (struct leak_program){ comm, 1 };
}

static int most_first(const void *a, const void *b)
{
	const struct leak_program *x = a, *y = b;

	return x->count == y->count ? strncmp(x->comm, y->comm, COMM_LEN)
				    : x->count < y->count ? 1 : -1;
}

/* Who they were: their programs, and the oldest of them. */
static void look_at_children(const struct proc *p, struct leak *leak)
{
	struct leak_program all[32];
	const struct list *pos;
	size_t n = 0;

	list_each(pos, &p->children) {
		const struct proc *child = list_entry(pos, struct proc, sibling);

		if (child->life != LIFE_ZOMBIE)
			continue;
		count_program(all, &n, sizeof(all) / sizeof(all[0]), child->comm);
		if (child->died && (!leak->oldest || child->died < leak->oldest))
			leak->oldest = child->died;
	}
	qsort(all, n, sizeof(all[0]), most_first);
	memcpy(leak->programs, all, (n < LEAK_PROGRAMS ? n : LEAK_PROGRAMS) * sizeof(all[0]));
}

/* Since when they have grown so much: stretches may be cut anywhere between two deaths. */
static uint64_t grown_within(const struct account *a, const struct scale *s)
{
	uint64_t first = s->past[0].left, last = s->past[STRETCHES - 1].left;

	return last > first ? last - first : (STRETCHES - 1) * lengths[s - a->scale];
}

/* How far back they are known not to grow. */
static uint64_t known_for(const struct account *a)
{
	return a->scale[SCALE_BEAT].n == STRETCHES ? (STRETCHES - 1) * lengths[SCALE_BEAT] : 0;
}

/* s: at which scale it grows; NULL: at none. */
static void describe(const struct detect *d, const struct account *a, const struct proc *p,
		     const struct scale *s, uint64_t now, struct leak *leak)
{
	leak->count = p->zombies;
	leak->growth = s ? growth(s) : 0;
	leak->within = s ? grown_within(a, s) : known_for(a);
	forecast(d->engine, p, &a->limits, now, leak);
}

/* The fastest scale at which there are more and more. */
static const struct scale *rising(const struct account *a)
{
	size_t i;

	if (a->told && growth(a->told))
		return a->told;
	for (i = 0; i < SCALES; i++)
		if (growth(&a->scale[i]))
			return &a->scale[i];
	return NULL;
}

bool leak_of(const struct detect *d, const struct proc *parent, uint64_t now, struct leak *leak)
{
	const struct account *a = find(d, parent->id);

	*leak = (struct leak){ 0 };
	if (!a)
		return false;
	describe(d, a, parent, rising(a), now, leak);
	count_windows(a, leak, now);
	look_at_children(parent, leak);
	return true;
}

/* A burst far from any limit may well end before. */
static bool counts(const struct leak *leak, int scale, uint64_t now)
{
	size_t i;

	for (i = 0; i < sizeof(urgencies) / sizeof(urgencies[0]); i++)
		if (scale == urgencies[i].scale && leak->growth >= urgencies[i].growth &&
		    leak->nearest != LIMIT_KINDS && leak->hit <= now + urgencies[i].within)
			return true;
	return scale >= SCALE_MINUTE;
}

static bool tell(struct detect *d, struct account *a, const struct proc *p, const struct scale *s,
		 uint64_t now)
{
	struct finding f = { .kind = FINDING_ZOMBIE_LEAK, .ts = now, .p = p };
	struct leak *leak = &f.u.leak;

	describe(d, a, p, s, now, leak);
	if (!counts(leak, (int)(s - a->scale), now))
		return false;
	count_windows(a, leak, now);
	look_at_children(p, leak);
	a->told = s;
	a->told_count = leak->count;
	d->out.finding(d->out.ctx, &f);
	return true;
}

/* Once told, it is told again when it has doubled; and it ends when it has not grown at its scale. */
static void judge(struct detect *d, struct account *a, const struct proc *p, uint64_t now)
{
	size_t i;

	if (a->told && !growth(a->told))
		a->told = NULL;
	if (a->told && p->zombies < 2 * a->told_count)
		return;
	for (i = 0; i < SCALES; i++) {
		const struct scale *s = &a->scale[i];

		if (!(now % lengths[i]) && rises(s) && growth(s) >= GROWTH &&
		    tell(d, a, p, s, now))
			return;
	}
}

/* Before it is judged: what is near decides how urgent it is. */
static void measure(struct detect *d, struct account *a, uint64_t now)
{
	bool soon = growth(&a->scale[SCALE_BEAT]) >= GROWTH, grows = soon;
	size_t i;

	for (i = 1; i < SCALES && !grows; i++)
		grows = a->scale[i].n > 1 &&
			a->scale[i].past[STRETCHES - 1].count >
				a->scale[i].past[STRETCHES - 2].count;
	if (!grows || now < a->measure_at)
		return;
	a->measure_at = now + (soon ? MEASURE_SOON : MEASURE_LATER);
	d->out.measure(d->out.ctx, a->id);
}

/* A beat has ended. False: the parent is gone, or has had no zombies for long. */
static bool beat(struct detect *d, struct account *a, uint64_t now)
{
	const struct proc *p = engine_find(d->engine, a->id);
	size_t i;

	if (!p || p->life != LIFE_RUNNING)
		return false;
	for (i = 0; i < SCALES; i++)
		if (now % lengths[i] == 0)
			end_stretch(&a->scale[i], p->zombies, now);
	if (now % lengths[SCALE_MINUTE] == 0)
		end_minute(a);
	measure(d, a, now);
	judge(d, a, p, now);
	return p->zombies || a->scale[SCALE_QUARTER].n < STRETCHES ||
	       growth(&a->scale[SCALE_QUARTER]) || a->scale[SCALE_QUARTER].past[0].count;
}

/*
 * From tick to tick nothing happens: in a silence that fills all stretches they become the same, and
 * what is longer need not be lived through.
 */
static uint64_t next_beat(uint64_t due, uint64_t begin, uint64_t now)
{
	if (due > begin + SILENCE && due + SILENCE < now)
		due = (now - SILENCE) / BEAT * BEAT;
	return due + BEAT;
}

void leak_tick(struct detect *d, uint64_t now)
{
	struct hold *hold = holds_first(&d->leaks);
	uint64_t begin = hold ? hold->due : 0;

	while ((hold = holds_first(&d->leaks)) && hold->due <= now) {
		struct account *a = (struct account *)hold;
		uint64_t due = hold->due;

		holds_remove(&d->leaks, hold);
		if (beat(d, a, due))
			holds_add(&d->leaks, hold, a->id.pid, next_beat(due, begin, now));
		else
			free(a);
	}
}
