// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the driver knows of everybody. It reckons what must follow from each step as the kernel
 * would, waits until it has, and asks /proc whether it is so.
 */
#include "random.h"

#include <poll.h>

struct member members[MEMBERS];
int born_count, step_now;
double step_began;

static int deaths_in_step;
static bool many_are_hit, in_zap;

static int slot_of(pid_t pid)
{
	for (int i = 0; i < born_count; i++)
		if (members[i].pid == pid && members[i].alive)
			return i;
	return NOBODY;
}

/* Is `other` in the pid namespace of `slot`, or below it? */
bool sees(int slot, int other)
{
	int ns = members[other].ns;

	while (ns >= 0 && ns != members[slot].ns)
		ns = members[ns].outer;
	return ns == members[slot].ns;
}

int child_count(int slot)
{
	int count = 0;

	for (int i = 0; i < born_count; i++)
		count += !members[i].gone && members[i].parent == slot;
	return count;
}

/* Whom it traces; NOBODY. */
int traced_by(int slot)
{
	for (int i = 0; i < born_count; i++)
		if (!members[i].gone && members[i].tracer == slot)
			return i;
	return NOBODY;
}

/* Its tracer must collect it before its parent can. */
bool is_held(int slot)
{
	return members[slot].tracer >= 0 && members[slot].tracer != members[slot].parent;
}

bool ignores_children(int slot)
{
	return members[slot].chld == CHLD_IGNORED || members[slot].chld == CHLD_NOCLDWAIT;
}

/* Births and programs */

static void read_numbers(struct member *m)
{
	char path[64], text[4096], *at;
	ssize_t len;
	int fd, used;

	snprintf(path, sizeof(path), "/proc/%d/status", m->pid);
	fd = must(open(path, O_RDONLY | O_CLOEXEC));
	len = must(read(fd, text, sizeof(text) - 1));
	close(fd);
	text[len] = 0;
	at = strstr(text, "NSpid:") + 6;
	for (m->level = -1; sscanf(at, "%d%n", &m->nspid[m->level + 1], &used) == 1; at += used)
		m->level++;
}

static int signal_of(enum birth how, int creator)
{
	switch (how) {
	case BY_PARENT:
		return members[creator].exit_signal;
	case BY_SILENT:
		return 0;
	case BY_SIGNAL:
		return SIGURG;
	case BY_DEADLY:
		return SIGUSR1;
	default:
		return SIGCHLD;
	}
}

/* What a child has of its creator, and of its parent. */
static void take_after(struct member *m, int slot, int creator, enum birth how)
{
	const struct member *by = &members[creator];

	m->parent = how == BY_PARENT ? by->parent : creator;
	m->exit_signal = signal_of(how, creator);
	m->parent_execs = how == BY_PARENT ? by->parent_execs : by->execs;
	m->init = how == BY_NEWPID || how == BY_UNSHARE;
	m->ns = m->init ? slot : by->ns;
	m->outer = m->init ? by->ns : NOBODY;
	m->blocked = by->blocked;
	m->chld = by->chld;
	if (how >= BY_VFORK && m->chld != CHLD_IGNORED)
		m->chld = CHLD_DEFAULT;
}

/* A newcomer: /proc tells who it is, and must agree with what was ordered. */
void enter(int slot, pid_t pid, int creator, enum birth how)
{
	struct member *m = &members[slot];
	struct seen seen = look(pid);

	*m = (struct member){
		.pid = pid, .start = seen.start, .alive = true, .sid = seen.session,
		.pgid = seen.pgrp, .parent = NOBODY, .tracer = NOBODY, .waits_for = NOBODY,
		.exit_signal = SIGCHLD, .ns = NOBODY, .outer = NOBODY,
	};
	snprintf(m->role, sizeof(m->role), "m%d", slot);
	for (int sig = 0; sig <= 64; sig++)
		m->pending[sig] = NOBODY;
	read_numbers(m);
	m->pidfd = must((int)syscall(SYS_pidfd_open, pid, 0));
	if (slot)
		take_after(m, slot, creator, how);
	if (slot && seen.ppid != members[m->parent].pid)
		die("%s was born under %d", m->role, seen.ppid);
	row_born(slot, creator, how, seen.ppid);
}

