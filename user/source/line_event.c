// SPDX-License-Identifier: GPL-2.0-only
#include "source/line_event.h"

#include <errno.h>
#include <string.h>

static struct event *add(struct line *line)
{
	struct event *ev = &line->events[line->nevents++];

	*ev = (struct event){ 0 };
	return ev;
}

struct event *line_last(struct line *line)
{
	return &line->events[line->nevents - 1];
}

struct event *line_about(struct line_room *room, const struct members *in, struct line *line)
{
	struct event *ev = add(line);

	if (!line_process(room, in, ev))
		return ev;
	line->nevents--;
	return NULL;
}

static uint32_t count(const struct json *who, const char *key)
{
	uint64_t n = 0;

	json_number(who, key, &n);
	return (uint32_t)n;
}

void line_parent(const struct json *who, struct sight_facts *s)
{
	int64_t wait_for = 0;
	const char *where = json_text(who, "where");

	s->has_accounts = json_at(who, "children_died") && json_at(who, "children_reaped");
	s->children_died = count(who, "children_died");
	s->children_reaped = count(who, "children_reaped");
	s->orphans_died = count(who, "orphans_died");
	s->orphans_reaped = count(who, "orphans_reaped");
	s->reaped_late = count(who, "reaped_late");
	s->found_dead = count(who, "found_dead");
	s->doing = (struct doing){
		.known = json_number(who, "cminflt", &s->doing.cminflt),
		.sigchld_blocked = json_flag(who, "sigchld_blocked"),
		.sigchld_pending = json_flag(who, "sigchld_pending"),
		.has_wait = json_signed(who, "waits_for", &wait_for),
		.wait_for = (int32_t)wait_for,
		.cminflt = s->doing.cminflt,
	};
	if (where)
		strncpy(s->doing.where, where, WHERE_LEN - 1);
	if (json_at(who, "tracer"))
		s->tracer = json_ident(json_at(who, "tracer"));
}

void line_waiting(const struct json *parent, struct facts *f)
{
	const char *sigchld = json_text(parent, "sigchld");

	if (!sigchld)
		return;
	f->have |= HAVE_PARENT_SIGNALS;
	f->parent_autoreaps = !strcmp(sigchld, "ignored");
	f->parent_catches = !strcmp(sigchld, "caught");
	f->parent_waits = json_flag(parent, "waits");
}

void line_aside(struct line *line, const struct json *who, bool is_init)
{
	const char *name = json_text(who, "name");
	struct ident id = json_ident(who);
	struct event *ev;

	if (!id.start || !name)
		return;
	line->aside = true;
	ev = add(line);
	ev->kind = EVENT_SIGHT;
	ev->id = id;
	ev->facts.have = HAVE_COMM;
	memcpy(ev->facts.comm, name, strnlen(name, COMM_LEN - 1));
	line_letters(json_text(who, "state"), &ev->sight);
	line_parent(who, &ev->sight);
	if (json_flag(who, "subreaper")) {
		ev->facts.have |= HAVE_SUBREAPER;
		ev->facts.subreaper = true;
	}
	if (is_init || json_flag(who, "ns_init")) {
		ev->facts.have |= HAVE_BITS;
		ev->facts.ns_init = true;
	}
}

bool line_inferred(const struct members *in)
{
	return json_flag(in->proctrace, "inferred");
}

int line_read_sight(struct line_room *room, const struct members *in, struct line *line)
{
	struct event *ev = line_about(room, in, line);

	if (!ev)
		return -EBADMSG;
	line_sight(room, in, ev);
	return 0;
}
