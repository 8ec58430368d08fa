/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The records that travel from the kernel to user space, compiled by both sides.
 *
 * Rules: fixed widths, explicit padding, numbers are only ever appended. A record stands on its
 * own: whoever has missed all that went before can still tell which process it is about, who its
 * parent is and where it stands. So a lost record costs one fact, never the picture.
 *
 * Times are nanoseconds of the boot clock (CLOCK_BOOTTIME). Pids are those of the initial pid
 * namespace. A start time of 0 means unknown: a direct read that faulted gives 0.
 */
#ifndef PROCTRACE_RECORD_H
#define PROCTRACE_RECORD_H

#ifndef __bpf__
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
#endif

#define RECORD_COMM 16

/* Every kind once: name, number, payload. Decoding, counting and naming all come from this list. */
#define RECORD_KINDS(X) \
	X(FORK, 1, struct record_fork) \
	X(EXEC, 2, struct record_exec) \
	X(EXIT, 3, struct record_exit) \
	X(FREE, 4, struct record_free) \
	X(THREAD_START, 5, struct record_thread) \
	X(THREAD_EXIT, 6, struct record_thread) \
	X(TASK, 7, struct record_task) \
	X(CGROUP, 8, struct record_cgroup) \
	X(REAP, 9, struct record_reap)

#define RECORD_KIND_ENUM(name, number, payload) RECORD_##name = number,
enum record_kind { RECORD_KINDS(RECORD_KIND_ENUM) RECORD_KIND_END };

/* record_head.flags: what is true of the process. */
enum record_flag {
	RECORD_KTHREAD = 1 << 0,	  /* PF_KTHREAD */
	RECORD_SUBREAPER = 1 << 1,	  /* it has set PR_SET_CHILD_SUBREAPER */
	RECORD_PARENT_SUBREAPER = 1 << 2, /* so has its parent */
	RECORD_PARENT_AUTOREAPS = 1 << 3, /* the parent ignores SIGCHLD or has set SA_NOCLDWAIT */
	RECORD_PARENT_CATCHES = 1 << 4,	  /* the parent has a SIGCHLD handler */
	RECORD_PARENT_WAITS = 1 << 5,	  /* a thread of the parent sleeps in a wait call */
	RECORD_NS_INIT = 1 << 6,	  /* it is the init of its pid namespace */
	RECORD_OOM = 1 << 7,		  /* the OOM killer chose it */
	RECORD_ARGS_FAULT = 1 << 8,	  /* argv could not be read */
	RECORD_EXE_CUT = 1 << 9,	  /* the path was longer than the room for it */
	RECORD_CWD_CUT = 1 << 10,
	RECORD_TRACED = 1 << 11, /* a ptrace tracer holds it */
	RECORD_CHILDLESS = 1 << 12, /* at its death no child was left, dead ones included */
	RECORD_SELECTED = 1 << 13, /* a tree is selected, and it belongs to it */
	RECORD_ADOPTER_AUTOREAPS = 1 << 14, /* as RECORD_PARENT_AUTOREAPS, of who gets its children */
};

struct record_head {
	u16 kind;
	u16 flags;
	u32 pid; /* of the thread group */
	u64 ts;
	u64 start; /* of the thread group's leader */
};

/* Where a process stands: short enough to be in every record but the last one of a life. */
struct record_who {
	u32 ppid; /* real_parent's thread group */
	u32 uid;
	u64 parent_start;
	u32 sid;
	u32 pgid;
	u32 tty;   /* device number as in field 7 of /proc/PID/stat, 0: none */
	u32 nspid; /* as the process itself sees it, in the innermost pid namespace */
	u64 cgroup;
	u32 exec_id;  /* grows with every exec: one that was not heard of shows */
	u32 ns_level; /* of its pid namespace, 0: the initial one */
	char comm[RECORD_COMM];
};

struct record_fork {
	struct record_head head;
	struct record_who who;
	u64 creator_start;
	u32 creator; /* who called fork: not the parent under CLONE_PARENT */
	s32 exit_signal;
};

#define RECORD_ARGS_MAX 20480
#define RECORD_PATH_MAX 3072

/* data holds args (NUL between), then exe, cwd, script; paths as NUL-ended names, leaf first. */
struct record_exec {
	struct record_head head;
	struct record_who who;
	u32 old_pid; /* the thread that called exec */
	u32 euid;
	s32 argc;
	u32 args_bytes; /* the real length */
	u16 args_len;	/* what data holds of it */
	u16 exe_len;
	u16 cwd_len;
	u16 script_len; /* the file named to execve, when an interpreter runs it */
	u8 data[];
};

struct record_exit {
	struct record_head head;
	struct record_who who;
	u64 adopter_start;
	u32 adopter; /* who gets its children; 0: nobody */
	u32 status;  /* as wait() returns it */
	u64 utime;   /* ns */
	u64 stime;   /* ns */
	u64 maxrss;  /* KiB */
	u32 threads; /* the most it had at once, 0: not known */
	u32 killer;  /* 0: the kernel, when killed */
	u64 killer_start;
	char killer_comm[RECORD_COMM];
	u8 killer_known;
	u8 pad[7];
};

/*
 * real_parent as it was at the release: who had to reap. Its memory may be gone by now: check it.
 */
struct record_free {
	struct record_head head;
	u64 parent_start;
	u32 ppid;
	u32 pad;
};

/* What made the kernel release a process. */
enum record_release {
	RECORD_WAITED = 1, /* the parent that is named collected it */
	RECORD_BY_ITSELF,  /* nobody had to: it let itself go at the end of its exit */
	RECORD_LET_GO,	   /* nobody had to: somebody else did, who was its parent or tracer before */
};

/* The moment of the release. real_parent is alive. */
struct record_reap {
	struct record_head head;
	u64 parent_start;
	u32 ppid;
	u32 release; /* enum record_release */
};

struct record_thread {
	struct record_head head;
	u32 tid;
	u32 status;
	char comm[RECORD_COMM];
};

/* What the task iterator saw of a process. ts is the time of the look. */
struct record_task {
	struct record_head head;
	struct record_who who;
	u64 tracer_start;
	u32 tracer; /* 0: none */
	u32 euid;
	u32 threads;
	u32 live; /* threads that have not begun to exit */
	u32 status;
	s32 exit_signal;
	s32 nice;
	u8 state; /* ps's letter, of the leader */
	u8 locked; /* it has pages locked into memory */
	u8 pad[2];
};

/* A control group came to be, or a process was moved into it. pid 0: the former. */
struct record_cgroup {
	struct record_head head;
	u64 id;
	u32 hierarchy;
	u32 path_len;
	u8 data[];
};

#define RECORD_PATH_NAMES 48 /* the deepest path that is read */

_Static_assert(sizeof(struct record_head) == 24, "record_head is ABI");
_Static_assert(sizeof(struct record_who) == 64, "record_who is ABI");
_Static_assert(sizeof(struct record_fork) == 104, "record_fork is ABI");
_Static_assert(sizeof(struct record_exec) == 112, "record_exec is ABI");
_Static_assert(sizeof(struct record_exit) == 168, "record_exit is ABI");
_Static_assert(sizeof(struct record_free) == 40, "record_free is ABI");
_Static_assert(sizeof(struct record_reap) == 40, "record_reap is ABI");
_Static_assert(sizeof(struct record_thread) == 48, "record_thread is ABI");
_Static_assert(sizeof(struct record_task) == 128, "record_task is ABI");

#endif
