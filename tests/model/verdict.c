// SPDX-License-Identifier: GPL-2.0-only
/* What the engine and the rules say, held against the ledger; their table against both. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "words.h"
#include "world.h"

#define HOLD (20 * NS_PER_MS) /* of an orphan finding: user/detect/orphan.c */
#define HEARD(a, kind) (((a)->delivered & 1u << (kind)) != 0)
#define WHO "pid %u (life %u)"
#define ID(a) (a)->id.pid, (a)->n

static const struct ref_life *life_of(const struct world *w, const struct account *a)
{
	return &w->ref.lives[a - w->ledger.accounts];
}

/* Of a parent that only /proc ever told of the bare pid is known. */
static struct loss *find_loss(struct account *a, struct ident parent, bool told)
{
	uint32_t i;

	for (i = 0; i < a->nlosses && i < PARENTS_LOST; i++)
		if (ident_names(parent, a->losses[i].parent) && a->losses[i].told == told)
			return &a->losses[i];
	return NULL;
}

/* After a loss one may turn out late to be followed: it is introduced again, for those who filter. */
static bool is_told_again(const struct account *a, const struct change *c)
{
	bool before = c->kind == CHANGE_EXIT ? a->followed_dead : a->followed;

	return c->inferred && c->p->followed && !before;
}

/* A start in clock ticks, and tracing began within that tick: it may be from before or not. */
static bool is_of_the_first_tick(const struct change *c)
{
	return c->p->id.start == BEGINNING / START_TICK * START_TICK;
}

static void says_birth(struct world *w, struct account *a, const struct change *c)
{
	const struct ref_life *l = life_of(w, a);

	if (a->told.births && is_told_again(a, c)) {
		a->followed = true;
		return;
	}
	a->followed = c->p->followed;
	if (a->told.births++)
		wrong(w, WHO " is born twice", ID(a));
	if ((c->kind == CHANGE_SNAPSHOT) != l->before && !is_of_the_first_tick(c))
		wrong(w, WHO " was%s there before", ID(a), l->before ? "" : " not");
	if (c->kind == CHANGE_FORK && c->inferred == HEARD(a, EVENT_FORK))
		wrong(w, "the birth of " WHO " was%s heard of", ID(a), c->inferred ? "" : " not");
}

static void says_exit(struct world *w, struct account *a, const struct change *c)
{
	const struct ref_life *l = life_of(w, a);

	if (a->told.exits && is_told_again(a, c)) {
		a->followed_dead = true;
		return;
	}
	a->followed_dead = c->p->followed;
	if (a->told.exits++)
		wrong(w, WHO " dies twice", ID(a));
	if (!a->told.births)
		wrong(w, WHO " dies and was not born", ID(a));
	if (l->state == REF_RUNS)
		wrong(w, WHO " dies, but lives", ID(a));
	if (c->inferred == HEARD(a, EVENT_EXIT))
		wrong(w, "the death of " WHO " was%s heard of", ID(a), c->inferred ? "" : " not");
	if (c->p->has_status && c->p->status != l->status)
		wrong(w, WHO " ended with %#x, not %#x", ID(a), l->status, c->p->status);
}

/*
 * What losses excuse: where its own exit was lost, it counts as living a little longer. And /proc
 * names a parent by its bare pid: where the end of one and the birth of the next of that pid were
 * both lost, the former is taken for the parent, until an audit tells them apart.
 */
static bool is_excused(const struct world *w, const struct account *a, struct ident parent,
		       bool inferred)
{
	return (a->lost & 1u << EVENT_EXIT) ||
	       (w->faults && inferred && parent.pid == a->true_parent.pid);
}

static void says_orphan(struct world *w, struct account *a, const struct change *c)
{
	a->told.orphanings++;
	if (find_loss(a, c->u.orphan.parent->id, false))
		return;
	a->excused = is_excused(w, a, c->u.orphan.parent->id, c->inferred);
	if (!a->excused)
		wrong(w, WHO " is an orphan of %u, which was not its parent", ID(a),
		      c->u.orphan.parent->id.pid);
}

