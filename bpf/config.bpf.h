/* SPDX-License-Identifier: GPL-2.0-only */
/* What user space sets before the programs are loaded: constants to the verifier. */
#ifndef PROCTRACE_CONFIG_BPF_H
#define PROCTRACE_CONFIG_BPF_H

#include "proctrace/select.h"

/* how much of argv a record may carry, at most RECORD_ARGS_MAX */
const volatile u32 args_max = 4096;
/* starts and ends of threads as well */
const volatile bool want_threads = false;
/* the controller whose hierarchy names a process's cgroup, -1: the unified hierarchy */
const volatile int cgroup_subsys = -1;
const volatile int cgroup_hierarchy = 0;
const volatile struct selection selection = {};
/* the kernel knows bpf_rdonly_cast(): see plain() */
const volatile bool have_rdonly_cast = false;
/* tracepoints may be preempted: see again.bpf.h */
const volatile bool preemptible = false;

#endif
