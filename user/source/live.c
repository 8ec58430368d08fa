// SPDX-License-Identifier: GPL-2.0-only
/* The only one that knows libbpf, together with live_load.c. */
#include "source/live.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "proctrace.skel.h"
#include "source/limits.h"
#include "source/live_load.h"
#include "source/ring.h"
#include "source/tasks.h"

struct live {
	struct proctrace *bpf;
	struct ring ring;
	struct live_features features;
	struct rooms rooms;
	struct pids_mount pids_mount;
	uint64_t delivered[RECORD_KIND_END];
	uint64_t refused; /* by decode: a bug, or another program's hand in the ring */
	uint64_t left_out[RECORD_KIND_END]; /* by the kernel, as far as was told */
	uint64_t untracked; /* by live_track(): there was no room */
	uint64_t position; /* behind the record that is being handed out */
	/* during a drain */
	live_ahead_fn *ahead;
	live_event_fn *fn;
	void *ctx;
};

static void on_ahead(void *ctx, const struct ring_piece *pieces, size_t n)
{
	struct live *l = ctx;
	uint32_t pids[RING_AHEAD];
	size_t i, told = 0;

	for (i = 0; i < n; i++) {
		pids[told] = decode_ahead(pieces[i].data, pieces[i].size);
		told += pids[told] != 0;
	}
	l->ahead(l->ctx, pids, told);
}

static void on_record(void *ctx, const void *record, size_t size, uint64_t end)
{
	struct live *l = ctx;
	struct cgroup_news news = { 0 };
	struct event ev;
	int err = decode(record, size, &l->rooms.decode, &ev, &news);

	if (news.id)
		cgroups_learn(&l->rooms.cgroups, news.id, news.path);
	if (err < 0)
		l->refused++;
	else
		l->delivered[((const struct record_head *)record)->kind]++;
	l->position = end;
	if (err)
		return;
	if ((ev.facts.have & HAVE_CGROUP) && !ev.facts.cgroup_path.s)
		ev.facts.cgroup_path = cgroups_path(&l->rooms.cgroups, ev.facts.cgroup);
	l->fn(l->ctx, &ev);
}

int live_open(struct live **out, const struct live_options *options, char *why, size_t size)
{
	struct live *l = xcalloc(1, sizeof(*l));
	int err;

	l->rooms.proc.args_max = options->args_max;
	limits_find_mount(&l->pids_mount);
	cgroups_open(&l->rooms.cgroups, options->cgroup_wanted);
	l->features.cgroup_controller = *l->rooms.cgroups.mount ? l->rooms.cgroups.controller : NULL;
	err = live_load(&l->bpf, &l->features, options, &l->rooms.cgroups, why, size);
	if (err)
		goto fail;
	err = ring_open(&l->ring, bpf_map__fd(l->bpf->maps.ring), options->ring_bytes);
	if (err) {
		snprintf(why, size, "the ring buffer cannot be mapped: %s", strerror(-err));
		goto fail;
	}
	malloc_trim(0); /* all that the kernel's type information took */
	*out = l;
	return 0;
fail:
	live_close(l);
	return err;
}

void live_close(struct live *l)
{
	if (!l)
		return;
	ring_close(&l->ring);
	proctrace__destroy(l->bpf);
	if (l->rooms.cgroups.names)
		cgroups_close(&l->rooms.cgroups);
	proc_room_free(&l->rooms.proc);
	free(l);
}

/* What is told of at all is released later: so none of these goes by unseen. */
static void attach_release(struct live *l)
{
	l->bpf->links.on_release = bpf_program__attach(l->bpf->progs.on_release);
	l->features.exact_reap = l->bpf->links.on_release;
}

/* The kernel calls the programs of a tracepoint in the order in which they were attached. */
static int attach_second_programs(struct proctrace *b)
{
	b->links.on_fork_again = bpf_program__attach(b->progs.on_fork_again);
	b->links.on_exec_again = bpf_program__attach(b->progs.on_exec_again);
	b->links.on_exit_again = bpf_program__attach(b->progs.on_exit_again);
	b->links.on_free_again = bpf_program__attach(b->progs.on_free_again);
	return b->links.on_fork_again && b->links.on_exec_again && b->links.on_exit_again &&
	       b->links.on_free_again ? 0 : -errno;
}

