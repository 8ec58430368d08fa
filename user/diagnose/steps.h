/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of the steps of daemon(7) a background process shows to have been done. Pure. */
#ifndef PROCTRACE_DIAGNOSE_STEPS_H
#define PROCTRACE_DIAGNOSE_STEPS_H

#include "diagnose/leftover.h"

enum step {
	STEP_FORK,	  /* away from its starter, who has left it to a reaper */
	STEP_SESSION,	  /* setsid(): no session of anybody who lives */
	STEP_SECOND_FORK, /* it does not lead that session: it can get no terminal any more */
	STEP_TERMINAL,	  /* no controlling terminal */
	STEP_DIRECTORY,	  /* its directory is its root */
	STEP_UMASK,	  /* 0 */
	STEP_DESCRIPTORS, /* 0 to 2 lead to /dev/null, or to the journal */
	STEP_PID_FILE,
	STEPS
};

struct daemon {
	const struct proc *p;
	struct adoption adoption;
	struct standing standing;
	enum answer step[STEPS];
	bool has_kind;
	enum daemon_kind kind;
	struct slice unit; /* systemd's, by its control group; s NULL: none */
};

struct daemons {
	struct daemon *at; /* owned; the oldest first */
	size_t count;
	size_t kinds[DAEMON_BACKGROUND + 1];
	size_t processes; /* all that are known */
};

/* Lives in the background below a reaper. */
bool daemon_is_one(const struct proc *p, const struct adoption *a);
/* Fills the steps, the kind and the unit, from what d has of p. */
void daemon_judge(struct daemon *d);
/* Sorts and counts what is in g->at. */
void daemons_order(struct daemons *g);
void daemons_free(struct daemons *g);

/* Short sentences a person can check. */
void daemon_evidence(const struct daemon *d, struct evidence *e);

const char *step_name(enum step step);
const char *answer_name(enum answer answer);
/* The last part of a control group's path that is a systemd unit's; s NULL: none. */
struct slice unit_of(const char *path, size_t len);

#endif
