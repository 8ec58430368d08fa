// SPDX-License-Identifier: GPL-2.0-only
/* Lines of what happened to a process: the other side of sink/json_change.c. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "source/line_event.h"

int line_read_snapshot(struct line_room *room, const struct members *in, struct line *line)
{
	int err = line_read_sight(room, in, line);

	if (!err)
		line_last(line)->sight.dead = json_flag(in->proctrace, "dead");
	return err;
}

/* One that was inferred came from a sight, and does so again. */
int line_read_fork(struct line_room *room, const struct members *in, struct line *line)
{
	struct event *ev;
	uint64_t n;

	if (line_inferred(in))
		return line_read_sight(room, in, line);
	line_aside(line, json_at(in->proctrace, "creator"), false);
	ev = line_about(room, in, line);
	if (!ev)
		return -EBADMSG;
	ev->kind = EVENT_FORK;
	ev->fork.creator = json_ident(json_at(in->proctrace, "creator"));
	if (!ev->fork.creator.pid)
		ev->fork.creator = ev->facts.parent;
	ev->fork.exit_signal = json_number(in->proctrace, "exit_signal", &n) ? (int)n : SIGCHLD;
	return 0;
}

int line_read_exec(struct line_room *room, const struct members *in, struct line *line)
{
	struct line_image image;
	struct exec_facts *x;
	struct event *ev;
	uint64_t thread;
	const char *euid;

	if (line_inferred(in)) {
		if (line_read_sight(room, in, line))
			return -EBADMSG;
		line_last(line)->facts.have |= HAVE_EXEC_ID;
		line_last(line)->facts.exec_id = ++room->execs;
		/* a first count, another one, and as one look alone is not believed, that again */
		line->events[1] = line->events[0];
		line->events[1].facts.exec_id = ++room->execs;
		line->events[2] = line->events[1];
		line->nevents = 3;
		return 0;
	}
	ev = line_about(room, in, line);
	if (!ev)
		return -EBADMSG;
	line_image(room, in, &image);
	ev->kind = EVENT_EXEC;
	x = &ev->exec;
	*x = (struct exec_facts){ .args = image.args, .exe = image.exe, .cwd = image.cwd,
				  .args_bytes = image.args_bytes,
				  .args_cut = image.args_cut, .argc = image.argc,
				  .script = line_script(room, in) };
	x->old_tid = json_number(in->proctrace, "exec_thread", &thread) ? (uint32_t)thread
									 : ev->id.pid;
	euid = json_text(in->user, "effective.id");
	x->euid = euid ? (uint32_t)strtoul(euid, NULL, 10) : ev->facts.uid;
	return 0;
}

static void read_killer(const struct members *in, struct exit_facts *x)
{
	const struct json *killer = json_at(in->proctrace, "exit.killed_by");
	const char *name = json_text(killer, "name");

	x->killer = json_ident(killer);
	x->killer_known = killer && (!name || x->killer.pid || strcmp(name, "oom"));
	x->oom = killer && !x->killer_known;
	if (name)
		strncpy(x->killer_comm, name, COMM_LEN - 1);
}

/* The members of a line's "exit" that its parent's children, its accounts and its killer need. */
static void read_ending(const struct members *in, struct event *ev)
{
	const struct json *parent = json_at(in->proctrace, "exit.parent");
	struct exit_facts *x = &ev->exit;
	const char *sigchld;
	uint64_t n;

	line_status(in, &x->status);
	x->adopter = json_ident(json_at(in->proctrace, "exit.adopter"));
	sigchld = json_text(json_at(in->proctrace, "exit.adopter"), "sigchld");
	x->adopter_autoreaps = sigchld && !strcmp(sigchld, "ignored");
	x->childless = !x->adopter.pid; /* nobody to be given away: the stream knew of none */
	x->utime = json_ms(in->proctrace, "exit.cpu_user_ms");
	x->stime = json_ms(in->proctrace, "exit.cpu_system_ms");
	x->maxrss = json_number(in->proctrace, "exit.max_rss_kb", &n) ? n : 0;
	x->threads = json_number(in->proctrace, "exit.threads", &n) ? (uint32_t)n : 0;
	read_killer(in, x);
	line_waiting(parent, &ev->facts);
	if (json_ident(parent).pid) /* it is not the one that the line is told under */
		ev->facts.parent = json_ident(parent);
}

int line_read_exit(struct line_room *room, const struct members *in, struct line *line)
{
	struct event *ev;

	line_aside(line, json_at(in->proctrace, "exit.adopter"), false);
	ev = line_about(room, in, line);
	if (!ev)
		return -EBADMSG;
	if (line_inferred(in)) {
		line_sight(room, in, ev);
		ev->sight.dead = true;
		return 0;
	}
	ev->kind = EVENT_EXIT;
	read_ending(in, ev);
	return 0;
}

/* One that never was a zombie let itself go. */
static enum release release_of(const struct members *in, const char *how)
{
	if (!how || strcmp(how, "auto"))
		return RELEASE_WAITED;
	return json_ms(in->proctrace, "reap.zombie_ms") ? RELEASE_LET_GO : RELEASE_BY_ITSELF;
}

static enum event_kind kind_of_reap(const char *precision)
{
	if (precision && !strcmp(precision, "exact"))
		return EVENT_REAP;
	return precision && !strcmp(precision, "audit") ? EVENT_MISSING : EVENT_FREE;
}

int line_read_reap(struct line_room *room, const struct members *in, struct line *line)
{
	const char *precision = json_text(in->proctrace, "reap.precision");
	const char *how = json_text(in->proctrace, "reap.how");
	struct ident reaper;
	struct event *ev;

	reaper = json_ident(json_at(in->proctrace, "reap.reaper"));
	if (ident_same(reaper, json_ident(json_at(in->process, "parent")))) /* else it was gone */
		line_aside(line, json_at(in->proctrace, "reap.reaper"),
			  how && !strcmp(how, "init"));
	ev = line_about(room, in, line);
	if (!ev)
		return -EBADMSG;
	ev->kind = kind_of_reap(precision);
	ev->facts = (struct facts){ .have = reaper.pid ? HAVE_PARENT : 0, .parent = reaper };
	if (ev->kind == EVENT_REAP)
		ev->reap.release = release_of(in, how);
	return 0;
}

int line_read_thread(struct line_room *room, const struct members *in, struct line *line)
{
	struct event *ev = line_about(room, in, line);
	uint64_t tid;

	if (!ev || !json_number(in->process, "thread.id", &tid))
		return -EBADMSG;
	ev->kind = EVENT_THREAD_START;
	ev->thread.tid = (uint32_t)tid;
	return 0;
}

int line_read_thread_exit(struct line_room *room, const struct members *in, struct line *line)
{
	int err = line_read_thread(room, in, line);

	if (!err)
		line_last(line)->kind = EVENT_THREAD_EXIT;
	return err;
}
