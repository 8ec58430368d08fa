// SPDX-License-Identifier: GPL-2.0-only
#include "source/line.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "source/line_json.h"

static struct event *add(struct line *line)
{
	struct event *ev = &line->events[line->nevents++];

	*ev = (struct event){ 0 };
	return ev;
}

static struct event *last(struct line *line)
{
	return &line->events[line->nevents - 1];
}

/* An event of the line's process; NULL: the line names nobody. */
static struct event *about(struct line_room *room, const json_t *root, struct line *line)
{
	struct event *ev = add(line);

	if (!line_process(room, root, ev))
		return ev;
	line->nevents--;
	return NULL;
}

static uint32_t count(const json_t *who, const char *key)
{
	uint64_t n = 0;

	json_number(who, key, &n);
	return (uint32_t)n;
}

/* What it did as a parent, and what it was doing when it was looked at. */
static void read_parent(const json_t *who, struct sight_facts *s)
{
	const json_t *wait_for = json_at(who, "waits_for");
	const char *where = json_text(who, "where");

	s->has_accounts = json_at(who, "children_died") && json_at(who, "children_reaped");
	s->children_died = count(who, "children_died");
	s->children_reaped = count(who, "children_reaped");
	s->orphans_died = count(who, "orphans_died");
	s->orphans_reaped = count(who, "orphans_reaped");
	s->reaped_late = count(who, "reaped_late");
	s->doing = (struct doing){
		.known = json_number(who, "cminflt", &s->doing.cminflt),
		.sigchld_blocked = json_flag(who, "sigchld_blocked"),
		.sigchld_pending = json_flag(who, "sigchld_pending"),
		.has_wait = json_is_integer(wait_for),
		.wait_for = (int32_t)json_integer_value(wait_for),
		.cminflt = s->doing.cminflt,
	};
	if (where)
		strncpy(s->doing.where, where, WHERE_LEN - 1);
	if (json_at(who, "tracer"))
		s->tracer = json_ident(json_at(who, "tracer"));
}

/* Somebody whom the line names. */
static void add_aside(struct line *line, const json_t *who, bool is_init)
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
	read_parent(who, &ev->sight);
	if (json_flag(who, "subreaper")) {
		ev->facts.have |= HAVE_SUBREAPER;
		ev->facts.subreaper = true;
	}
	if (is_init || json_flag(who, "ns_init")) {
		ev->facts.have |= HAVE_BITS;
		ev->facts.ns_init = true;
	}
}

static bool inferred(const json_t *root)
{
	return json_flag(root, "proctrace.inferred");
}

static int read_sight(struct line_room *room, const json_t *root, struct line *line)
{
	struct event *ev = about(room, root, line);

	if (!ev)
		return -EBADMSG;
	line_sight(room, root, ev);
	return 0;
}

static int read_snapshot(struct line_room *room, const json_t *root, struct line *line)
{
	int err = read_sight(room, root, line);

	if (!err)
		last(line)->sight.dead = json_flag(root, "proctrace.dead");
	return err;
}

/* One that was inferred came from a sight, and does so again. */
static int read_fork(struct line_room *room, const json_t *root, struct line *line)
{
	struct event *ev;
	uint64_t n;

	if (inferred(root))
		return read_sight(room, root, line);
	add_aside(line, json_at(root, "proctrace.creator"), false);
	ev = about(room, root, line);
	if (!ev)
		return -EBADMSG;
	ev->kind = EVENT_FORK;
	ev->fork.creator = json_ident(json_at(root, "proctrace.creator"));
	if (!ev->fork.creator.pid)
		ev->fork.creator = ev->facts.parent;
	ev->fork.exit_signal = json_number(root, "proctrace.exit_signal", &n) ? (int)n : SIGCHLD;
	return 0;
}