int live_attach(struct live *l)
{
	int err;

	if (l->features.exact_reap)
		attach_release(l);
	err = proctrace__attach(l->bpf);
	return !err && l->features.second_programs ? attach_second_programs(l->bpf) : err;
}

static void detach(struct bpf_link **link)
{
	bpf_link__destroy(*link);
	*link = NULL;
}

/* Second programs go first: without the first ones they would tell of all. */
void live_detach(struct live *l)
{
	detach(&l->bpf->links.on_fork_again);
	detach(&l->bpf->links.on_exec_again);
	detach(&l->bpf->links.on_exit_again);
	detach(&l->bpf->links.on_free_again);
	proctrace__detach(l->bpf);
}

const struct live_features *live_features(const struct live *l)
{
	return &l->features;
}

int live_track(struct live *l, struct ident id, bool again)
{
	const struct tracked key = { .pid = id.pid, .start = id.start };
	const uint8_t as = TRACKED_TOLD;
	int err = bpf_map__update_elem(l->bpf->maps.tracked, &key, sizeof(key), &as, sizeof(as),
				       BPF_ANY);

	l->untracked += err && !again;
	return err;
}

int live_untrack(struct live *l, struct ident id)
{
	const struct tracked key = { .pid = id.pid, .start = id.start };

	return bpf_map__delete_elem(l->bpf->maps.tracked, &key, sizeof(key), 0);
}

/* What the records and the task iterator say of themselves. */
static bool is_tracked(const struct live *l, struct ident id)
{
	const struct tracked key = { .pid = id.pid, .start = id.start };
	uint8_t as;

	return (l->bpf->rodata->selection.kinds & SELECT_TREE) &&
	       !bpf_map__lookup_elem(l->bpf->maps.tracked, &key, sizeof(key), &as, sizeof(as), 0);
}

int live_cgroup_id(const char *path, uint64_t *id, const char **below)
{
	struct cgroups cgroups;
	int err;

	cgroups_open(&cgroups, path);
	err = cgroups_id(&cgroups, path, id, below);
	cgroups_close(&cgroups);
	return err;
}

/* What the iterator behind that link writes, whole; owned by the caller. */
static int read_iterator(const struct bpf_link *link, struct buf *out)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		buf_room(out, 1 << 16);
		n = read(fd, out->data + out->len, out->cap - out->len);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EAGAIN));
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

int live_snapshot(struct live *l, uint64_t born_before, bool programs, live_event_fn *fn,
		  void *ctx)
{
	struct buf tasks = { 0 };
	int err;

	if (!l->features.task_iterator)
		return proc_snapshot(born_before, &l->rooms.proc, fn, ctx);
	err = read_iterator(l->bpf->links.each_task, &tasks);
	if (!err)
		tasks_hand_out((struct record_task *)tasks.data,
			       tasks.len / sizeof(struct record_task), born_before, programs,
			       &l->rooms, fn, ctx);
	buf_free(&tasks);
	return err;
}

void live_look(struct live *l, struct ident id, bool program, live_event_fn *fn, void *ctx)
{
	struct event ev;

	proc_look(id, PROC_PARENT | (program ? PROC_ARGS : 0), &l->rooms.proc, &ev);
	ev.facts.selected = is_tracked(l, id);
	fn(ctx, &ev);
}

int live_narrow(struct live *l, uint32_t pid, struct limits *limits)
{
	union bpf_iter_link_info only = { .task.tid = pid };
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &only, .link_info_len = sizeof(only));
	struct buf rows = { 0 };
	struct bpf_link *link;
	int err;

	if (!l->features.pid_max_of_namespaces)
		return 0;
	link = bpf_program__attach_iter(l->bpf->progs.each_namespace, &options);
	if (!link)
		return -errno;
	err = read_iterator(link, &rows);
	if (!err)
		limits_narrow(limits, (struct ns_pids *)rows.data, rows.len / sizeof(struct ns_pids));
	bpf_link__destroy(link);
	buf_free(&rows);
	return err;
}

