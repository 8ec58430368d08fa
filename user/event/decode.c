// SPDX-License-Identifier: GPL-2.0-only
#include "event/decode.h"

#include <errno.h>
#include <string.h>

static const char *const kind_names[] = {
	[RECORD_FORK] = "fork",	  [RECORD_EXEC] = "exec",
	[RECORD_EXIT] = "exit",	  [RECORD_FREE] = "free",
	[RECORD_TASK] = "task",	  [RECORD_THREAD_START] = "thread_start",
	[RECORD_CGROUP] = "cgroup", [RECORD_THREAD_EXIT] = "thread_exit",
	[RECORD_REAP] = "reap",
};

_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == RECORD_KIND_END, "name every kind");

const char *record_kind_name(unsigned int kind)
{
	return kind < RECORD_KIND_END ? kind_names[kind] : NULL;
}

static void read_comm(char *to, const char *from)
{
	size_t len = strnlen(from, COMM_LEN - 1);

	memset(to, 0, COMM_LEN);
	memcpy(to, from, len);
}

static void read_facts(struct facts *f, const struct record_head *head,
		       const struct record_who *who)
{
	*f = (struct facts){
		.have = HAVE_SESSION | HAVE_USER | HAVE_NSPID | HAVE_CGROUP | HAVE_BITS |
			HAVE_PARENT_BITS | HAVE_PARENT_SIGNALS | HAVE_COMM | HAVE_PARENT |
			HAVE_SUBREAPER | HAVE_EXEC_ID,
		.parent = { who->ppid, who->parent_start },
		.uid = who->uid,
		.sid = who->sid,
		.pgid = who->pgid,
		.tty = who->tty,
		.nspid = who->nspid,
		.exec_id = who->exec_id,
		.cgroup = who->cgroup,
		.kthread = head->flags & RECORD_KTHREAD,
		.subreaper = head->flags & RECORD_SUBREAPER,
		.ns_init = head->flags & RECORD_NS_INIT,
		.traced = head->flags & RECORD_TRACED,
		.parent_subreaper = head->flags & RECORD_PARENT_SUBREAPER,
		.parent_autoreaps = head->flags & RECORD_PARENT_AUTOREAPS,
		.parent_catches = head->flags & RECORD_PARENT_CATCHES,
		.parent_waits = head->flags & RECORD_PARENT_WAITS,
		.selected = head->flags & RECORD_SELECTED,
	};
	read_comm(f->comm, who->comm);
}

/*
 * A path comes as its names, leaf first, each with a NUL; it goes out turned round with slashes.
 * One that was cut has lost its upper part: it begins with "…/" and not with a slash.
 */
static struct slice read_path(const uint8_t *data, size_t len, bool cut, char *room, size_t size)
{
	size_t at = size;

	if (!len && !cut)
		return (struct slice){ "/", 1 };
	while (len) {
		size_t name = strnlen((const char *)data, len);

		if (name + 1 > at)
			break;
		at -= name;
		memcpy(room + at, data, name);
		room[--at] = '/';
		name += name < len; /* its NUL */
		data += name;
		len -= name;
	}
	if (cut && at >= 3) {
		at -= 3;
		memcpy(room + at, "\xe2\x80\xa6", 3);
	}
	return (struct slice){ room + at, (uint32_t)(size - at) };
}

static int decode_exec(const struct record_exec *r, size_t size, struct decode_room *room,
		       struct event *ev)
{
	const uint8_t *args = r->data, *exe = args + r->args_len, *cwd = exe + r->exe_len;
	const uint8_t *script = cwd + r->cwd_len;
	bool exe_cut = r->head.flags & RECORD_EXE_CUT, cwd_cut = r->head.flags & RECORD_CWD_CUT;

	if (size < sizeof(*r) + r->args_len + r->exe_len + r->cwd_len + r->script_len)
		return -EBADMSG;
	if (r->args_len > r->args_bytes || r->exe_len > RECORD_PATH_MAX ||
	    r->cwd_len > RECORD_PATH_MAX)
		return -EBADMSG;
	ev->exec = (struct exec_facts){
		.old_tid = r->old_pid,
		.euid = r->euid,
		.argc = r->argc,
		.args_bytes = r->args_bytes,
		.args_cut = r->args_len < r->args_bytes,
		.exe = read_path(exe, r->exe_len, exe_cut, room->exe, sizeof(room->exe)),
		.cwd = read_path(cwd, r->cwd_len, cwd_cut, room->cwd, sizeof(room->cwd)),
		.exe_cut = exe_cut,
		.cwd_cut = cwd_cut,
	};
	if (!(r->head.flags & RECORD_ARGS_FAULT))
		ev->exec.args = (struct slice){ (const char *)args, r->args_len };
	if (r->script_len)
		ev->exec.script = (struct slice){
			(const char *)script, (uint32_t)strnlen((const char *)script, r->script_len)
		};
	return 0;
}

static int decode_exit(const struct record_exit *r, struct event *ev)
{
	if (r->maxrss > INT64_MAX)
		return -EBADMSG;
	ev->exit = (struct exit_facts){
		.status = r->status & 0xffff,
		.adopter = { r->adopter, r->adopter_start },
		.adopter_autoreaps = r->head.flags & RECORD_ADOPTER_AUTOREAPS,
		.utime = r->utime,
		.stime = r->stime,
		.maxrss = r->maxrss,
		.threads = r->threads,
		.oom = r->head.flags & RECORD_OOM,
		.childless = r->head.flags & RECORD_CHILDLESS,
		.killer_known = r->killer_known,
		.killer = { r->killer, r->killer_start },
	};
	read_comm(ev->exit.killer_comm, r->killer_comm);
	return 0;
}

