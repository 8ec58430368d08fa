// SPDX-License-Identifier: GPL-2.0-only
/* Lines of what happened to a process: the other side of sink/json_change.c. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "source/line_event.h"

int line_read_snapshot(struct line_room *room, struct line *line)
{
	int err = line_read_sight(room, line);

	if (!err)
		line_last(line)->sight.dead = json_flag(&room->json, PATH_DEAD);
	return err;
}

/* One that was inferred came from a sight, and does so again. */
int line_read_fork(struct line_room *room, struct line *line)
{
	struct event *ev;
	uint64_t n;

	if (line_inferred(room))
		return line_read_sight(room, line);
	line_aside(room, line, PATH_CREATOR, false);
	ev = line_about(room, line);
	if (!ev)
		return -EBADMSG;
	ev->kind = EVENT_FORK;
	ev->fork.creator = line_peer(room, PATH_CREATOR);
	if (!ev->fork.creator.pid)
		ev->fork.creator = ev->facts.parent;
	ev->fork.exit_signal = json_number(&room->json, PATH_EXIT_SIGNAL, &n) ? (int)n
									      : SIGCHLD;
	return 0;
}

int line_read_exec(struct line_room *room, struct line *line)
{
	struct line_image image;
	struct exec_facts *x;
	struct event *ev;
	uint64_t thread;
	const char *euid;

	if (line_inferred(room)) {
		if (line_read_sight(room, line))
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
	ev = line_about(room, line);
	if (!ev)
		return -EBADMSG;
	line_image(room, &image);
	ev->kind = EVENT_EXEC;
	x = &ev->exec;
	*x = (struct exec_facts){ .args = image.args, .exe = image.exe, .cwd = image.cwd,
				  .args_bytes = image.args_bytes,
				  .args_cut = image.args_cut, .argc = image.argc,
				  .script = line_script(room) };
	x->old_tid = json_number(&room->json, PATH_EXEC_THREAD, &thread) ? (uint32_t)thread
									  : ev->id.pid;
	euid = json_text(&room->json, PATH_EUID);
	x->euid = euid ? (uint32_t)strtoul(euid, NULL, 10) : ev->facts.uid;
	return 0;
}

static void read_killer(const struct line_room *room, struct exit_facts *x)
{
	const struct json *killer = json_at(&room->json, PATH_KILLER);
	const char *name = json_text(&room->json, PATH_KILLER_NAME);

	x->killer = line_peer(room, PATH_KILLER);
	x->killer_known = killer && (!name || x->killer.pid || strcmp(name, "oom"));
	x->oom = killer && !x->killer_known;
	if (name)
		strncpy(x->killer_comm, name, COMM_LEN - 1);
}

/* The members of a line's "exit" that its parent's children, its accounts and its killer need. */
static void read_ending(const struct line_room *room, struct event *ev)
{
	const char *sigchld = json_text(&room->json, PATH_ADOPTER_SIGCHLD);
	struct ident parent = line_peer(room, PATH_EXIT_PARENT);
	struct exit_facts *x = &ev->exit;
	uint64_t n;

	line_status(room, &x->status);
	x->adopter = line_peer(room, PATH_ADOPTER);
	x->adopter_autoreaps = sigchld && !strcmp(sigchld, "ignored");
	x->childless = !x->adopter.pid; /* nobody to be given away: the stream knew of none */
	x->utime = line_ms(room, PATH_CPU_USER);
	x->stime = line_ms(room, PATH_CPU_SYSTEM);
	x->maxrss = json_number(&room->json, PATH_MAX_RSS, &n) ? n : 0;
	x->threads = line_u32(room, PATH_THREADS);
	read_killer(room, x);
	line_waiting(room, PATH_EXIT_PARENT_SIGCHLD, &ev->facts);
	if (parent.pid) /* it is not the one that the line is told under */
		ev->facts.parent = parent;
}

int line_read_exit(struct line_room *room, struct line *line)
{
	struct event *ev;

	line_aside(room, line, PATH_ADOPTER, false);
	ev = line_about(room, line);
	if (!ev)
		return -EBADMSG;
	if (line_inferred(room)) {
		line_sight(room, ev);
		ev->sight.dead = true;
		return 0;
	}
	ev->kind = EVENT_EXIT;
	read_ending(room, ev);
	return 0;
}

/* One that never was a zombie let itself go. */
static enum release release_of(const struct line_room *room, const char *how)
{
	if (!how || strcmp(how, "auto"))
		return RELEASE_WAITED;
	return line_ms(room, PATH_ZOMBIE_MS) ? RELEASE_LET_GO : RELEASE_BY_ITSELF;
}

static enum event_kind kind_of_reap(const char *precision)
{
	if (precision && !strcmp(precision, "exact"))
		return EVENT_REAP;
	return precision && !strcmp(precision, "audit") ? EVENT_MISSING : EVENT_FREE;
}

int line_read_reap(struct line_room *room, struct line *line)
{
	const char *precision = json_text(&room->json, PATH_PRECISION);
	const char *how = json_text(&room->json, PATH_HOW);
	struct ident reaper = line_peer(room, PATH_REAPER);
	struct event *ev;

	if (ident_same(reaper, line_peer(room, PATH_PARENT))) /* else it was gone */
		line_aside(room, line, PATH_REAPER, how && !strcmp(how, "init"));
	ev = line_about(room, line);
	if (!ev)
		return -EBADMSG;
	ev->kind = kind_of_reap(precision);
	ev->facts = (struct facts){ .have = reaper.pid ? HAVE_PARENT : 0, .parent = reaper };
	if (ev->kind == EVENT_REAP)
		ev->reap.release = release_of(room, how);
	return 0;
}

int line_read_thread(struct line_room *room, struct line *line)
{
	struct event *ev = line_about(room, line);
	uint64_t tid;

	if (!ev || !json_number(&room->json, PATH_TID, &tid))
		return -EBADMSG;
	ev->kind = EVENT_THREAD_START;
	ev->thread.tid = (uint32_t)tid;
	return 0;
}

int line_read_thread_exit(struct line_room *room, struct line *line)
{
	int err = line_read_thread(room, line);

	if (!err)
		line_last(line)->kind = EVENT_THREAD_EXIT;
	return err;
}