static int read_exec(struct line_room *room, const json_t *root, struct line *line)
{
	struct line_image image;
	struct exec_facts *x;
	struct event *ev;
	uint64_t thread;
	const char *euid;

	if (inferred(root)) {
		if (read_sight(room, root, line))
			return -EBADMSG;
		last(line)->facts.have |= HAVE_EXEC_ID;
		last(line)->facts.exec_id = ++room->execs;
		/* a first count, another one, and as one look alone is not believed, that again */
		line->events[1] = line->events[0];
		line->events[1].facts.exec_id = ++room->execs;
		line->events[2] = line->events[1];
		line->nevents = 3;
		return 0;
	}
	ev = about(room, root, line);
	if (!ev)
		return -EBADMSG;
	line_image(room, root, &image);
	ev->kind = EVENT_EXEC;
	x = &ev->exec;
	*x = (struct exec_facts){ .args = image.args, .exe = image.exe, .cwd = image.cwd,
				  .args_bytes = image.args_bytes,
				  .args_cut = image.args_cut, .argc = image.argc,
				  .script = line_script(room, root) };
	x->old_tid = json_number(root, "proctrace.exec_thread", &thread) ? (uint32_t)thread
									 : ev->id.pid;
	euid = json_text(root, "user.effective.id");
	x->euid = euid ? (uint32_t)strtoul(euid, NULL, 10) : ev->facts.uid;
	return 0;
}

static void read_killer(const json_t *root, struct exit_facts *x)
{
	const json_t *killer = json_at(root, "proctrace.exit.killed_by");
	const char *name = json_text(killer, "name");

	x->killer = json_ident(killer);
	x->killer_known = killer && (!name || x->killer.pid || strcmp(name, "oom"));
	x->oom = killer && !x->killer_known;
	if (name)
		strncpy(x->killer_comm, name, COMM_LEN - 1);
}

static void read_waiting(const json_t *parent, struct facts *f)
{
	const char *sigchld = json_text(parent, "sigchld");

	if (!sigchld)
		return;
	f->have |= HAVE_PARENT_SIGNALS;
	f->parent_autoreaps = !strcmp(sigchld, "ignored");
	f->parent_catches = !strcmp(sigchld, "caught");
	f->parent_waits = json_flag(parent, "waits");
}

/* The members of a line's "exit" that its parent's children, its accounts and its killer need. */
static void read_ending(const json_t *root, struct event *ev)
{
	struct exit_facts *x = &ev->exit;
	const char *sigchld;
	uint64_t n;

	line_status(root, &x->status);
	x->adopter = json_ident(json_at(root, "proctrace.exit.adopter"));
	sigchld = json_text(json_at(root, "proctrace.exit.adopter"), "sigchld");
	x->adopter_autoreaps = sigchld && !strcmp(sigchld, "ignored");
	x->childless = !x->adopter.pid; /* nobody to be given away: the stream knew of none */
	x->utime = json_ms(root, "proctrace.exit.cpu_user_ms");
	x->stime = json_ms(root, "proctrace.exit.cpu_system_ms");
	x->maxrss = json_number(root, "proctrace.exit.max_rss_kb", &n) ? n : 0;
	x->threads = json_number(root, "proctrace.exit.threads", &n) ? (uint32_t)n : 0;
	read_killer(root, x);
	read_waiting(json_at(root, "proctrace.exit.parent"), &ev->facts);
}

static int read_exit(struct line_room *room, const json_t *root, struct line *line)
{
	struct event *ev;

	add_aside(line, json_at(root, "proctrace.exit.adopter"), false);
	ev = about(room, root, line);
	if (!ev)
		return -EBADMSG;
	if (inferred(root)) {
		line_sight(room, root, ev);
		ev->sight.dead = true;
		return 0;
	}
	ev->kind = EVENT_EXIT;
	read_ending(root, ev);
	return 0;
}

