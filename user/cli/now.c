// SPDX-License-Identifier: GPL-2.0-only
#include "cli/now.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "cli/filter.h"
#include "cli/preamble.h"
#include "cli/say.h"
#include "source/limits.h"
#include "source/procfs.h"

#define STANDS (200 * NS_PER_MS) /* how long the dead must stand to count as zombies */

static void on_sight(void *ctx, const struct event *ev)
{
	struct now *n = ctx;

	if (ev->ts > n->seen)
		n->seen = ev->ts;
	pipeline_feed(&n->pipe, ev);
}

/* The task iterator's picture; without the right to load it, what /proc shows. */
static int take_picture(struct now *n)
{
	const struct live_options options = {
		.args_max = n->o->args_max, .ring_bytes = 4096, .picture_only = true,
	};
	struct proc_room room = { .args_max = n->o->args_max };
	char why[512];
	int err;

	err = live_open(&n->live, &options, why, sizeof(why));
	if (!err && (err = live_attach(n->live)))
		snprintf(why, sizeof(why), "the programs cannot be attached: %s", strerror(-err));
	if (err) {
		live_close(n->live);
		n->live = NULL;
	}
	n->ts = clock_boot();
	engine_began(n->pipe.engine, n->ts);
	if (!err)
		return live_snapshot(n->live, NEVER, n->o->mode != MODE_ZOMBIES, on_sight, n);
	say("reading /proc instead: %s", why);
	err = proc_snapshot(NEVER, &room, on_sight, n);
	proc_room_free(&room);
	return err;
}

/* Without the iterator those are looked at whom the engine asks about: all of /proc costs more. */
static int look_at_asked(struct now *n)
{
	struct proc_room room = { 0 };
	struct question *asked = (struct question *)n->pipe.asked.data;
	size_t i, len = n->pipe.asked.len / sizeof(*asked);
	struct event ev;

	for (i = 0; i < len; i++) {
		struct ident id = asked[i].id;

		proc_look(id, 0, &room, &ev); /* what the parents do the first picture told */
		pipeline_feed(&n->pipe, &ev);
		asked = (struct question *)n->pipe.asked.data; /* the answer may bring questions */
	}
	proc_room_free(&room);
	return 0;
}

/*
 * Who has zombies: its program, whether it has ever waited, for whom it waits now, and how near a
 * limit it is.
 */
static void look_at_parents(struct now *n)
{
	struct limits_moment moment = { 0 };
	struct pids_mount mount;
	struct proc_room room = { .args_max = n->o->args_max };
	const struct proc *p = NULL;
	struct buf parents = { 0 };
	struct ident *id, *end;
	struct event ev;

	while ((p = engine_next(n->pipe.engine, p)))
		if (p->zombies && !p->stub)
			buf_add(&parents, &p->id, sizeof(p->id));
	limits_find_mount(&mount);
	end = (struct ident *)(parents.data + parents.len);
	for (id = (struct ident *)parents.data; id < end; id++) {
		proc_look(*id, PROC_PARENT | PROC_ARGS, &room, &ev);
		if (ev.kind == EVENT_SIGHT)
			limits_read(&mount, id->pid, &moment, &ev.sight.limits);
		if (ev.kind == EVENT_SIGHT && n->live && ev.facts.nspid != id->pid)
			live_narrow(n->live, id->pid, &ev.sight.limits);
		pipeline_feed(&n->pipe, &ev);
	}
	proc_room_free(&room);
	buf_free(&parents);
}

/* What it took to take the first picture in has passed already. */
static void wait_until_they_have_stood(const struct now *n)
{
	uint64_t now = clock_boot(), until = n->seen + STANDS + 1;

	if (until > now)
		nanosleep(&(struct timespec){ 0, (long)(until - now) }, NULL);
}

int now_look_again(struct now *n)
{
	int err;

	wait_until_they_have_stood(n);
	n->pipe.asked.len = 0;
	n->ts = clock_boot();
	pipeline_tick(&n->pipe, n->ts);
	err = n->live ? live_snapshot(n->live, NEVER, false, on_sight, n) : look_at_asked(n);
	look_at_parents(n);
	return err;
}

static uint32_t tell(struct now *n)
{
	switch (n->o->mode) {
	case MODE_ORPHANS:
		return now_orphans(n);
	case MODE_DAEMONS:
		return now_daemons(n);
	default:
		return now_zombies(n);
	}
}

int now_run(struct options *o)
{
	struct now n = { .o = o };
	int status = STATUS_FAILED, err;
	char boot_id[BOOT_ID];

	signal(SIGPIPE, SIG_IGN);
	if (filter_look_up(o))
		return STATUS_USAGE;
	if (delivery_open(&n.delivery, &n.sink, o))
		return status;
	boot_id_read(boot_id, &n.sink);
	o->zombie_after = STANDS;
	o->changes = o->findings = 0; /* the story of each process is not what is asked for */
	pipeline_open(&n.pipe, o, &n.sink);
	n.pipe.muted = true;
	err = take_picture(&n);
	if (err) {
		say("the processes of now cannot be read: %s", strerror(-err));
		goto cleanup;
	}
	n.sink.wall_offset = n.sink.start_offset = clock_wall_offset();
	status = tell(&n) & o->fail_on ? STATUS_FOUND : STATUS_DONE;
	delivery_flush(&n.delivery);
	delivery_close(&n.delivery);
	if (n.delivery.failed)
		status = STATUS_FAILED;
cleanup:
	pipeline_close(&n.pipe);
	live_close(n.live);
	buf_free(&n.sink.out);
	return status;
}
