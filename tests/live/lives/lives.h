/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every maker of lives needs: a ledger of facts (one JSON object a line), /proc as the
 * witness, and gates where others would sleep.
 *
 * Rows of the ledger:
 *   born     role, pid, start (field 22 of /proc/PID/stat), ppid: said by the process itself
 *   waited   pid, status (as wait() gave it), by: said by the process that waited
 *   adopted  role, pid, old, adopter, adopter_name: what /proc shows after the parent's death
 * and others that only one program has. Every pid is a host pid, in a pid namespace too, because
 * the /proc that is asked stays the host's.
 */
#ifndef LIVES_H
#define LIVES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define die(...)                                                                                   \
	do {                                                                                       \
		fprintf(stderr, "lives: %s:%d: ", __FILE__, __LINE__);                             \
		fprintf(stderr, __VA_ARGS__);                                                      \
		fprintf(stderr, " (%s)\n", strerror(errno));                                       \
		_exit(99);                                                                         \
	} while (0)

/* For what must not fail: the value, or death with the expression named. */
#define must(call)                                                                                 \
	({                                                                                         \
		__typeof__(call) must_ret = (call);                                                \
		if (must_ret == (__typeof__(call))-1)                                              \
			die("%s", #call);                                                          \
		must_ret;                                                                          \
	})

/* Waits for a condition that only looking can tell. Ten seconds, then something is wrong. */
#define await(cond)                                                                                \
	do {                                                                                       \
		int await_left = 20000;                                                            \
		while (!(cond)) {                                                                  \
			if (!await_left--)                                                         \
				die("never came: %s", #cond);                                      \
			usleep(500);                                                               \
		}                                                                                  \
	} while (0)

/* Memory that a whole family sees: by it they tell each other their host pids. */
static inline void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

static inline double now_real(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* One row, one write: rows of several processes never mix. LEDGER_FD names it when stdout can't. */
__attribute__((format(printf, 1, 2))) static inline void ledger(const char *fmt, ...)
{
	const char *fd = getenv("LEDGER_FD");
	char row[2048];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(row, sizeof(row) - 1, fmt, ap);
	va_end(ap);
	if (len < 0 || len >= (int)sizeof(row) - 1)
		die("row too long");
	row[len++] = '\n';
	if (write(fd ? atoi(fd) : 1, row, (size_t)len) != len)
		die("ledger");
}

/* A process as /proc/PID/stat shows it; `there` is false when it shows none. */
struct seen {
	bool there;
	char state;
	pid_t ppid, pgrp, session;
	int tty, threads;
	long nice;
	unsigned long long start;
};

static inline struct seen look(pid_t pid)
{
	struct seen seen = { 0 };
	char path[64], text[1024], *p;
	ssize_t len;
	int fd, got;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return seen;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return seen;
	text[len] = 0;
	p = strrchr(text, ')'); /* comm may hold anything, a bracket too */
	if (!p)
		return seen;
	got = sscanf(p + 1,
		     " %c %d %d %d %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %ld %d %*d %llu",
		     &seen.state, &seen.ppid, &seen.pgrp, &seen.session, &seen.tty, &seen.nice,
		     &seen.threads, &seen.start);
	seen.there = got == 8;
	return seen;
}

static inline void comm_of(pid_t pid, char *name, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = must(open(path, O_RDONLY | O_CLOEXEC));
	len = read(fd, name, size - 1);
	close(fd);
	name[len > 0 ? len - 1 : 0] = 0; /* without its newline */
}

/* The caller's host pid: /proc is the host's, so /proc/self is the host's name for us. */
static inline pid_t me(void)
{
	char text[32] = "";

	must(readlink("/proc/self", text, sizeof(text) - 1));
	return atoi(text);
}

/* One thread leaves, the group goes on: not what _exit() does. */
__attribute__((noreturn)) static inline void leave(int code)
{
	syscall(SYS_exit, code);
	__builtin_unreachable();
}

static inline bool is_dead(pid_t pid)
{
	struct seen seen = look(pid);

	return !seen.there || seen.state == 'Z' || seen.state == 'X';
}

static inline void born(const char *role)
{
	pid_t pid = me();
	struct seen seen = look(pid);

	ledger("{\"what\":\"born\",\"role\":\"%s\",\"pid\":%d,\"start\":%llu,\"ppid\":%d}", role,
	       pid, seen.start, seen.ppid);
}

/* The same, said by the parent of a child that can't (vfork, a static binary). */
static inline void bore(const char *role, pid_t pid)
{
	struct seen seen = look(pid);

	ledger("{\"what\":\"born\",\"role\":\"%s\",\"pid\":%d,\"start\":%llu,\"ppid\":%d}", role,
	       pid, seen.start, seen.ppid);
}

static inline void waited(pid_t pid, int status)
{
	ledger("{\"what\":\"waited\",\"pid\":%d,\"status\":%d,\"by\":%d}", pid, status, me());
}

/* Waits for one child and says what wait() said. */
static inline int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid)
		die("waitpid %d", pid);
	waited(pid, status);
	return status;
}

/* Says under whom /proc shows an orphan. */
static inline void adopted(const char *role, pid_t pid, pid_t old)
{
	pid_t adopter = look(pid).ppid;
	char name[32];

	comm_of(adopter, name, sizeof(name));
	ledger("{\"what\":\"adopted\",\"role\":\"%s\",\"pid\":%d,\"old\":%d,\"adopter\":%d,"
	       "\"adopter_name\":\"%s\",\"time\":%.6f}", role, pid, old, adopter, name, now_real());
}

/* Waits for the test to say "go on": one line on stdin. End of file: the test has died. */
static inline void step(void)
{
	char c;

	do {
		if (read(0, &c, 1) != 1)
			_exit(98);
	} while (c != '\n');
}

/*
 * The end of a life: whoever has waited for others stays until the test has seen what it wants
 * (one line on stdin, or its end), so that nobody dies before what they did is known.
 */
static inline void linger(void)
{
	char c;

	ledger("{\"what\":\"lingers\"}");
	while (read(0, &c, 1) == 1 && c != '\n')
		;
}

/*
 * A gate: those who wait at it go on when the last writer closes it. So nobody is left behind
 * when the driver dies, whatever happens to a test.
 */
struct gate {
	int wait, open;
};

static struct gate gates[64];
static int gate_count;

static inline struct gate *new_gate(void)
{
	struct gate *gate = &gates[gate_count++];
	int fd[2];

	must(pipe2(fd, O_CLOEXEC));
	gate->wait = fd[0];
	gate->open = fd[1];
	return gate;
}

static inline void open_gate(struct gate *gate)
{
	close(gate->open);
	gate->open = -1;
}

static inline void wait_at(int fd)
{
	char c;

	while (read(fd, &c, 1) > 0 || errno == EINTR)
		errno = 0;
}

/* Every fork of a life, with flags as clone(2) takes them: the child never holds a gate shut. */
static inline pid_t sprout_with(unsigned long flags)
{
	pid_t pid = (pid_t)must(syscall(SYS_clone, flags, 0, 0, 0, 0));

	if (pid == 0)
		for (int i = 0; i < gate_count; i++)
			if (gates[i].open >= 0)
				open_gate(&gates[i]);
	return pid;
}

static inline pid_t sprout(void)
{
	return sprout_with(SIGCHLD);
}

/*
 * The real pid 1 may collect what it adopts a second or two late. Where that would blur the
 * picture, the caller gets a parent that is a subreaper and waits at once, for all.
 */
static inline void under_prompt_reaper(void)
{
	pid_t first, pid;
	int status, result = 99;

	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	born("reaper");
	first = must(fork());
	if (first == 0)
		return;
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid <= 0)
			continue;
		waited(pid, status);
		if (pid == first)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 99;
	}
	linger();
	_exit(result);
}

#endif
