/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takers of options' values; those of the filters are filter.h's. Each gives 0, or -errno with the
 * complaint made.
 */
#ifndef PROCTRACE_CLI_VALUES_H
#define PROCTRACE_CLI_VALUES_H

#include "cli/options.h"

int take_format(struct options *o, const char *value);
int take_output(struct options *o, const char *value);
int take_duration(struct options *o, const char *value);
int take_watch(struct options *o, const char *value);
int take_interval(struct options *o, const char *value);
int take_zombie_after(struct options *o, const char *value);
int take_grace(struct options *o, const char *value);
int take_args_max(struct options *o, const char *value);
int take_ring_size(struct options *o, const char *value);
int take_max_processes(struct options *o, const char *value);
int take_limit(struct options *o, const char *value);
int take_color(struct options *o, const char *value);
int take_no_mask(struct options *o, const char *value);
int take_mask(struct options *o, const char *value);
int take_no_snapshot(struct options *o, const char *value);
int take_threads(struct options *o, const char *value);
int take_low_latency(struct options *o, const char *value);
int take_events(struct options *o, const char *value);
int take_fail_on(struct options *o, const char *value);

/* Complains that value is no good and says what to give; -EINVAL. */
int option_bad(const char *option, const char *value, const char *want);
/* Goes through a comma separated list; each() gives 0, or -errno with the complaint made. */
int option_each(const char *list, int (*each)(struct options *o, const char *item),
		struct options *o, const char *option);

#endif
