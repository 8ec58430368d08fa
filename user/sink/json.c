// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream as JSON Lines. Names are the Elastic Common Schema's wherever it has one; what it
 * lacks stands under "proctrace". What is not known is left out.
 */
#include "base/clock.h"
#include "base/escape.h"
#include "base/put.h"
#include "sink/json_line.h"
#include "sink/json_process.h"
#include "sink/json_write.h"
#include "sink/sink.h"

void json_event(struct buf *b, const char *kind, const char *type, const char *action)
{
	buf_lit(b, "\",\"ecs\":{\"version\":\"" ECS_VERSION "\"},\"event\":{\"kind\":\"");
	buf_str(b, kind);
	buf_lit(b, "\",\"category\":[\"process\"],\"type\":[\"");
	buf_str(b, type);
	buf_lit(b, "\"],\"action\":\"");
	buf_str(b, action);
	buf_lit(b, "\",\"sequence\":");
}

void json_open_event(struct sink *s, uint64_t ts, const struct buf *event)
{
	struct buf *b = &s->out;
	char *at = buf_at(b, sizeof("{\"@timestamp\":\"},") + CLOCK_RFC3339 + event->len +
				     PUT_DECIMAL + PUT_OVER);

	s->lossy = false;
	at = put_lit(at, "{\"@timestamp\":\"");
	at = clock_put_rfc3339(at, ts + (uint64_t)s->wall_offset);
	at = put(at, event->data, event->len);
	at = put_u64(at, ++s->sequence);
	buf_end(b, put_lit(at, "},"));
}

void json_open_line(struct sink *s, uint64_t ts, const char *kind, const char *type,
		    const char *action)
{
	struct buf event = { 0 };

	json_event(&event, kind, type, action);
	json_open_event(s, ts, &event);
	buf_free(&event);
}

void json_close_line(struct sink *s)
{
	struct buf *b = &s->out;

	if (b->data[b->len - 1] == ',')
		b->len--;
	buf_lit(b, "}\n");
}

void json_evidence(struct buf *b, const struct evidence *e)
{
	int i;

	buf_lit(b, "\"evidence\":[");
	for (i = 0; i < e->n; i++) {
		escape_json(b, e->s[i], strlen(e->s[i]));
		buf_byte(b, ',');
	}
	close_array(b);
}

static void write_start(struct sink *s, const struct stream_start *start)
{
	struct buf *b = &s->out;
	size_t i;

	json_open_line(s, start->ts, "event", "info", "start");
	open_object(b, "host");
	member_str(b, "name", start->hostname);
	open_object(b, "os");
	member_str(b, "kernel", start->kernel);
	close_object(b);
	buf_lit(b, "\"boot\":{\"id\":");
	escape_json(b, start->boot_id, strlen(start->boot_id));
	buf_lit(b, "}},");
	open_object(b, "proctrace");
	member_str(b, "version", start->version);
	member_const(b, "schema_version", STREAM_VERSION);
	member_str(b, "kernel", start->kernel);
	member_str(b, "boot_id", start->boot_id);
	member_u64(b, "boot_ns", start->ts);
	member_ms(b, "zombie_after_ms", start->zombie_after);
	if (start->partial)
		member_bool(b, "partial", true);
	open_object(b, "hooks");
	for (i = 0; i < start->nfeatures; i++) {
		escape_json(b, start->features[i].name, strlen(start->features[i].name));
		buf_str(b, start->features[i].on ? ":true," : ":false,");
	}
	close_object(b);
	close_object(b);
	json_close_line(s);
}

static void write_lost(struct sink *s, const struct stream_lost *lost)
{
	struct buf *b = &s->out;

	json_open_line(s, lost->ts, "event", "error", "lost");
	open_object(b, "proctrace");
	open_object(b, "lost");
	member_u64(b, "count", lost->count);
	member_str(b, "kind", lost->kind);
	member_str(b, "cause", lost->cause);
	json_time(s, "since", lost->since);
	json_time(s, "until", lost->ts);
	close_object(b);
	close_object(b);
	json_close_line(s);
}

static void write_resync(struct sink *s, const struct stream_resync *resync)
{
	struct buf *b = &s->out;
	int i;

	json_open_line(s, resync->ts, "event", "info", "resync");
	open_object(b, "proctrace");
	open_object(b, "resync");
	member_str(b, "reason", resync->reason);
	member_u64(b, "checked", resync->checked);
	open_object(b, "inferred");
	for (i = next_inferred(resync, 0); i < CHANGES; i = next_inferred(resync, i + 1))
		member_u64(b, change_action(i), resync->inferred[i]);
	close_object(b);
	close_object(b);
	close_object(b);
	json_close_line(s);
}

static void write_clock(struct sink *s, const struct stream_clock *clock)
{
	struct buf *b = &s->out;

	json_open_line(s, clock->ts, "event", "info", "clock");
	open_object(b, "proctrace");
	open_object(b, "clock");
	member_u64(b, "boot_ns", clock->ts);
	member_i64(b, "step_ns", clock->step);
	close_object(b);
	close_object(b);
	json_close_line(s);
}

static void losses_member(struct buf *b, const struct stream_stop *stop)
{
	size_t i;

	buf_lit(b, "\"losses\":[");
	for (i = 0; i < stop->nlosses; i++) {
		buf_byte(b, '{');
		member_str(b, "kind", stop->losses[i].kind);
		member_str(b, "cause", stop->losses[i].cause);
		member_u64(b, "count", stop->losses[i].count);
		close_object(b);
	}
	close_array(b);
}

static void write_stop(struct sink *s, const struct stream_stop *stop)
{
	struct buf *b = &s->out;
	size_t n;
	int i;

	json_open_line(s, stop->ts, "event", "info", "stop");
	open_object(b, "proctrace");
	member_str(b, "reason", stop->reason);
	open_object(b, "totals");
	for (i = 0; i < CHANGES; i++)
		if (change_action(i))
			member_u64(b, change_action(i), stop->counts[i]);
	for (i = 0; i < 6; i++)
		if (1 << i != FINDING_LOST)
			member_u64(b, finding_action(1 << i), stop->findings[i]);
	member_u64(b, "lost", stop->lost);
	close_object(b);
	if (stop->nrecords)
		open_object(b, "records");
	for (n = 0; n < stop->nrecords; n++)
		member_u64(b, stop->records[n].kind, stop->records[n].count);
	if (stop->nrecords)
		close_object(b);
	losses_member(b, stop);
	close_object(b);
	json_close_line(s);
}

const struct sink_ops json_sink = {
	.start = write_start,
	.change = json_change,
	.finding = json_finding,
	.lost = write_lost,
	.resync = write_resync,
	.clock = write_clock,
	.stop = write_stop,
	.groups = json_groups,
	.leftovers = json_leftovers,
	.daemons = json_daemons,
};
