/* SPDX-License-Identifier: GPL-2.0-only */
/* A live trace from beginning to end: the rooms put together, and the loop that moves the data. */
#ifndef PROCTRACE_CLI_TRACE_H
#define PROCTRACE_CLI_TRACE_H

#include "cli/options.h"

/* Runs until it is told to stop. The exit status; what went wrong has been said. */
int trace_run(struct options *o);

#endif
