/* SPDX-License-Identifier: GPL-2.0-only */
/* Who should collect what lies dead now, why he does not, and what to do. */
#ifndef PROCTRACE_CLI_ZOMBIES_H
#define PROCTRACE_CLI_ZOMBIES_H

#include "cli/pipeline.h"

/* Tells of all that the filters let through; told says when and how. How many zombies they were. */
size_t zombies_tell(struct pipeline *pipe, struct stream_groups *told);

#endif
