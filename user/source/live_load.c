// SPDX-License-Identifier: GPL-2.0-only
#include "source/live_load.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "proctrace.skel.h"

/* libbpf's last complaint: what the kernel said is worth more than its number. */
static char complaint[256];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && !complaint[0]) {
		vsnprintf(complaint, sizeof(complaint), format, args);
		complaint[strcspn(complaint, "\n")] = 0;
	}
	return 0;
}

/* How many arguments a BTF tracepoint has, its context included; -1: there is none. */
static int tracepoint_args(const struct btf *btf, const char *name)
{
	char type_name[64];
	const struct btf_type *t;
	int id;

	snprintf(type_name, sizeof(type_name), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, type_name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -1;
	t = btf__type_by_id(btf, btf__type_by_id(btf, (unsigned int)id)->type);
	t = btf__type_by_id(btf, t->type);
	return btf_is_func_proto(t) ? btf_vlen(t) : -1;
}

/* The index of a controller in css_set.subsys, as this kernel numbers them; -1: unknown. */
static int subsys_index(const struct btf *btf, const char *controller)
{
	int id = btf__find_by_name_kind(btf, "cgroup_subsys_id", BTF_KIND_ENUM);
	const struct btf_type *t;
	const struct btf_enum *e;
	char name[64];
	int i;

	if (id < 0)
		return -1;
	snprintf(name, sizeof(name), "%s_cgrp_id", controller);
	t = btf__type_by_id(btf, (unsigned int)id);
	e = btf_enum(t);
	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, e[i].name_off), name))
			return e[i].val;
	return -1;
}

/*
 * Whether the kernel takes a program at the entry of this function: the smallest one is asked for,
 * as a refusal of the real one would be a refusal of all.
 */
static bool takes_fentry(const struct btf *btf, const char *function)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY);
	int id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC), fd;

	if (id < 0)
		return false;
	options.attach_btf_id = (uint32_t)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", nothing, 2, &options);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool has_member(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT), i;
	const struct btf_type *t;

	if (id < 0)
		return false;
	t = btf__type_by_id(btf, (unsigned int)id);
	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), member))
			return true;
	return false;
}

/* 7.0 took "not to be preempted" away from tracepoints; its type information does not show it. */
static bool has_preemptible_tracepoints(void)
{
	struct utsname name;

	return !uname(&name) && strtoul(name.release, NULL, 10) >= 7;
}

/* Called after the first ones: so they are attached after them, by live_attach(). */
static void probe_second_programs(struct proctrace *bpf, struct live_features *f)
{
	struct bpf_program *const second[] = { bpf->progs.on_fork_again, bpf->progs.on_exec_again,
					       bpf->progs.on_exit_again, bpf->progs.on_free_again };
	size_t i;

	f->second_programs = has_preemptible_tracepoints() && f->exit_group_dead;
	for (i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
		bpf_program__set_autoload(second[i], f->second_programs);
		bpf_program__set_autoattach(second[i], false);
	}
}

/* optional: what the kernel may refuse is tried as well. */
static void probe(struct proctrace *bpf, struct live_features *f, const struct btf *btf,
		  bool optional)
{
	f->exit_group_dead = tracepoint_args(btf, "sched_process_exit") == 3;
	f->cgroup_events = tracepoint_args(btf, "cgroup_mkdir") > 0 &&
			   tracepoint_args(btf, "cgroup_attach_task") > 0;
	f->task_iterator = btf__find_by_name_kind(btf, "bpf_iter__task", BTF_KIND_STRUCT) > 0;
	f->pid_max_of_namespaces = f->task_iterator && has_member(btf, "pid_namespace", "pid_max");
	f->exact_reap = optional && takes_fentry(btf, "release_task");
	bpf_program__set_autoload(bpf->progs.on_exit_group, f->exit_group_dead);
	bpf_program__set_autoload(bpf->progs.on_exit_live, !f->exit_group_dead);
	bpf_program__set_autoload(bpf->progs.on_cgroup_mkdir, f->cgroup_events);
	bpf_program__set_autoload(bpf->progs.on_cgroup_attach, f->cgroup_events);
	bpf_program__set_autoload(bpf->progs.each_task, f->task_iterator);
	bpf_program__set_autoload(bpf->progs.each_namespace, f->pid_max_of_namespaces);
	bpf_program__set_autoattach(bpf->progs.each_namespace, false); /* for one task at a time */
	bpf_program__set_autoload(bpf->progs.on_release, f->exact_reap);
	bpf_program__set_autoattach(bpf->progs.on_release, false);
	probe_second_programs(bpf, f);
}

