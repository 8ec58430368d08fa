// SPDX-License-Identifier: GPL-2.0-only
#include "source/line.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "source/line_event.h"

static void read_hooks(const struct members *in, struct stream_start *s)
{
	const struct json *hooks = json_at(in->proctrace, "hooks"), *on;

	json_each(on, hooks)
		if (on->key && s->nfeatures < STREAM_FEATURES)
			s->features[s->nfeatures++] =
				(struct feature){ on->key, on->type == JSON_TYPE_TRUE };
}

static int read_start(struct line_room *room, const struct members *in, struct line *line)
{
	struct stream_start *s = &line->start;
	const char *schema = json_text(in->proctrace, "schema_version");

	(void)room;
	if (!schema || strncmp(schema, "1.", 2))
		return -EPROTO;
	s->version = json_text(in->proctrace, "version");
	s->kernel = json_text(in->proctrace, "kernel");
	s->boot_id = json_text(in->proctrace, "boot_id");
	s->hostname = json_text(in->root, "host.name");
	s->zombie_after = json_ms(in->proctrace, "zombie_after_ms");
	s->partial = json_flag(in->proctrace, "partial");
	read_hooks(in, s);
	if (!s->version || !s->kernel || !s->boot_id || !s->hostname)
		return -EBADMSG;
	return json_number(in->proctrace, "boot_ns", &s->ts) ? 0 : -EBADMSG;
}

static void read_counts(struct line *line, const struct json *counts)
{
	const struct json *count;
	uint64_t n;

	json_each(count, counts)
		if (count->key && line->ncounts < LINE_COUNTS && json_number(count, "", &n))
			line->counts[line->ncounts++] = (struct line_count){ count->key, n };
}

static int read_stop(struct line_room *room, const struct members *in, struct line *line)
{
	(void)room;
	line->reason = json_text(in->proctrace, "reason");
	read_counts(line, json_at(in->proctrace, "records"));
	return line->reason ? 0 : -EBADMSG;
}

static int read_lost(struct line_room *room, const struct members *in, struct line *line)
{
	const char *since = json_text(in->proctrace, "lost.since");
	struct stream_lost *l = &line->lost;

	(void)room;
	l->kind = json_text(in->proctrace, "lost.kind");
	l->cause = json_text(in->proctrace, "lost.cause");
	if (!l->kind || !l->cause || !json_number(in->proctrace, "lost.count", &l->count) ||
	    !since || l->count > UINT32_MAX)
		return -EBADMSG;
	return clock_parse_rfc3339(since, &line->lost_since);
}

static int read_resync(struct line_room *room, const struct members *in, struct line *line)
{
	const struct json *resync = json_at(in->proctrace, "resync");

	(void)room;
	line->reason = json_text(resync, "reason");
	read_counts(line, json_at(resync, "inferred"));
	return line->reason && json_number(resync, "checked", &line->checked) ? 0 : -EBADMSG;
}

static int read_clock(struct line_room *room, const struct members *in, struct line *line)
{
	(void)room;
	json_signed(in->proctrace, "clock.step_ns", &line->clock.step);
	return json_number(in->proctrace, "clock.boot_ns", &line->clock.ts) ? 0 : -EBADMSG;
}

static const struct {
	const char *action;
	enum line_kind kind;
	int (*read)(struct line_room *room, const struct members *in, struct line *line);
} actions[] = {
	{ "fork", LINE_PROCESS, line_read_fork },
	{ "exec", LINE_PROCESS, line_read_exec },
	{ "exit", LINE_PROCESS, line_read_exit },
	{ "reap", LINE_PROCESS, line_read_reap },
	{ "snapshot", LINE_PROCESS, line_read_snapshot },
	{ "session", LINE_PROCESS, line_read_sight },
	{ "thread_start", LINE_PROCESS, line_read_thread },
	{ "thread_exit", LINE_PROCESS, line_read_thread_exit },
	{ "zombie", LINE_PROCESS, line_read_zombie },
	{ "orphan", LINE_FINDING, line_read_orphan },
	{ "daemon", LINE_FINDING, line_read_sight },
	{ "zombie_leak", LINE_FINDING, line_read_leak },
	{ "start", LINE_START, read_start },
	{ "stop", LINE_STOP, read_stop },
	{ "lost", LINE_LOST, read_lost },
	{ "resync", LINE_RESYNC, read_resync },
	{ "clock", LINE_CLOCK, read_clock },
};

static int read_action(struct line_room *room, const struct members *in, struct line *line)
{
	const char *action = json_text(in->event, "action");
	size_t i;

	if (!action)
		return -EBADMSG;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(action, actions[i].action))
			continue;
		line->kind = actions[i].kind;
		return actions[i].read(room, in, line);
	}
	return 0;
}

/* Both clocks' word on one moment, and which boot it was. */
static void read_clocks(const struct members *in, struct line *line)
{
	const char *start = json_text(in->process, "start");
	const char *entity = json_text(in->process, "entity_id");
	size_t digits;

	if (!start || !entity || clock_parse_rfc3339(start, &line->start_wall))
		return;
	line->start_boot = json_ident(in->process).start;
	digits = strspn(entity, "0123456789abcdef");
	if (digits < sizeof(line->boot) && entity[digits] == '-')
		memcpy(line->boot, entity, digits);
}

int line_read(struct line_room *room, char *text, size_t len, struct line *line,
	      const char **why)
{
	struct members in = { .root = json_read(&room->json, text, len, why) };
	const char *time;

	*line = (struct line){ 0 };
	if (!in.root)
		return -EBADMSG;
	in.event = json_at(in.root, "event");
	in.process = json_at(in.root, "process");
	in.proctrace = json_at(in.root, "proctrace");
	in.user = json_at(in.root, "user");
	in.raw = json_at(in.proctrace, "raw");
	*why = "it is JSON, but no line of a stream: its time or its action is missing";
	time = json_text(in.root, "@timestamp");
	if (!time || clock_parse_rfc3339(time, &line->wall))
		return -EBADMSG;
	read_clocks(&in, line);
	switch (read_action(room, &in, line)) {
	case 0:
		return 0;
	case -EPROTO:
		*why = "its stream is of another version than 1";
		break;
	default:
		*why = "something is missing in it that lines of its action have";
	}
	return -EBADMSG;
}

void line_room_free(struct line_room *room)
{
	json_room_free(&room->json);
	buf_free(&room->args);
	buf_free(&room->comm);
	buf_free(&room->exe);
	buf_free(&room->cwd);
	buf_free(&room->cgroup);
	buf_free(&room->script);
}
