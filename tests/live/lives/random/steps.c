// SPDX-License-Identifier: GPL-2.0-only
/* The plan of a life: what happens next, by chance. */
#include "random.h"

#define NEVER_DUE (1 << 20)

static unsigned long long state;

/* xorshift64*: the same everywhere. */
static unsigned int rnd(unsigned int below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned int)((state * 0x2545f4914f6cdd1dull >> 33) % below);
}

static bool chance(unsigned int percent)
{
	return rnd(100) < percent;
}

static void nap(unsigned int ms)
{
	usleep(ms * 1000);
}

/* In how many steps one that dies now is to be collected. */
int due_after(void)
{
	unsigned int dice = rnd(100);

	return dice < 35 ? 0 : dice < 60 ? (int)rnd(8) : dice < 85 ? (int)rnd(80) : NEVER_DUE;
}

/* It can be ordered: it runs, and reads its orders. */
static bool is_free(int slot)
{
	return members[slot].alive && !members[slot].stopped && members[slot].waits_for < 0;
}

static bool is_traced(int slot)
{
	return members[slot].tracer >= 0;
}

/* Somebody for whom that holds, by chance; NOBODY if that is nobody. */
static int any(bool (*holds)(int slot))
{
	int fit[MEMBERS], count = 0;

	for (int i = 0; i < born_count; i++)
		if (holds(i))
			fit[count++] = i;
	return count ? fit[rnd((unsigned int)count)] : NOBODY;
}

static bool may_bear(int slot)
{
	return is_free(slot) && !is_traced(slot);
}

static bool can_be_born_so(int slot, enum birth how)
{
	const struct member *m = &members[slot];

	if (how == BY_PARENT) /* copy_process() refuses an init's sibling; ours is not to have one */
		return slot && !m->init;
	if (how == BY_DEADLY || how == BY_FILES)
		return slot != 0;
	if (how == BY_NEWPID || how == BY_UNSHARE)
		return m->level + 1 < LEVELS;
	return true;
}

static int bear_one(int slot, enum birth how)
{
	struct order order = { .what = BEAR, .how = (int)how, .slot = born_count };
	struct reply born;

	give(slot, order);
	born = hear(order.slot, BORN);
	born_count++;
	enter(order.slot, born.pid, slot, how);
	hear(slot, BEAR);
	if (how >= BY_VFORK)
		execed(order.slot, 0, AS_SELF);
	return order.slot;
}

static void step_bear(void)
{
	int slot = any(may_bear);
	enum birth how = (enum birth)rnd(BIRTHS);

	if (slot < 0 || born_count == MEMBERS)
		return;
	bear_one(slot, can_be_born_so(slot, how) ? how : BY_FORK);
}

static bool is_free_member(int slot)
{
	return slot && is_free(slot);
}

static bool is_free_and_untraced(int slot)
{
	return slot && is_free(slot) && !is_traced(slot);
}

static bool has_child_with_deathsig(int slot)
{
	for (int i = 0; i < born_count; i++)
		if (members[i].alive && members[i].parent == slot && members[i].deathsig)
			return true;
	return false;
}

static void step_become(void)
{
	int slot = any(is_free_member);
	enum image how = (enum image)rnd(IMAGES);
	struct order order = { .what = BECOME, .how = (int)how, .code = (int)rnd(128) };
	int thread;

	if (slot < 0 || (is_traced(slot) && (members[slot].traced_how == ATTACHED ||
					      how == AS_BROKEN)))
		return;
	if (members[slot].in_thread && has_child_with_deathsig(slot))
		return; /* its thread's end would be enough */
	if ((how == AS_TINY || how == AS_BROKEN) && chance(60))
		how = AS_SELF;
	order.how = (int)how;
	thread = members[slot].in_thread ? members[slot].tid : 0;
	give(slot, order);
	if (how == AS_TINY || how == AS_BROKEN)
		members[slot].exit_signal = SIGCHLD; /* de_thread() */
	if (how == AS_TINY) {
		dies(slot, order.code << 8, NOBODY);
		ran_tiny(members[slot].role, order.code, thread);
	} else if (how == AS_BROKEN) {
		row_fact("broken", slot, NOBODY);
		dies(slot, SIGSEGV, KERNEL);
	} else if (how >= AS_NOTHING) {
		hear(slot, BECOME);
	} else {
		hear(slot, BORN);
		execed(slot, thread, how);
	}
}

