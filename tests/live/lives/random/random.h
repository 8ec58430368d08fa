/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * random SEED [STEPS]: a random life, made step by step, and the ledger of all of it.
 *
 * A driver (m0) has members (m1, m2, ...). Each is a process that does what it is ordered and says
 * what came of it. The driver orders one thing at a time and waits until all that follows from it
 * is over, so that it knows the truth: by what it ordered, by what wait() said to whom it had told
 * to wait, and by /proc and pidfds, which it asks after every step. Where its reckoning and /proc
 * differ, it dies: a ledger that is not exact is none.
 *
 * Rows name the lives by role; only `born` has their pid and start. Times are those of the wall
 * clock: what happened, happened after `after` and before `before`.
 *   born      role, pid, start, ppid, parent, creator, how, sid, pgid, init
 *   execed    role, argv (hex, its first 512 bytes), bytes (of all of it), thread, script
 *   broken    role: an exec failed when its old program was gone already
 *   moved     role, sid, pgid, from: it has another session or process group than it had in from
 *   died      role, status, killer (a role, "kernel", "" for none)
 *   pended    role, by: a signal that would be its end waits
 *   adopted   role, old, adopter, alive: it got another parent while it lived (or died with it)
 *   inherited role, old, adopter: the same of one that was dead before
 *   traced    role, by; untraced
 *   waited    role, status, by, how
 *   tracer-waited  the same, by its tracer: it still stands for its parent
 *   auto      role, by: the kernel collected it, because that parent ignores SIGCHLD
 *   zapped    role, by: it went with the init of its pid namespace
 */
#ifndef RANDOM_H
#define RANDOM_H

#include "../lives.h"

#define MEMBERS 40
#define LEVELS 6 /* of pid namespaces, the host's among them */
#define SPARKS_MAX 8

/* Where the two ends of the pipes stand, in everybody, before an exec and after it. */
#define HEAR_FD 98 /* the driver's alone, as are those from GIVE_FD on */
#define SAY_FD 99
#define ORDER_FD 100 /* + slot */
#define GIVE_FD 200  /* + slot */

#define KERNEL (-1)
#define NOBODY (-2)
#define HIMSELF (-3)
#define ANYBODY (-4)
#define UNTOLD (-1) /* a status that only wait() can tell */

enum what {
	BORN, /* said by the newcomer */
	BEAR, /* how: enum birth; slot: whose it is to be */
	SPARKS, /* code: how many; each says SPARK */
	SPARK,
	BECOME, /* how: enum image; code: which argv, or tiny's exit code */
	THREAD, /* how: whether the thread of before leaves (with code) */
	SPARE, /* an idle thread more */
	END, /* how: enum end */
	STRIKE, /* how: enum strike; pid, sig */
	WAIT, /* how: enum wait; pid, flags */
	HARVESTED, /* said by a SIGCHLD handler, and of sparks: pid was collected */
	SETSID,
	SETPGID,
	SUBREAPER, /* code: on or off */
	CHLD, /* how: enum chld */
	DEATHSIG, /* sig */
	BLOCK, /* sig */
	UNBLOCK,
	TRACE, /* how: enum trace; pid */
	PASS, /* whatever stops the tracee is passed on to it until it is dead */
	DETACH, /* how: as it was traced */
};

enum birth {
	BY_FORK,
	BY_CLONE,
	BY_CLONE3,
	BY_CGROUP, /* clone3 with CLONE_INTO_CGROUP, where there is a cgroup2 */
	BY_PARENT, /* CLONE_PARENT: a sibling */
	BY_SILENT, /* no exit signal */
	BY_SIGNAL, /* another exit signal, which nobody minds */
	BY_DEADLY, /* another, which kills the parent */
	BY_FILES,  /* CLONE_FILES */
	BY_THREAD, /* forked by a thread that leaves at once */
	BY_NEWPID,
	BY_UNSHARE, /* unshare(CLONE_NEWPID), fork */
	/* from here on they execute this program again at once */
	BY_VFORK,
	BY_SPAWN,
	BY_VM, /* CLONE_VM */
	BY_SIGHAND, /* CLONE_VM | CLONE_SIGHAND */
	BIRTHS
};

enum image {
	AS_SELF,
	AS_FD, /* execveat of a descriptor */
	AS_SCRIPT,
	AS_NESTED, /* a script whose interpreter is a script */
	/* from here on nothing comes of it */
	AS_NOTHING,
	AS_DIRECTORY,
	AS_GARBAGE,
	AS_TOO_BIG,
	/* and from here on no member is left */
	AS_TINY,
	AS_BROKEN, /* fails when there is no way back */
	IMAGES
};

enum end {
	BY_EXIT,  /* exit_group, by whichever thread serves */
	BY_LEAVE, /* the last thread leaves by itself */
	BY_RACE,  /* two threads leave at once */
	BY_RETURN, /* exit(3) */
	BY_RAISE, /* sig */
	BY_FAULT,
	BY_ALARM, /* a timer's SIGALRM */
	BY_TIMER, /* the same by timer_create(2) */
	ENDS
};

