/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records as the kernel tells of a crowd: so many live at once, children of a hundred parents; each
 * life that begins (fork, exec with an argv as a compiler has it) lets another one of the crowd end
 * (exit; free 240 lives later, as RCU has it). Who ends is the throw of a die, always of the same:
 * nobody's memory is warm, and two runs tell the same.
 */
#ifndef PROCTRACE_BENCH_CROWD_H
#define PROCTRACE_BENCH_CROWD_H

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "event/decode.h"

#define PARENTS 100
#define FIRST_PARENT 10
#define LATE 240		  /* lives between an exit and its free */
#define PIDS (1 << 22)		  /* as systemd sets pid_max: then they are used again */
#define LIFE_NS (50 * 1000)	  /* 20,000 lives a second */
#define BEGAN (100 * NS_PER_S)
#define RECORD_ROOM 1024
#define CGROUPS 20

struct member {
	struct ident id;
	uint32_t parent; /* of PARENTS */
	uint32_t program;
};

struct crowd {
	struct member *alive;
	size_t live;
	struct member dead[LATE]; /* a ring: those that are not released yet */
	uint64_t deaths;
	bool *taken; /* by pid */
	bool execs;  /* who is born becomes a program */
	uint32_t next_pid;
	uint64_t now, dice;
	struct buf records; /* each 8-byte aligned, a u64 with its size before it */
	size_t n;
};

static inline uint64_t crowd_dice(struct crowd *c, uint64_t sides)
{
	c->dice ^= c->dice << 13;
	c->dice ^= c->dice >> 7;
	c->dice ^= c->dice << 17;
	return (c->dice >> 11) % sides;
}

static inline struct ident crowd_parent(uint32_t which)
{
	return (struct ident){ FIRST_PARENT + which, BEGAN - NS_PER_S + 1000 + which };
}

static inline void *crowd_record(struct crowd *c, size_t size)
{
	uint64_t padded = (size + 7) & ~(size_t)7;
	char *at;

	buf_room(&c->records, sizeof(uint64_t) + padded);
	at = c->records.data + c->records.len;
	memset(at, 0, sizeof(uint64_t) + padded);
	*(uint64_t *)at = size;
	c->records.len += sizeof(uint64_t) + padded;
	c->n++;
	return at + sizeof(uint64_t);
}

static inline void crowd_head(struct crowd *c, struct record_head *h, enum record_kind kind,
			      struct ident id)
{
	c->now += LIFE_NS / 4 + 1;
	*h = (struct record_head){ .kind = kind, .pid = id.pid, .ts = c->now, .start = id.start };
}

static inline void crowd_who(struct record_who *who, const struct member *m, uint32_t exec_id)
{
	static const char *const comms[] = { "cc1", "sh", "make", "python3", "as", "sed", "git",
					     "collect2" };
	struct ident parent = crowd_parent(m->parent);

	*who = (struct record_who){
		.ppid = parent.pid, .parent_start = parent.start, .uid = 1000,
		.sid = parent.pid, .pgid = parent.pid, .nspid = m->id.pid,
		.cgroup = 1 + m->parent % CGROUPS, .exec_id = exec_id,
	};
	strcpy(who->comm, exec_id ? comms[m->program % 8] : "worker");
}

static inline void crowd_fork(struct crowd *c, struct member *m)
{
	struct record_fork *r = crowd_record(c, sizeof(*r));
	struct ident parent;

	while (c->taken[c->next_pid])
		c->next_pid = c->next_pid + 1 < PIDS ? c->next_pid + 1 : 300;
	m->id.pid = c->next_pid;
	c->taken[m->id.pid] = true;
	m->parent = (uint32_t)crowd_dice(c, PARENTS);
	m->program = (uint32_t)crowd_dice(c, 100000);
	m->id.start = c->now + 7;
	parent = crowd_parent(m->parent);
	crowd_head(c, &r->head, RECORD_FORK, m->id);
	r->head.flags = RECORD_PARENT_WAITS;
	crowd_who(&r->who, m, 0);
	r->creator = parent.pid;
	r->creator_start = parent.start;
	r->exit_signal = 17;
}