static int read_reap(struct line_room *room, const json_t *root, struct line *line)
{
	const char *precision = json_text(root, "proctrace.reap.precision");
	const char *how = json_text(root, "proctrace.reap.how");
	struct ident reaper;
	struct event *ev;

	reaper = json_ident(json_at(root, "proctrace.reap.reaper"));
	if (ident_same(reaper, json_ident(json_at(root, "process.parent")))) /* else it was gone */
		add_aside(line, json_at(root, "proctrace.reap.reaper"),
			  how && !strcmp(how, "init"));
	ev = about(room, root, line);
	if (!ev)
		return -EBADMSG;
	ev->kind = precision && !strcmp(precision, "audit") ? EVENT_MISSING : EVENT_FREE;
	ev->facts = (struct facts){ .have = reaper.pid ? HAVE_PARENT : 0, .parent = reaper };
	return 0;
}

static int read_thread(struct line_room *room, const json_t *root, struct line *line)
{
	struct event *ev = about(room, root, line);
	uint64_t tid;

	if (!ev || !json_number(root, "process.thread.id", &tid))
		return -EBADMSG;
	ev->kind = EVENT_THREAD_START;
	ev->thread.tid = (uint32_t)tid;
	return 0;
}

static int read_thread_exit(struct line_room *room, const json_t *root, struct line *line)
{
	int err = read_thread(room, root, line);

	if (!err)
		last(line)->kind = EVENT_THREAD_EXIT;
	return err;
}

/*
 * Where nobody saw the parent die, a look found the adopter between that and this line; else the
 * engine has reckoned it, and does so again.
 */
static int read_orphan(struct line_room *room, const json_t *root, struct line *line)
{
	if (!inferred(root))
		return 0;
	add_aside(line, json_at(root, "proctrace.orphan.adopter"), false);
	return read_sight(room, root, line);
}

/* The looks that confirmed it: at whoever must wait for it, and at itself. */
static int read_zombie(struct line_room *room, const json_t *root, struct line *line)
{
	const json_t *parent = json_at(root, "proctrace.zombie.responsible");
	struct event *ev;

	add_aside(line, parent, false);
	line->aside_looked_at = line->aside;
	ev = about(room, root, line);
	if (!ev)
		return -EBADMSG;
	line_sight(room, root, ev);
	ev->sight.dead = true;
	read_waiting(parent, &ev->facts);
	return 0;
}

static void read_limit(const json_t *limits, const char *name, struct limit *limit)
{
	const json_t *one = json_at(limits, name);

	json_number(one, "max", &limit->max);
	json_number(one, "used", &limit->used);
}

/* The look at the limits that the forecast rests on. */
static int read_leak(struct line_room *room, const json_t *root, struct line *line)
{
	const json_t *leak = json_at(root, "proctrace.zombie_leak");
	const json_t *limits = json_at(leak, "limits");
	const char *when = json_text(limits, "read");
	struct limits *l;
	uint64_t up = 0;

	if (read_sight(room, root, line))
		return -EBADMSG;
	read_parent(leak, &last(line)->sight);
	if (!when)
		return 0;
	l = &last(line)->sight.limits;
	read_limit(limits, "pids_max", &l->of[LIMIT_CGROUP]);
	read_limit(limits, "pid_max", &l->of[LIMIT_PID_MAX]);
	read_limit(limits, "threads_max", &l->of[LIMIT_THREADS_MAX]);
	read_limit(limits, "nproc", &l->of[LIMIT_NPROC]);
	json_number(limits, "pids_max.levels_up", &up);
	json_number(limits, "refused", &l->refused);
	l->up = (uint32_t)up;
	return clock_parse_rfc3339(when, &line->limits_read);
}

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
	{ "fork", LINE_PROCESS, read_fork },
	{ "exec", LINE_PROCESS, read_exec },
	{ "exit", LINE_PROCESS, read_exit },
	{ "reap", LINE_PROCESS, read_reap },
	{ "snapshot", LINE_PROCESS, read_snapshot },
	{ "session", LINE_PROCESS, read_sight },
	{ "thread_start", LINE_PROCESS, read_thread },
	{ "thread_exit", LINE_PROCESS, read_thread_exit },
	{ "zombie", LINE_PROCESS, read_zombie },
	{ "orphan", LINE_FINDING, read_orphan },
	{ "daemon", LINE_FINDING, read_sight },
	{ "zombie_leak", LINE_FINDING, read_leak },
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
