/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lives told in a few words: builders of events, and a recorder that writes down what the engine
 * and the rules say of them, one short line each. Time is data: it stands where a test puts it.
 */
#ifndef PROCTRACE_UNIT_STORY_H
#define PROCTRACE_UNIT_STORY_H

#include <signal.h>

#include "base/clock.h"
#include "detect/detect.h"
#include "engine/engine.h"
#include "unit.h"

#define BEGINNING (100000 * NS_PER_S + 12345) /* of every story, on the boot clock */
#define EXITED(code) ((uint32_t)(code) << 8)
#define KILLED(sig) ((uint32_t)(sig))
#define TTY 0x8801 /* pts/1 */
#define SESSION 5  /* of everybody who does not say otherwise */
#define INIT 1

static struct world {
	struct engine *e;
	struct detect d;
	struct buf log, asked; /* lines; struct ident */
	uint32_t deaf; /* changes that are not written down, as bits; FINDINGS: nor are those */
	uint64_t now;
	/* of the last that was told */
	struct change reap, session;
	uint32_t reap_parent;
	char reaper_comm[COMM_LEN];
	bool inferred, asked_program;
	struct evidence evidence;
	uint64_t finding_ts;
	struct bygone old_parent;
	struct leak leak;
	struct ident measured; /* who was asked to be, last */
} w;

#define HEARS(kind) (!(w.deaf & 1u << (kind)))
#define FINDINGS (1u << 31)
#define ONLY_FINDINGS (~FINDINGS)

static inline uint32_t parent_pid(const struct proc *p)
{
	return p->parent ? p->parent->id.pid : 0;
}

static inline void note_reap(const struct change *c)
{
	static const char *const hows[] = { "wait", "auto", "init" };
	static const char *const precisions[] = { "exact", "rcu", "audit" };

	w.reap = *c;
	w.reap_parent = parent_pid(c->p);
	memset(w.reaper_comm, 0, COMM_LEN);
	if (c->u.reap.reaper_comm)
		memcpy(w.reaper_comm, c->u.reap.reaper_comm, COMM_LEN);
	buf_printf(&w.log, "reap %u by %u %s %s\n", c->p->id.pid, c->u.reap.reaper.pid,
		   hows[c->u.reap.how], precisions[c->u.reap.precision]);
}

static inline void note_change(const struct change *c)
{
	static const char *const classes[] = { "unknown", "interactive", "batch", "daemon",
					       "kernel" };
	uint32_t pid = c->p->id.pid;

	w.inferred = c->inferred;
	if (c->inferred && c->kind != CHANGE_REAP)
		buf_str(&w.log, "inferred ");
	switch (c->kind) {
	case CHANGE_SNAPSHOT:
		buf_printf(&w.log, "snapshot %u\n", pid);
		break;
	case CHANGE_FORK:
		buf_printf(&w.log, "fork %u of %u\n", pid, parent_pid(c->p));
		break;
	case CHANGE_EXEC:
		buf_printf(&w.log, "exec %u\n", pid);
		break;
	case CHANGE_SESSION:
		w.session = *c;
		buf_printf(&w.log, "session %u: %u to %u\n", pid, c->u.session.sid, c->p->sid);
		break;
	case CHANGE_EXIT:
		buf_printf(&w.log, "exit %u\n", pid);
		break;
	case CHANGE_ORPHAN:
		buf_printf(&w.log, "orphan %u from %u to %u\n", pid, c->u.orphan.parent->id.pid,
			   parent_pid(c->p));
		break;
	case CHANGE_SIGHT:
		buf_printf(&w.log, "sight %u\n", pid);
		break;
	case CHANGE_CLASS:
		buf_printf(&w.log, "class %u %s\n", pid, classes[c->p->class]);
		break;
	case CHANGE_ZOMBIE:
		buf_printf(&w.log, "zombie %u\n", pid);
		break;
	case CHANGE_REAP:
		note_reap(c);
		break;
	case CHANGE_THREAD_START:
		buf_printf(&w.log, "thread %u starts in %u\n", c->event->thread.tid, pid);
		break;
	case CHANGE_THREAD_EXIT:
		buf_printf(&w.log, "thread %u ends in %u\n", c->event->thread.tid, pid);
		break;
	default:
		fail();
	}
}

