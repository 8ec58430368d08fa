/* SPDX-License-Identifier: GPL-2.0-only */
/* proctrace zombies, orphans, daemons: what the kernel shows at this moment, told once. */
#ifndef PROCTRACE_CLI_NOW_H
#define PROCTRACE_CLI_NOW_H

#include "cli/options.h"

/* The program's exit status. */
int now_run(struct options *o);

#endif