/* Since its exit was told: what was before that nobody can say. */
static void says_zombie_time(struct world *w, const struct account *a, const struct change *c)
{
	uint64_t stood = c->ts > a->told_death ? c->ts - a->told_death : 0;

	if (c->u.reap.has_zombie != HEARD(a, EVENT_EXIT))
		wrong(w, WHO ": how long it stood is%s known", ID(a),
		      HEARD(a, EVENT_EXIT) ? "" : " not");
	if (c->u.reap.how == REAP_AUTO && c->u.reap.precision == REAP_EXACT && !a->stood)
		stood = 0;
	/* an heir's may have let itself go before that, which only the moment itself tells */
	if (c->u.reap.how == REAP_AUTO && c->u.reap.precision != REAP_EXACT &&
	    (!(a->heir || w->faults) || !c->u.reap.zombie))
		stood = 0;
	if (c->u.reap.has_zombie && c->u.reap.zombie != stood)
		wrong(w, WHO " stood for %llu ns, not %llu", ID(a), (unsigned long long)stood,
		      (unsigned long long)c->u.reap.zombie);
}

/* Of one that is forgotten: any name will do. */
static bool is_name_of(const struct ref_life *l, const char *comm)
{
	char name[COMM_LEN];

	if (!comm || !l)
		return comm && *comm == 'c';
	snprintf(name, COMM_LEN, "c%u", l->exec_id);
	return !strcmp(comm, name);
}

static const enum reap_how hows[] = {
	[REF_WAITED] = REAP_WAIT, [REF_BY_INIT] = REAP_INIT, [REF_AUTO] = REAP_AUTO,
};

/* Nothing that was lost before, and nothing that nobody can know, excuses it. */
static void says_exactly(struct world *w, const struct account *a, const struct change *c)
{
	const struct ref_life *l = life_of(w, a);

	if (!ident_same(c->u.reap.reaper, l->reaper))
		wrong(w, WHO " was seen to be reaped by %u, not %u", ID(a), l->reaper.pid,
		      c->u.reap.reaper.pid);
	if ((c->u.reap.how == REAP_AUTO) != (l->how == REF_AUTO) ||
	    (!w->faults && c->u.reap.how != hows[l->how]))
		wrong(w, WHO " was seen to be reaped in way %d, not %d", ID(a), hows[l->how],
		      c->u.reap.how);
}

static void says_reap(struct world *w, struct account *a, const struct change *c)
{
	const struct ref_life *l = life_of(w, a);

	if (a->told.reaps++)
		wrong(w, WHO " is reaped twice", ID(a));
	if (!a->told.exits)
		wrong(w, WHO " is reaped and has not died", ID(a));
	if (l->state != REF_RELEASED)
		wrong(w, WHO " is reaped, but is still there", ID(a));
	if (c->inferred == (c->u.reap.precision != REAP_AUDIT && HEARD(a, EVENT_EXIT)))
		wrong(w, "the reap of " WHO " is%s inferred", ID(a), c->inferred ? "" : " not");
	if (c->u.reap.precision != (HEARD(a, EVENT_REAP) ? REAP_EXACT :
				    HEARD(a, EVENT_FREE) ? REAP_RCU : REAP_AUDIT))
		wrong(w, WHO " is not reaped as precisely as it was seen", ID(a));
	says_zombie_time(w, a, c);
	if (c->u.reap.precision == REAP_EXACT)
		says_exactly(w, a, c);
	if (w->faults || a->reaper_unsure)
		return;
	if (!c->u.reap.reaper.pid && a->heir &&
	    !(HEARD(a, EVENT_FREE) && ident_same(l->reaper, l->creator)))
		return; /* its old parent or the new one: nobody can know */
	if (!ident_same(c->u.reap.reaper, l->reaper))
		wrong(w, WHO " was reaped by %u, not %u", ID(a), l->reaper.pid,
		      c->u.reap.reaper.pid);
	/* one that is gone has the name that it had when it made the child */
	if (engine_find(w->engine, l->reaper) &&
	    !is_name_of(ref_by_id(&w->ref, l->reaper), c->u.reap.reaper_comm))
		wrong(w, WHO " was reaped by somebody else's name", ID(a));
	if (!a->how_unsure && !a->heir && c->u.reap.how != hows[l->how])
		wrong(w, WHO " was reaped in way %d, not %d", ID(a), hows[l->how], c->u.reap.how);
}

