/* SPDX-License-Identifier: GPL-2.0-only */
/* A process as the engine knows it. Others read it; only the engine writes. */
#ifndef PROCTRACE_ENGINE_PROC_H
#define PROCTRACE_ENGINE_PROC_H

#include "base/list.h"
#include "base/text.h"
#include "event/event.h"

enum life {
	LIFE_NONE,    /* not heard of */
	LIFE_RUNNING, /* some thread of it is not dead; a dead leader alone changes nothing */
	LIFE_DEAD,    /* all threads are; within the time that a parent may take to wait */
	LIFE_DOUBTED, /* that time is over: the kernel is asked whether it still stands */
	LIFE_ZOMBIE,  /* it does */
	LIFE_GONE,    /* released: it is taken out as soon as nobody calls it parent */
	LIVES
};

enum class {
	CLASS_UNKNOWN,
	CLASS_INTERACTIVE,
	CLASS_BATCH,
	CLASS_DAEMON,
	CLASS_KERNEL,
};

/* What a process does with SIGCHLD, as it was when a child of it was last seen. */
enum sigchld {
	SIGCHLD_UNKNOWN,
	SIGCHLD_DEFAULT,
	SIGCHLD_CAUGHT,
	SIGCHLD_AUTOREAPS, /* ignored, or SA_NOCLDWAIT */
};

/* What an event says of the parent that its process had in the kernel then. */
enum sigchld sigchld_of(const struct facts *f);

/* What every event of its reads comes first: of a crowd only that is fetched from far away. */
struct proc {
	struct ident id;
	struct proc *next_in_hash;
	struct proc *parent; /* who must wait for it: real_parent in the kernel; NULL: not known */
	struct list children;
	uint64_t heard; /* the latest event applied to it */
	uint32_t have;	/* enum have: which facts are known */
	uint32_t exec_id; /* HAVE_EXEC_ID */

	struct list sibling;
	struct list dead; /* in the engine's list of those that are dead or doubted, or zombies */
	char comm[COMM_LEN];
	uint8_t life;	 /* enum life */
	uint8_t class;	 /* enum class */
	uint8_t sigchld; /* enum sigchld */
	char letter;	 /* state when last looked at, 0: never */
	int8_t nice;
	int8_t exit_signal;
	bool has_nice : 1, has_euid : 1, has_exit_signal : 1;
	bool args_cut : 1; /* args holds less than there was */
	bool kthread : 1, subreaper : 1, ns_init : 1, traced : 1, locked : 1;
	bool stub : 1;		/* known only as somebody's parent */
	bool adopted : 1;	/* its parent died, it lives with another */
	bool parent_reckoned : 1; /* the parent was computed, not yet seen in the kernel */
	bool execed : 1;	/* since its fork; unknown for what was there before */
	bool from_snapshot : 1; /* it was there before tracing began */
	bool followed : 1; /* the processes asked for with --tree or COMMAND, and what they made */
	bool introduced : 1; /* its birth was told, or that it was there */
	bool auto_reaped : 1;	/* at its death the parent's SIGCHLD said that no wait is needed */
	bool has_status : 1;
	bool inherited : 1; /* dead already when its parent died, and counted with the adopter's
			       since */
	bool counted : 1;	 /* dead, and in its parent's account */
	bool auto_disputed : 1;	 /* auto_reaped, but that parent died too: it may not have come to that */
	bool auto_inherited : 1; /* and auto_reaped for that alone */
	bool heir_autoreaps : 1; /* whoever adopted it ignored SIGCHLD then */
	bool death_told : 1, death_inferred : 1;
	bool early : 1, awaited : 1; /* its death waits for its parent's; children's for its: early.c */
	bool in_wait : 1; /* a thread of it slept in a wait call when it was last seen */

	uint32_t uid, euid, sid, pgid, tty, nspid;
	uint64_t cgroup;
	struct text *args, *exe, *cwd, *cgroup_path; /* NULL: not known */
	struct doing *doing; /* when last looked at; NULL: nothing is known, see proc_doing() */
	uint32_t args_bytes; /* the real length of argv; args may be masked */
	int argc;	     /* -1: not known */
	uint64_t exec_ts; /* of the last exec seen, 0: none */
	uint64_t died;	  /* 0: alive, or dead since before tracing began */
	uint64_t dead_seen; /* when it was first known to be dead */
	uint32_t threads; /* when last told, 0: not known */
	uint32_t status;  /* as wait() returns it */
	uint32_t exec_doubt; /* another exec_id that a look saw, and nobody has told of */
	uint32_t audit;	  /* the last audit that saw it */
	struct ident creator; /* who called fork */
	char creator_comm[COMM_LEN];

	uint64_t ask_at;   /* LIFE_DOUBTED: when to ask the kernel again */
	uint64_t disputed; /* when a look first showed another parent, 0: none did */
	struct ident tracer; /* pid 0: none */

	/* what it did as a parent */
	uint32_t children_died, children_reaped; /* since its last exec: by this program */
	uint32_t found_dead; /* of those that died: dead when they were first seen */
	uint32_t zombies; /* of its children: told ones, that still stand */
	uint32_t orphans_died, orphans_reaped; /* of these, those that it had adopted */
	uint32_t reaped_late; /* of these, those that were told as zombies by then */
	struct ident last_reaped; /* of these, the one that was last to die; and when it died */
	uint64_t last_reaped_died;
};

/* Few are ever looked at so closely. */
static inline const struct doing *proc_doing(const struct proc *p)
{
	static const struct doing unknown;

	return p->doing ? p->doing : &unknown;
}

#endif
