// SPDX-License-Identifier: GPL-2.0-only
/* Lines of findings, and the looks that they rest on: the other side of sink/json_finding.c. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "source/line_event.h"

/*
 * Where nobody saw the parent die, a look found the adopter between that and this line; else the
 * engine has reckoned it, and does so again.
 */
int line_read_orphan(struct line_room *room, struct line *line)
{
	struct event *ev;

	if (!line_inferred(room)) {
		ev = line_about(room, line);
		if (!ev)
			return -EBADMSG;
		ev->kind = EVENT_CGROUP; /* where it has moved without a line of its own */
		ev->facts.have &= HAVE_CGROUP;
		return 0;
	}
	line_aside(room, line, PATH_ORPHAN_ADOPTER, false);
	return line_read_sight(room, line);
}

static void look_at_responsible(const struct line_room *room, struct sight_facts *s)
{
	line_letters(json_text(&room->json, PATH_RESPONSIBLE_STATE), s);
	line_parent(room, PATH_RESPONSIBLE_SIGCHLD, s);
	s->tracer = line_peer(room, PATH_RESPONSIBLE_TRACER);
}

/* The looks that confirmed it: at whoever must wait for it, and at itself. */
int line_read_zombie(struct line_room *room, struct line *line)
{
	struct event *ev;

	line_aside(room, line, PATH_RESPONSIBLE, false);
	if (line->aside) {
		line->aside_looked_at = true;
		look_at_responsible(room, &line_last(line)->sight);
	}
	ev = line_about(room, line);
	if (!ev)
		return -EBADMSG;
	line_sight(room, ev);
	ev->sight.dead = true;
	line_waiting(room, PATH_RESPONSIBLE_SIGCHLD, &ev->facts);
	return 0;
}

static void read_limit(const struct line_room *room, enum line_path path, struct limit *limit)
{
	json_number(&room->json, path + (PATH_NPROC_MAX - PATH_NPROC), &limit->max);
	json_number(&room->json, path + (PATH_NPROC_USED - PATH_NPROC), &limit->used);
}

/* The look at the limits that the forecast rests on. */
int line_read_leak(struct line_room *room, struct line *line)
{
	const char *when = json_text(&room->json, PATH_LIMITS_READ);
	struct limits *l;
	uint64_t up;

	if (line_read_sight(room, line))
		return -EBADMSG;
	line_parent(room, PATH_LEAK_SIGCHLD, &line_last(line)->sight);
	if (!when)
		return 0;
	l = &line_last(line)->sight.limits;
	read_limit(room, PATH_PIDS_MAX, &l->of[LIMIT_CGROUP]);
	read_limit(room, PATH_PID_MAX, &l->of[LIMIT_PID_MAX]);
	read_limit(room, PATH_THREADS_MAX, &l->of[LIMIT_THREADS_MAX]);
	read_limit(room, PATH_NPROC, &l->of[LIMIT_NPROC]);
	json_number(&room->json, PATH_REFUSED, &l->refused);
	l->up = line_u32(room, PATH_LEVELS_UP);
	l->of_namespace = json_number(&room->json, PATH_NAMESPACES_UP, &up);
	l->ns_up = line_u32(room, PATH_NAMESPACES_UP);
	return clock_parse_rfc3339(when, &line->limits_read);
}
