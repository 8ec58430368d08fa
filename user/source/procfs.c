// SPDX-License-Identifier: GPL-2.0-only
#include "source/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/freezer.h"
#include "source/procfs_text.h"

#define ARGS_READ (8 << 20) /* more than the kernel lets argv be, with the usual stack limit */

void proc_room_free(struct proc_room *room)
{
	buf_free(&room->stat);
	buf_free(&room->status);
	buf_free(&room->args);
	buf_free(&room->exe);
	buf_free(&room->cwd);
}

/* A NUL follows the bytes. */
int proc_slurp(int dir, const char *name, size_t most, struct buf *b)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	b->len = 0;
	do {
		buf_room(b, 4096);
		n = read(fd, b->data + b->len, b->cap - b->len - 1);
		if (n > 0)
			b->len += (size_t)n;
	} while (n > 0 && b->len < most);
	n = n < 0 ? -errno : 0;
	close(fd);
	b->data[b->len] = 0;
	return (int)n;
}

static bool slurp_link(int dir, const char *name, struct buf *b)
{
	ssize_t n;

	b->len = 0;
	buf_room(b, 4096);
	n = readlinkat(dir, name, b->data, b->cap);
	if (n <= 0)
		return false;
	b->len = (size_t)n;
	return true;
}

/*
 * Where the thread sleeps whose directory that is, "" if it runs or if that is not known. Behind a
 * point is what the compiler added. A kernel that can't unwind a stack there says "0" of all that
 * sleep (x86 before 5.16): then the freezer of its group tells, or the system call that it is in (a
 * frozen task is in that call still), if it is one that sleeps in one place alone.
 */
static void read_where(int dir, const char *thread, struct buf *text, char where[WHERE_LEN])
{
	const char *place;
	char path[300];

	*where = 0;
	snprintf(path, sizeof(path), "%s/wchan", thread);
	if (proc_slurp(dir, path, 64, text))
		return;
	if (strcmp(text->data, "0")) {
		snprintf(where, WHERE_LEN, "%.*s", (int)strcspn(text->data, "."), text->data);
		return;
	}
	snprintf(path, sizeof(path), "%s/syscall", thread);
	if (proc_slurp(dir, path, 256, text) || !strncmp(text->data, "running", 7))
		return;
	place = freezer_sleep(dir, thread);
	snprintf(where, WHERE_LEN, "%s", *place ? place : proc_parse_sleep(text->data));
}

/* The thread whose directory that is, is asleep in a wait call: do_wait() is where it is then. */
static bool is_in_wait(int dir, const char *thread, struct buf *text, struct doing *doing)
{
	char path[300], where[WHERE_LEN];

	read_where(dir, thread, text, where);
	if (strncmp(where, "do_wait", 7))
		return false;
	snprintf(path, sizeof(path), "%s/syscall", thread);
	if (doing && !proc_slurp(dir, path, 256, text))
		doing->has_wait = !proc_parse_wait(text->data, &doing->wait_for);
	return true;
}

/* One of its threads is. doing, if given, learns for whom, as far as its registers may be read. */
static bool sleeps_in_wait(int dir, struct doing *doing)
{
	int tasks = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf text = { 0 };
	bool found = false;
	struct dirent *entry;
	DIR *d;

	if (tasks < 0)
		return false;
	d = fdopendir(tasks);
	if (!d) {
		close(tasks);
		return false;
	}
	while (!found && (entry = readdir(d)))
		found = entry->d_name[0] != '.' && is_in_wait(tasks, entry->d_name, &text, doing);
	closedir(d);
	buf_free(&text);
	return found;
}

static void look_at_doing(int dir, struct proc_room *room, struct event *ev)
{
	struct doing *d = &ev->sight.doing;

	read_where(dir, ".", &room->stat, d->where);
	if (ev->sight.threads > 1)
		sleeps_in_wait(dir, d);
	else if (!strncmp(d->where, "do_wait", 7))
		is_in_wait(dir, ".", &room->stat, d);
}

