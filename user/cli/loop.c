// SPDX-License-Identifier: GPL-2.0-only
#include "cli/loop.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "event/decode.h"

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

void loop_stop(struct trace *t, const char *reason)
{
	if (!t->reason)
		t->reason = reason;
}

static void flush(struct trace *t)
{
	delivery_flush(&t->delivery);
	if (t->delivery.failed)
		loop_stop(t, "output failed");
}

static void apply(struct trace *t, const struct event *ev)
{
	pipeline_apply(&t->pipe, ev);
	if (t->sink.out.len >= 1 << 18)
		flush(t);
}

void loop_apply_sight(void *ctx, const struct event *ev)
{
	apply(ctx, ev);
}

static void on_record(void *ctx, const struct event *ev)
{
	struct trace *t = ctx;

	recovery_notice(&t->recovery, ev);
	apply(t, ev);
	sights_apply(&t->sights, live_consumed(t->live), loop_apply_sight, t);
}

static void on_sight(void *ctx, const struct event *ev)
{
	struct trace *t = ctx;

	sights_add(&t->sights, ev, live_produced(t->live));
}

static void on_ahead(void *ctx, const uint32_t *pids, size_t n)
{
	struct trace *t = ctx;

	engine_expect(t->pipe.engine, pids, n);
}

static int drain(struct trace *t)
{
	int n = live_drain(t->live, on_ahead, on_record, t);

	sights_apply(&t->sights, live_consumed(t->live), loop_apply_sight, t);
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
		loop_stop(t, "interrupted");
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

void loop_take_signals(void *ctx)
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
		loop_stop(t, "interrupted");
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
		loop_take_signals(t);
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

void loop_run(struct trace *t)
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
			loop_stop(t, t->interrupted	? "interrupted"
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

void loop_finish(struct trace *t)
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
