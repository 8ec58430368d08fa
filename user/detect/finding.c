// SPDX-License-Identifier: GPL-2.0-only
#include "detect/finding.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

void evidence_add(struct evidence *e, const char *format, ...)
{
	va_list args;

	if (e->n == EVIDENCE_MAX)
		return;
	va_start(args, format);
	vsnprintf(e->s[e->n++], EVIDENCE_LEN, format, args);
	va_end(args);
}

const char *signal_name(int sig)
{
	static char name[24];
	const char *abbreviation = sigabbrev_np(sig);

	if (abbreviation)
		snprintf(name, sizeof(name), "SIG%s", abbreviation);
	else if (sig >= SIGRTMIN && sig <= SIGRTMAX)
		snprintf(name, sizeof(name), "SIGRTMIN+%d", sig - SIGRTMIN);
	else
		snprintf(name, sizeof(name), "SIG%d", sig);
	return name;
}

void bygone_words(const struct bygone *b, char *words, size_t size)
{
	if (b->has_status)
		status_words(b->status, words, size);
	else
		snprintf(words, size, "is gone");
}

void status_words(uint32_t status, char *words, size_t size)
{
	int s = (int)status;

	if (WIFSIGNALED(s))
		snprintf(words, size, "killed by %s%s", signal_name(WTERMSIG(s)),
			 WCOREDUMP(s) ? ", core dumped" : "");
	else
		snprintf(words, size, "exited %d", WEXITSTATUS(s));
}

void bygone_of(struct bygone *b, const struct change *orphan)
{
	const struct proc *p = orphan->u.orphan.parent;
	const struct event *death = orphan->event;

	*b = (struct bygone){
		.id = p->id,
		.has_status = p->has_status,
		.status = p->status,
		.died = p->died,
		.sid = p->sid,
		.execed = p->execed,
		.oom = death->kind == EVENT_EXIT && death->exit.oom,
	};
	memcpy(b->comm, p->comm, COMM_LEN);
}
