/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROCTRACE_MODEL_WORDS_H
#define PROCTRACE_MODEL_WORDS_H

#include "world.h"

/* Each adds to w->story, which must not be NULL. */
void words_op(struct world *w, const struct op *op);
void words_event(struct world *w, const struct event *ev);
void words_change(struct world *w, const struct change *c);
void words_finding(struct world *w, const struct finding *f);

#endif
