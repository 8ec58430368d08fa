// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/leftover.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"

#define INIT 1

static int by_pid(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

void arrivals_make(struct arrivals *a, const struct engine *e, const uint32_t *pids, size_t n)
{
	const struct proc *youngest = NULL;
	size_t i;

	a->at = xcalloc(n + 1, sizeof(*a->at));
	a->n = n;
	for (i = 0; i < n; i++) {
		const struct proc *p = engine_find(e, (struct ident){ .pid = pids[i] });

		a->at[i].pid = pids[i];
		if (!p || !p->id.start)
			continue;
		if (!youngest || p->id.start >= youngest->id.start)
			youngest = p;
		else
			a->at[i].before = youngest;
	}
	qsort(a->at, n, sizeof(*a->at), by_pid);
}

void arrivals_free(struct arrivals *a)
{
	free(a->at);
	*a = (struct arrivals){ 0 };
}

static const struct proc *came_before(const struct arrivals *order, const struct proc *p)
{
	const struct arrival key = { .pid = p->id.pid }, *found;

	if (!order || !order->n)
		return NULL;
	found = bsearch(&key, order->at, order->n, sizeof(key), by_pid);
	return found ? found->before : NULL;
}

bool proc_is_reaper(const struct proc *p)
{
	return p->ns_init || p->subreaper;
}

bool proc_is_below_reaper(const struct proc *p)
{
	return p->life == LIFE_RUNNING && !p->stub && !p->kthread && !p->ns_init && p->parent &&
	       proc_is_reaper(p->parent);
}

static const struct proc *running(const struct engine *e, uint32_t pid)
{
	const struct proc *p = pid ? engine_find(e, (struct ident){ .pid = pid }) : NULL;

	return p && p->life == LIFE_RUNNING && !p->stub ? p : NULL;
}

/*
 * A child is born into its parent's session, and leaves it for its own only. So in a third one it
 * was born of somebody else; unless the reaper was born in that one and has left it since: but then
 * it leads its own, and that session is older than the reaper.
 */
static bool session_is_proof(const struct adoption *a)
{
	const struct proc *r = a->reaper;

	return r->sid != r->id.pid || r->id.pid == INIT ||
	       (a->head && a->head->id.start > r->id.start);
}

/* A shell that has a terminal puts its jobs into groups: then a group tells nothing. */
static bool group_is_sign(const struct adoption *a, const struct proc *p)
{
	const struct proc *r = a->reaper;

	return !r->tty && p->pgid != p->id.pid && p->pgid != r->pgid &&
	       !(a->head && a->head->parent == r);
}

struct adoption adoption_of(const struct engine *e, const struct proc *p,
			    const struct arrivals *order)
{
	struct adoption a = { .adopted = false };
	const struct proc *r = p->parent;

	if (!proc_is_below_reaper(p))
		return a;
	a.reaper = r;
	a.before = came_before(order, p);
	a.adopted = a.before != NULL;
	if (!(p->have & HAVE_SESSION) || !(r->have & HAVE_SESSION))
		return a;
	a.head_pid = p->sid != r->sid ? p->sid : p->pgid;
	if (!a.head_pid) /* what init was born in, and so all that it has started: no sign */
		return a;
	a.by_session = p->sid != r->sid;
	a.head = running(e, a.head_pid);
	if (a.by_session && p->sid != p->id.pid) {
		a.adopted = true;
		a.certain = session_is_proof(&a);
	} else if (!a.by_session && group_is_sign(&a, p)) {
		a.adopted = true;
	}
	return a;
}

/* What it was started in is the reaper's own: that it lives tells nothing of it. */
static bool shares_group(const struct leftover *l)
{
	return !l->adoption.by_session && l->p->pgid == l->adoption.reaper->pgid;
}

static bool has(const struct leftover *l, enum descriptor d)
{
	return l->standing.fd[0] == d || l->standing.fd[1] == d || l->standing.fd[2] == d;
}

/* With a terminal or a pipe it holds what led to whoever started it. */
static bool is_tied(const struct leftover *l)
{
	return l->p->tty || has(l, DESCRIPTOR_TTY) || has(l, DESCRIPTOR_PIPE);
}

enum leftover_kind leftover_judge(const struct leftover *l)
{
	const struct adoption *a = &l->adoption;
	const struct standing *s = &l->standing;
	bool lives = a->head && !shares_group(l);
	bool known = !has(l, DESCRIPTOR_UNKNOWN) && s->at_root != NOT_KNOWN;
	bool away = known && !is_tied(l) && s->at_root == YES;

	if (away && (a->head == l->p || !lives))
		return LEFTOVER_DAEMON;
	if (s->ignores_hup == YES || a->head == l->p)
		return LEFTOVER_BACKGROUND;
	if (lives && (l->p->pgid == l->p->id.pid || !has(l, DESCRIPTOR_PIPE)))
		return LEFTOVER_BACKGROUND;
	return known || is_tied(l) ? LEFTOVER_STRAY : LEFTOVER_UNKNOWN;
}

bool leftover_works(const struct leftover *l)
{
	return l->standing.moment && l->standing.used >= l->standing.moment / WORKS_MIN;
}

const char *leftover_kind_name(enum leftover_kind kind)
{
	static const char *const names[LEFTOVER_KINDS] = {
		[LEFTOVER_STRAY] = "stray",
		[LEFTOVER_UNKNOWN] = NULL,
		[LEFTOVER_BACKGROUND] = "background",
		[LEFTOVER_DAEMON] = "daemon",
	};

	return names[kind];
}

const char *descriptor_name(enum descriptor d)
{
	static const char *const names[DESCRIPTORS] = {
		[DESCRIPTOR_UNKNOWN] = NULL,	    [DESCRIPTOR_CLOSED] = "closed",
		[DESCRIPTOR_NULL] = "null",	    [DESCRIPTOR_TTY] = "tty",
		[DESCRIPTOR_PIPE] = "pipe",	    [DESCRIPTOR_SOCKET] = "socket",
		[DESCRIPTOR_JOURNAL] = "journal",   [DESCRIPTOR_FILE] = "file",
		[DESCRIPTOR_OTHER] = "other",
	};

	return names[d];
}

/* Together: what one reaper has of one session or group. */
static int by_origin(const struct leftover *x, const struct leftover *y)
{
	const struct adoption *a = &x->adoption, *b = &y->adoption;

	if (a->reaper->id.pid != b->reaper->id.pid)
		return a->reaper->id.pid < b->reaper->id.pid ? -1 : 1;
	if (a->by_session != b->by_session)
		return a->by_session ? -1 : 1;
	return a->head_pid < b->head_pid ? -1 : a->head_pid > b->head_pid;
}

static int within_groups(const void *a, const void *b)
{
	const struct leftover *x = a, *y = b;
	int order = by_origin(x, y), busy = leftover_works(y) - leftover_works(x);

	if (order || busy)
		return order ? order : busy;
	if (x->p->id.start != y->p->id.start)
		return x->p->id.start < y->p->id.start ? -1 : 1;
	return x->p->id.pid < y->p->id.pid ? -1 : 1;
}

static int worst_first(const void *a, const void *b)
{
	const struct leftover_group *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (!x->working != !y->working)
		return x->working ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->at->p->id.pid < y->at->p->id.pid ? -1 : 1;
}

void leftovers_group(struct leftovers *g)
{
	size_t i;

	if (g->count)
		qsort(g->at, g->count, sizeof(*g->at), within_groups);
	g->groups = xcalloc(g->count + 1, sizeof(*g->groups));
	for (i = 0; i < g->count; i++) {
		struct leftover *l = &g->at[i];
		struct leftover_group *group;

		if (!i || by_origin(l - 1, l))
			g->groups[g->ngroups++] =
				(struct leftover_group){ .at = l, .kind = l->kind };
		group = &g->groups[g->ngroups - 1];
		group->count++;
		group->working += leftover_works(l);
		if (l->kind < group->kind)
			group->kind = l->kind;
	}
	qsort(g->groups, g->ngroups, sizeof(*g->groups), worst_first);
}

void leftovers_free(struct leftovers *g)
{
	free(g->at);
	free(g->groups);
	*g = (struct leftovers){ 0 };
}

void adoption_evidence(const struct adoption *a, const struct proc *p, struct evidence *e)
{
	const struct proc *r = a->reaper;
	const char *of = a->by_session ? "session" : "process group";

	if (a->adopted && a->head_pid && a->head_pid != p->id.pid && a->head_pid != r->pgid)
		evidence_add(e, "it is in %s %u, which %s (pid %u) is not in", of, a->head_pid,
			     r->comm, r->id.pid);
	if (a->before)
		evidence_add(e, "%s (pid %u) has it only since after %s (pid %u) was there, which "
			     "began later than it", r->comm, r->id.pid, a->before->comm,
			     a->before->id.pid);
	if (!a->head_pid)
		return;
	if (a->head_pid == p->id.pid)
		evidence_add(e, "it leads its own %s", of);
	else if (!a->head)
		evidence_add(e, "%u, which led that %s, is gone", a->head_pid, of);
	else if (a->adopted)
		evidence_add(e, "%s (pid %u), which leads that %s, lives", a->head->comm,
			     a->head_pid, of);
}

void leftover_evidence(const struct leftover *l, struct evidence *e)
{
	const struct standing *s = &l->standing;

	adoption_evidence(&l->adoption, l->p, e);
	if (l->p->tty)
		evidence_add(e, "it has a controlling terminal");
	if (is_tied(l) && (has(l, DESCRIPTOR_PIPE) || has(l, DESCRIPTOR_TTY)))
		evidence_add(e, "it holds a %s of its starter's as descriptor 0, 1 or 2",
			     has(l, DESCRIPTOR_PIPE) ? "pipe" : "terminal");
	if (s->ignores_hup == YES)
		evidence_add(e, "it ignores SIGHUP, as nohup makes it");
	if (l->kind == LEFTOVER_DAEMON)
		evidence_add(e, "its directory is /, and none of its descriptors 0 to 2 leads to a "
			     "pipe or a terminal");
}