static void says_session(struct world *w, struct account *a, const struct change *c)
{
	a->told.sessions++;
	if (w->faults)
		return;
	if (c->u.session.sid != a->was.sid || c->u.session.tty != a->was.tty ||
	    c->p->sid != a->sid || c->p->tty != a->tty)
		wrong(w, WHO " went from session %u to %u, not %u to %u", ID(a), a->was.sid,
		      a->sid, c->u.session.sid, c->p->sid);
}

/* What a reader of the stream knows of how dead it is: who must go is judged by that. */
static void note_end(struct account *a, const struct change *c)
{
	if (c->kind == CHANGE_EXIT)
		a->told_dead = true;
	if (c->kind == CHANGE_SNAPSHOT)
		a->told_dead |= c->event->kind == EVENT_SIGHT && c->event->sight.dead;
	if (c->kind == CHANGE_ZOMBIE)
		a->told_zombie = true;
}

void ledger_change(void *ctx, const struct change *c)
{
	struct world *w = ctx;
	struct account *a = ledger_of(w, c->p->id);

	if (w->story)
		words_change(w, c);
	if (!a) {
		wrong(w, "pid %u, start %llu never was", c->p->id.pid,
		      (unsigned long long)c->p->id.start);
		return;
	}
	note_end(a, c);
	switch (c->kind) {
	case CHANGE_SNAPSHOT:
	case CHANGE_FORK:
		says_birth(w, a, c);
		break;
	case CHANGE_EXEC:
		a->told.execs++;
		if (c->inferred && !(a->lost & 1u << EVENT_EXEC))
			wrong(w, "no exec of " WHO " was lost", ID(a));
		break;
	case CHANGE_EXIT:
		says_exit(w, a, c);
		break;
	case CHANGE_ORPHAN:
		says_orphan(w, a, c);
		break;
	case CHANGE_REAP:
		says_reap(w, a, c);
		break;
	case CHANGE_SESSION:
		says_session(w, a, c);
		break;
	case CHANGE_THREAD_START:
	case CHANGE_THREAD_EXIT:
		a->told.threads++;
		break;
	default:
		break;
	}
}

static void finds_orphan(struct world *w, struct account *a, const struct finding *f)
{
	const struct bygone *parent = f->u.orphan.parent;
	struct loss *loss = find_loss(a, parent->id, false);

	if (!loss && find_loss(a, parent->id, true))
		wrong(w, WHO " is found an orphan of %u twice", ID(a), parent->id.pid);
	if (!loss && !is_excused(w, a, parent->id, f->inferred))
		wrong(w, WHO " is found an orphan of %u, which was not its parent", ID(a),
		      parent->id.pid);
	if (!loss)
		return;
	loss->told = true;
	if (parent->has_status && parent->status != loss->status)
		wrong(w, WHO "'s parent %u ended with %#x, not %#x", ID(a), parent->id.pid,
		      loss->status, parent->status);
	if (parent->has_status &&
	    (f->u.orphan.kind == ORPHAN_ABANDONED) != WIFSIGNALED((int)loss->status))
		wrong(w, WHO " is the wrong kind of orphan", ID(a));
	if (w->faults)
		return;
	if (f->inferred || !parent->has_status || loss->forgiven)
		wrong(w, WHO " should not be found an orphan so", ID(a));
	if (!loss->unsure && !ident_same(f->u.orphan.adopter, loss->adopter))
		wrong(w, WHO " was adopted by %u, not %u", ID(a), loss->adopter.pid,
		      f->u.orphan.adopter.pid);
}