static inline void hear_change(void *ctx, const struct change *c)
{
	(void)ctx;
	detect_before(&w.d, c);
	if (HEARS(c->kind))
		note_change(c);
	detect_after(&w.d, c);
}

static inline void hear_ask(void *ctx, struct ident id, bool program)
{
	(void)ctx;
	w.asked_program = program;
	buf_add(&w.asked, &id, sizeof(id));
}

static inline void hear_finding(void *ctx, const struct finding *f)
{
	static const char *const orphans[] = {
		[ORPHAN_UNKNOWN] = "unexplained", [ORPHAN_DAEMONIZING] = "daemonizing",
		[ORPHAN_BACKGROUND] = "background", [ORPHAN_ABANDONED] = "abandoned",
	};
	static const char *const daemons[] = { "sysv", "service", "background" };

	(void)ctx;
	w.evidence = f->evidence;
	w.finding_ts = f->ts;
	if (w.deaf & FINDINGS)
		return;
	switch (f->kind) {
	case FINDING_ORPHAN:
		w.old_parent = *f->u.orphan.parent;
		buf_printf(&w.log, "%s orphan %u, %u died, %u adopts\n",
			   orphans[f->u.orphan.kind], f->p->id.pid, f->u.orphan.parent->id.pid,
			   f->u.orphan.adopter.pid);
		break;
	case FINDING_DAEMON:
		buf_printf(&w.log, "%s daemon %u\n", daemons[f->u.daemon.kind], f->p->id.pid);
		break;
	case FINDING_ZOMBIE:
		buf_printf(&w.log, "zombie found %u of %u\n", f->p->id.pid,
			   f->u.zombie.responsible ? f->u.zombie.responsible->id.pid : 0);
		break;
	case FINDING_ZOMBIE_LEAK:
		w.leak = f->u.leak;
		buf_printf(&w.log, "leak %u\n", f->p->id.pid);
		break;
	case FINDING_ZOMBIE_CLEARED:
		buf_printf(&w.log, "zombie cleared %u\n", f->p->id.pid);
		break;
	default:
		fail();
	}
}

static inline void hear_measure(void *ctx, struct ident id)
{
	(void)ctx;
	w.measured = id;
}

static inline int begin_with(uint32_t deaf)
{
	const struct engine_config config = { .zombie_after = NS_PER_S };
	const struct engine_out out = { NULL, hear_change, hear_ask };
	const struct detect_out rules = { NULL, hear_finding, hear_ask, hear_measure };

	memset(&w, 0, sizeof(w));
	w.now = BEGINNING;
	w.deaf = deaf;
	w.e = engine_new(&config, &out);
	engine_began(w.e, BEGINNING);
	detect_init(&w.d, w.e, &rules);
	return 0;
}

static inline int finish(void **state)
{
	(void)state;
	detect_fini(&w.d);
	engine_free(w.e);
	buf_free(&w.log);
	buf_free(&w.asked);
	return 0;
}

/* What was told since the last time, line for line. */
static inline void assert_told(const char *want)
{
	assert_buf(&w.log, want);
}

static inline void forget(void)
{
	w.log.len = w.asked.len = 0;
}

/* How often somebody was asked to look at this pid, since forget(). */
static inline int asked(uint32_t pid)
{
	const struct ident *ids = (const struct ident *)w.asked.data;
	size_t i;
	int n = 0;

	for (i = 0; i < w.asked.len / sizeof(*ids); i++)
		n += ids[i].pid == pid;
	return n;
}

static inline bool evidence_says(const char *words)
{
	int i;

	for (i = 0; i < w.evidence.n; i++)
		if (strstr(w.evidence.s[i], words))
			return true;
	return false;
}

/* Everybody's start: by pid, so that a story needs to name pids only. Never on a clock tick. */
static inline struct ident id_of(uint32_t pid)
{
	return (struct ident){ pid, pid ? pid * NS_PER_S + 4711 : 0 };
}

/* The next process under a pid that was used before; of one that was not: born while tracing. */
static inline struct ident next_of(uint32_t pid)
{
	return (struct ident){ pid, id_of(pid).start + 90000 * NS_PER_S };
}

