// SPDX-License-Identifier: GPL-2.0-only
#include "cli/replay.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>

#include "base/num.h"
#include "cli/delivery.h"
#include "cli/pipeline.h"
#include "cli/preamble.h"
#include "cli/say.h"
#include "source/replay.h"

#define COMPLAINTS 5 /* lines that cannot be read are named up to here, and counted after */

struct replaying {
	struct options *o;
	struct replay recording;
	struct pipeline pipe;
	struct sink sink;
	struct delivery delivery;
	uint64_t bad; /* lines */
	uint64_t held; /* a moment whose leaks are not all read yet; 0: none */
	uint64_t blind; /* when the last loss was found out: until then nobody kept watch */
	bool open;    /* a stream has begun and has not ended */
};

static const char *name_of(const struct replaying *r)
{
	return strcmp(r->o->recording, "-") ? r->o->recording : "stdin";
}

static void begin(struct replaying *r, uint64_t ts)
{
	struct stream_stop totals = r->pipe.totals;
	uint32_t seen = r->pipe.seen, i;

	pipeline_close(&r->pipe);
	pipeline_open(&r->pipe, r->o, &r->sink);
	r->pipe.totals = totals;
	r->pipe.seen = seen;
	engine_began(r->pipe.engine, ts);
	for (i = 0; i < r->o->trees; i++)
		engine_follow(r->pipe.engine, r->o->tree[i]);
	r->blind = 0;
	r->open = true;
}

static void begin_stream(struct replaying *r, const struct line *line, uint64_t ts)
{
	const char *boot = line->start.boot_id;
	size_t n = 0;

	r->o->zombie_after = line->start.zombie_after;
	r->o->partial = line->start.partial;
	memset(r->sink.boot, 0, sizeof(r->sink.boot));
	for (; boot && *boot && n < sizeof(r->sink.boot) - 1; boot++)
		if (isxdigit((unsigned char)*boot))
			r->sink.boot[n++] = *boot;
	begin(r, ts);
	r->sink.ops->start(&r->sink, &line->start);
}

/* line NULL: it has none. */
static void end_stream(struct replaying *r, uint64_t ts, const struct line *line)
{
	struct stream_stop *totals = &r->pipe.totals;
	struct stream_count *records;
	int i;

	totals->ts = ts;
	totals->reason = line ? line->reason : "recording ended";
	totals->nrecords = 0;
	for (i = 0; line && i < line->ncounts; i++) {
		records = stream_count_add(totals->records, &totals->nrecords, line->counts[i].what,
					   "");
		if (records)
			records->count = line->counts[i].count;
	}
	r->sink.ops->stop(&r->sink, totals);
	r->open = false;
}

/* Somebody without lines of its own becomes known by being named, and is not told of. */
static void apply_aside(struct replaying *r, const struct line *line)
{
	const struct proc *p = engine_find(r->pipe.engine, line->events[0].id);

	if (p && !p->stub && !line->aside_looked_at)
		return;
	r->pipe.muted = true;
	pipeline_feed(&r->pipe, &line->events[0]);
	r->pipe.muted = false;
}

/* What that run counted, also of those that its filters kept out. */
static void tell_resync(struct replaying *r, const struct line *line, uint64_t ts)
{
	struct stream_resync resync = { .ts = ts, .reason = line->reason,
					.checked = line->checked };
	int i, kind;

	for (i = 0; i < line->ncounts; i++)
		for (kind = 0; kind < CHANGES; kind++)
			if (change_action(kind) &&
			    !strcmp(change_action(kind), line->counts[i].what))
				resync.inferred[kind] = line->counts[i].count;
	r->sink.ops->resync(&r->sink, &resync);
}

static void apply(struct replaying *r, const struct line *line)
{
	int i;

	if (line->aside)
		apply_aside(r, line);
	for (i = line->aside; i < line->nevents; i++)
		pipeline_feed(&r->pipe, &line->events[i]);
}

/*
 * Nothing was looked at before the loss was found out: what is older brought its own time with it
 * and nothing else, and what had come due meanwhile did so in that moment.
 */