static void finds_zombie(struct world *w, struct account *a, const struct finding *f)
{
	struct ident none = { 0 }, parent;

	if (a->told.zombies++)
		wrong(w, WHO " is found a zombie twice", ID(a));
	if (!a->truly_died || f->ts < a->truly_died + THRESHOLD - NS_PER_MS)
		wrong(w, WHO " is found a zombie before its time", ID(a));
	if (a->truly_released && f->ts >= a->truly_released)
		wrong(w, WHO " is found a zombie, but was collected", ID(a));
	parent = f->u.zombie.responsible ? f->u.zombie.responsible->id : none;
	if (!w->faults && !ident_same(parent, a->parent))
		wrong(w, "%u must reap " WHO ", not %u", a->parent.pid, ID(a), parent.pid);
	if (w->faults && f->ts >= a->true_parent_since && !ident_same(parent, a->true_parent))
		wrong(w, "%u must reap " WHO ", not %u", a->true_parent.pid, ID(a), parent.pid);
}

void ledger_finding(void *ctx, const struct finding *f)
{
	struct world *w = ctx;
	struct account *a = ledger_of(w, f->p->id);

	if (w->story)
		words_finding(w, f);
	if (!a) {
		wrong(w, "pid %u never was, but is found something", f->p->id.pid);
		return;
	}
	switch (f->kind) {
	case FINDING_ORPHAN:
		finds_orphan(w, a, f);
		break;
	case FINDING_ZOMBIE:
		finds_zombie(w, a, f);
		break;
	case FINDING_ZOMBIE_CLEARED:
		if (++a->told.clearings > a->told.zombies || !a->told.reaps)
			wrong(w, WHO " is cleared and was no zombie", ID(a));
		break;
	case FINDING_DAEMON:
		if (life_of(w, a)->kthread || f->p->life != LIFE_RUNNING)
			wrong(w, WHO " cannot be a daemon", ID(a));
		if (!w->faults && (!a->daemon_since || a->daemons++))
			wrong(w, WHO " is no new daemon", ID(a));
		break;
	case FINDING_ZOMBIE_LEAK:
		break; /* its arithmetic is tests/unit/test_leak.c's */
	default:
		wrong(w, WHO " is found what nobody knows", ID(a));
	}
}

/* Told, and due by the records: the same, line for line. */
static void check_said(struct world *w, const struct account *a)
{
	static const char *const names[] = { "births", "execs", "exits", "orphanings", "zombies",
					     "clearings", "reaps", "threads", "sessions" };
	const uint32_t *due = (const uint32_t *)&a->due, *told = (const uint32_t *)&a->told;
	uint32_t i;

	for (i = 0; i < sizeof(a->due) / sizeof(*due); i++)
		if (due[i] != told[i])
			wrong(w, "of " WHO " %u %s are due, %u were told", ID(a), due[i],
			      names[i], told[i]);
	for (i = 0; i < a->nlosses && i < PARENTS_LOST; i++) {
		const struct loss *loss = &a->losses[i];

		if (!loss->told && !loss->forgiven &&
		    (a->dead || loss->ts + HOLD <= w->ledger.ticked))
			wrong(w, WHO " is an orphan of %u, and was not found to be", ID(a),
			      loss->parent.pid);
	}
}

#define SAME(field, is, want) \
	do { \
		if ((uint64_t)(is) != (uint64_t)(want)) \
			wrong(w, WHO ": " field " is %llu, not %llu", ID(a), \
			      (unsigned long long)(is), (unsigned long long)(want)); \
	} while (0)

static uint32_t parent_pid(const struct proc *p)
{
	return p->parent ? p->parent->id.pid : 0;
}

