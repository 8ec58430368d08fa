/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the program thinks in. Every source (the ring, the task iterator, /proc, a recorded stream)
 * speaks in these, and the engine hears nothing else.
 *
 * Times are nanoseconds of the boot clock, TIME_MAX at the most: sources refuse later ones, so that
 * a sum with a time never wraps. Strings are borrowed: they live until the event was applied. What
 * an event does not know, it does not have: see "have".
 */
#ifndef PROCTRACE_EVENT_EVENT_H
#define PROCTRACE_EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "event/limits.h"

#define COMM_LEN 16
#define TIME_MAX ((uint64_t)INT64_MAX) /* 292 years after boot */

/*
 * Which process: the pid and when it started. A pid alone is never a key. start 0: not known.
 * /proc tells starts in clock ticks only; such a start is a multiple of START_TICK.
 */
struct ident {
	uint32_t pid;
	uint64_t start;
};

#define START_TICK 10000000ULL /* ns; USER_HZ is 100 on every architecture served */

/* The same process? A start that came from /proc is compared as coarsely as it was told. */
static inline bool ident_same(struct ident a, struct ident b)
{
	if (a.pid != b.pid)
		return false;
	if (a.start == b.start)
		return true;
	if (a.start % START_TICK && b.start % START_TICK)
		return false;
	return a.start && b.start && a.start / START_TICK == b.start / START_TICK;
}

/* The same, where the name may lack the start. */
static inline bool ident_names(struct ident name, struct ident id)
{
	return name.start ? ident_same(name, id) : name.pid == id.pid;
}

struct slice {
	const char *s; /* NULL: not known */
	uint32_t len;
};

/* A state that ps has a letter for. */
static inline bool is_state(char letter)
{
	return letter && strchr("RSDTtXZPIKW", letter);
}

enum event_kind {
	EVENT_FORK,
	EVENT_EXEC,
	EVENT_EXIT, /* the whole group is dead */
	EVENT_FREE, /* the kernel has released it, some time before */
	EVENT_THREAD_START,
	EVENT_THREAD_EXIT,
	EVENT_SIGHT, /* a look at the kernel's truth found it so */
	EVENT_MISSING, /* a look found no such process */
	EVENT_CGROUP, /* it was moved to another control group */
	EVENT_REAP, /* the kernel releases it, at this moment */
	EVENT_KINDS
};

/* Groups of facts that an event may have. */
enum have {
	HAVE_PARENT = 1 << 0,  /* parent */
	HAVE_SESSION = 1 << 1, /* sid, pgid, tty */
	HAVE_USER = 1 << 2,    /* uid */
	HAVE_NSPID = 1 << 3,
	HAVE_CGROUP = 1 << 4,
	HAVE_BITS = 1 << 5, /* kthread, ns_init, traced */
	HAVE_PARENT_BITS = 1 << 6,    /* parent_subreaper */
	HAVE_PARENT_SIGNALS = 1 << 7, /* parent_autoreaps, parent_catches, parent_waits */
	HAVE_COMM = 1 << 8,
	HAVE_SUBREAPER = 1 << 9,
	HAVE_EXEC_ID = 1 << 10,
};

struct facts {
	uint32_t have; /* enum have, or'ed */
	struct ident parent;
	uint32_t uid, sid, pgid, tty, nspid;
	uint32_t exec_id; /* changes with every exec */
	uint64_t cgroup;
	struct slice cgroup_path; /* resolved by the source, if it could */
	char comm[COMM_LEN];	  /* NUL-padded, the last byte is one */
	bool kthread, subreaper, ns_init, traced;
	bool parent_subreaper;
	bool parent_autoreaps; /* it ignores SIGCHLD, or has set SA_NOCLDWAIT */
	bool parent_catches;   /* it has a SIGCHLD handler */
	bool parent_waits;     /* one of its threads is asleep in a wait call */
	bool selected; /* the source tells of a tree only, and it belongs to it */
};

struct fork_facts {
	struct ident creator;
	int exit_signal;
};

struct exec_facts {
	uint32_t old_tid; /* the thread that called it; the process's pid if that was the leader */
	uint32_t euid;
	int argc;
	uint32_t args_bytes; /* the real length; args.len differs where they were cut or masked */
	struct slice args;   /* NUL between, and at the end unless cut */
	bool args_cut;
	struct slice exe, cwd, script;
	bool exe_cut, cwd_cut;
};

struct exit_facts {
	uint32_t status; /* as wait() returns it */
	struct ident adopter; /* who gets its children; pid 0: nobody */
	bool adopter_autoreaps; /* that one ignores SIGCHLD, or has set SA_NOCLDWAIT */
	uint64_t utime, stime; /* ns */
	uint64_t maxrss; /* KiB */
	uint32_t threads; /* the most at once; 0: not known */
	bool oom;
	bool childless; /* no child was left, dead ones included; false: not known */
	bool killer_known;
	struct ident killer; /* pid 0: the kernel itself */
	char killer_comm[COMM_LEN];
};

/* What made the kernel release it. */
enum release {
	RELEASE_WAITED,	   /* its parent collected it */
	RELEASE_BY_ITSELF, /* its parent ignores SIGCHLD: it was never a zombie */
	RELEASE_LET_GO,	   /* the same, when a parent or a tracer that it had before let go of it */
};

struct reap_facts {
	enum release release;
};

struct thread_facts {
	uint32_t tid;
	uint32_t status;
};

#define WHERE_LEN 32

/* What a process does, as far as its children's collecting depends on it. */
struct doing {
	bool known;
	bool sigchld_blocked, sigchld_pending;
	char where[WHERE_LEN]; /* in which of the kernel's functions its first thread sleeps, "" */
	bool has_wait;
	int32_t wait_for; /* whom a thread of it waits for, as waitpid() takes it */
	uint64_t cminflt; /* page faults of all children that it has ever waited for */
};

struct sight_facts {
	char letter; /* ps's state of the leader; 0: it was not seen, nor what follows up to nice */
	bool dead;   /* no thread is left: it waits to be collected */
	bool locked;
	uint32_t threads;
	struct ident tracer; /* pid 0: none */
	bool has_nice;
	int nice;
	bool has_status; /* only of a dead one */
	uint32_t status;
	bool has_exit_signal;
	int exit_signal;
	bool has_euid;
	uint32_t euid;
	struct slice args, exe, cwd; /* if they were read as well */
	uint32_t args_bytes; /* as in exec_facts */
	bool args_cut;
	int argc;
	struct doing doing;
	bool has_accounts; /* of a recording: what it did as a parent until then */
	uint32_t children_died, children_reaped, orphans_died, orphans_reaped, reaped_late,
		found_dead;
	struct limits limits; /* ts 0: they were not looked at */
};

struct event {
	enum event_kind kind;
	uint64_t ts;
	struct ident id;
	struct facts facts;
	union {
		struct fork_facts fork;
		struct exec_facts exec;
		struct exit_facts exit;
		struct reap_facts reap;
		struct thread_facts thread;
		struct sight_facts sight;
	};
};

#endif
