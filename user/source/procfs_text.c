// SPDX-License-Identifier: GPL-2.0-only
#include "source/procfs_text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PF_KTHREAD 0x00200000u

int proc_parse_stat(const char *text, size_t len, struct event *ev)
{
	const char *open = memchr(text, '(', len),
		   *close = open ? memrchr(open, ')', len - (size_t)(open - text)) : NULL;
	struct sight_facts *s = &ev->sight;
	struct facts *f = &ev->facts;
	unsigned int ppid, flags;
	unsigned long long start, cminflt;
	int pgid, sid, tty, nice, threads, exit_signal, status = 0, n;
	size_t name;
	char letter;

	if (!close)
		return -EBADMSG;
	n = sscanf(close + 1,
		   " %c %u %d %d %d %*d %u %*u %llu %*u %*u %*u %*u %*d %*d %*d %d %d %*d %llu"
		   " %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %d"
		   " %*d %*u %*u %*u %*u %*d %*u %*u %*u %*u %*u %*u %*u %d",
		   &letter, &ppid, &pgid, &sid, &tty, &flags, &cminflt, &nice, &threads, &start,
		   &exit_signal, &status);
	if (n < 11 || !is_state(letter) || start > TIME_MAX / START_TICK)
		return -EBADMSG;
	name = (size_t)(close - open - 1);
	if (name > COMM_LEN - 1)
		name = COMM_LEN - 1;
	memset(f->comm, 0, COMM_LEN);
	memcpy(f->comm, open + 1, name);
	f->have |= HAVE_COMM | HAVE_PARENT | HAVE_SESSION;
	f->parent = (struct ident){ .pid = ppid };
	f->pgid = (uint32_t)pgid;
	f->sid = (uint32_t)sid;
	f->tty = (uint32_t)tty;
	f->kthread = flags & PF_KTHREAD;
	ev->id.start = start * START_TICK;
	s->letter = letter;
	s->nice = nice;
	s->has_nice = true;
	s->threads = (uint32_t)threads;
	/* a dead leader of living threads is Z as well, but is not alone */
	s->dead = (letter == 'Z' || letter == 'X') && threads <= 1;
	s->exit_signal = exit_signal;
	s->has_exit_signal = true;
	s->status = (uint32_t)status & 0xffff;
	s->has_status = s->dead && n == 12;
	s->doing.cminflt = cminflt;
	return 0;
}

/* A mask of signals, as a line of status tells it: is SIGCHLD in it? */
static bool tells_sigchld(const char *line, const char *key, bool *answer)
{
	unsigned long long mask;
	size_t len = strlen(key);

	if (strncmp(line, key, len) || sscanf(line + len, "%llx", &mask) != 1)
		return false;
	*answer = mask & 1ULL << (SIGCHLD - 1);
	return true;
}

/* The last number of a line of numbers. */
static uint32_t last_number(const char *s)
{
	uint32_t n = 0;
	int used;

	while (sscanf(s, " %u%n", &n, &used) == 1)
		s += used;
	return n;
}

/* sscanf() measures all that follows: it is asked where it has something to read. */
static bool begins(const char *line, const char *key)
{
	return !strncmp(line, key, strlen(key));
}

void proc_parse_status(const char *text, size_t len, struct event *ev)
{
	struct doing *d = &ev->sight.doing;
	struct facts *f = &ev->facts;
	const char *line = text, *end = text + len;

	while (line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		unsigned int a, b;
		unsigned long locked;

		if (begins(line, "Uid:") && sscanf(line, "Uid: %u %u", &a, &b) == 2) {
			f->uid = a;
			f->have |= HAVE_USER;
			ev->sight.euid = b;
			ev->sight.has_euid = true;
		} else if (begins(line, "TracerPid:") && sscanf(line, "TracerPid: %u", &a) == 1) {
			ev->sight.tracer.pid = a;
			f->traced = a != 0;
		} else if (begins(line, "NSpid:") && next) {
			f->nspid = last_number(line + 6);
			f->ns_init = f->nspid == 1;
			f->have |= HAVE_NSPID | HAVE_BITS;
		} else if (begins(line, "VmLck:") && sscanf(line, "VmLck: %lu", &locked) == 1) {
			ev->sight.locked = locked != 0;
		} else if (tells_sigchld(line, "ShdPnd:", &d->sigchld_pending) ||
			   tells_sigchld(line, "SigBlk:", &d->sigchld_blocked)) {
			d->known = true;
		}
		if (!next)
			break;
		line = next + 1;
	}
}

int proc_parse_wait(const char *text, int32_t *wait_for)
{
	unsigned long long a, b;
	long number;

	if (sscanf(text, "%ld %llx %llx", &number, &a, &b) != 3)
		return -EBADMSG;
	if (number == SYS_wait4)
		*wait_for = (int32_t)a;
	else if (number == SYS_waitid && a == P_ALL)
		*wait_for = -1;
	else if (number == SYS_waitid && a == P_PID && b <= INT32_MAX)
		*wait_for = (int32_t)b;
	else if (number == SYS_waitid && a == P_PGID && b <= INT32_MAX)
		*wait_for = -(int32_t)b;
	else
		return -ENOENT;
	return 0;
}

const char *proc_parse_sleep(const char *text)
{
	long number;

	if (sscanf(text, "%ld ", &number) != 1)
		return "";
	if (number == SYS_wait4 || number == SYS_waitid)
		return "do_wait";
	return number == SYS_rt_sigtimedwait ? "do_sigtimedwait" : "";
}

void proc_parse_signals(const char *text, struct facts *f)
{
	const unsigned long long bit = 1ULL << (SIGCHLD - 1);
	const char *line = strstr(text, "\nSigIgn:");
	unsigned long long mask;

	if (line && sscanf(line, "\nSigIgn: %llx", &mask) == 1) {
		f->parent_autoreaps = mask & bit;
		f->have |= HAVE_PARENT_SIGNALS;
	}
	line = strstr(text, "\nSigCgt:");
	if (line && sscanf(line, "\nSigCgt: %llx", &mask) == 1)
		f->parent_catches = mask & bit;
}
