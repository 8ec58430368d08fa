/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a zombie stays: the cause, and the evidence for it. */
#ifndef PROCTRACE_DIAGNOSE_CAUSE_H
#define PROCTRACE_DIAGNOSE_CAUSE_H

#include "detect/finding.h"

/* Fills in f->u.zombie.cause and .also, and adds to f->evidence. f is a FINDING_ZOMBIE. */
void diagnose_zombie(struct finding *f);

/* The stream's word for it. */
const char *cause_name(enum cause cause);

#endif