static void step_thread(void)
{
	int slot = any(is_free_and_untraced);
	struct order order = { .what = THREAD, .how = chance(50), .code = (int)rnd(128) };
	struct member *m;
	struct reply reply;

	if (slot < 0 || traced_by(slot) >= 0 || members[slot].deathsig)
		return; /* both are a thread's affair */
	m = &members[slot];
	if (chance(30)) {
		ask(slot, (struct order){ .what = SPARE });
		m->spares++;
		return;
	}
	if (order.how && has_child_with_deathsig(slot))
		order.how = 0;
	reply = ask(slot, order);
	m->tid = reply.tid;
	if (!order.how) {
		m->spares += m->in_thread; /* it idles on; so does the leader, but it is no more */
	} else if (!m->in_thread) {
		m->leader_left = true;
		await(look(m->pid).state == 'Z');
	}
	m->in_thread = true;
}

/* What ends it by itself, and how. */
static bool can_end_so(int slot, enum end how)
{
	const struct member *m = &members[slot];
	bool alone = !m->spares && (!m->in_thread || m->leader_left);

	/* release_task() sends a leader's own exit signal to its tracer, if it was the last */
	if (how == BY_RACE && is_held(slot) && m->exit_signal == SIGUSR1)
		return false;
	if (how == BY_LEAVE || how == BY_RACE)
		return alone && !has_child_with_deathsig(slot);
	if (how == BY_RAISE || how == BY_ALARM || how == BY_TIMER)
		return !m->init;
	return true;
}

static const int fatal[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT,
	SIGXCPU, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, 36, 40, 63, 64,
};
#define FATAL (sizeof(fatal) / sizeof(fatal[0]))

static void end_one(int slot)
{
	struct order order = { .what = END, .how = (int)rnd(ENDS), .code = (int)rnd(128) };
	const struct member *m = &members[slot];

	order.sig = fatal[rnd(FATAL)];
	if (!can_end_so(slot, (enum end)order.how) || (m->blocked & 1ull << order.sig))
		order.how = BY_EXIT;
	give(slot, order);
	switch (order.how) {
	case BY_RAISE:
		falls(slot, order.sig, slot);
		break;
	case BY_FAULT:
		falls(slot, order.code % 2 ? SIGILL : SIGSEGV, KERNEL);
		break;
	case BY_ALARM:
	case BY_TIMER:
		falls(slot, SIGALRM, KERNEL);
		break;
	case BY_LEAVE:
	case BY_RACE:
		dies(slot, UNTOLD, NOBODY); /* the code of whichever thread counts */
		break;
	default:
		dies(slot, order.code << 8, NOBODY);
	}
}

static void step_end(void)
{
	int slot = any(is_free_member);

	if (slot >= 0)
		end_one(slot);
}

/*
 * Whoever is blocked in a wait, or shows Z for its leader, would leave the truth in doubt; and a
 * tracer is needed.
 */
static bool may_be_stopped(int slot)
{
	const struct member *m = &members[slot];

	return m->alive && slot && !is_traced(slot) && !m->leader_left && m->waits_for < 0 &&
	       traced_by(slot) < 0;
}

static bool is_harmless(int sig)
{
	return sig == SIGURG || sig == SIGWINCH || sig == SIGCHLD;
}

/* Only what ends a tracee is passed on to it. */
static bool may_be_struck(int slot, int sig)
{
	if (sig == SIGSTOP)
		return may_be_stopped(slot);
	return members[slot].alive && slot &&
	       !(is_traced(slot) && (is_harmless(sig) || sig == SIGCONT ||
				      (members[slot].blocked & 1ull << sig)));
}

static bool is_any(int slot)
{
	return members[slot].alive && slot;
}

static bool in_own_group(int slot)
{
	return members[slot].alive && slot && members[slot].pgid != members[0].pgid;
}

static int random_signal(void)
{
	static const int others[] = { SIGSTOP, SIGSTOP, SIGCONT, SIGCONT, SIGCHLD, SIGURG, SIGWINCH };

	if (chance(45))
		return others[rnd(sizeof(others) / sizeof(others[0]))];
	return chance(20) ? SIGKILL : fatal[rnd(FATAL)];
}

/* Its blow may have come back to it. */
static void hear_striker(int killer)
{
	settle();
	if (members[killer].alive)
		hear(killer, STRIKE);
}