enum strike { BY_KILL, BY_QUEUE, BY_PIDFD, BY_TGKILL, BY_GROUP, STRIKES };

enum wait {
	ONE,
	ONE_LOOKED_AT, /* WNOWAIT first */
	ONE_BY_ID,
	ONE_BY_PIDFD,
	ONE_BY_THREAD, /* another thread than the one that serves */
	ANY,
	WAITS
};

enum chld { CHLD_DEFAULT, CHLD_IGNORED, CHLD_NOCLDWAIT, CHLD_HARVEST, CHLDS };
enum trace { ATTACHED, SEIZED, SEIZED_TO_DEATH /* PTRACE_O_EXITKILL */ };
enum spark {
	SPARK_EXITS,
	SPARK_KILLED, /* by itself */
	SPARK_RACES, /* two threads leave at once */
	SPARK_RUNS, /* tiny */
	SPARK_FAILS, /* to run */
	SPARK_SILENT, /* no exit signal */
	SPARK_VFORKED,
	SPARK_VFORKED_RUNS,
	SPARK_KINDS
};

struct order {
	enum what what;
	int slot, how, pid, sig, code, flags;
};

struct reply {
	enum what what;
	int slot;
	int result, error, status;
	int pid, ppid, tid; /* as the host numbers them */
	int inner; /* as it sees itself */
	unsigned long long start;
};

/* actor.c: does what it is ordered, and says so */
extern int my_slot;
void say(enum what what, int result, int status);
void obey(const struct order *order);
__attribute__((noreturn)) void begin(int slot);
pthread_t start_thread(void *(*body)(void *), void *arg);

/* birth.c */
void bear(const struct order *order);
void become(const struct order *order);
pid_t raw_clone(unsigned long flags);
void run_tiny(int code);
const char *scratch_file(const char *name);

/* sparks.c */
void sparks(int count);
void take_sparks(int slot, int count);
bool spark_harvested(const struct reply *reply);

/* world.c: what the driver knows of everybody */
struct member {
	char role[8];
	pid_t pid;
	unsigned long long start;
	int pidfd;
	bool alive, gone; /* gone: born and collected */
	bool vanished; /* it may be gone without anybody's saying who collected it */
	bool judged; /* dead, and what that means to its parent has come about */
	bool notified; /* its exit signal was sent */
	int status, due; /* due: the step at which it is to be collected */

	int parent; /* slot */
	int ns, outer, level; /* slots of the inits of its pid namespace and of that around it */
	int nspid[LEVELS];
	bool init;

	pid_t sid, pgid;
	bool subreaper, stopped, in_thread, leader_left;
	int tid; /* of the thread that serves, if that is not the leader */
	int spares; /* idle threads beside it and the leader */
	enum chld chld;
	int exit_signal, deathsig;
	int execs, parent_execs; /* its own; its parent's when it was born */
	unsigned long long blocked; /* as bits */
	int pending[65]; /* who sent it first; NOBODY: it is not pending */
	int tracer, traced_how; /* slot; NOBODY */
	int waits_for; /* slot of the child that a blocked wait is for; NOBODY */
};

extern struct member members[MEMBERS];
extern int born_count, step_now;
extern double step_began;

/* orders.c: talk with the members */
void give(int slot, struct order order);
struct reply hear(int slot, enum what what);
struct reply ask(int slot, struct order order);
void hear_more(void);
bool hear_early(void);

/* world.c */
void enter(int slot, pid_t pid, int creator, enum birth how);
void execed(int slot, int thread, enum image how);
void ran_tiny(const char *role, int code, int thread);
void dies(int slot, int status, int killer);
void falls(int slot, int sig, int killer);
void hit(int slot, int sig, int killer);
void hit_group(pid_t pgid, int sig, int killer);
void take_pending(int slot);
void collected(int slot, int by, int status, const char *how);
bool harvested(const struct reply *reply);
void settle(void);
bool sees(int slot, int other);
bool is_held(int slot);
bool ignores_children(int slot);
int child_count(int slot);
int traced_by(int slot);

/* rows.c: what is written down, and nothing else */
void row_ordered(int slot, const struct order *order);
void row_born(int slot, int creator, enum birth how, pid_t ppid);
void row_spark(const char *role, const struct reply *said);
void row_execed(const char *role, const char *bytes, long len, int thread, const char *script);
void row_moved(int slot);
void row_died(const char *role, int status, int killer);
void row_parent(int slot, int old, bool was_dead, bool loose);
void row_collected(const char *what, const char *role, int status, int by, const char *how);
void row_auto_spark(const char *role, int by);
void row_fact(const char *what, int slot, int by);

/* steps.c */
int due_after(void);
void live(unsigned long long seed, int steps);

#endif
