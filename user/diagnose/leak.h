/* SPDX-License-Identifier: GPL-2.0-only */
/* Why one parent's zombies keep growing, and where that leads. */
#ifndef PROCTRACE_DIAGNOSE_LEAK_H
#define PROCTRACE_DIAGNOSE_LEAK_H

#include "detect/finding.h"

/* Fills in f->u.leak.cause and f->evidence. f is a FINDING_ZOMBIE_LEAK. */
void diagnose_leak(struct finding *f);

/* Adds to f->evidence how they come and go, and where that leads, whether it is a leak or not. */
void diagnose_growth(struct finding *f);

/* Adds to f->evidence the nearest limit alone, if that is near or has refused forks. */
void diagnose_limits(struct finding *f);

/* Adds how many came and went in the last minutes, or since then; nothing if not even a second. */
void evidence_rates(struct evidence *e, const struct leak *l);

/* "pids.max of its control group"; never NULL. */
const char *limit_words(const struct limits *l, enum limit_kind kind);

#endif
