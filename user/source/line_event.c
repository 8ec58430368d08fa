// SPDX-License-Identifier: GPL-2.0-only
#include "source/line_event.h"

#include <errno.h>
#include <string.h>

static struct event *add(struct line *line)
{
	struct event *ev = &line->events[line->nevents++];

	memset(ev, 0, sizeof(*ev)); /* of a union "{ 0 }" need not clear all: the line before is there */
	return ev;
}

struct event *line_last(struct line *line)
{
	return &line->events[line->nevents - 1];
}

struct event *line_about(struct line_room *room, struct line *line)
{
	struct event *ev = add(line);

	if (!line_process(room, ev))
		return ev;
	line->nevents--;
	return NULL;
}

void line_parent(const struct line_room *room, enum line_path sigchld, struct sight_facts *s)
{
	const struct json_room *in = &room->json;
	const char *where = json_text(in, sigchld + OF_WHERE);
	int64_t wait_for = 0;

	s->has_accounts = json_at(in, sigchld + OF_CHILDREN_DIED) &&
			  json_at(in, sigchld + OF_CHILDREN_REAPED);
	s->children_died = line_u32(room, sigchld + OF_CHILDREN_DIED);
	s->children_reaped = line_u32(room, sigchld + OF_CHILDREN_REAPED);
	s->orphans_died = line_u32(room, sigchld + OF_ORPHANS_DIED);
	s->orphans_reaped = line_u32(room, sigchld + OF_ORPHANS_REAPED);
	s->reaped_late = line_u32(room, sigchld + OF_REAPED_LATE);
	s->found_dead = line_u32(room, sigchld + OF_FOUND_DEAD);
	s->doing = (struct doing){
		.known = json_number(in, sigchld + OF_CMINFLT, &s->doing.cminflt),
		.sigchld_blocked = json_flag(in, sigchld + OF_BLOCKED),
		.sigchld_pending = json_flag(in, sigchld + OF_PENDING),
		.has_wait = json_signed(in, sigchld + OF_WAITS_FOR, &wait_for),
		.wait_for = (int32_t)wait_for,
		.cminflt = s->doing.cminflt,
	};
	if (where)
		strncpy(s->doing.where, where, WHERE_LEN - 1);
}

void line_waiting(const struct line_room *room, enum line_path sigchld, struct facts *f)
{
	const char *does = json_text(&room->json, sigchld);

	if (!does)
		return;
	f->have |= HAVE_PARENT_SIGNALS;
	f->parent_autoreaps = !strcmp(does, "ignored");
	f->parent_catches = !strcmp(does, "caught");
	f->parent_waits = json_flag(&room->json, sigchld + OF_WAITS);
}

void line_aside(struct line_room *room, struct line *line, enum line_path who, bool is_init)
{
	const struct json_room *in = &room->json;
	const char *name = json_text(in, who + OF_NAME);
	struct ident id = line_peer(room, who);
	struct event *ev;

	if (!id.start || !name)
		return;
	line->aside = true;
	ev = add(line);
	ev->kind = EVENT_SIGHT;
	ev->id = id;
	ev->facts.have = HAVE_COMM;
	memcpy(ev->facts.comm, name, strnlen(name, COMM_LEN - 1));
	if (json_flag(in, who + OF_SUBREAPER)) {
		ev->facts.have |= HAVE_SUBREAPER;
		ev->facts.subreaper = true;
	}
	if (is_init || json_flag(in, who + OF_NS_INIT)) {
		ev->facts.have |= HAVE_BITS;
		ev->facts.ns_init = true;
	}
}

bool line_inferred(const struct line_room *room)
{
	return json_flag(&room->json, PATH_INFERRED);
}

int line_read_sight(struct line_room *room, struct line *line)
{
	struct event *ev = line_about(room, line);

	if (!ev)
		return -EBADMSG;
	line_sight(room, ev);
	return 0;
}