static void pass(struct replaying *r, uint64_t ts)
{
	if (r->blind)
		pipeline_tick(&r->pipe, ts < r->blind ? ts : r->blind);
	if (ts < r->blind)
		return;
	r->blind = 0;
	pipeline_pass(&r->pipe, ts);
}

/*
 * What a finding's line knows was known before it was made; so its events come first, and then its
 * time. Everything else happens when its time has come.
 */
static void take(struct replaying *r, const struct line *line, uint64_t ts)
{
	struct line_clocks clocks;

	if (r->held && (ts > r->held || line->kind != LINE_FINDING)) {
		pass(r, r->held);
		r->held = 0;
	}
	if (line->kind == LINE_START) {
		begin_stream(r, line, ts);
		return;
	}
	if (!r->open) { /* a part of a stream, as rotation leaves them */
		line_clocks(&r->recording.line_room, &clocks);
		memcpy(r->sink.boot, clocks.boot, sizeof(r->sink.boot));
		begin(r, ts);
	}
	if (line->kind == LINE_FINDING)
		apply(r, line);
	if (line->limits_read) /* other leaks of that beat may follow: they bring their limits, too */
		r->held = ts;
	else if (line->kind != LINE_LOST) /* it was told when it was found out, among older events */
		pass(r, ts);
	switch (line->kind) {
	case LINE_PROCESS:
		apply(r, line);
		break;
	case LINE_LOST:
		pipeline_lost(&r->pipe, &line->lost);
		r->blind = ts;
		break;
	case LINE_RESYNC:
		tell_resync(r, line, ts);
		break;
	case LINE_CLOCK:
		r->sink.ops->clock(&r->sink, &line->clock);
		break;
	case LINE_STOP:
		end_stream(r, ts, line);
		break;
	default:
		break;
	}
}

static void complain(struct replaying *r)
{
	if (r->bad++ < COMPLAINTS)
		say("%s:%llu: left out: %s", name_of(r), (unsigned long long)r->recording.number,
		    r->recording.why);
}

static int run(struct replaying *r)
{
	uint64_t ts = 0;
	struct line line;
	int got;

	while (!r->delivery.failed && (got = replay_next(&r->recording, &line, &ts))) {
		if (got == -EBADMSG) {
			complain(r);
			continue;
		}
		if (got < 0) {
			say("%s: %s", name_of(r), strerror(-got));
			return got;
		}
		r->sink.wall_offset = r->recording.wall_offset;
		r->sink.start_offset = r->recording.start_offset;
		take(r, &line, ts);
		if (r->sink.out.len >= 1 << 18)
			delivery_flush(&r->delivery);
	}
	if (r->open && r->held)
		pass(r, r->held);
	if (r->open) {
		say("%s: its end is missing: it was cut off, or it is a part", name_of(r));
		end_stream(r, ts, NULL);
	}
	delivery_flush(&r->delivery);
	return 0;
}

int replay_run(struct options *o)
{
	struct replaying r = { .o = o };
	int status = STATUS_FAILED, err;

	signal(SIGPIPE, SIG_IGN);
	err = replay_open(&r.recording, o->recording);
	if (err) {
		say("%s: cannot be read: %s", o->recording, strerror(-err));
		goto cleanup;
	}
	if (delivery_open(&r.delivery, &r.sink, o))
		goto cleanup;
	err = run(&r);
	delivery_close(&r.delivery);
	if (r.delivery.failed || err)
		goto cleanup;
	summary_say(&r.pipe.totals);
	if (r.bad)
		say("%s: %llu line%s could not be read and %s left out", name_of(&r),
		    (unsigned long long)r.bad, plural(r.bad), r.bad == 1 ? "was" : "were");
	status = r.bad ? STATUS_FAILED : r.pipe.seen & o->fail_on ? STATUS_FOUND : STATUS_DONE;
cleanup:
	pipeline_close(&r.pipe);
	replay_close(&r.recording);
	buf_free(&r.sink.out);
	return status;
}