/* It is this program anew; thread: which has called exec, 0: the leader. */
void execed(int slot, int thread, enum image how)
{
	static char text[1 << 15];
	struct member *m = &members[slot];
	char path[64];
	long len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", m->pid);
	fd = must(open(path, O_RDONLY | O_CLOEXEC));
	len = must(read(fd, text, sizeof(text)));
	close(fd);
	row_execed(m->role, text, len, thread, how == AS_SCRIPT ? scratch_file("script") :
					       how == AS_NESTED ? scratch_file("nested") : "");
	m->exit_signal = SIGCHLD; /* de_thread() */
	m->execs++;
	if (m->chld != CHLD_IGNORED)
		m->chld = CHLD_DEFAULT;
	m->in_thread = m->leader_left = false;
	m->spares = 0;
}

void ran_tiny(const char *role, int code, int thread)
{
	char text[16] = "tiny";

	row_execed(role, text, 5 + snprintf(text + 5, 8, "%d", code) + 1, thread, "");
}

/* Deaths */

/* The same signal has hit a child of its own whose exit signal is deadly: which one comes first? */
static bool is_hit_twice(int slot)
{
	const struct member *m = &members[slot];

	for (int i = 1; many_are_hit && i < born_count; i++)
		if (members[i].parent == slot && members[i].exit_signal == SIGUSR1 &&
		    members[i].pgid == m->pgid && !members[i].gone)
			return true;
	return false;
}

static void bury(int slot, int status, int killer)
{
	struct member *m = &members[slot];
	struct pollfd death = { .fd = m->pidfd, .events = POLLIN };

	while (poll(&death, 1, 10000) < 0 && errno == EINTR)
		;
	if (!death.revents)
		die("%s does not die", m->role);
	close(m->pidfd);
	m->alive = m->stopped = m->judged = false;
	if (is_hit_twice(slot) ||
	    (m->deathsig && (many_are_hit || in_zap))) { /* its parent may have fallen first */
		status = UNTOLD;
		killer = ANYBODY;
	}
	m->status = status;
	m->due = step_now + due_after();
	deaths_in_step++;
	row_died(m->role, status, killer);
}

static void let_go(int slot)
{
	members[slot].tracer = NOBODY;
	members[slot].judged = false;
	row_fact("untraced", slot, NOBODY);
}

/* The init of a pid namespace takes with it all who are in there, dead or alive. */
static void zap(int init, bool buried)
{
	for (int i = 0; i < born_count; i++) {
		struct member *m = &members[i];

		if (i == init || m->gone || !sees(init, i))
			continue;
		in_zap = true;
		if (!buried && m->alive) /* of many that are hit it may be one itself */
			bury(i, SIGKILL, many_are_hit ? ANYBODY : KERNEL);
		in_zap = false;
		if (!buried)
			continue;
		m->gone = true;
		m->tracer = NOBODY;
		row_fact("zapped", i, init);
	}
}

/* It is to die now, of itself or by somebody; and so are those who must die of that. */
void dies(int slot, int status, int killer)
{
	bool init = members[slot].init, to_death;
	int tracee;

	if (init)
		zap(slot, false);
	bury(slot, status, killer);
	if (init)
		zap(slot, true);
	while ((tracee = traced_by(slot)) != NOBODY) {
		to_death = members[tracee].traced_how == SEIZED_TO_DEATH && members[tracee].alive;
		let_go(tracee);
		if (!members[tracee].alive && members[tracee].parent == slot &&
		    ignores_children(slot)) { /* __ptrace_detach() */
			members[tracee].gone = true;
			row_fact("auto", tracee, slot);
		}
		if (to_death)
			dies(tracee, SIGKILL, KERNEL);
	}
}

/* It dies of a signal; a tracee only when its tracer lets that pass. */
void falls(int slot, int sig, int killer)
{
	struct member *m = &members[slot];
	int tracer = m->tracer;
	struct reply reply;

	if (tracer < 0 || sig == SIGKILL || !members[tracer].alive) {
		dies(slot, sig, killer);
		return;
	}
	reply = ask(tracer, (struct order){ .what = PASS,
					    .pid = m->nspid[members[tracer].level] });
	dies(slot, sig, killer);
	collected(slot, tracer, reply.status, "pass");
}

void take_pending(int slot)
{
	struct member *m = &members[slot];

	for (int sig = 1; sig <= 64 && m->alive && !m->stopped; sig++)
		if (m->pending[sig] != NOBODY && !(m->blocked & 1ull << sig))
			falls(slot, sig, m->pending[sig]);
}

