// SPDX-License-Identifier: GPL-2.0-only
#include "source/line.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "source/line_event.h"

static void read_hooks(const json_t *root, struct stream_start *s)
{
	json_t *hooks = json_object_get(json_object_get(root, "proctrace"), "hooks"), *on;
	const char *name;

	json_object_foreach(hooks, name, on)
		if (s->nfeatures < STREAM_FEATURES)
			s->features[s->nfeatures++] = (struct feature){ name, json_is_true(on) };
}

static int read_start(struct line_room *room, const json_t *root, struct line *line)
{
	struct stream_start *s = &line->start;
	const char *schema = json_text(root, "proctrace.schema_version");

	(void)room;
	if (!schema || strncmp(schema, "1.", 2))
		return -EPROTO;
	s->version = json_text(root, "proctrace.version");
	s->kernel = json_text(root, "proctrace.kernel");
	s->boot_id = json_text(root, "proctrace.boot_id");
	s->hostname = json_text(root, "host.name");
	s->zombie_after = json_ms(root, "proctrace.zombie_after_ms");
	s->partial = json_flag(root, "proctrace.partial");
	read_hooks(root, s);
	if (!s->version || !s->kernel || !s->boot_id || !s->hostname)
		return -EBADMSG;
	return json_number(root, "proctrace.boot_ns", &s->ts) ? 0 : -EBADMSG;
}

static void read_count(struct line *line, const char *what, const json_t *count)
{
	if (line->ncounts < LINE_COUNTS && json_integer_value(count) >= 0)
		line->counts[line->ncounts++] = (struct line_count){
			what, (uint64_t)json_integer_value(count) };
}

static int read_stop(struct line_room *room, const json_t *root, struct line *line)
{
	json_t *count;
	const char *kind;

	(void)room;
	line->reason = json_text(root, "proctrace.reason");
	json_object_foreach((json_t *)json_at(root, "proctrace.records"), kind, count)
		read_count(line, kind, count);
	return line->reason ? 0 : -EBADMSG;
}

static int read_lost(struct line_room *room, const json_t *root, struct line *line)
{
	const char *since = json_text(root, "proctrace.lost.since");
	struct stream_lost *l = &line->lost;

	(void)room;
	l->kind = json_text(root, "proctrace.lost.kind");
	l->cause = json_text(root, "proctrace.lost.cause");
	if (!l->kind || !l->cause || !json_number(root, "proctrace.lost.count", &l->count) ||
	    !since || l->count > UINT32_MAX)
		return -EBADMSG;
	return clock_parse_rfc3339(since, &line->lost_since);
}

static int read_resync(struct line_room *room, const json_t *root, struct line *line)
{
	json_t *resync = json_object_get(json_object_get(root, "proctrace"), "resync"), *count;
	const char *action;

	(void)room;
	line->reason = json_text(resync, "reason");
	json_object_foreach(json_object_get(resync, "inferred"), action, count)
		read_count(line, action, count);
	return line->reason && json_number(resync, "checked", &line->checked) ? 0 : -EBADMSG;
}

static int read_clock(struct line_room *room, const json_t *root, struct line *line)
{
	const json_t *step = json_at(root, "proctrace.clock.step_ns");

	(void)room;
	line->clock.step = json_integer_value(step);
	return json_number(root, "proctrace.clock.boot_ns", &line->clock.ts) ? 0 : -EBADMSG;
}

static const struct {
	const char *action;
	enum line_kind kind;
	int (*read)(struct line_room *room, const json_t *root, struct line *line);
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

static int read_action(struct line_room *room, const json_t *root, struct line *line)
{
	const char *action = json_text(root, "event.action");
	size_t i;

	if (!action)
		return -EBADMSG;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(action, actions[i].action))
			continue;
		line->kind = actions[i].kind;
		return actions[i].read(room, root, line);
	}
	return 0;
}

/* Both clocks' word on one moment, and which boot it was. */
static void read_clocks(const json_t *root, struct line *line)
{
	const char *start = json_text(root, "process.start");
	const char *entity = json_text(root, "process.entity_id");
	size_t digits;

	if (!start || !entity || clock_parse_rfc3339(start, &line->start_wall))
		return;
	line->start_boot = json_ident(json_at(root, "process")).start;
	digits = strspn(entity, "0123456789abcdef");
	if (digits < sizeof(line->boot) && entity[digits] == '-')
		memcpy(line->boot, entity, digits);
}

int line_read(struct line_room *room, const char *text, size_t len, struct line *line,
	      const char **why)
{
	static json_error_t error; /* its text is handed out */
	const char *time;

	*line = (struct line){ 0 };
	json_decref(room->root);
	room->root = json_loadb(text, len, 0, &error);
	*why = error.text;
	if (!room->root)
		return -EBADMSG;
	*why = "it is JSON, but no line of a stream: its time or its action is missing";
	time = json_text(room->root, "@timestamp");
	if (!time || clock_parse_rfc3339(time, &line->wall))
		return -EBADMSG;
	read_clocks(room->root, line);
	switch (read_action(room, room->root, line)) {
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
	json_decref(room->root);
	buf_free(&room->args);
	buf_free(&room->comm);
	buf_free(&room->exe);
	buf_free(&room->cwd);
	buf_free(&room->cgroup);
	buf_free(&room->script);
}