/* What a picture of one moment takes. Nor do the maps of the others take memory to be cleared. */
static void load_only_the_iterators(struct proctrace *bpf, struct live_features *f)
{
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_map(map, bpf->obj)
		if (bpf_map__type(map) == BPF_MAP_TYPE_HASH)
			bpf_map__set_max_entries(map, 1);
	bpf_object__for_each_program(program, bpf->obj)
		if (program != bpf->progs.each_task && program != bpf->progs.each_namespace)
			bpf_program__set_autoload(program, false);
	f->second_programs = false;
}

static void configure(struct proctrace *bpf, const struct live_features *f, const struct btf *btf,
		      const struct live_options *o, const struct cgroups *cgroups)
{
	bpf->rodata->preemptible = f->second_programs;
	bpf_map__set_max_entries(bpf->maps.scratch, f->second_programs ? 2 : 1);
	bpf->rodata->have_rdonly_cast =
		btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
	bpf->rodata->args_max = o->args_max;
	bpf->rodata->want_threads = o->threads;
	bpf->rodata->selection = o->selection;
	bpf->rodata->cgroup_hierarchy = cgroups->hierarchy;
	bpf->rodata->cgroup_subsys =
		*cgroups->controller ? subsys_index(btf, cgroups->controller) : -1;
	bpf_map__set_max_entries(bpf->maps.ring, o->ring_bytes);
	if (o->max_procs && o->max_procs < TRACKED_MAX)
		bpf_map__set_max_entries(bpf->maps.tracked, (uint32_t)o->max_procs);
}

static int load(struct proctrace **bpf, struct live_features *f, const struct btf *btf,
		const struct live_options *options, const struct cgroups *cgroups, bool optional)
{
	complaint[0] = 0;
	proctrace__destroy(*bpf);
	*bpf = proctrace__open();
	if (!*bpf)
		return -errno;
	probe(*bpf, f, btf, optional);
	configure(*bpf, f, btf, options, cgroups);
	if (options->picture_only)
		load_only_the_iterators(*bpf, f);
	return proctrace__load(*bpf);
}

static int explain(int err, char *why, size_t size)
{
	if (err == -EPERM || err == -EACCES)
		snprintf(why, size,
			 "not allowed to load BPF programs: run it as root, or with CAP_BPF and "
			 "CAP_PERFMON");
	else
		snprintf(why, size, "the kernel does not take the BPF programs: %s (%s)",
			 strerror(-err), complaint[0] ? complaint : "no more is known");
	return err;
}

int live_load(struct proctrace **bpf, struct live_features *f, const struct live_options *options,
	      const struct cgroups *cgroups, char *why, size_t size)
{
	struct btf *btf;
	int err;

	libbpf_set_print(keep_complaint);
	btf = btf__load_vmlinux_btf();
	if (!btf) {
		snprintf(why, size, "no type information of this kernel (/sys/kernel/btf/vmlinux): if "
			 "/sys is not mounted, mount it; else it takes a kernel built with "
			 "CONFIG_DEBUG_INFO_BTF=y, and a file of it from elsewhere would not do");
		return -ENOENT;
	}
	err = load(bpf, f, btf, options, cgroups, !options->picture_only);
	if (err && f->exact_reap)
		err = load(bpf, f, btf, options, cgroups, false);
	btf__free(btf);
	return err ? explain(err, why, size) : 0;
}
