// SPDX-License-Identifier: GPL-2.0-only
#include "cli/trace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/delivery.h"
#include "cli/filter.h"
#include "cli/harden.h"
#include "cli/pipeline.h"
#include "cli/preamble.h"
#include "cli/recovery.h"
#include "cli/say.h"
#include "cli/sights.h"
#include "cli/watch.h"
#include "event/decode.h"
#include "source/live.h"

/* How long records may gather while they come, and how long the loop sleeps when none do. */
#define NAP (4 * NS_PER_MS)
#define NAP_DENSE (8 * NS_PER_MS) /* when they come by the dozen: waking up is dear */
#define DENSE 48
#define NAP_LOW_LATENCY (NS_PER_MS / 2)
#define DOZE NS_PER_S
#define LOOKS_A_ROUND 512
#define CLOCK_SET ((int64_t)(10 * NS_PER_MS)) /* by less, the wall clock is not followed */
#define LINGER (40 * NS_PER_MS)
#define LAST_LOOKS (60 * NS_PER_MS)
#define LAST_RECORDS (10 * NS_PER_MS)

struct trace {
	struct options *o;
	struct live *live;
	struct pipeline pipe;
	struct sink sink;
	struct delivery delivery;
	struct command command;
	struct preamble preamble;
	bool pictured; /* the first picture is taken */
	int signals; /* a signalfd */
	struct sights sights; /* answers to what was asked */
	struct recovery recovery;
	struct watch watch;
	uint64_t until; /* when tracing ends by itself; NEVER */
	const char *reason; /* why it ends; NULL: it goes on */
	int interrupted; /* by which signal, while COMMAND still ran; 0: not */
	bool rotate; /* SIGHUP has come */
};

static void stop(struct trace *t, const char *reason)
{
	if (!t->reason)
		t->reason = reason;
}

static void flush(struct trace *t)
{
	delivery_flush(&t->delivery);
	if (t->delivery.failed)
		stop(t, "output failed");
}

static void apply(struct trace *t, const struct event *ev)
{
	pipeline_apply(&t->pipe, ev);
	if (t->sink.out.len >= 1 << 18)
		flush(t);
}

static void apply_sight(void *ctx, const struct event *ev)
{
	apply(ctx, ev);
}

static void on_record(void *ctx, const struct event *ev)
{
	struct trace *t = ctx;

	recovery_notice(&t->recovery, ev);
	apply(t, ev);
	sights_apply(&t->sights, live_consumed(t->live), apply_sight, t);
}

static void on_sight(void *ctx, const struct event *ev)
{
	struct trace *t = ctx;

	sights_add(&t->sights, ev, live_produced(t->live));
}

static int drain(struct trace *t)
{
	int n = live_drain(t->live, on_record, t);

	sights_apply(&t->sights, live_consumed(t->live), apply_sight, t);
	return n;
}

/* Does what was asked for, a bounded number a round; the ring is drained behind it. */
static void look(struct trace *t)
{
	struct buf *asked = &t->pipe.asked;
	size_t n = asked->len / sizeof(struct question), i;

	if (!n)
		return;
	if (n > LOOKS_A_ROUND)
		n = LOOKS_A_ROUND;
	for (i = 0; i < n; i++) {
		struct question q = ((const struct question *)asked->data)[i];

		if (q.limits)
			live_measure(t->live, q.id, on_sight, t);
		else
			live_look(t->live, q.id, q.program, on_sight, t);
	}
	asked->len -= n * sizeof(struct question);
	memmove(asked->data, asked->data + n * sizeof(struct question), asked->len);
	drain(t);
}

/*
 * The first signal is COMMAND's too: from a terminal it has got it as well, else it is passed on;
 * and it may take the time of grace to end. The second ends tracing at once.
 */
static void interrupt(struct trace *t, const struct signalfd_siginfo *info)
{
	bool runs = t->command.pid > 0 && !t->command.ended;
	uint64_t now = clock_boot(), until = now + t->o->grace;

	if (!runs || t->interrupted) {
		stop(t, "interrupted");
		delivery_hurry(&t->delivery, now);
		return;
	}
	if (info->ssi_code == SI_USER)
		command_signal(&t->command, (int)info->ssi_signo);
	t->interrupted = (int)info->ssi_signo;
	delivery_hurry(&t->delivery, until);
	if (until < t->until)
		t->until = until;
}

static void take_signals(void *ctx)
{
	struct signalfd_siginfo info;
	struct trace *t = ctx;

	while (read(t->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP && t->o->output)
			t->rotate = true;
		else
			interrupt(t, &info);
	}
}

