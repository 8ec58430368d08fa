// SPDX-License-Identifier: GPL-2.0-only
#include "cli/trace.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/filter.h"
#include "cli/harden.h"
#include "cli/loop.h"
#include "cli/members.h"
#include "cli/say.h"

static int open_signals(struct trace *t)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	t->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	t->delivery.wake_fd = t->signals;
	t->delivery.on_wake = loop_take_signals;
	t->delivery.ctx = t;
	return t->signals < 0 ? -errno : 0;
}

static int open_live(struct trace *t)
{
	const struct options *o = t->o;
	const struct live_options options = {
		.args_max = o->args_max,
		.ring_bytes = o->ring_bytes,
		.threads = o->threads,
		.max_procs = o->max_procs,
		.selection = o->watch ? (struct selection){ 0 } : o->selection,
		.cgroup_wanted = o->selection.cgroups ? o->cgroup[0] : NULL,
	};
	char why[512];
	int err = live_open(&t->live, &options, why, sizeof(why));
	uint32_t i;

	if (err) {
		say("%s", why);
		return err;
	}
	for (i = 0; i < o->trees; i++)
		live_track(t->live, (struct ident){ o->tree[i], 0 }, false);
	err = live_attach(t->live);
	if (err)
		say("the kernel does not let the programs be attached: %s", strerror(-err));
	else if (o->trees)
		members_track(t->live, o);
	return err;
}

static void on_selected(void *ctx, const struct proc *p)
{
	struct trace *t = ctx;

	/* not known as finely as the kernel knows it */
	if (p->id.start % START_TICK == 0)
		return;
	/* of a tree's member it was tried before: by members_track(), or in the kernel at its fork */
	live_track(t->live, p->id, t->pictured || t->o->trees);
}

/* Who has the pid is known now: the next one of that pid is none of ours. */
static void track_by_start(struct trace *t, uint32_t pid)
{
	const struct proc *root = engine_find(t->pipe.engine, (struct ident){ pid, 0 });

	if (!root || root->id.start % START_TICK == 0)
		return; /* not known as finely as the kernel knows it */
	if (!live_track(t->live, root->id, false))
		live_untrack(t->live, (struct ident){ pid, 0 });
}

/* Of one for whom there was no room nothing is known: that is a loss like a later eviction. */
static void on_pictured(void *ctx, const struct event *ev)
{
	struct trace *t = ctx;
	const struct engine *e = t->pipe.engine;

	loop_apply_sight(t, ev);
	t->recovery.unkept += engine_count(e) >= t->o->max_procs && !engine_find(e, ev->id);
}

/* The hooks are live: the first picture is taken, and what the ring told meanwhile comes behind. */
static int first_picture(struct trace *t)
{
	uint64_t now = clock_boot();
	/* in a tree, forks were missed until its members were known: all are fed */
	uint64_t born_before = t->o->trees ? NEVER : now;
	uint32_t i;
	int err;

	t->preamble.start.ts = now;
	engine_began(t->pipe.engine, now);
	t->sink.wall_offset = t->sink.start_offset = clock_wall_offset();
	t->sink.ops->start(&t->sink, &t->preamble.start);
	/* to a watch all are told */
	t->pipe.on_selected = t->o->selection.kinds && !t->o->watch ? on_selected : NULL;
	t->pipe.ctx = t;
	for (i = 0; i < t->o->trees; i++)
		engine_follow(t->pipe.engine, t->o->tree[i]);
	err = live_snapshot(t->live, born_before, true, on_pictured, t);
	if (err)
		say("the processes of now cannot be read: %s", strerror(-err));
	for (i = 0; i < t->o->trees; i++)
		track_by_start(t, t->o->tree[i]);
	t->pictured = true;
	t->pipe.asked.len = 0; /* what the picture itself answered */
	return err;
}

static void start_command(struct trace *t)
{
	const struct ident self = { .pid = (uint32_t)getpid() };
	int err;

	if (!t->o->command || t->reason)
		return;
	live_track(t->live, self, false); /* for the child's sake, and for as long as it takes */
	err = command_start(&t->command, t->o->command, !t->o->output);
	live_untrack(t->live, self);
	if (err) {
		say("%s: cannot be run: %s", t->o->command[0], strerror(-err));
		loop_stop(t, "command could not be run");
		t->command.ended = true;
		return;
	}
	engine_follow(t->pipe.engine, (uint32_t)t->command.pid);
}

/* Going on with more rights than needed is no failure, but is said. */
static void give_up_privileges(void)
{
	const char *what;
	int err = harden(&what);

	if (err)
		say("%s: %s", what, strerror(-err));
}

static int exit_status(const struct trace *t)
{
	if (t->delivery.failed)
		return STATUS_FAILED;
	if (t->pipe.seen & t->o->fail_on)
		return STATUS_FOUND;
	if (t->o->command && t->command.ended)
		return t->command.status;
	return t->interrupted ? STATUS_SIGNAL + t->interrupted : STATUS_DONE;
}

int trace_run(struct options *o)
{
	struct trace t = { .o = o, .signals = -1, .until = NEVER };
	int status = STATUS_FAILED;

	t.command.pidfd = -1;
	if (filter_look_up(o))
		return STATUS_USAGE;
	/* a fifo may wait for its reader: then signals still end the program */
	if (delivery_open(&t.delivery, &t.sink, o) || open_signals(&t) || open_live(&t))
		goto cleanup;
	if (o->watch)
		o->changes = o->findings = 0; /* the story of each process is not what is asked for */
	pipeline_open(&t.pipe, o, &t.sink);
	preamble_fill(&t.preamble, o, live_features(t.live), &t.sink);
	recovery_begin(&t.recovery, t.live, &t.pipe, &t.sights, clock_boot());
	if (first_picture(&t))
		goto cleanup;
	preamble_announce(&t.preamble, o);
	if (o->duration)
		t.until = t.preamble.start.ts + o->duration;
	start_command(&t);
	watch_begin(&t.watch, o, t.preamble.start.ts);
	give_up_privileges();
	loop_run(&t);
	loop_finish(&t);
	delivery_close(&t.delivery);
	if (!t.delivery.failed)
		summary_say(&t.pipe.totals);
	status = exit_status(&t);
cleanup:
	command_close(&t.command);
	pipeline_close(&t.pipe);
	live_close(t.live);
	buf_free(&t.sink.out);
	sights_free(&t.sights);
	if (t.signals >= 0)
		close(t.signals);
	return status;
}
