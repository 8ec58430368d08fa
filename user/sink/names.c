// SPDX-License-Identifier: GPL-2.0-only
/* The stream's words, for every format. */
#include "base/escape.h"
#include "sink/sink.h"

const char *change_action(enum change_kind kind)
{
	static const char *const names[CHANGES] = {
		[CHANGE_SNAPSHOT] = "snapshot",
		[CHANGE_FORK] = "fork",
		[CHANGE_EXEC] = "exec",
		[CHANGE_SESSION] = "session",
		[CHANGE_EXIT] = "exit",
		[CHANGE_REAP] = "reap",
		[CHANGE_THREAD_START] = "thread_start",
		[CHANGE_THREAD_EXIT] = "thread_exit",
	};

	return names[kind];
}

int next_inferred(const struct stream_resync *resync, int i)
{
	while (i < CHANGES && !(resync->inferred[i] && change_action(i)))
		i++;
	return i;
}

const char *finding_action(enum finding_kind kind)
{
	switch (kind) {
	case FINDING_ORPHAN:
		return "orphan";
	case FINDING_ZOMBIE:
		return "zombie";
	case FINDING_ZOMBIE_LEAK:
		return "zombie_leak";
	case FINDING_DAEMON:
		return "daemon";
	case FINDING_LOST:
		return "lost";
	case FINDING_ZOMBIE_CLEARED:
		return "zombie_cleared";
	}
	return NULL;
}

const char *class_name(enum class class)
{
	static const char *const names[] = {
		[CLASS_UNKNOWN] = NULL,	  [CLASS_INTERACTIVE] = "interactive",
		[CLASS_BATCH] = "batch",  [CLASS_DAEMON] = "daemon",
		[CLASS_KERNEL] = "kernel",
	};

	return names[class];
}

const char *orphan_kind_name(enum orphan_kind kind)
{
	static const char *const names[] = {
		[ORPHAN_UNKNOWN] = NULL,
		[ORPHAN_DAEMONIZING] = "daemonizing",
		[ORPHAN_BACKGROUND] = "background",
		[ORPHAN_ABANDONED] = "abandoned",
	};

	return names[kind];
}

const char *daemon_kind_name(enum daemon_kind kind)
{
	static const char *const names[] = {
		[DAEMON_SYSV] = "sysv",
		[DAEMON_SERVICE] = "service",
		[DAEMON_BACKGROUND] = "background",
	};

	return names[kind];
}

const char *reap_how_name(enum reap_how how)
{
	static const char *const names[] = {
		[REAP_WAIT] = "wait",
		[REAP_AUTO] = "auto",
		[REAP_INIT] = "init",
	};

	return names[how];
}

const char *reap_precision_name(enum reap_precision precision)
{
	static const char *const names[] = {
		[REAP_EXACT] = "exact",
		[REAP_RCU] = "rcu",
		[REAP_AUDIT] = "audit",
	};

	return names[precision];
}

const char *sigchld_name(enum sigchld sigchld)
{
	static const char *const names[] = {
		[SIGCHLD_UNKNOWN] = NULL,
		[SIGCHLD_DEFAULT] = "default",
		[SIGCHLD_CAUGHT] = "caught",
		[SIGCHLD_AUTOREAPS] = "ignored",
	};

	return names[sigchld];
}

void state_letters(const struct proc *p, char letters[5])
{
	int n = 0;

	if (p->letter)
		letters[n++] = p->letter;
	if (n && p->has_nice && p->nice < 0)
		letters[n++] = '<';
	if (n && p->has_nice && p->nice > 0)
		letters[n++] = 'N';
	if (n && p->locked)
		letters[n++] = 'L';
	letters[n] = 0;
}

void container_words(struct buf *b, const struct container *c)
{
	const char *runtime = runtime_name(c->runtime);
	char name[UNIT_NAME];

	buf_str(b, runtime ? runtime : "container");
	buf_byte(b, ' ');
	if (c->id.s)
		buf_add(b, c->id.s, 12);
	else
		escape_text(b, name, unit_name(c->name, name), true);
}

struct stream_count *stream_count_add(struct stream_count *counts, size_t *n, const char *kind,
				      const char *cause)
{
	struct stream_count *count = &counts[*n];

	if (*n == STREAM_COUNTS || strlen(kind) >= sizeof(count->kind) ||
	    strlen(cause) >= sizeof(count->cause))
		return NULL;
	*count = (struct stream_count){ .count = 0 };
	strcpy(count->kind, kind);
	strcpy(count->cause, cause);
	++*n;
	return count;
}