static void check_command(struct trace *t, uint64_t now)
{
	if (t->command.pid <= 0 || t->command.ended)
		return;
	command_check(&t->command);
	if (!t->command.ended)
		return;
	if (t->interrupted)
		stop(t, "interrupted");
	else if (now + t->o->grace < t->until)
		t->until = now + t->o->grace;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Sleeps: a nap while records come, so that they gather and nobody is woken for each; a doze when
 * none did, out of which the next record wakes.
 */
static void rest(struct trace *t, bool busy, bool dense, uint64_t now)
{
	uint64_t nap = t->o->low_latency ? NAP_LOW_LATENCY : dense ? NAP_DENSE : NAP;
	uint64_t then = now + (busy ? nap : DOZE);
	uint64_t deadline = earlier(pipeline_deadline(&t->pipe),
				    recovery_deadline(&t->recovery, now));
	struct timespec ts;
	struct pollfd fds[] = {
		{ .fd = t->signals, .events = POLLIN },
		{ .fd = t->command.pid > 0 ? t->command.pidfd : -1, .events = POLLIN },
		{ .fd = busy ? -1 : live_fd(t->live), .events = POLLIN },
	};

	if (deadline < then && !busy)
		then = deadline;
	then = earlier(then, earlier(t->until, t->watch.next));
	if (!busy)
		live_doze(t->live);
	then = then > now ? then - now : 0;
	ts = (struct timespec){ (time_t)(then / NS_PER_S), (long)(then % NS_PER_S) };
	ppoll(fds, 3, &ts, NULL);
	if (fds[0].revents)
		take_signals(t);
}

/* Not for the noise of reading it, nor for the slow ways of NTP: an exec is not before its start. */
static void follow_wall_clock(struct trace *t, uint64_t now)
{
	int64_t offset = clock_wall_offset(), moved = offset - t->sink.wall_offset;
	const struct stream_clock clock = { .ts = now, .step = moved };

	if (moved < CLOCK_SET && moved > -CLOCK_SET)
		return;
	t->sink.wall_offset = offset;
	t->sink.ops->clock(&t->sink, &clock);
}

static void loop(struct trace *t)
{
	while (!t->reason) {
		int n = drain(t);
		uint64_t now = clock_boot();

		follow_wall_clock(t, now);
		pipeline_tick(&t->pipe, now);
		look(t);
		recovery_losses(&t->recovery, now, false);
		recovery_step(&t->recovery, now);
		check_command(t, now);
		watch_step(&t->watch, &t->pipe, now);
		flush(t);
		if (t->rotate)
			delivery_rotate(&t->delivery);
		t->rotate = false;
		delivery_look_after(&t->delivery, now);
		if (now >= t->until)
			stop(t, t->interrupted	   ? "interrupted"
				: t->command.ended ? "command ended"
						   : "duration");
		if (!t->reason)
			rest(t, n > 0 || t->pipe.asked.len || t->sights.n || t->recovery.auditing,
			     n >= DENSE, now);
	}
}

static void count_records(struct trace *t)
{
	struct stream_stop *totals = &t->pipe.totals;
	enum record_kind kind;

	for (kind = RECORD_FORK; kind < RECORD_KIND_END; kind++)
		if (kind != RECORD_TASK) /* comes by another way */
			stream_count_add(totals->records, &totals->nrecords, record_kind_name(kind),
					 "")->count = live_delivered(t->live, kind);
}

/*
 * The end: what the ring still holds, what the rules still hold, and the last line. Releases are
 * told some 20 ms late: they are given that time, and then the dead are looked at.
 */
static void finish(struct trace *t)
{
	const struct timespec linger = { 0, LINGER };
	uint64_t now;

	if (engine_ask_dead(t->pipe.engine) && !t->delivery.failed) {
		t->pipe.asked.len = 0;
		ppoll(NULL, 0, &linger, NULL);
	}
	live_detach(t->live);
	now = clock_boot();
	/* one record may still be in the making, on another processor, with whole ones behind it */
	do {
		drain(t);
	} while (live_consumed(t->live) < live_produced(t->live) &&
		 clock_boot() < now + LAST_RECORDS);
	now = clock_boot();
	pipeline_tick(&t->pipe, now);
	engine_ask_dead(t->pipe.engine);
	while (t->pipe.asked.len && !t->delivery.failed && clock_boot() < now + LAST_LOOKS)
		look(t);
	detect_finish(&t->pipe.detect);
	recovery_losses(&t->recovery, now, true);
	check_command(t, now);
	t->pipe.totals.ts = clock_boot();
	t->pipe.totals.reason = t->reason;
	count_records(t);
	t->sink.ops->stop(&t->sink, &t->pipe.totals);
	flush(t);
	delivery_look_after(&t->delivery, NEVER);
}

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
	t->delivery.on_wake = take_signals;
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
	return err;
}

static void on_followed(void *ctx, const struct proc *p)
{
	struct trace *t = ctx;

	live_track(t->live, p->id, t->pictured);
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

/* The hooks are live: the first picture is taken, and what the ring told meanwhile comes behind. */
static int first_picture(struct trace *t)
{
	uint64_t now = clock_boot();
	/* in a tree, forks may have been missed until its members were known: all are fed */
	uint64_t born_before = t->o->trees ? NEVER : now;
	uint32_t i;
	int err;

	t->preamble.start.ts = now;
	engine_began(t->pipe.engine, now);
	t->sink.wall_offset = t->sink.start_offset = clock_wall_offset();
	t->sink.ops->start(&t->sink, &t->preamble.start);
	t->pipe.on_followed = t->o->selection.kinds & SELECT_TREE ? on_followed : NULL;
	t->pipe.ctx = t;
	for (i = 0; i < t->o->trees; i++)
		engine_follow(t->pipe.engine, t->o->tree[i]);
	err = live_snapshot(t->live, born_before, true, apply_sight, t);
	if (err)
		say("the processes of now cannot be read: %s", strerror(-err));
	for (i = 0; i < t->o->trees; i++)
		track_by_start(t, t->o->tree[i]);
	t->pictured = true;
	t->pipe.asked.len = 0; /* what the picture itself answered */
	return err;
}

static int start_command(struct trace *t)
{
	const struct ident self = { .pid = (uint32_t)getpid() };
	int err;

	if (!t->o->command || t->reason)
		return 0;
	live_track(t->live, self, false); /* for the child's sake, and for as long as it takes */
	err = command_start(&t->command, t->o->command, !t->o->output);
	live_untrack(t->live, self);
	if (err) {
		say("%s: cannot be run: %s", t->o->command[0], strerror(-err));
		stop(t, "command could not be run");
		t->command.ended = true;
		return 0;
	}
	engine_follow(t->pipe.engine, (uint32_t)t->command.pid);
	return 0;
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
	loop(&t);
	finish(&t);
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