static void look_at_parent(uint32_t ppid, struct proc_room *room, struct event *ev)
{
	char path[32];
	int dir;

	snprintf(path, sizeof(path), "/proc/%u", ppid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	if (proc_slurp(dir, "status", 65536, &room->status) == 0) {
		proc_parse_signals(room->status.data, &ev->facts);
		ev->facts.parent_waits = sleeps_in_wait(dir, NULL);
	}
	close(dir);
}

/* One that was rewritten (setproctitle) need not end with a NUL. */
static int count_args(const struct buf *args)
{
	int n = args->data[args->len - 1] != 0;
	size_t i;

	for (i = 0; i < args->len; i++)
		n += !args->data[i];
	return n;
}

static void read_args(int dir, struct proc_room *room, struct event *ev)
{
	const struct buf *args = &room->args;
	uint32_t len;

	if (proc_slurp(dir, "cmdline", ARGS_READ, &room->args) == 0 && args->len) {
		len = args->len < room->args_max ? (uint32_t)args->len : room->args_max;
		ev->sight.args = (struct slice){ args->data, len };
		ev->sight.args_bytes = (uint32_t)args->len;
		ev->sight.args_cut = len < args->len;
		ev->sight.argc = count_args(args);
	}
	if (slurp_link(dir, "exe", &room->exe))
		ev->sight.exe = (struct slice){ room->exe.data, (uint32_t)room->exe.len };
	if (slurp_link(dir, "cwd", &room->cwd))
		ev->sight.cwd = (struct slice){ room->cwd.data, (uint32_t)room->cwd.len };
}

int proc_open(struct ident id, struct proc_room *room, struct event *ev)
{
	char path[32];
	int dir;

	snprintf(path, sizeof(path), "/proc/%u", id.pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	ev->id.pid = id.pid;
	if (proc_slurp(dir, "stat", 4096, &room->stat) ||
	    proc_parse_stat(room->stat.data, room->stat.len, ev) || !ident_names(id, ev->id)) {
		close(dir);
		return -1;
	}
	return dir;
}

void proc_look(struct ident id, unsigned int how, struct proc_room *room, struct event *ev)
{
	uint64_t began = clock_boot();
	int dir;

	*ev = (struct event){ .kind = EVENT_SIGHT };
	dir = proc_open(id, room, ev);
	if (dir >= 0 && !proc_slurp(dir, "status", 65536, &room->status))
		proc_parse_status(room->status.data, room->status.len, ev);
	ev->ts = began; /* it may have become another since, or be gone */
	if (id.start)
		ev->id = id;
	if (dir < 0 || ev->sight.letter == 'X') {
		ev->kind = EVENT_MISSING;
		ev->ts = clock_boot();
		ev->id = id;
		ev->facts.have = 0;
	} else {
		if (how & PROC_ARGS)
			read_args(dir, room, ev);
		if ((how & PROC_PARENT) && ev->sight.dead)
			look_at_parent(ev->facts.parent.pid, room, ev);
		else if (how & PROC_PARENT)
			look_at_doing(dir, room, ev);
	}
	if (dir >= 0)
		close(dir);
}

void proc_read_args(struct ident id, struct proc_room *room, struct event *ev)
{
	struct event check = { 0 };
	int dir = proc_open(id, room, &check);

	if (dir < 0)
		return;
	read_args(dir, room, ev);
	close(dir);
}

static int by_start(const void *a, const void *b)
{
	const struct ident *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* All pids with their starts, oldest first; owned by the caller. */
static int list_processes(struct proc_room *room, struct buf *ids)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	struct event ev = { 0 };

	if (!d)
		return -errno;
	while ((entry = readdir(d))) {
		struct ident id = { .pid = (uint32_t)strtoul(entry->d_name, NULL, 10) };
		int dir = id.pid ? proc_open(id, room, &ev) : -1;

		if (dir < 0)
			continue;
		close(dir);
		id.start = ev.id.start;
		buf_add(ids, &id, sizeof(id));
	}
	closedir(d);
	qsort(ids->data, ids->len / sizeof(struct ident), sizeof(struct ident), by_start);
	return 0;
}

int proc_snapshot(uint64_t born_before, struct proc_room *room,
		  void (*fn)(void *ctx, const struct event *ev), void *ctx)
{
	struct buf ids = { 0 };
	struct event ev;
	size_t i;
	int err = list_processes(room, &ids);

	for (i = 0; i < ids.len / sizeof(struct ident); i++) {
		struct ident id = ((struct ident *)ids.data)[i];

		if (id.start >= born_before)
			continue;
		proc_look(id, PROC_ARGS | PROC_PARENT, room, &ev);
		if (ev.kind == EVENT_SIGHT)
			fn(ctx, &ev);
	}
	buf_free(&ids);
	return err;
}
