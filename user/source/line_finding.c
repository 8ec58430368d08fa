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
int line_read_orphan(struct line_room *room, const struct members *in, struct line *line)
{
	struct event *ev;

	if (!line_inferred(in)) {
		ev = line_about(room, in, line);
		if (!ev)
			return -EBADMSG;
		ev->kind = EVENT_CGROUP; /* where it has moved without a line of its own */
		ev->facts.have &= HAVE_CGROUP;
		return 0;
	}
	line_aside(line, json_at(in->proctrace, "orphan.adopter"), false);
	return line_read_sight(room, in, line);
}

/* The looks that confirmed it: at whoever must wait for it, and at itself. */
int line_read_zombie(struct line_room *room, const struct members *in, struct line *line)
{
	const struct json *parent = json_at(in->proctrace, "zombie.responsible");
	struct event *ev;

	line_aside(line, parent, false);
	line->aside_looked_at = line->aside;
	ev = line_about(room, in, line);
	if (!ev)
		return -EBADMSG;
	line_sight(room, in, ev);
	ev->sight.dead = true;
	line_waiting(parent, &ev->facts);
	return 0;
}

static void read_limit(const struct json *limits, const char *name, struct limit *limit)
{
	const struct json *one = json_at(limits, name);

	json_number(one, "max", &limit->max);
	json_number(one, "used", &limit->used);
}

/* The look at the limits that the forecast rests on. */
int line_read_leak(struct line_room *room, const struct members *in, struct line *line)
{
	const struct json *leak = json_at(in->proctrace, "zombie_leak");
	const struct json *limits = json_at(leak, "limits");
	const char *when = json_text(limits, "read");
	struct limits *l;
	uint64_t up = 0;

	if (line_read_sight(room, in, line))
		return -EBADMSG;
	line_parent(leak, &line_last(line)->sight);
	if (!when)
		return 0;
	l = &line_last(line)->sight.limits;
	read_limit(limits, "pids_max", &l->of[LIMIT_CGROUP]);
	read_limit(limits, "pid_max", &l->of[LIMIT_PID_MAX]);
	read_limit(limits, "threads_max", &l->of[LIMIT_THREADS_MAX]);
	read_limit(limits, "nproc", &l->of[LIMIT_NPROC]);
	json_number(limits, "pids_max.levels_up", &up);
	json_number(limits, "refused", &l->refused);
	l->up = (uint32_t)up;
	return clock_parse_rfc3339(when, &line->limits_read);
}
