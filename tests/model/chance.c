// SPDX-License-Identifier: GPL-2.0-only
/* Random lives. */
#include "chance.h"

#include <signal.h>

struct temper temper_of(struct dice *d, bool faults)
{
	return (struct temper){
		.crowd = 4 + dice_of(d, 28),
		.losses = faults ? 2 + dice_of(d, 30) : 0,
		.looks = 4 + dice_of(d, 40),
		.lazy = 2 + dice_of(d, 8),
	};
}

/* A time that goes by: mostly some microseconds, at times a grace period, at times seconds. */
static uint32_t time_of(struct dice *d)
{
	switch (dice_of(d, 64)) {
	case 0:
		return dice_of(d, 2000) * (uint32_t)NS_PER_MS;
	case 1 ... 3:
		return dice_of(d, 100 * (uint32_t)NS_PER_MS);
	case 4 ... 12:
		return dice_of(d, 5 * (uint32_t)NS_PER_MS);
	default:
		return 1000 + dice_of(d, 50000);
	}
}

static uint32_t living(struct world *w)
{
	const struct ref_life *l;
	uint32_t n = 0;

	ref_each(&w->ref, l)
		n += ref_is_there(l);
	return n;
}

/* Some life in this state; NULL: there is none. */
static struct ref_life *some(struct dice *d, struct world *w, enum ref_state state)
{
	struct ref_life *l, *found = NULL;
	uint32_t n = 0;

	ref_each(&w->ref, l)
		if (l->state == state && dice_one_in(d, ++n))
			found = l;
	return found;
}

static struct ref_life *some_doomed(struct world *w)
{
	struct ref_life *l;

	ref_each(&w->ref, l)
		if (l->doomed && l->state == REF_RUNS)
			return l;
	return NULL;
}

static uint32_t free_pid(struct dice *d, struct world *w)
{
	uint32_t first = dice_of(d, REF_PIDS), i;

	for (i = 0; i < REF_PIDS; i++)
		if (ref_pid_is_free(&w->ref, 1 + (first + i) % REF_PIDS, w->now))
			return 1 + (first + i) % REF_PIDS;
	return 0;
}

static uint16_t fork_flags(struct dice *d)
{
	static const uint16_t flags[] = { FORK_CLONE_PARENT, FORK_NEW_SPACE, FORK_BELOW, FORK_USR1,
					  FORK_QUIET, FORK_CLONE_PARENT | FORK_USR1 };

	return dice_one_in(d, 4) ? flags[dice_of(d, sizeof(flags) / sizeof(flags[0]))] : 0;
}

static uint16_t status_of(struct dice *d)
{
	static const uint16_t statuses[] = { 0, 1 << 8, 5 << 8, SIGKILL, SIGTERM, SIGSEGV | 0x80 };

	return dice_one_in(d, 2) ? 0 : statuses[dice_of(d, sizeof(statuses) / sizeof(statuses[0]))];
}

/* One of the living does something that no record tells of, or only a small one. */
static void small_thing(struct dice *d, struct world *w, struct op *op)
{
	static const uint8_t kinds[] = { OP_SETSID, OP_SETPGID, OP_TERMINAL, OP_SUBREAPER,
					 OP_SIGCHLD, OP_WAITING, OP_TRACE, OP_UNTRACE, OP_CGROUP,
					 OP_THREAD, OP_UNTHREAD, OP_LEADER };
	const struct ref_life *with = some(d, w, REF_RUNS);

	op->kind = kinds[dice_of(d, sizeof(kinds))];
	op->with = with->n;
	op->arg = (uint16_t)(dice_one_in(d, 2) ? 0 : 1 + dice_of(d, 2));
}

/* Whether somebody collects it: some never do, some late. */
static void collect(struct dice *d, const struct temper *t, struct world *w, struct op *op)
{
	const struct ref_life *l = some(d, w, REF_CORPSE), *who;

	op->kind = OP_TIME;
	if (!l)
		return;
	who = l->tracer ? l->tracer : l->parent;
	if (who->n % t->lazy == 0 && !dice_one_in(d, 50))
		return;
	op->kind = OP_WAIT;
	op->who = who->n;
	op->with = l->n;
}

static void tell_release(struct dice *d, struct world *w, struct op *op)
{
	const struct ref_life *l = some(d, w, REF_RELEASED);

	op->kind = OP_FREE;
	op->who = l ? l->n : 0;
	op->arg = (uint16_t)(dice_one_in(d, 8) ? 1 + dice_of(d, w->ref.born) : 0);
}

static void be_born(struct dice *d, struct world *w, struct op *op)
{
	op->kind = OP_FORK;
	op->n = w->ref.born + 1;
	op->with = free_pid(d, w);
	op->arg = fork_flags(d);
	if (dice_one_in(d, 16))
		op->who = 2; /* a kernel thread */
}

static void die(struct dice *d, struct world *w, struct op *op)
{
	const struct ref_life *doomed = some_doomed(w), *leaving = some(d, w, REF_EXITS);

	if (leaving && !dice_one_in(d, 4)) {
		op->kind = OP_LEAVE;
		op->who = leaving->n;
		return;
	}
	op->kind = OP_DIE;
	op->arg = status_of(d);
	if (!doomed || dice_one_in(d, 8))
		return;
	op->who = doomed->n;
	op->arg = SIGKILL;
}

/* What the tracer does: time, looks, audits. */
static void tracer(struct dice *d, struct world *w, struct op *op)
{
	switch (dice_of(d, 8)) {
	case 0:
		op->kind = OP_TIME;
		break;
	case 1 ... 3:
		op->kind = OP_LOOK;
		op->arg = (uint16_t)(dice_one_in(d, 2) ? 512 : dice_of(d, 4));
		break;
	case 4 ... 6:
		op->kind = OP_SIGHTS;
		break;
	default:
		op->kind = dice_one_in(d, 4) ? OP_AUDIT : OP_SIGHTS;
	}
	(void)w;
}

static void life(struct dice *d, const struct temper *t, struct world *w, struct op *op)
{
	uint32_t n = living(w);

	switch (dice_of(d, 12)) {
	case 0 ... 3:
		if (n < t->crowd || dice_one_in(d, 4))
			be_born(d, w, op);
		else
			die(d, w, op);
		break;
	case 4:
		op->kind = OP_EXEC;
		break;
	case 5:
		small_thing(d, w, op);
		break;
	case 6 ... 7:
		die(d, w, op);
		break;
	case 8 ... 9:
		collect(d, t, w, op);
		break;
	default:
		tell_release(d, w, op);
	}
}

struct op chance_op(struct dice *d, const struct temper *t, struct world *w)
{
	const struct ref_life *somebody = some(d, w, REF_RUNS);
	struct op op = { .kind = OP_TIME, .who = somebody->n, .dt = time_of(d) };

	if (dice_one_in(d, 8))
		op.back = dice_of(d, 900);
	if (dice_one_in(d, t->looks))
		tracer(d, w, &op);
	else
		life(d, t, w, &op);
	if (t->losses && dice_one_in(d, t->losses))
		op.fault = dice_one_in(d, 4) ? FAULT_TWICE : FAULT_LOST;
	return op;
}
