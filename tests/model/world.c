// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "words.h"

#define BORN_BEFORE (50 * NS_PER_MS) /* an audit leaves out who is younger: user/cli/recovery.c */
#define TTY 0x8801

struct question {
	struct ident id;
	bool program;
};

static const struct slice programs[] = {
	{ "init", 5 }, { "sleep\0" "9", 8 }, { "sh\0-c\0true", 11 }, { "make", 5 }, { "", 1 },
};

struct slice world_program(const struct ref_life *l)
{
	return programs[l->exec_id % (sizeof(programs) / sizeof(programs[0]))];
}

/* user/cli/pipeline.c */
static void hear_change(void *ctx, const struct change *c)
{
	struct world *w = ctx;

	detect_before(&w->detect, c);
	ledger_change(w, c);
	detect_after(&w->detect, c);
}

static void hear_finding(void *ctx, const struct finding *f)
{
	ledger_finding(ctx, f);
}

static void hear_ask(void *ctx, struct ident id, bool program)
{
	struct world *w = ctx;
	struct question *all = (struct question *)w->asked.data, q = { id, program };
	size_t n = w->asked.len / sizeof(q), i;

	for (i = n > 4 ? n - 4 : 0; i < n; i++) {
		if (all[i].id.pid != id.pid || all[i].id.start != id.start)
			continue;
		all[i].program |= program;
		return;
	}
	buf_add(&w->asked, &q, sizeof(q));
}

/* Limits are not modelled. */
static void no_measure(void *ctx, struct ident id)
{
	(void)ctx;
	(void)id;
}

static void tick(struct world *w, uint64_t now)
{
	ledger_ticks(w, now);
	engine_tick(w->engine, now);
	detect_tick(&w->detect, now);
}

void world_tick(struct world *w)
{
	tick(w, w->now);
}

void world_apply(struct world *w, const struct event *ev)
{
	/* right or wrong, it changes nothing */
	const uint32_t hint[] = { ev->id.pid, ev->id.pid + 1, 0, UINT32_MAX };
	uint64_t engine = engine_deadline(w->engine), rules = detect_deadline(&w->detect);

	if (engine <= ev->ts || rules <= ev->ts)
		tick(w, ev->ts);
	ledger_hears(w, ev);
	if (w->max_procs)
		evictions_before(w);
	engine_expect(w->engine, hint, 4);
	engine_apply(w->engine, ev);
	if (w->max_procs)
		evictions_after(w, ev);
}

/* What every record and every look tells of a process. */
static struct event event_of(const struct world *w, enum event_kind kind, const struct ref_life *l)
{
	struct event ev = { .kind = kind, .ts = w->now, .id = l->id };
	struct facts *f = &ev.facts;

	f->have = HAVE_PARENT | HAVE_SESSION | HAVE_USER | HAVE_NSPID | HAVE_CGROUP | HAVE_BITS |
		  HAVE_PARENT_BITS | HAVE_PARENT_SIGNALS | HAVE_COMM | HAVE_SUBREAPER |
		  HAVE_EXEC_ID;
	f->uid = l->uid;
	f->sid = l->sid;
	f->pgid = l->pgid;
	f->tty = l->tty;
	f->nspid = l->init ? 1 : l->id.pid;
	f->exec_id = l->exec_id;
	f->cgroup = l->cgroup;
	f->kthread = l->kthread;
	f->subreaper = l->subreaper;
	f->ns_init = l->init;
	f->traced = l->tracer;
	snprintf(f->comm, COMM_LEN, "c%u", l->exec_id);
	if (!l->parent)
		return ev;
	f->parent = l->parent->id;
	f->parent_subreaper = l->parent->subreaper;
	f->parent_autoreaps = l->parent->ignores;
	f->parent_catches = l->parent->catches;
	f->parent_waits = l->parent->in_wait;
	return ev;
}

/* The task iterator's: bpf/task_iter.bpf.h */
static struct event sight_of(const struct world *w, const struct ref_life *l)
{
	struct event ev = event_of(w, EVENT_SIGHT, l);
	struct sight_facts *s = &ev.sight;

	s->dead = l->state == REF_CORPSE;
	s->letter = s->dead || l->leader_dead ? 'Z' : 'S';
	s->threads = l->threads;
	s->has_status = s->dead;
	s->status = s->dead ? l->status : 0;
	s->tracer = l->tracer ? l->tracer->id : (struct ident){ 0 };
	s->has_exit_signal = true;
	s->exit_signal = l->exit_signal;
	return ev;
}

