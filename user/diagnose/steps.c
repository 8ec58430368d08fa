// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/steps.h"

#include <stdlib.h>

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !memcmp(s + len - n, end, n);
}

struct slice unit_of(const char *path, size_t len)
{
	struct slice unit = { 0 };
	size_t begin = 0, i;

	for (i = 0; i <= len; i++) {
		if (i < len && path[i] != '/')
			continue;
		if (ends_with(path + begin, i - begin, ".service") ||
		    ends_with(path + begin, i - begin, ".scope"))
			unit = (struct slice){ path + begin, (uint32_t)(i - begin) };
		begin = i + 1;
	}
	return unit;
}

bool daemon_is_one(const struct proc *p, const struct adoption *a)
{
	if (!a->reaper || !(p->have & HAVE_SESSION))
		return false;
	return a->adopted || p->class == CLASS_DAEMON || (a->by_session && !p->tty);
}

static enum answer is(bool yes)
{
	return yes ? YES : NO;
}

/* Left in a session of its own making, or of one that has made it for this and is gone. */
static enum answer session_step(const struct daemon *d)
{
	const struct adoption *a = &d->adoption;

	if (d->p->tty || !a->by_session)
		return NO;
	return is(d->p->sid == d->p->id.pid || !a->head);
}

static enum answer descriptors_step(const struct standing *s)
{
	enum answer answer = YES;
	int i;

	for (i = 0; i < STANDARD_FDS; i++) {
		if (s->fd[i] == DESCRIPTOR_UNKNOWN)
			answer = answer == NO ? NO : NOT_KNOWN;
		else if (s->fd[i] != DESCRIPTOR_NULL && s->fd[i] != DESCRIPTOR_JOURNAL)
			answer = NO;
	}
	return answer;
}

/* Of one that was left. false: it may be a daemon, or what a worker left that had its session. */
static bool kind_of_adopted(const struct daemon *d, enum daemon_kind *kind)
{
	bool away = d->step[STEP_DIRECTORY] == YES && d->step[STEP_DESCRIPTORS] == YES;

	*kind = DAEMON_SYSV;
	if (d->step[STEP_SESSION] == YES && (d->p->sid == d->p->id.pid || away))
		return true;
	*kind = DAEMON_BACKGROUND;
	return d->step[STEP_SESSION] == NO || d->standing.ignores_hup == YES;
}

void daemon_judge(struct daemon *d)
{
	const struct proc *p = d->p;
	const struct standing *s = &d->standing;

	/* under a reaper, but whose child it was at first is not to be seen */
	d->step[STEP_FORK] = d->adoption.adopted ? YES : NOT_KNOWN;
	d->step[STEP_SESSION] = session_step(d);
	d->step[STEP_SECOND_FORK] = is(d->step[STEP_SESSION] == YES && p->sid != p->id.pid);
	d->step[STEP_TERMINAL] = is(!p->tty);
	d->step[STEP_DIRECTORY] = s->at_root;
	d->step[STEP_UMASK] = s->has_umask ? is(!s->umask) : NOT_KNOWN;
	d->step[STEP_DESCRIPTORS] = descriptors_step(s);
	d->step[STEP_PID_FILE] = s->pid_file;
	if (d->adoption.adopted) {
		d->has_kind = kind_of_adopted(d, &d->kind);
	} else if (proc_is_manager(d->adoption.reaper)) {
		d->has_kind = true;
		d->kind = DAEMON_SERVICE;
	}
	if (p->cgroup_path)
		d->unit = unit_of(p->cgroup_path->s, p->cgroup_path->len);
}

static const char *fd_word(const struct standing *s, int fd)
{
	const char *name = descriptor_name(s->fd[fd]);

	return name ? name : "not known";
}

void daemon_evidence(const struct daemon *d, struct evidence *e)
{
	const struct proc *p = d->p, *r = d->adoption.reaper;
	const struct standing *s = &d->standing;

	if (!d->adoption.adopted)
		evidence_add(e, "%s (pid %u), %s, is its parent; whether that started it the "
			     "present does not show", r->comm, r->id.pid,
			     r->ns_init ? "an init" : "a subreaper");
	adoption_evidence(&d->adoption, p, e);
	if (d->step[STEP_TERMINAL] == NO)
		evidence_add(e, "it has a controlling terminal");
	if (d->step[STEP_DIRECTORY] == NO && p->cwd)
		evidence_add(e, "its directory is %.*s", EVIDENCE_LEN / 2, p->cwd->s);
	if (d->step[STEP_UMASK] == NO)
		evidence_add(e, "its umask is %03o", s->umask);
	if (d->step[STEP_DESCRIPTORS] != NOT_KNOWN)
		evidence_add(e, "its descriptors 0 to 2 lead to: %s, %s, %s", fd_word(s, 0),
			     fd_word(s, 1), fd_word(s, 2));
	if (s->ignores_hup == YES)
		evidence_add(e, "it ignores SIGHUP, as nohup makes it");
	if (s->pid_file == YES)
		evidence_add(e, "%s has its pid", s->pid_file_path);
}

static int oldest_first(const void *a, const void *b)
{
	const struct proc *x = ((const struct daemon *)a)->p, *y = ((const struct daemon *)b)->p;

	if (x->id.start != y->id.start)
		return x->id.start < y->id.start ? -1 : 1;
	return x->id.pid < y->id.pid ? -1 : x->id.pid > y->id.pid;
}

void daemons_order(struct daemons *g)
{
	size_t i;

	if (g->count)
		qsort(g->at, g->count, sizeof(*g->at), oldest_first);
	for (i = 0; i < g->count; i++)
		if (g->at[i].has_kind)
			g->kinds[g->at[i].kind]++;
}

void daemons_free(struct daemons *g)
{
	free(g->at);
	*g = (struct daemons){ 0 };
}

const char *step_name(enum step step)
{
	static const char *const names[STEPS] = {
		[STEP_FORK] = "fork",
		[STEP_SESSION] = "session",
		[STEP_SECOND_FORK] = "second_fork",
		[STEP_TERMINAL] = "terminal",
		[STEP_DIRECTORY] = "directory",
		[STEP_UMASK] = "umask",
		[STEP_DESCRIPTORS] = "descriptors",
		[STEP_PID_FILE] = "pid_file",
	};

	return names[step];
}

const char *answer_name(enum answer answer)
{
	static const char *const names[] = {
		[NOT_KNOWN] = "not_known", [NO] = "not_done", [YES] = "done",
	};

	return names[answer];
}