/* An init minds only what it cannot help, and that only from outside. */
static bool is_spared(int slot, int sig, int killer)
{
	if (!members[slot].init)
		return false;
	if (sig != SIGKILL && sig != SIGSTOP)
		return true;
	return killer >= 0 && members[killer].ns == slot;
}

/* A signal has come to it. What follows is awaited. */
void hit(int slot, int sig, int killer)
{
	struct member *m = &members[slot];

	if (slot == 0 || !m->alive || sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH)
		return;
	if (sig == SIGCONT) {
		m->stopped = false;
		await(look(m->pid).state != 'T');
		take_pending(slot);
	} else if (is_spared(slot, sig, killer)) {
		return;
	} else if (sig == SIGSTOP) {
		await(look(m->pid).state == 'T');
		m->stopped = true;
	} else if (sig != SIGKILL && (m->stopped || (m->blocked & 1ull << sig))) {
		if (m->pending[sig] == NOBODY)
			m->pending[sig] = killer;
		row_fact("pended", slot, killer);
	} else { /* of two alike the first one counts, which was pending while it was stopped */
		falls(slot, sig, m->pending[sig] != NOBODY ? m->pending[sig] : killer);
	}
}

/* All of a process group at once; tracers before those whom they trace. */
void hit_group(pid_t pgid, int sig, int killer)
{
	bool traced[MEMBERS];

	many_are_hit = true;
	for (int i = 0; i < born_count; i++)
		traced[i] = members[i].tracer >= 0;
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < born_count; i++)
			if (members[i].pgid == pgid && traced[i] == turn)
				hit(i, sig, killer);
	many_are_hit = false;
}

/* What becomes of the dead */

/* wait() has said so to `by`. */
void collected(int slot, int by, int status, const char *how)
{
	struct member *m = &members[slot];

	if (m->alive || m->gone)
		die("%s was collected by %s", m->role, members[by].role);
	if (m->status != UNTOLD && (status & ~0x80) != m->status)
		die("%s ended with %x, not %x", m->role, status, m->status);
	if (is_held(slot)) {
		row_collected("tracer-waited", m->role, status, by, how);
		let_go(slot);
		return;
	}
	m->gone = true;
	row_collected("waited", m->role, status, by, how);
}

/* find_new_reaper(), by what is known here. */
static int adopter_of(int father)
{
	int level = members[father].level, at = members[father].parent;

	for (; at >= 0 && members[at].level == level; at = members[at].parent)
		if (members[at].alive && members[at].subreaper)
			return at;
	return members[father].ns;
}

/* It is dead, and its exit signal, which will kill the parent, is not reckoned with yet. */
static bool is_doom(int slot)
{
	const struct member *m = &members[slot];

	return !m->gone && !m->alive && !m->notified && !is_held(slot) &&
	       m->exit_signal == SIGUSR1 && m->parent_execs == members[m->parent].execs;
}

static bool is_doomed(int slot)
{
	for (int i = 1; i < born_count; i++)
		if (members[i].parent == slot && is_doom(i))
			return true;
	return false;
}

/* Its parent has died. True if that has brought it to death. */
static bool goes_to_adopter(int slot, bool loose)
{
	struct member *m = &members[slot];
	struct seen seen = look(m->pid);
	int old = m->parent, adopter = adopter_of(old);
	bool there = seen.there && seen.start == m->start, was_dead = !m->alive;

	if (!there && loose && was_dead) { /* by the old parent or by the new one: nobody knows */
		m->gone = m->vanished = true;
		row_fact("vanished", slot, old);
		return true;
	}

	if (there && slot_of(seen.ppid) != adopter && !is_doomed(adopter)) {
		if (!loose)
			die("%s was adopted by %d", m->role, seen.ppid);
		adopter = slot_of(seen.ppid);
	}
	if (adopter < 0)
		die("%s has no parent, but %d", m->role, seen.ppid);
	m->parent = adopter;
	m->exit_signal = SIGCHLD; /* reparent_leader() */
	m->judged = false;
	if (m->alive && m->deathsig) {
		hit(slot, m->deathsig, old);
		/* by its parent's first thread to leave: then the others were its parents yet */
		m->vanished = !m->alive && (members[old].in_thread || members[old].spares);
	}
	row_parent(slot, old, was_dead, loose);
	return m->alive == was_dead;
}

