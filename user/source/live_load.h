/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs as this kernel takes them: what it has is found out, asked for and loaded. */
#ifndef PROCTRACE_SOURCE_LIVE_LOAD_H
#define PROCTRACE_SOURCE_LIVE_LOAD_H

#include "source/cgroup.h"
#include "source/live.h"

struct proctrace; /* proctrace.skel.h */

/*
 * Loads them; those that are optional are left out where the kernel refuses them. Fills in what f
 * says of the kernel. 0, or -errno with the reason in why, as live_open(); *bpf is the caller's to
 * destroy either way.
 */
int live_load(struct proctrace **bpf, struct live_features *f, const struct live_options *options,
	      const struct cgroups *cgroups, char *why, size_t size);

#endif