static int decode_reap(const struct record_reap *r, struct event *ev)
{
	static const enum release releases[] = {
		[RECORD_WAITED] = RELEASE_WAITED,
		[RECORD_BY_ITSELF] = RELEASE_BY_ITSELF,
		[RECORD_LET_GO] = RELEASE_LET_GO,
	};

	if (r->release < RECORD_WAITED || r->release > RECORD_LET_GO)
		return -EBADMSG;
	ev->reap.release = releases[r->release];
	ev->facts.have = HAVE_PARENT;
	ev->facts.parent = (struct ident){ r->ppid, r->parent_start };
	return 0;
}

static int decode_task(const struct record_task *r, struct event *ev)
{
	if (!is_state((char)r->state))
		return -EBADMSG;
	ev->sight = (struct sight_facts){
		.letter = (char)r->state,
		.dead = r->state == 'Z' && !r->live,
		.has_nice = true,
		.nice = r->nice,
		.locked = r->locked,
		.threads = r->threads,
		.has_status = r->state == 'Z' && !r->live,
		.status = r->status & 0xffff,
		.tracer = { r->tracer, r->tracer_start },
		.has_exit_signal = true,
		.exit_signal = r->exit_signal,
		.has_euid = true,
		.euid = r->euid,
	};
	return 0;
}

static int decode_cgroup(const struct record_cgroup *r, size_t size, struct event *ev,
			 struct cgroup_news *news)
{
	if (size < sizeof(*r) + r->path_len)
		return -EBADMSG;
	news->id = r->id;
	news->path = (struct slice){ (const char *)r->data, r->path_len };
	if (!r->head.pid)
		return 1;
	ev->facts.have = HAVE_CGROUP;
	ev->facts.cgroup = r->id;
	ev->facts.cgroup_path = news->path;
	return 0;
}

static const struct {
	size_t least;
	enum event_kind event;
	bool who; /* a record_who follows the head */
} shapes[] = {
	[RECORD_FORK] = { sizeof(struct record_fork), EVENT_FORK, true },
	[RECORD_EXEC] = { sizeof(struct record_exec), EVENT_EXEC, true },
	[RECORD_EXIT] = { sizeof(struct record_exit), EVENT_EXIT, true },
	[RECORD_FREE] = { sizeof(struct record_free), EVENT_FREE, false },
	[RECORD_THREAD_START] = { sizeof(struct record_thread), EVENT_THREAD_START, false },
	[RECORD_THREAD_EXIT] = { sizeof(struct record_thread), EVENT_THREAD_EXIT, false },
	[RECORD_TASK] = { sizeof(struct record_task), EVENT_SIGHT, true },
	[RECORD_CGROUP] = { sizeof(struct record_cgroup), EVENT_CGROUP, false },
	[RECORD_REAP] = { sizeof(struct record_reap), EVENT_REAP, false },
};

int decode(const void *record, size_t size, struct decode_room *room, struct event *ev,
	   struct cgroup_news *news)
{
	const struct record_head *head = record;

	if (size < sizeof(*head) || !head->kind || head->kind >= RECORD_KIND_END ||
	    size < shapes[head->kind].least || head->ts > TIME_MAX)
		return -EBADMSG;
	ev->kind = shapes[head->kind].event;
	ev->ts = head->ts;
	ev->id = (struct ident){ head->pid, head->start };
	if (shapes[head->kind].who)
		read_facts(&ev->facts, head, (const struct record_who *)(head + 1));
	else
		ev->facts.have = 0;
	switch (head->kind) {
	case RECORD_FORK: {
		const struct record_fork *r = record;

		ev->fork.creator = (struct ident){ r->creator, r->creator_start };
		ev->fork.exit_signal = r->exit_signal;
		return 0;
	}
	case RECORD_EXEC:
		return decode_exec(record, size, room, ev);
	case RECORD_EXIT:
		return decode_exit(record, ev);
	case RECORD_FREE: {
		const struct record_free *r = record;

		ev->facts.have = HAVE_PARENT;
		ev->facts.parent = (struct ident){ r->ppid, r->parent_start };
		return 0;
	}
	case RECORD_REAP:
		return decode_reap(record, ev);
	case RECORD_THREAD_START:
	case RECORD_THREAD_EXIT: {
		const struct record_thread *r = record;

		ev->thread = (struct thread_facts){ r->tid, r->status & 0xffff };
		ev->facts.have = HAVE_COMM;
		read_comm(ev->facts.comm, r->comm);
		return 0;
	}
	case RECORD_TASK:
		return decode_task(record, ev);
	case RECORD_CGROUP:
		return decode_cgroup(record, size, ev, news);
	}
	return 0;
}

uint32_t decode_ahead(const void *record, size_t size)
{
	const struct record_head *head = record;

	if (size < sizeof(*head))
		return 0;
	switch (head->kind) {
	case RECORD_FORK:
	case RECORD_EXIT:
	case RECORD_FREE:
	case RECORD_REAP:
		return head->pid;
	}
	return 0;
}