static inline void crowd_exec(struct crowd *c, const struct member *m)
{
	static const char exe[] = "cc1\0" "12\0" "x86_64-linux-gnu\0" "gcc\0" "lib\0" "usr";
	static const char cwd[] = "project\0" "builder\0" "home";
	char args[256];
	int len = snprintf(args, sizeof(args),
			   "cc1%c-quiet%c-imultiarch%cx86_64-linux-gnu%csource/part_%u.c%c-O2%c-o%c"
			   "build/part_%u.o%c", 0, 0, 0, 0, m->program, 0, 0, 0, m->program, 0);
	struct record_exec *r = crowd_record(c, sizeof(*r) + (size_t)len + sizeof(exe) + sizeof(cwd));
	uint8_t *at = r->data;

	crowd_head(c, &r->head, RECORD_EXEC, m->id);
	crowd_who(&r->who, m, 1);
	r->old_pid = m->id.pid;
	r->euid = 1000;
	r->argc = 8;
	r->args_len = (uint16_t)len;
	r->args_bytes = (uint32_t)len;
	r->exe_len = sizeof(exe);
	r->cwd_len = sizeof(cwd);
	memcpy(at, args, (size_t)len);
	memcpy(at + len, exe, sizeof(exe));
	memcpy(at + len + sizeof(exe), cwd, sizeof(cwd));
}

static inline void crowd_exit(struct crowd *c, const struct member *m)
{
	struct record_exit *r = crowd_record(c, sizeof(*r));

	crowd_head(c, &r->head, RECORD_EXIT, m->id);
	r->head.flags = RECORD_CHILDLESS;
	crowd_who(&r->who, m, c->execs);
	r->adopter = 1;
	r->adopter_start = 1;
	r->utime = 4000000 + m->program * 1000;
	r->stime = 1000000;
	r->maxrss = 3000 + m->program % 5000;
	r->threads = 1;
	r->status = m->program % 16 ? 0 : 256;
}

static inline void crowd_free(struct crowd *c, const struct member *m)
{
	struct record_free *r = crowd_record(c, sizeof(*r));
	struct ident parent = crowd_parent(m->parent);

	crowd_head(c, &r->head, RECORD_FREE, m->id);
	r->ppid = parent.pid;
	r->parent_start = parent.start;
}

/* One more of the crowd. */
static inline void crowd_join(struct crowd *c)
{
	struct member *m = &c->alive[c->live++];

	crowd_fork(c, m);
	if (c->execs)
		crowd_exec(c, m);
}

/* One life: somebody is born, another one dies, and one that is dead for long is released. */
static inline void crowd_life(struct crowd *c)
{
	struct member *last = &c->dead[c->deaths % LATE], *m;

	if (c->deaths++ >= LATE) {
		crowd_free(c, last);
		c->taken[last->id.pid] = false;
	}
	m = &c->alive[crowd_dice(c, c->live)];
	crowd_exit(c, m);
	*last = *m;
	*m = c->alive[--c->live];
	crowd_join(c);
}

static inline void crowd_init(struct crowd *c, size_t most, bool execs)
{
	*c = (struct crowd){ .dice = 88172645463325252ull, .next_pid = 300, .now = BEGAN,
			     .execs = execs };
	c->alive = xcalloc(most + 1, sizeof(*c->alive));
	c->taken = xcalloc(PIDS, sizeof(*c->taken));
	/* what is ours is resident from the beginning: it does not count */
	memset(c->alive, 1, (most + 1) * sizeof(*c->alive));
	memset(c->taken, 1, PIDS);
	memset(c->taken, 0, PIDS);
}

static inline void crowd_forget_records(struct crowd *c)
{
	c->records.len = 0;
	c->n = 0;
}

#endif
