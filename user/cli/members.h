/* SPDX-License-Identifier: GPL-2.0-only */
/* Who belongs to the followed trees when tracing begins. */
#ifndef PROCTRACE_CLI_MEMBERS_H
#define PROCTRACE_CLI_MEMBERS_H

#include "cli/options.h"
#include "source/live.h"

/*
 * Makes all members of o's trees known to the kernel's side, which tells of nobody whose parent it
 * does not know. The hooks must be live. Behind this whoever is born in a tree is told of.
 */
void members_track(struct live *l, const struct options *o);

#endif
