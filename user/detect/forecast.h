/* SPDX-License-Identifier: GPL-2.0-only */
/* Where growth leads to. */
#ifndef PROCTRACE_DETECT_FORECAST_H
#define PROCTRACE_DETECT_FORECAST_H

#include "detect/finding.h"

/*
 * Which of the limits that were read is nearest, and when it is hit if it goes on like this:
 * from leak's growth into its limits, nearest and hit. p is the parent, now the boot time.
 */
void forecast(const struct engine *e, const struct proc *p, const struct limits *read, uint64_t now,
	      struct leak *leak);

#endif