static void strike_group(int killer, int sig)
{
	int leader = any(in_own_group);
	pid_t pgid;

	if (leader < 0 || members[killer].ns >= 0)
		return;
	pgid = members[leader].pgid;
	for (int i = 0; i < born_count; i++) {
		const struct member *m = &members[i];

		if (!m->alive || m->pgid != pgid)
			continue;
		if (!may_be_struck(i, sig) || (i == killer && sig == SIGSTOP) || is_traced(i) ||
		    (m->waits_for >= 0 && members[m->waits_for].pgid == pgid))
			return;
	}
	give(killer, (struct order){ .what = STRIKE, .how = BY_GROUP, .pid = pgid, .sig = sig });
	hit_group(pgid, sig, killer);
	hear_striker(killer);
}

static void strike_one(int killer, int victim, int sig, int how)
{
	const struct member *v = &members[victim];

	if (!may_be_struck(victim, sig) || !sees(killer, victim) ||
	    (killer == victim && sig == SIGSTOP))
		return;
	if (how == BY_TGKILL && /* what waits for a thread alone comes before all else */
	    (v->leader_left || v->in_thread || v->spares || v->blocked || v->stopped))
		how = BY_KILL;
	give(killer, (struct order){ .what = STRIKE, .how = how, .sig = sig,
				     .pid = v->nspid[members[killer].level] });
	hit(victim, sig, killer);
	hear_striker(killer);
}

static void step_strike(void)
{
	int killer = any(is_free), how = (int)rnd(STRIKES), sig = random_signal(), victim;

	if (killer < 0)
		return;
	if (how == BY_GROUP) {
		strike_group(killer, sig);
		return;
	}
	victim = any(is_any);
	if (victim >= 0)
		strike_one(killer, victim, sig, how);
}

static bool is_stopped(int slot)
{
	return members[slot].alive && members[slot].stopped;
}

static void step_continue(void)
{
	int victim = any(is_stopped);

	if (victim >= 0)
		strike_one(0, victim, SIGCONT, BY_KILL);
}

static void step_change(void)
{
	int slot = any(is_free_and_untraced);
	struct order order = { .what = SETSID };
	struct member *m;

	if (slot < 0)
		return;
	m = &members[slot];
	switch (rnd(5)) {
	case 0:
		break;
	case 1:
		order.what = SETPGID;
		break;
	case 2:
		order.what = SUBREAPER;
		order.code = m->subreaper = chance(75);
		break;
	case 3:
		order.what = CHLD;
		order.how = (int)rnd(CHLDS);
		if (traced_by(slot) >= 0 && order.how == CHLD_HARVEST)
			return;
		m->chld = (enum chld)order.how;
		break;
	default:
		order.what = DEATHSIG;
		if (m->init || m->parent == 0 || m->in_thread || m->spares)
			return;
		order.sig = m->deathsig = chance(30) ? 0 : fatal[rnd(FATAL)];
	}
	ask(slot, order);
}

/* Only while it has one thread is there one answer to what is blocked. */
static void step_block(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGUSR2, 36, 40 };
	int sig = signals[rnd(5)], slot = any(is_free_and_untraced);
	struct order order = { .what = BLOCK, .sig = sig };
	struct member *m;

	if (slot < 0 || members[slot].spares || members[slot].in_thread)
		return;
	m = &members[slot];
	if (m->blocked & 1ull << sig)
		order.what = UNBLOCK;
	m->blocked ^= 1ull << sig;
	ask(slot, order);
	take_pending(slot);
}

static bool may_be_traced(int slot)
{
	const struct member *m = &members[slot];

	return is_free(slot) && slot && !is_traced(slot) && !m->init && !m->subreaper &&
	       !m->in_thread && !m->spares && !child_count(slot) && traced_by(slot) < 0;
}

static bool is_tracee(int slot)
{
	return is_traced(slot) && members[slot].alive;
}

static void detach_one(int tracee)
{
	struct member *m = &members[tracee];
	int tracer = m->tracer;

	if (!is_free(tracer))
		return;
	ask(tracer, (struct order){ .what = DETACH, .how = m->traced_how,
				    .pid = m->nspid[members[tracer].level] });
	m->tracer = NOBODY;
	row_fact("untraced", tracee, tracer);
}

/* Its death is that of its parent, which has no time to say a word. */
static bool would_kill_parent(int slot, int parent)
{
	return members[slot].parent == parent && members[slot].exit_signal == SIGUSR1;
}