static void add_program(struct event *ev, const struct ref_life *l)
{
	if (l->state != REF_RUNS || l->kthread)
		return;
	ev->sight.args = world_program(l);
	ev->sight.args_bytes = ev->sight.args.len;
	ev->sight.argc = 1;
}

/* /proc's, which knows less: proc_look(), user/source/procfs.c */
static struct event look(struct world *w, const struct question *q)
{
	struct event ev = { .kind = EVENT_MISSING, .ts = w->now, .id = q->id };
	const struct ref_life *l = ref_by_pid(&w->ref, q->id.pid);

	if (!l || !ident_names(q->id, l->id))
		return ev;
	ev = sight_of(w, l);
	ev.id = q->id;
	if (!ev.id.start)
		ev.id.start = l->id.start / START_TICK * START_TICK;
	ev.facts.have &= HAVE_COMM | HAVE_PARENT | HAVE_SESSION | HAVE_USER | HAVE_NSPID |
			 HAVE_BITS | (ev.sight.dead ? HAVE_PARENT_SIGNALS : 0);
	ev.facts.parent.start = ev.sight.tracer.start = 0;
	if (q->program)
		add_program(&ev, l);
	return ev;
}

static void keep_sight(struct world *w, struct event ev)
{
	const struct ref_life *l = ref_by_id(&w->ref, ev.id);
	struct sight_list *s = &w->sights;

	/* it shows the exit signal that it has until it is adopted, which is told already */
	if (l && l->parent && l->parent->state == REF_EXITS)
		ledger_of(w, l->id)->how_unsure = true;

	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->at = xrealloc(s->at, s->room * sizeof(*s->at));
	}
	s->at[s->n++] = ev;
}

/* All but the first questions stay. */
static void take_looks(struct world *w, size_t n)
{
	const struct question *q = (const struct question *)w->asked.data;
	size_t i;

	if (n > w->asked.len / sizeof(*q))
		n = w->asked.len / sizeof(*q);
	if (!n)
		return;
	for (i = 0; i < n; i++)
		keep_sight(w, look(w, &q[i]));
	w->asked.len -= n * sizeof(*q);
	memmove(w->asked.data, w->asked.data + n * sizeof(*q), w->asked.len);
}

static void apply_sights(struct world *w)
{
	size_t i;

	for (i = 0; i < w->sights.n; i++)
		world_apply(w, &w->sights.at[i]);
	w->sights.n = 0;
	if (w->auditing && w->audit_asked && !w->asked.len) {
		w->auditing = w->audit_asked = false;
	} else if (w->auditing && !w->audit_asked) {
		w->audit_asked = true;
		engine_audit_end(w->engine);
	}
}

/* Two may be born in one moment. */
static bool is_older(const struct ref_life *l, const struct ref_life *other)
{
	return l->id.start != other->id.start ? l->id.start < other->id.start : l->n < other->n;
}

/* The oldest first, as user/source/live.c sorts them. */
static void audit(struct world *w)
{
	struct ref_life *l, *next, *last = NULL;

	engine_audit_begin(w->engine, w->now);
	w->auditing = true;
	do {
		next = NULL;
		ref_each(&w->ref, l)
			if (ref_is_there(l) && l->id.start < w->now - BORN_BEFORE &&
			    (!last || is_older(last, l)) && (!next || is_older(l, next)))
				next = l;
		if (next)
			keep_sight(w, sight_of(w, next));
		last = next;
	} while (next);
}

static void emit(struct world *w, const struct op *op, struct event *ev)
{
	ev->ts = w->now - op->back;
	if (op->fault == FAULT_LOST) {
		ledger_lost(w, ev);
		return;
	}
	if (w->record) {
		w->record(w->ctx, ev);
		return;
	}
	world_apply(w, ev);
	if (op->fault == FAULT_TWICE)
		world_apply(w, ev);
}

static uint32_t space_of_fork(const struct world *w, const struct ref_life *caller, bool below)
{
	uint32_t i;

	for (i = 0; below && i < REF_SPACES; i++)
		if (w->ref.spaces[i].used && i && w->ref.spaces[i].above == caller->space)
			return i;
	return caller->space;
}

static void do_fork(struct world *w, const struct op *op, struct ref_life *caller)
{
	const struct ref_fork f = {
		.n = op->n,
		.pid = op->with,
		.now = w->now,
		.exit_signal = op->arg & FORK_USR1  ? SIGUSR1 :
			       op->arg & FORK_QUIET ? 0 : SIGCHLD,
		.clone_parent = op->arg & FORK_CLONE_PARENT,
		.new_space = op->arg & FORK_NEW_SPACE,
		.space = space_of_fork(w, caller, op->arg & FORK_BELOW),
	};
	struct ref_life *l = ref_fork(&w->ref, caller, &f);
	struct event ev;

	if (!l)
		return;
	ledger_born(w, l);
	ledger_inherits(w, l, caller);
	ev = event_of(w, EVENT_FORK, l);
	ev.fork.creator = caller->id;
	ev.fork.exit_signal = l->exit_signal;
	emit(w, op, &ev);
}