/* As the records have it. */
static void check_entry(struct world *w, const struct account *a, const struct proc *p)
{
	const struct ref_life *l = life_of(w, a);

	SAME("whether it runs", p->life == LIFE_RUNNING, !a->dead);
	SAME("whether it is a zombie", p->life == LIFE_ZOMBIE, a->due.zombies);
	SAME("its parent", parent_pid(p), a->parent.pid);
	SAME("its parent's start", p->parent ? p->parent->id.start : 0, a->parent.start);
	SAME("its creator", p->creator.pid, l->before ? 0 : l->creator.pid);
	SAME("whether it was adopted", p->adopted, a->adopted);
	SAME("whether it is followed", p->followed, l->followed);
	if (a->dead) {
		SAME("its status", p->status, a->status);
		SAME("its death", p->died, a->died);
		SAME("its state", p->letter, 'Z');
		return;
	}
	SAME("its session", p->sid, a->sid);
	SAME("its terminal", p->tty, a->tty);
	SAME("whether it is a subreaper", p->subreaper, a->subreaper);
	SAME("its class", p->class, a->class);
}

static void check_count(struct world *w, size_t known)
{
	const struct proc *p = NULL;
	size_t n = 0, gone = 0;

	while ((p = engine_next(w->engine, p))) {
		n++;
		gone += p->life == LIFE_GONE;
		if (p->life == LIFE_GONE && list_empty(&p->children))
			wrong(w, "pid %u is gone and kept for nobody", p->id.pid);
	}
	if (n != engine_count(w->engine) || n - gone != known)
		wrong(w, "%zu processes are known, not %zu", n - gone, known);
}

void ledger_check(struct world *w)
{
	const struct account *a;
	size_t known = 0;

	if (w->faults)
		return;
	for (a = w->ledger.accounts; a < w->ledger.accounts + w->ref.end; a++) {
		const struct proc *p;

		if (!a->known)
			continue;
		check_said(w, a);
		p = engine_find(w->engine, a->id);
		if (a->due.reaps) {
			if (p && p->life != LIFE_GONE)
				wrong(w, WHO " was released and is kept", ID(a));
			continue;
		}
		known++;
		if (p)
			check_entry(w, a, p);
		else
			wrong(w, WHO " is not known", ID(a));
	}
	check_count(w, known);
	w->ledger.checks++;
}

static enum class true_class(const struct ref_life *l, const struct proc *p)
{
	if (l->kthread)
		return CLASS_KERNEL;
	if (l->tty)
		return CLASS_INTERACTIVE;
	return p->adopted || l->n == 1 || (p->parent && proc_is_manager(p->parent)) ?
		       CLASS_DAEMON : CLASS_BATCH;
}

/* One that exits still has its children, but is about to give them away: that was told. */
static void check_parent(struct world *w, const struct account *a, const struct proc *p)
{
	const struct ref_life *parent = life_of(w, a)->parent;

	if (parent && parent->state == REF_EXITS)
		return;
	SAME("its parent", parent_pid(p), parent ? parent->id.pid : 0);
	if (p->parent && !ident_same(p->parent->id, parent->id))
		wrong(w, WHO ": its parent is another process of that pid", ID(a));
}

/* It may not be known; but then it is not another's. */
static void check_program(struct world *w, const struct account *a, const struct proc *p)
{
	struct slice want = world_program(life_of(w, a));

	if (a->program_unsure && !life_of(w, a)->execs)
		return;
	if (p->args && (p->args->len != want.len || memcmp(p->args->s, want.s, want.len)))
		wrong(w, WHO " runs another program", ID(a));
}