/* A handler has collected somebody. False if that somebody is not known to be dead yet. */
bool harvested(const struct reply *reply)
{
	int level = members[reply->slot].level;

	if (spark_harvested(reply))
		return true;
	for (int i = 0; i < born_count; i++) {
		if (members[i].alive || members[i].level < level ||
		    members[i].nspid[level] != reply->pid || !sees(reply->slot, i))
			continue;
		if (members[i].gone && members[i].vanished)
			return true;
		if (members[i].gone)
			continue;
		if (is_held(i) && members[i].tracer != reply->slot)
			return false;
		if (members[i].parent != reply->slot) { /* it has just inherited it */
			int old = members[i].parent;

			members[i].parent = reply->slot;
			row_parent(i, old, true, true);
		}
		collected(i, reply->slot, reply->status, "harvest");
		return true;
	}
	return false;
}

static void hear_waiter(int parent, int slot)
{
	struct reply reply = hear(parent, WAIT);

	members[parent].waits_for = NOBODY;
	if (reply.result > 0)
		collected(slot, parent, reply.status, "blocked");
}

/*
 * It is dead under this parent, and no tracer holds it: do_notify_parent(). False if what that
 * brings must wait until the parent goes on.
 */
static bool judge(int slot)
{
	struct member *m = &members[slot], *parent = &members[m->parent];
	bool waited_for = parent->waits_for == slot;
	int sig = m->parent_execs == parent->execs ? m->exit_signal : SIGCHLD;
	struct seen seen;

	if (is_doomed(m->parent) && !is_doom(slot))
		return false; /* it may say no more word */
	if (m->tracer < 0 && ignores_children(m->parent) && sig == SIGCHLD) {
		await((seen = look(m->pid), !seen.there || seen.start != m->start));
		m->gone = true;
		row_fact("auto", slot, m->parent);
	}
	if (sig == SIGUSR1 && !m->notified) {
		m->notified = true;
		hit(m->parent, SIGUSR1, KERNEL);
		if (!parent->alive)
			return true; /* it is another's now */
	}
	if (parent->stopped && (waited_for || parent->chld == CHLD_HARVEST))
		return false;
	m->judged = true;
	if (waited_for)
		hear_waiter(m->parent, slot);
	while (!m->gone && parent->chld == CHLD_HARVEST && m->exit_signal == SIGCHLD)
		if (!hear_early())
			hear_more();
	return true;
}

/* A process group without ties has stopped members: the kernel sends SIGHUP and SIGCONT. */
static bool hang_up(void)
{
	for (int i = 0; i < born_count; i++) {
		pid_t pgid = members[i].pgid;

		if (!members[i].alive || !members[i].stopped || look(members[i].pid).state == 'T')
			continue;
		for (int j = 0; j < born_count; j++)
			if (members[j].pgid == pgid)
				members[j].stopped = false;
		hit_group(pgid, SIGHUP, KERNEL);
		for (int j = 0; j < born_count; j++)
			if (members[j].pgid == pgid)
				take_pending(j);
		return true;
	}
	return false;
}

static void compare(int slot)
{
	struct member *m = &members[slot];
	struct seen seen = look(m->pid);

	while (!m->gone && !m->alive && members[m->parent].chld == CHLD_HARVEST &&
	       !(seen.there && seen.start == m->start))
		hear_more();
	if (m->vanished && !(seen.there && seen.start == m->start)) {
		m->gone = true;
		row_fact("vanished", slot, m->parent);
	}
	if (m->gone)
		return;
	if (!seen.there || seen.start != m->start)
		die("%s is gone", m->role);
	if (slot && seen.ppid != members[m->parent].pid)
		die("%s is under %d", m->role, seen.ppid);
	if (m->alive && (seen.session != m->sid || seen.pgrp != m->pgid)) {
		m->sid = seen.session;
		m->pgid = seen.pgrp;
		row_moved(slot);
	}
	if (m->alive && m->stopped != (seen.state == 'T'))
		die("%s is in state %c", m->role, seen.state);
}

/* Everything that follows from the step comes about; then /proc is asked whether it is all. */
void settle(void)
{
	bool again = true;

	while (again) {
		bool loose;

		again = hang_up() | hear_early();
		loose = deaths_in_step > 1;
		for (int i = 1; i < born_count; i++)
			if (!members[i].gone && !members[members[i].parent].alive)
				again |= goes_to_adopter(i, loose);
		for (int i = 1; i < born_count; i++)
			if (!members[i].gone && !members[i].alive && !members[i].judged &&
			    !is_held(i) && members[members[i].parent].alive)
				again |= judge(i);
	}
	deaths_in_step = 0;
	for (int i = 0; i < born_count; i++)
		if (!members[i].gone)
			compare(i);
}