/* A death is told before the kernel hands the children on: which program gets them, who can say. */
static void adopts_meanwhile(struct world *w, const struct ref_life *l)
{
	struct ref_life *other;

	ref_each(&w->ref, other)
		if (other->state == REF_EXITS && ref_adopter(&w->ref, other) == l)
			ledger_of(w, l->id)->counts_unsure = true;
}

static void do_exec(struct world *w, const struct op *op, struct ref_life *l)
{
	struct event ev;

	adopts_meanwhile(w, l);
	ref_exec(l);
	ev = event_of(w, EVENT_EXEC, l);
	ev.exec.old_tid = l->id.pid;
	ev.exec.argc = 1;
	ev.exec.args = world_program(l);
	ev.exec.args_bytes = ev.exec.args.len;
	emit(w, op, &ev);
}

static void do_thread(struct world *w, const struct op *op, struct ref_life *l)
{
	bool starts = op->kind == OP_THREAD;
	struct event ev = event_of(w, starts ? EVENT_THREAD_START : EVENT_THREAD_EXIT, l);

	if (starts ? l->threads > 4 : l->threads < (l->leader_dead ? 3u : 2u))
		return;
	l->threads += starts ? 1 : -1;
	ev.facts.have = HAVE_COMM;
	ev.thread.tid = REF_PIDS + l->threads;
	emit(w, op, &ev);
}

static void do_cgroup(struct world *w, const struct op *op, struct ref_life *l)
{
	struct event ev = event_of(w, EVENT_CGROUP, l);

	l->cgroup = op->arg;
	ev.facts.have = HAVE_CGROUP;
	ev.facts.cgroup = l->cgroup;
	emit(w, op, &ev);
}

static void do_leave(struct world *w, struct ref_life *l)
{
	struct account *a = ledger_of(w, l->id);

	if (l->state != REF_EXITS || !ref_may_leave(&w->ref, l))
		return;
	a->how_unsure |= l->tracer || a->no_wait != ref_needs_no_wait(l);
	ref_leave(&w->ref, l);
	ledger_left(w);
}

/* bpf/proctrace.bpf.c's process_exited() */
static void do_die(struct world *w, const struct op *op, struct ref_life *l)
{
	const struct ref_life *adopter = ref_adopter(&w->ref, l);
	struct account *a = ledger_of(w, l->id);
	struct event ev;

	if (l->state != REF_RUNS || l->before)
		return;
	ev = event_of(w, EVENT_EXIT, l);
	ev.exit.status = op->arg;
	ev.exit.adopter = adopter ? adopter->id : (struct ident){ 0 };
	ev.exit.adopter_autoreaps = adopter && adopter->ignores;
	ev.exit.threads = l->threads;
	ev.exit.childless = l->threads == 1 && ref_childless(&w->ref, l);
	a->no_wait = ref_needs_no_wait(l);
	a->reaper_unsure = l->parent->state == REF_EXITS;
	a->how_unsure |= l->tracer || a->reaper_unsure;
	ledger_leaves(w, l, op->arg);
	ref_die(&w->ref, l, op->arg);
	emit(w, op, &ev);
	if (w->faults)
		do_leave(w, l);
}

/* bpf/reap.bpf.h: one has no call of its own, and of one the free tells all the same. */
static bool is_unseen(const struct ref_life *l)
{
	return l->n % 8 == 0;
}

static bool is_told_twice(const struct ref_life *l)
{
	return l->n % 8 == 1;
}

static void tell_release(struct world *w, const struct op *op, const struct ref_life *l)
{
	struct event ev = { .kind = EVENT_REAP, .id = l->id };
	const struct account *a = ledger_of(w, l->id);

	if (l->state != REF_RELEASED || a->truly_released || is_unseen(l))
		return;
	ev.facts.have = HAVE_PARENT;
	ev.facts.parent = l->reaper;
	ev.reap.release = l->how != REF_AUTO ? RELEASE_WAITED :
			  a->stood	     ? RELEASE_LET_GO :
					       RELEASE_BY_ITSELF;
	emit(w, op, &ev);
}

static void tell_releases(struct world *w, const struct op *op)
{
	struct ref_life *l;

	ref_each(&w->ref, l)
		if (w->exact)
			tell_release(w, op, l);
}