static inline const struct proc *proc(uint32_t pid)
{
	return engine_find(w.e, id_of(pid));
}

/* As a record tells it: a child of parent, in the common session, without a terminal. */
static inline struct event event_of(enum event_kind kind, uint32_t pid, uint32_t parent)
{
	struct event ev = { .kind = kind, .id = id_of(pid) };

	ev.facts.have = HAVE_PARENT | HAVE_SESSION | HAVE_USER | HAVE_NSPID | HAVE_CGROUP |
			HAVE_BITS | HAVE_PARENT_BITS | HAVE_PARENT_SIGNALS | HAVE_COMM |
			HAVE_SUBREAPER | HAVE_EXEC_ID;
	ev.facts.parent = id_of(parent);
	ev.facts.sid = ev.facts.pgid = SESSION;
	ev.facts.uid = 1000;
	ev.facts.nspid = pid;
	ev.facts.ns_init = pid == INIT;
	snprintf(ev.facts.comm, COMM_LEN, "p%u", pid);
	return ev;
}

static inline struct event fork_of(uint32_t pid, uint32_t parent)
{
	struct event ev = event_of(EVENT_FORK, pid, parent);

	ev.fork.creator = id_of(parent);
	ev.fork.exit_signal = SIGCHLD;
	return ev;
}

static inline struct event exec_of(uint32_t pid, uint32_t parent)
{
	struct event ev = event_of(EVENT_EXEC, pid, parent);

	ev.exec.old_tid = pid;
	ev.exec.argc = 2;
	ev.exec.args = (struct slice){ "sleep\0" "9", 8 };
	ev.exec.args_bytes = 8;
	ev.exec.exe = (struct slice){ "/bin/sleep", 10 };
	ev.exec.cwd = (struct slice){ "/tmp", 4 };
	return ev;
}

static inline struct event exit_of(uint32_t pid, uint32_t parent, uint32_t status)
{
	struct event ev = event_of(EVENT_EXIT, pid, parent);

	ev.exit.status = status;
	ev.exit.adopter = id_of(INIT);
	return ev;
}

/* The release, naming who had to reap; parent 0: not told. */
static inline struct event free_of(uint32_t pid, uint32_t parent)
{
	struct event ev = { .kind = EVENT_FREE, .id = id_of(pid) };

	if (parent) {
		ev.facts.have = HAVE_PARENT;
		ev.facts.parent = id_of(parent);
	}
	return ev;
}

/* The moment of it, seen. */
static inline struct event reap_of(uint32_t pid, uint32_t parent, enum release release)
{
	struct event ev = free_of(pid, parent);

	ev.kind = EVENT_REAP;
	ev.reap.release = release;
	return ev;
}

static inline struct event sight_of(uint32_t pid, uint32_t parent, char letter)
{
	struct event ev = event_of(EVENT_SIGHT, pid, parent);

	ev.sight.letter = letter;
	ev.sight.dead = letter == 'Z';
	ev.sight.threads = 1;
	ev.sight.has_exit_signal = true;
	ev.sight.exit_signal = SIGCHLD;
	return ev;
}

static inline struct event missing_of(uint32_t pid)
{
	return (struct event){ .kind = EVENT_MISSING, .id = id_of(pid) };
}

static inline struct event thread_of(enum event_kind kind, uint32_t pid, uint32_t tid)
{
	struct event ev = { .kind = kind, .id = id_of(pid) };

	ev.thread.tid = tid;
	return ev;
}

/* It happens now. */
static inline void tell(struct event ev)
{
	if (!ev.ts)
		ev.ts = w.now;
	engine_apply(w.e, &ev);
}

/* Time goes on; everything that is due on the way is done. */
static inline void pass(uint64_t ns)
{
	w.now += ns;
	engine_tick(w.e, w.now);
	detect_tick(&w.d, w.now);
}

/* init, and an ordinary process below it, known from the first picture. */
static inline void there_are(uint32_t pid)
{
	tell(sight_of(INIT, 0, 'S'));
	tell(sight_of(pid, INIT, 'S'));
	forget();
}

#endif
