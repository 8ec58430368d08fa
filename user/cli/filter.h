/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes are told of: the options that say so, and the question itself. */
#ifndef PROCTRACE_CLI_FILTER_H
#define PROCTRACE_CLI_FILTER_H

#include "cli/options.h"
#include "engine/engine.h"

/* Takers of options' values: lists, comma separated. 0, or -errno with the complaint made. */
int filter_pid(struct options *o, const char *value);
int filter_tree(struct options *o, const char *value);
int filter_uid(struct options *o, const char *value);
int filter_comm(struct options *o, const char *value);
int filter_cgroup(struct options *o, const char *value);
int filter_container(struct options *o, const char *value);

/*
 * Holds what was named against the machine: processes must exist, and control groups get their ids.
 * 0, or -errno with the complaint made.
 */
int filter_look_up(struct options *o);

/* Each kind of filter that was given must hold; one of its values is enough. */
bool filter_matches(const struct options *o, const struct proc *p);
/* It does, or the parent that has it now. */
bool filter_matches_family(const struct options *o, const struct proc *p);

#endif