static void step_trace(void)
{
	int tracee = any(may_be_traced), tracer = any(is_free_and_untraced), how = (int)rnd(3);
	struct member *m;

	if (chance(30) && any(is_tracee) >= 0) {
		detach_one(any(is_tracee));
		return;
	}
	if (tracee < 0 || tracer < 0 || tracee == tracer)
		return;
	m = &members[tracee];
	if (members[tracer].ns != m->ns || members[tracer].init ||
	    would_kill_parent(tracee, tracer) || members[tracer].chld == CHLD_HARVEST)
		return;
	ask(tracer, (struct order){ .what = TRACE, .how = how,
				    .pid = m->nspid[members[tracer].level] });
	m->tracer = tracer;
	m->traced_how = how;
	row_fact("traced", tracee, tracer);
}

static void step_sparks(void)
{
	int slot = any(may_bear), count = 1 + (int)rnd(SPARKS_MAX);

	if (slot < 0)
		return;
	give(slot, (struct order){ .what = SPARKS, .code = count });
	take_sparks(slot, count);
}

/* The double fork, by the book. */
static void step_daemon(void)
{
	int slot = any(may_bear), middle;

	if (slot < 0 || born_count + 2 > MEMBERS)
		return;
	middle = bear_one(slot, BY_FORK);
	ask(middle, (struct order){ .what = SETSID });
	settle();
	bear_one(middle, chance(50) ? BY_FORK : BY_VFORK);
	give(middle, (struct order){ .what = END, .how = BY_EXIT });
	dies(middle, 0, NOBODY);
}

static bool may_be_waited_for(int slot)
{
	int parent = members[slot].parent;

	return slot && members[slot].alive && parent && is_free(parent) && !is_traced(slot) &&
	       !is_traced(parent) && traced_by(parent) < 0;
}

static int random_wait(void)
{
	return (int)rnd(ANY);
}

/* The parent goes to sleep in a wait for this child, and lies there until the child is dead. */
static void step_wait(void)
{
	int slot = any(may_be_waited_for), parent;

	if (slot < 0)
		return;
	parent = members[slot].parent;
	give(parent, (struct order){ .what = WAIT, .how = random_wait(), .flags = __WALL,
				     .pid = members[slot].nspid[members[parent].level] });
	members[parent].waits_for = slot;
	row_fact("waits", parent, slot);
}

/* Collecting */

static void wait_by(int slot, int who)
{
	struct order order = { .what = WAIT, .how = random_wait(), .flags = __WALL | WNOHANG,
			       .pid = members[slot].nspid[members[who].level] };
	struct reply reply;

	reply = ask(who, order);
	if (reply.result <= 0 && !members[slot].gone)
		die("%s cannot be collected by %s", members[slot].role, members[who].role);
	if (reply.result > 0)
		collected(slot, who, reply.status, "wait");
}

static void collect(int slot)
{
	struct member *m = &members[slot];

	step_began = now_real();
	if (is_held(slot)) {
		if (!is_free(m->tracer))
			return;
		wait_by(slot, m->tracer);
		settle();
	}
	if (!m->gone && !is_held(slot) && is_free(m->parent))
		wait_by(slot, m->parent);
	settle();
}

static void collect_due(bool all)
{
	for (int i = 1; i < born_count; i++)
		if (!members[i].alive && !members[i].gone && (all || members[i].due <= step_now))
			collect(i);
}

static void step_life(void)
{
	static const struct {
		void (*act)(void);
		unsigned int weight;
	} steps[] = {
		{ step_bear, 30 }, { step_become, 10 }, { step_thread, 8 }, { step_end, 10 },
		{ step_strike, 14 }, { step_continue, 4 }, { step_change, 14 }, { step_block, 6 },
		{ step_trace, 8 }, { step_sparks, 4 }, { step_daemon, 3 }, { step_wait, 5 },
	};
	unsigned int all = 0, dice, i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		all += steps[i].weight;
	dice = rnd(all);
	for (i = 0; dice >= steps[i].weight; i++)
		dice -= steps[i].weight;
	step_began = now_real();
	steps[i].act();
	settle();
}

static void end_all(void)
{
	int slot;

	while ((slot = any(is_any)) >= 0) {
		step_began = now_real();
		if (is_free(slot) && chance(70))
			end_one(slot);
		else
			strike_one(0, slot, SIGKILL, BY_KILL);
		settle();
		collect_due(false);
	}
}

void live(unsigned long long seed, int steps)
{
	state = seed * 0x9e3779b97f4a7c15ull + 1;
	for (step_now = 0; step_now < steps; step_now++) {
		step_life();
		collect_due(false);
		if (chance(50))
			nap(rnd(40));
	}
	nap(rnd(3) * 600);
	end_all();
	if (chance(40))
		nap(1000);
	collect_due(true);
}