/* The parent that is named may be gone, and its memory that of a process that was born since. */
static void do_free(struct world *w, const struct op *op, struct ref_life *l)
{
	struct event ev = { .kind = EVENT_FREE, .id = l->id };
	const struct ref_life *other = ref_nth(&w->ref, op->arg);
	struct account *a = ledger_of(w, l->id);

	if (l->state != REF_RELEASED ||
	    ((a->delivered & 1u << EVENT_REAP) && !is_told_twice(l)))
		return;
	ev.facts.have = HAVE_PARENT;
	ev.facts.parent = l->reaper;
	if (op->arg && !ref_by_id(&w->ref, l->reaper)) {
		bool since = other && other->id.start > a->truly_released;

		ev.facts.parent = since ? other->id : (struct ident){ 0 };
		a->reaper_unsure = true;
	}
	emit(w, op, &ev);
}

static void do_to(struct world *w, const struct op *op, struct ref_life *l)
{
	struct ref_life *with = ref_nth(&w->ref, op->with);

	switch (op->kind) {
	case OP_DIE:
		do_die(w, op, l);
		break;
	case OP_LEAVE:
		do_leave(w, l);
		break;
	case OP_WAIT:
		if (with)
			ref_wait(&w->ref, l, with);
		break;
	case OP_FREE:
		do_free(w, op, l);
		break;
	case OP_UNTRACE:
		if (l->tracer)
			ref_untrace(&w->ref, l);
		break;
	}
	if (l->state != REF_RUNS || (l->kthread && op->kind != OP_FORK))
		return;
	switch (op->kind) {
	case OP_FORK:
		do_fork(w, op, l);
		break;
	case OP_EXEC:
		do_exec(w, op, l);
		break;
	case OP_SETSID:
		ref_setsid(&w->ref, l);
		break;
	case OP_SETPGID:
		if (l->sid != l->id.pid && !l->kthread)
			l->pgid = l->id.pid;
		break;
	case OP_TERMINAL:
		ref_terminal(&w->ref, l, op->arg ? TTY : 0);
		break;
	case OP_SUBREAPER:
		l->subreaper = op->arg;
		adopts_meanwhile(w, l);
		break;
	case OP_SIGCHLD:
		l->ignores = op->arg == 1;
		l->catches = op->arg == 2;
		break;
	case OP_WAITING:
		l->in_wait = op->arg;
		break;
	case OP_TRACE:
		if (with)
			ref_trace(&w->ref, with, l);
		break;
	case OP_LEADER:
		l->leader_dead = l->threads > 1;
		break;
	case OP_CGROUP:
		do_cgroup(w, op, l);
		break;
	case OP_THREAD:
	case OP_UNTHREAD:
		do_thread(w, op, l);
		break;
	}
}

/* Those whose release was told are forgotten; a release that was lost shows when all is at rest. */
static void forget(struct world *w, bool at_rest)
{
	struct ref_life *l;

	ref_each(&w->ref, l) {
		const struct account *a = ledger_of(w, l->id);

		if (l->state != REF_RELEASED)
			continue;
		if (w->engine && engine_find(w->engine, l->id))
			continue; /* its death waits for its parent's: user/engine/early.c */
		if (!(a->delivered & 1u << EVENT_FREE) &&
		    !((a->delivered & 1u << EVENT_REAP) && (at_rest || !is_told_twice(l))) &&
		    !(at_rest && a->lost & 1u << EVENT_FREE))
			continue;
		ledger_forget(w, l);
		ref_forget(&w->ref, l);
	}
}

bool world_do(struct world *w, const struct op *op)
{
	struct ref_life *l;

	if (w->story)
		words_op(w, op);
	w->now += op->dt + !((w->now + op->dt) % START_TICK);
	switch (op->kind) {
	case OP_TIME:
		world_tick(w);
		break;
	case OP_LOOK:
		take_looks(w, op->arg);
		break;
	case OP_SIGHTS:
		apply_sights(w);
		break;
	case OP_AUDIT:
		if (!w->auditing)
			audit(w);
		break;
	case OP_REST:
		world_rest(w);
		break;
	default:
		l = ref_nth(&w->ref, op->who);
		if (l)
			do_to(w, op, l);
	}
	if (w->record)
		return true;
	tell_releases(w, op);
	ledger_note_truth(w);
	ledger_check(w);
	forget(w, false);
	return !w->ledger.why[0];
}