void live_measure(struct live *l, struct ident id, live_event_fn *fn, void *ctx)
{
	struct event ev;

	proc_look(id, 0, &l->rooms.proc, &ev);
	if (ev.kind == EVENT_SIGHT) {
		limits_read(&l->pids_mount, id.pid, NULL, &ev.sight.limits);
		live_narrow(l, id.pid, &ev.sight.limits);
	}
	fn(ctx, &ev);
}

int live_fd(const struct live *l)
{
	return bpf_map__fd(l->bpf->maps.ring);
}

int live_drain(struct live *l, live_ahead_fn *ahead, live_event_fn *fn, void *ctx)
{
	const struct ring_reader reader = { on_ahead, on_record, l };
	int n;

	l->ahead = ahead;
	l->fn = fn;
	l->ctx = ctx;
	n = ring_drain(&l->ring, &reader);
	l->position = ring_consumed(&l->ring);
	return n;
}

uint64_t live_produced(const struct live *l)
{
	return ring_produced(&l->ring);
}

uint64_t live_consumed(const struct live *l)
{
	return l->position;
}

void live_doze(struct live *l)
{
	l->bpf->bss->reader_waits = 1;
}

/* Runs that the kernel left out because the program was under way on that processor already. */
static uint64_t left_out(const struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd = bpf_program__fd(program);

	return fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) ? info.recursion_misses : 0;
}

/*
 * The same of events that have a second program: those that it was left out of too. Who is read in
 * between the two counts is a loss that was none; it is not taken back, as others come on top of it.
 */
static uint64_t left_out_twice(struct live *l, const struct bpf_program *first, enum record_kind kind)
{
	uint64_t missed = left_out(first), told = l->bpf->bss->told_again[kind];
	uint64_t *most = &l->left_out[kind];

	if (missed > told && missed - told > *most)
		*most = missed - told;
	return *most;
}

size_t live_losses(struct live *l, struct live_loss rows[LIVE_LOSSES])
{
	const struct proctrace__bss *counted = l->bpf->bss;
	const struct proctrace *b = l->bpf;
	const struct live_loss others[] = {
		{ "killer", "map_full", counted->killers_lost, false },
		{ "filter", "map_full", counted->filters_lost + l->untracked, true },
		{ "record", "refused", l->refused, true },
		{ "fork", "recursion", left_out_twice(l, b->progs.on_fork, RECORD_FORK), true },
		{ "exec", "recursion", left_out_twice(l, b->progs.on_exec, RECORD_EXEC), true },
		{ "exit", "recursion",
		  left_out_twice(l, l->features.exit_group_dead ? b->progs.on_exit_group :
						     b->progs.on_exit_live, RECORD_EXIT), true },
		{ "free", "recursion", left_out_twice(l, b->progs.on_free, RECORD_FREE), true },
		{ "signal", "recursion", left_out(b->progs.on_signal), false },
		{ "cgroup", "recursion",
		  left_out(b->progs.on_cgroup_mkdir) + left_out(b->progs.on_cgroup_attach), true },
	};
	unsigned int kind;
	size_t n = 0;

	_Static_assert(RECORD_KIND_END - 1 + sizeof(others) / sizeof(others[0]) <= LIVE_LOSSES,
		       "room for every row");
	for (kind = 1; kind < RECORD_KIND_END; kind++)
		if (kind != RECORD_TASK) /* goes another way */
			rows[n++] = (struct live_loss){ record_kind_name(kind), "ring_full",
							counted->lost[kind], true };
	memcpy(&rows[n], others, sizeof(others));
	return n + sizeof(others) / sizeof(others[0]);
}

uint64_t live_dropped(const struct live *l)
{
	uint64_t sum = 0;
	size_t kind;

	for (kind = 0; kind < RECORD_KIND_END; kind++)
		sum += l->bpf->bss->lost[kind];
	return sum;
}

uint64_t live_delivered(const struct live *l, enum record_kind kind)
{
	return l->delivered[kind];
}