static void check_life(struct world *w, const struct account *a, const struct proc *p,
		       bool second)
{
	const struct ref_life *l = life_of(w, a);

	check_parent(w, a, p);
	SAME("whether it is a stub", p->stub, false);
	SAME("whether it is reaped", p->life == LIFE_GONE, false);
	if (l->state != REF_EXITS) /* that record may have been lost */
		SAME("whether it runs", p->life == LIFE_RUNNING, l->state == REF_RUNS);
	if (l->state == REF_CORPSE) {
		SAME("whether its status is known", p->has_status, true);
		SAME("its status", p->status, l->status);
		SAME("its state", p->letter, 'Z');
	}
	if (l->state != REF_EXITS)
		SAME("its tracer", p->tracer.pid, l->tracer ? l->tracer->id.pid : 0);
	if (l->state != REF_RUNS)
		return;
	SAME("its session", p->sid, l->sid);
	SAME("its terminal", p->tty, l->tty);
	SAME("its user", p->uid, l->uid);
	SAME("its group", p->cgroup, l->cgroup);
	if (second) {
		SAME("its exec id", p->exec_id, l->exec_id);
		check_program(w, a, p);
	}
	SAME("whether it is a subreaper", p->subreaper, l->subreaper);
	SAME("its exit signal", (uint32_t)p->exit_signal, (uint32_t)l->exit_signal);
	SAME("its class", p->class, true_class(l, p));
}

/* Whatever was lost: each life that was told began once, and ended once if it did. */
static void check_told(struct world *w, const struct account *a, bool second)
{
	const struct ref_life *l = life_of(w, a);
	const struct proc *p = engine_find(w->engine, l->id);

	if (l->state == REF_RELEASED) {
		SAME("how often a reap was told of one that was born", a->told.reaps,
		     a->told.births);
		return;
	}
	SAME("how often its birth was told", a->told.births, 1);
	SAME("how often its death was told", a->told.exits,
	     l->state == REF_CORPSE || (l->state == REF_EXITS && HEARD(a, EVENT_EXIT)));
	if (!p || (l->state == REF_CORPSE && a->stood > w->ledger.rested))
		return;
	if (l->state == REF_CORPSE) {
		SAME("whether it is a zombie", p->life == LIFE_ZOMBIE, true);
		SAME("how often it was found a zombie", a->told.zombies, 1);
	}
	if (l->state != REF_RUNS)
		return;
	if (p->adopted && !a->nlosses && !a->excused)
		wrong(w, WHO " was never adopted", ID(a));
	if (HEARD(a, EVENT_FORK) && !a->excused)
		SAME("whether it was adopted", p->adopted, a->nlosses > 0);
	if (HEARD(a, EVENT_FORK) && second) {
		SAME("whether it runs a program", p->execed, l->execs > 0);
		SAME("whether that was told", a->told.execs > 0, l->execs > 0);
	}
	if (!w->faults && l->state == REF_RUNS && a->daemon_since && !a->daemons &&
	    a->daemon_since + NS_PER_S < w->ledger.ticked)
		wrong(w, WHO " is a daemon, and was not found to be", ID(a));
}

/* Of records that were all heard, and deaths that are over. */
static void check_counts(struct world *w)
{
	const struct ref_life *l;

	ref_each(&w->ref, l)
		if (l->state == REF_EXITS)
			return;
	ref_each(&w->ref, l) {
		const struct account *a = &w->ledger.accounts[l - w->ref.lives];
		const struct proc *p = engine_find(w->engine, l->id);

		if (l->state != REF_RUNS || a->counts_unsure || !p)
			continue;
		SAME("how many of its children died", p->children_died, l->children_died);
		SAME("how many it collected", p->children_reaped, l->children_collected);
	}
}

void ledger_check_table(struct world *w, bool second)
{
	const struct ref_life *l;
	size_t there = 0;

	ref_each(&w->ref, l) {
		const struct account *a = &w->ledger.accounts[l - w->ref.lives];
		const struct proc *p = engine_find(w->engine, l->id);

		if (!ref_is_there(l))
			continue;
		there++;
		if (p)
			check_life(w, a, p, second);
		else
			wrong(w, WHO " is there, but not known", ID(a));
	}
	if (engine_count(w->engine) != there)
		wrong(w, "%zu processes are known, not %zu", engine_count(w->engine), there);
}

void ledger_check_truth(struct world *w, bool second)
{
	const struct ref_life *l;

	ledger_check_table(w, second);
	ref_each(&w->ref, l)
		check_told(w, &w->ledger.accounts[l - w->ref.lives], second);
	if (!w->faults)
		check_counts(w);
}
