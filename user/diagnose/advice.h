/* SPDX-License-Identifier: GPL-2.0-only */
/* From a group of zombies and its causes to what to do about it, and what will not help. Pure. */
#ifndef PROCTRACE_DIAGNOSE_ADVICE_H
#define PROCTRACE_DIAGNOSE_ADVICE_H

#include "diagnose/group.h"

#define ADVICE_MAX 8
#define ADVICE_LEN 288

/* Sentences; they may hold a stranger's bytes: escape before printing. */
struct advice {
	int nacts, nfutile;
	char act[ADVICE_MAX][ADVICE_LEN];    /* what to do, the best first */
	char futile[ADVICE_MAX][ADVICE_LEN]; /* what will not help */
	char brief[ADVICE_LEN];		     /* the one thing to do, in a few words */
	const char *watch; /* what only watching can tell of the cause; NULL: it is certain */
};

void advise(struct advice *a, const struct group *g);

#endif