void world_answer(struct world *w)
{
	int rounds = 0;

	while ((w->asked.len || w->sights.n || w->auditing) && rounds++ < 64) {
		w->now += NS_PER_MS;
		take_looks(w, SIZE_MAX);
		apply_sights(w);
	}
	if (rounds > 64)
		wrong(w, "questions without end");
}

void world_audit(struct world *w)
{
	w->now += NS_PER_S / 4;
	audit(w);
	world_answer(w);
}

void world_rest(struct world *w)
{
	int i;

	for (i = 0; i < 25 && !w->ledger.why[0]; i++) {
		w->now += NS_PER_S / 10;
		world_tick(w);
		world_answer(w);
		ledger_check(w);
	}
	for (i = 0; i < 2; i++) {
		world_audit(w);
		ledger_check_truth(w, i > 0);
	}
	w->ledger.rested = w->now;
	forget(w, true);
}

static bool end_one(struct world *w, struct ref_life *l)
{
	struct op op = { .dt = 1000, .who = l->n };

	if (l->before)
		return true;
	op.kind = l->state == REF_RUNS	   ? OP_DIE :
		  l->state == REF_EXITS	   ? OP_LEAVE :
		  l->state == REF_RELEASED ? OP_FREE : OP_WAIT;
	if (op.kind == OP_DIE)
		op.arg = SIGKILL;
	if (op.kind == OP_WAIT) {
		op.with = l->n;
		op.who = l->tracer ? l->tracer->n : l->parent->n;
	}
	return world_do(w, &op);
}

bool world_end(struct world *w)
{
	struct ref_life *l;
	int rounds, left = 0;

	for (rounds = 0; rounds < 4 * REF_DEPTH + 8; rounds++)
		ref_each(&w->ref, l)
			if (!end_one(w, l))
				return false;
	engine_ask_dead(w->engine);
	world_rest(w);
	ref_each(&w->ref, l)
		left++;
	if (left != FIRST_LIVES)
		wrong(w, "the model itself: %d lives are left at the end", left);
	else if (engine_count(w->engine) != FIRST_LIVES)
		wrong(w, "%zu processes are left at the end", engine_count(w->engine));
	if (w->detect.orphans.count || w->detect.daemons.count)
		wrong(w, "the rules still hold something at the end");
	return !w->ledger.why[0];
}

static void one_from_before(struct world *w, uint32_t parent, uint32_t sid, uint32_t tty)
{
	struct ref_life *l = &w->ref.lives[w->ref.end++];
	uint32_t n = ++w->ref.born;

	*l = (struct ref_life){
		.state = REF_RUNS, .n = n, .id = { n, n * NS_PER_S + 4711 }, .before = true,
		.parent = ref_nth(&w->ref, parent), .sid = sid, .pgid = sid, .tty = tty,
		.init = n == 1, .kthread = n == 2, .ignores = n == 2, .subreaper = n == 3,
		.exit_signal = SIGCHLD, .threads = 1, .exec_id = n, .followed = n == 4,
	};
	w->ref.last_start[n] = l->id.start;
	ledger_born(w, l);
}

void world_open(struct world *w, bool faults, bool exact, size_t max_procs)
{
	*w = (struct world){
		.now = BEGINNING, .faults = faults, .exact = exact, .lenient = max_procs,
		.max_procs = max_procs,
	};
	w->ref.spaces[0].used = true;
	w->ref.spaces[0].init = &w->ref.lives[0];
	one_from_before(w, 0, 1, 0);
	one_from_before(w, 0, 0, 0);
	one_from_before(w, 1, 3, 0);
	one_from_before(w, 1, 4, TTY);
	world_trace(w);
}

void world_trace(struct world *w)
{
	const struct engine_config config = {
		.zombie_after = THRESHOLD, .max_procs = w->max_procs,
	};
	const struct engine_out out = { w, hear_change, hear_ask };
	const struct detect_out rules = { w, hear_finding, hear_ask, no_measure };
	const struct ref_life *l;

	w->engine = engine_new(&config, &out);
	engine_began(w->engine, BEGINNING);
	engine_follow(w->engine, 4);
	detect_init(&w->detect, w->engine, &rules);
	ref_each(&w->ref, l) {
		struct event ev = sight_of(w, l);

		if (!l->before)
			continue;
		ev.ts = BEGINNING;
		add_program(&ev, l);
		world_apply(w, &ev);
	}
	w->asked.len = 0;
}

void world_untrace(struct world *w)
{
	detect_fini(&w->detect);
	engine_free(w->engine);
	w->asked.len = w->sights.n = 0;
	w->auditing = w->audit_asked = false;
}

void world_close(struct world *w)
{
	world_untrace(w);
	buf_free(&w->asked);
	free(w->sights.at);
}
