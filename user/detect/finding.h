/* SPDX-License-Identifier: GPL-2.0-only */
/* What a rule has found. Findings carry their evidence: short sentences a person can check. */
#ifndef PROCTRACE_DETECT_FINDING_H
#define PROCTRACE_DETECT_FINDING_H

#include "engine/engine.h"

#define EVIDENCE_MAX 12
#define EVIDENCE_LEN 160

struct evidence {
	int n;
	char s[EVIDENCE_MAX]
	      [EVIDENCE_LEN]; /* may hold a stranger's bytes: escape before printing */
};

/* Adds a sentence; one too many is left out. */
void evidence_add(struct evidence *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

enum finding_kind {
	FINDING_ORPHAN = 1 << 0,
	FINDING_ZOMBIE = 1 << 1,
	FINDING_ZOMBIE_LEAK = 1 << 2,
	FINDING_DAEMON = 1 << 3,
	FINDING_LOST = 1 << 4,
	FINDING_ZOMBIE_CLEARED = 1 << 5, /* no alert: the end of one */
};

/* Why a zombie stays, in the order of precedence: where several fit, the first is told first. */
enum cause {
	CAUSE_UNKNOWN,
	CAUSE_TRACED,
	CAUSE_CLONE_CHILD,
	CAUSE_PARENT_STOPPED,
	CAUSE_INIT_DOES_NOT_REAP,
	CAUSE_SUBREAPER_DOES_NOT_REAP,
	CAUSE_WAITS_FOR_ANOTHER,
	CAUSE_NEVER_WAITS,
	CAUSE_FORGETS_SOME,
	CAUSE_MISSES_SIGNALS,
	CAUSE_WAITS_LATE,
	CAUSES
};

enum orphan_kind { ORPHAN_UNKNOWN, ORPHAN_DAEMONIZING, ORPHAN_BACKGROUND, ORPHAN_ABANDONED };
enum daemon_kind { DAEMON_SYSV, DAEMON_SERVICE, DAEMON_BACKGROUND };

/* A process that is gone, as far as it is still spoken of. */
struct bygone {
	struct ident id;
	char comm[COMM_LEN];
	bool has_status;
	uint32_t status; /* as wait() returns it */
	uint64_t died; /* 0: not known when */
	uint32_t sid;
	bool execed, oom;
};

#define LEAK_PROGRAMS 3
#define LEAK_WINDOWS 3 /* the last 1, 5 and 15 minutes */

/* One parent's zombies that keep growing. */
struct leak {
	uint32_t count;	 /* that stand now */
	uint32_t growth; /* by how many more there are than */
	uint64_t within; /* this long ago, ns; 0: it is not known yet whether they grow */
	uint32_t created[LEAK_WINDOWS], reaped[LEAK_WINDOWS]; /* in the last minutes; whole ones */
	uint32_t created_now, reaped_now; /* since the last whole minute, or it was first watched */
	uint64_t now_for; /* ns, so long ago */
	uint32_t minutes; /* since it was first watched; windows that are longer have no more */
	uint64_t oldest; /* when the oldest died, boot time; 0: not known */
	struct leak_program {
		const char *comm;
		uint32_t count;
	} programs[LEAK_PROGRAMS]; /* of the dead, most first; comm NULL: no more */
	struct limits limits;
	enum limit_kind nearest; /* LIMIT_KINDS: none is known */
	uint64_t hit; /* boot time when it is reached at this rate; 0: it does not grow */
	enum cause cause;
};

struct finding {
	enum finding_kind kind;
	uint64_t ts;
	const struct proc *p;
	bool inferred; /* from a check, not from an event that was heard */
	struct evidence evidence;
	union {
		struct {
			enum orphan_kind kind;
			const struct bygone *parent;
			struct ident adopter; /* pid 0: not known */
			const char *adopter_comm;
		} orphan;
		struct {
			enum cause cause;
			uint32_t also; /* causes that fit as well: 1 << cause, or'ed */
			const struct proc *responsible; /* NULL: not known */
		} zombie;
		struct {
			enum daemon_kind kind;
		} daemon;
		const struct change *reap; /* ZOMBIE_CLEARED */
		struct leak leak;	   /* ZOMBIE_LEAK: p is the parent */
	} u;
};

/* Copies what is still to be said of a parent whose death was told with this change. */
void bygone_of(struct bygone *b, const struct change *orphan);

/* How it ended, in words: "exited 0", "killed by SIGSEGV". At most size bytes. */
void status_words(uint32_t status, char *words, size_t size);
/* The same of a parent that is gone; "is gone" where nobody saw how. */
void bygone_words(const struct bygone *b, char *words, size_t size);
/* "SIGKILL"; real-time signals as "SIGRTMIN+3"; never NULL. */
const char *signal_name(int sig);

#endif
