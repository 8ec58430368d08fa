// SPDX-License-Identifier: GPL-2.0-only
#include "source/line.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "source/line_event.h"

static void read_hooks(const struct json_room *in, struct stream_start *s)
{
	const struct json *hooks = json_at(in, PATH_HOOKS), *on;

	json_each(on, hooks)
		if (on->key && s->nfeatures < STREAM_FEATURES)
			s->features[s->nfeatures++] =
				(struct feature){ on->key, on->type == JSON_TYPE_TRUE };
}

static int read_start(struct line_room *room, struct line *line)
{
	const struct json_room *in = &room->json;
	const char *schema = json_text(in, PATH_SCHEMA);
	struct stream_start *s = &line->start;

	*s = (struct stream_start){ 0 };
	if (!schema || strncmp(schema, "1.", 2))
		return -EPROTO;
	s->version = json_text(in, PATH_VERSION);
	s->kernel = json_text(in, PATH_KERNEL);
	s->boot_id = json_text(in, PATH_BOOT_ID);
	s->hostname = json_text(in, PATH_HOST_NAME);
	s->zombie_after = line_ms(room, PATH_ZOMBIE_AFTER);
	s->partial = json_flag(in, PATH_PARTIAL);
	read_hooks(in, s);
	if (!s->version || !s->kernel || !s->boot_id || !s->hostname)
		return -EBADMSG;
	return json_number(in, PATH_BOOT_NS, &s->ts) ? 0 : -EBADMSG;
}

static void read_counts(struct line *line, const struct json *counts)
{
	const struct json *count;

	json_each(count, counts)
		if (count->key && line->ncounts < LINE_COUNTS &&
		    count->type == JSON_TYPE_INTEGER && count->u.integer >= 0)
			line->counts[line->ncounts++] =
				(struct line_count){ count->key, (uint64_t)count->u.integer };
}

static int read_stop(struct line_room *room, struct line *line)
{
	line->reason = json_text(&room->json, PATH_REASON);
	read_counts(line, json_at(&room->json, PATH_RECORDS));
	return line->reason ? 0 : -EBADMSG;
}

static int read_lost(struct line_room *room, struct line *line)
{
	const struct json_room *in = &room->json;
	const char *since = json_text(in, PATH_LOST_SINCE);
	struct stream_lost *l = &line->lost;

	l->kind = json_text(in, PATH_LOST_KIND);
	l->cause = json_text(in, PATH_LOST_CAUSE);
	if (!l->kind || !l->cause || !json_number(in, PATH_LOST_COUNT, &l->count) ||
	    !since || l->count > UINT32_MAX)
		return -EBADMSG;
	return clock_parse_rfc3339(since, &line->lost_since);
}

static int read_resync(struct line_room *room, struct line *line)
{
	const struct json_room *in = &room->json;

	line->reason = json_text(in, PATH_RESYNC_REASON);
	read_counts(line, json_at(in, PATH_RESYNC_INFERRED));
	return line->reason && json_number(in, PATH_CHECKED, &line->checked) ? 0 : -EBADMSG;
}

static int read_clock(struct line_room *room, struct line *line)
{
	json_signed(&room->json, PATH_CLOCK_STEP, &line->clock.step);
	return json_number(&room->json, PATH_CLOCK_BOOT, &line->clock.ts) ? 0 : -EBADMSG;
}

static const struct {
	const char *action;
	enum line_kind kind;
	int (*read)(struct line_room *room, struct line *line);
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

static int read_action(struct line_room *room, struct line *line)
{
	const char *action = json_text(&room->json, PATH_ACTION);
	size_t i;

	if (!action)
		return -EBADMSG;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (*action != *actions[i].action || strcmp(action, actions[i].action))
			continue;
		line->kind = actions[i].kind;
		return actions[i].read(room, line);
	}
	return 0;
}

void line_clocks(const struct line_room *room, struct line_clocks *clocks)
{
	const char *start = json_text(&room->json, PATH_START);
	const char *entity = json_text(&room->json, PATH_ENTITY_ID);
	size_t digits;

	*clocks = (struct line_clocks){ 0 };
	if (!start || !entity || clock_parse_rfc3339(start, &clocks->start_wall))
		return;
	clocks->start_boot = line_ident(room).start;
	digits = strspn(entity, "0123456789abcdef");
	if (digits < sizeof(clocks->boot) && entity[digits] == '-')
		memcpy(clocks->boot, entity, digits);
}

#define PATH_TEXT(id, path) [id] = path,
static const char *const paths[] = { LINE_PATHS(PATH_TEXT) };

int line_read(struct line_room *room, char *text, size_t len, struct line *line,
	      const char **why)
{
	const char *time;

	memset(line, 0, offsetof(struct line, counts));
	if (!room->json.paths)
		json_paths(&room->json, paths, LINE_PATHS_END);
	if (!json_find(&room->json, text, len, why))
		return -EBADMSG;
	*why = "it is JSON, but no line of a stream: its time or its action is missing";
	time = json_text(&room->json, PATH_TIME);
	if (!time || clock_parse_rfc3339(time, &line->wall))
		return -EBADMSG;
	switch (read_action(room, line)) {
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
