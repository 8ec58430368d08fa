// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/advice.h"

#include <stdarg.h>
#include <stdio.h>

#define NAMED 48 /* "name(pid)" */

static const char *named(const struct proc *p, char name[NAMED])
{
	snprintf(name, NAMED, "%s(%u)", p->stub ? "" : p->comm, p->id.pid);
	return name;
}

__attribute__((format(printf, 3, 4))) static void add(char (*list)[ADVICE_LEN], int *n,
						       const char *format, ...)
{
	va_list args;
	int i;

	if (*n == ADVICE_MAX)
		return;
	va_start(args, format);
	vsnprintf(list[*n], ADVICE_LEN, format, args);
	va_end(args);
	for (i = 0; i < *n; i++) /* several causes may ask for the same */
		if (!strcmp(list[i], list[*n]))
			return;
	++*n;
}

#define act(a, ...) add((a)->act, &(a)->nacts, __VA_ARGS__)
#define futile(a, ...) add((a)->futile, &(a)->nfutile, __VA_ARGS__)

static void brief(struct advice *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first, that of the most frequent cause, stays. */
static void brief(struct advice *a, const char *format, ...)
{
	va_list args;

	if (*a->brief)
		return;
	va_start(args, format);
	vsnprintf(a->brief, ADVICE_LEN, format, args);
	va_end(args);
}

/* The code: by what it does with SIGCHLD. */
static void mend_waits(struct advice *a, const struct proc *parent)
{
	char name[NAMED];

	named(parent, name);
	if (parent->sigchld == SIGCHLD_CAUGHT) {
		act(a, "in %s, in the handler for SIGCHLD: call waitpid(-1, &status, WNOHANG) "
		       "until it gives 0 or less; signals merge, so one wait a signal is too few",
		    name);
		act(a, "now: kill -CHLD %u runs that handler again; each run collects one at "
		       "least, all of them if it loops, none if it does not wait", parent->id.pid);
	} else if (parent->sigchld == SIGCHLD_AUTOREAPS) {
		act(a, "in %s: wait for those that died before it began to ignore SIGCHLD; "
		       "those that die from now on need no wait", name);
	} else {
		act(a, "in %s: wait for every child, by waitpid(-1, &status, WNOHANG) until it "
		       "gives 0 or less on each SIGCHLD; or, if nobody needs their statuses, "
		       "ignore SIGCHLD (SIG_IGN, SA_NOCLDWAIT) before they are started", name);
		if (parent->sigchld == SIGCHLD_DEFAULT)
			futile(a, "kill -CHLD %u: SIGCHLD is at its default there, which does "
				  "nothing", parent->id.pid);
	}
}

/* pid 1 of a container is its first program where nobody thought of an init. */
static void use_an_init(struct advice *a, const struct proc *parent)
{
	if (parent->id.pid == 1)
		return;
	act(a, "run the container with an init that collects what it adopts (--init, tini, "
	       "dumb-init; in a pod shareProcessNamespace: true), and not with %s as its pid 1",
	    parent->comm);
	brief(a, "run the container with --init or tini");
}

static void on_never(struct advice *a, const struct group *g, const struct proc *example)
{
	(void)example;
	if (g->parent->ns_init)
		use_an_init(a, g->parent);
	mend_waits(a, g->parent);
}

static void on_missed(struct advice *a, const struct group *g, const struct proc *example)
{
	(void)example;
	mend_waits(a, g->parent);
	brief(a, "kill -CHLD %u, and loop waitpid in its handler", g->parent->id.pid);
}

static void on_another(struct advice *a, const struct group *g, const struct proc *example)
{
	const struct proc *awaited = NULL;
	struct list *pos;
	char name[NAMED];
	int alive = 0;

	(void)example;
	list_each(pos, &g->parent->children) {
		const struct proc *p = list_entry(pos, struct proc, sibling);

		if (p->life == LIFE_RUNNING && !alive++)
			awaited = p;
	}
	act(a, "in %s: wait for any child (waitpid(-1), wait -n in a shell), or collect the "
	       "others with WNOHANG between its waits", named(g->parent, name));
	if (alive == 1)
		act(a, "now: it can wait for no one but %s, its only child that lives; end that "
		       "if it hangs, and %s goes on", named(awaited, name), g->parent->comm);
	if (alive == 1)
		brief(a, "it waits for %s: end that if it hangs", name);
}

static void on_stopped(struct advice *a, const struct group *g, const struct proc *example)
{
	const struct proc *parent = g->parent;
	char name[NAMED];

	(void)example;
	named(parent, name);
	if (parent->letter == 'T') {
		act(a, "now: kill -CONT %u resumes %s, which was stopped by a signal; if it waits "
		       "for its children, they go at once", parent->id.pid, name);
		brief(a, "kill -CONT %u", parent->id.pid);
		futile(a, "kill %u (SIGTERM), kill -CHLD %u: they wait until it runs again",
		       parent->id.pid, parent->id.pid);
	} else if (parent->letter == 't') {
		act(a, "now: let pid %u, which traces %s and has stopped it, go on or end",
		    parent->tracer.pid, name);
		brief(a, "resume it in its tracer, pid %u", parent->tracer.pid);
		futile(a, "kill -CONT %u: its tracer has stopped it, not a signal", parent->id.pid);
	} else {
		act(a, "now: find what %s hangs in (/proc/%u/stack, wchan): a dead disk, a network "
		       "file system, a frozen device", name, parent->id.pid);
		brief(a, "see /proc/%u/stack for what it hangs in", parent->id.pid);
		act(a, "now: kill -9 %u ends it where that sleep can be killed (a vfork, most "
		       "network file systems)", parent->id.pid);
		futile(a, "kill %u (SIGTERM), kill -CHLD %u: it takes none until the kernel's call "
			  "returns", parent->id.pid, parent->id.pid);
	}
}

static void on_init(struct advice *a, const struct group *g, const struct proc *example)
{
	(void)example;
	use_an_init(a, g->parent);
	mend_waits(a, g->parent);
}

static void on_subreaper(struct advice *a, const struct group *g, const struct proc *example)
{
	char name[NAMED];

	(void)example;
	act(a, "in %s: whoever sets PR_SET_CHILD_SUBREAPER adopts children that it has not "
	       "started, and must wait for any child (waitpid(-1)); or leave that bit unset",
	    named(g->parent, name));
	mend_waits(a, g->parent);
}

static void on_traced(struct advice *a, const struct group *g, const struct proc *example)
{
	char name[NAMED];

	act(a, "now: end pid %u, which traces them, or let it detach or wait: it must collect them "
	       "before %s can", example->tracer.pid, named(g->parent, name));
	brief(a, "end the tracer, pid %u", example->tracer.pid);
	futile(a, "restarting %s, or mending its waits: the tracer holds them all the same", name);
}

static void on_clone(struct advice *a, const struct group *g, const struct proc *example)
{
	char name[NAMED];

	act(a, "in %s: wait for them with __WALL (or __WCLONE), or clone them with SIGCHLD as the "
	       "exit signal", named(g->parent, name));
	futile(a, "kill -CHLD %u, ignoring SIGCHLD, a plain wait: their exit signal is %d",
	       g->parent->id.pid, example->exit_signal);
}

/* It collects those that it knows, by their pids, and not this one. */
static void on_forgotten(struct advice *a, const struct group *g, const struct proc *example)
{
	char name[NAMED];

	(void)example;
	act(a, "in %s: it waits for particular children (waitpid with a pid, Popen.wait) and forgot "
	       "these: wait for every one that it starts, or for any (waitpid(-1)) now and then",
	    named(g->parent, name));
	brief(a, "wait for every child that it starts, in its code");
}

static void on_late(struct advice *a, const struct group *g, const struct proc *example)
{
	char name[NAMED];

	if (!example->died) { /* it has collected some, and what it does now nobody has watched */
		mend_waits(a, g->parent);
		return;
	}
	act(a, "in %s: wait at each SIGCHLD, or more often: it collects its children, but late",
	    named(g->parent, name));
	brief(a, "wait: it collects its children, but late");
}

static void on_unknown(struct advice *a, const struct group *g, const struct proc *example)
{
	(void)example;
	if (g->parent->ns_init)
		use_an_init(a, g->parent);
	mend_waits(a, g->parent);
}

static void advise_cause(struct advice *a, const struct group *g, const struct group_cause *cause)
{
	static void (*const by_cause[CAUSES])(struct advice *a, const struct group *g,
					      const struct proc *example) = {
		[CAUSE_UNKNOWN] = on_unknown,
		[CAUSE_TRACED] = on_traced,
		[CAUSE_CLONE_CHILD] = on_clone,
		[CAUSE_PARENT_STOPPED] = on_stopped,
		[CAUSE_INIT_DOES_NOT_REAP] = on_init,
		[CAUSE_SUBREAPER_DOES_NOT_REAP] = on_subreaper,
		[CAUSE_WAITS_FOR_ANOTHER] = on_another,
		[CAUSE_NEVER_WAITS] = on_never,
		[CAUSE_FORGETS_SOME] = on_forgotten,
		[CAUSE_MISSES_SIGNALS] = on_missed,
		[CAUSE_WAITS_LATE] = on_late,
	};

	by_cause[cause->cause](a, g, cause->example);
}

static size_t count_of(const struct group *g, enum cause cause)
{
	int i;

	for (i = 0; i < g->ncauses; i++)
		if (g->causes[i].cause == cause)
			return g->causes[i].count;
	return 0;
}

/* Whose end frees how many: they pass to the heir, and that must be a good one. */
static void restart(struct advice *a, const struct group *g)
{
	const struct proc *parent = g->parent, *heir = group_heir(parent);
	size_t freed = g->count - count_of(g, CAUSE_TRACED);
	char name[NAMED], other[NAMED];

	named(parent, name);
	if (!freed || parent->letter == 'D')
		return;
	if (parent->id.pid == 1) {
		act(a, "now: if it is systemd, systemctl daemon-reexec; pid 1 cannot be restarted, "
		       "and only a reboot frees what it does not collect");
		return;
	}
	if (parent->ns_init) {
		act(a, "now: restart the container whose init %s is: its end frees %s%zu, as the "
		       "kernel ends and collects all that is in it", name,
		    freed > 1 ? "all " : "", freed);
		return;
	}
	if (!heir)
		act(a, "now: restart %s: its %zu pass to the subreaper above it or to its "
		       "namespace's init, and are freed if that collects them", name, freed);
	else if (group_heir_is_bad(heir))
		act(a, "now: restart %s: its %zu pass to %s, which does not collect its own: they "
		       "are freed only when that is mended or restarted too", name, freed,
		    named(heir, other));
	else
		act(a, "now: restart %s%s: that frees %zu, as they pass to %s, which leaves none "
		       "of its own", name, parent->letter == 'T' ? " (kill -9)" : "", freed,
		    named(heir, other));
	brief(a, "restart it: that frees %zu", freed);
}

static void never_helps(struct advice *a, const struct group *g)
{
	char name[NAMED];

	if (!g->parent->ns_init && count_of(g, CAUSE_TRACED) != g->count &&
	    !count_of(g, CAUSE_SUBREAPER_DOES_NOT_REAP))
		futile(a, "an init (tini, --init): it gets them only when %s ends",
		       named(g->parent, name));
	futile(a, "kill -9 %u: a zombie is dead already", g->pids[0]);
}

static const char *to_watch(const struct group *g)
{
	int i;

	for (i = 0; i < g->ncauses; i++)
		if (!group_cause_certain(&g->causes[i]))
			break;
	if (i == g->ncauses)
		return NULL;
	if (g->parent && g->parent->sigchld == SIGCHLD_CAUGHT)
		return "whether its handler waits once for several signals, late, or not at all";
	return "whether it waits late, too rarely, or never";
}

void advise(struct advice *a, const struct group *g)
{
	int i;

	a->nacts = a->nfutile = 0;
	a->brief[0] = 0;
	a->watch = to_watch(g);
	if (!g->parent || g->parent->stub) {
		act(a, "find the parent: it cannot be seen from here");
		brief(a, "find its parent");
		return;
	}
	for (i = 0; i < g->ncauses; i++)
		advise_cause(a, g, &g->causes[i]);
	restart(a, g);
	brief(a, "wait for its children, in its code");
	never_helps(a, g);
}
