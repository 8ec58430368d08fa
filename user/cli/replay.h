/* SPDX-License-Identifier: GPL-2.0-only */
/* proctrace replay: a recorded stream through the same rules. */
#ifndef PROCTRACE_CLI_REPLAY_H
#define PROCTRACE_CLI_REPLAY_H

#include "cli/options.h"

/* The program's exit status. */
int replay_run(struct options *o);

#endif
