// SPDX-License-Identifier: GPL-2.0-only
#include "source/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/procfs_text.h"

#define ENVIRON_READ (256 << 10)
#define CHILDREN_READ (64 << 20)

void standing_parse_status(const char *text, struct standing *s)
{
	const char *line = strstr(text, "\nUmask:");
	unsigned long long ignored;

	s->has_umask = line && sscanf(line, "\nUmask: %o", &s->umask) == 1;
	line = strstr(text, "\nSigIgn:");
	if (line && sscanf(line, "\nSigIgn: %llx", &ignored) == 1)
		s->ignores_hup = ignored & 1ULL << (SIGHUP - 1) ? YES : NO;
}

bool standing_is_journal(const char *env, size_t len, uint64_t dev, uint64_t ino)
{
	const char *at = env, *end = env + len;
	char want[64];
	size_t size = (size_t)snprintf(want, sizeof(want), "JOURNAL_STREAM=%llu:%llu",
				       (unsigned long long)dev, (unsigned long long)ino);

	while (at < end) {
		size_t n = strnlen(at, (size_t)(end - at));

		if (n == size && !memcmp(at, want, size))
			return true;
		at += n + 1;
	}
	return false;
}

static bool is_tty(const struct statx *st)
{
	return st->stx_rdev_major == 4 || st->stx_rdev_major == 5 ||
	       (st->stx_rdev_major >= 136 && st->stx_rdev_major <= 143);
}

static enum descriptor socket_kind(int dir, const struct statx *st, struct proc_room *room)
{
	dev_t dev = makedev(st->stx_dev_major, st->stx_dev_minor);

	if (!proc_slurp(dir, "environ", ENVIRON_READ, &room->args) &&
	    standing_is_journal(room->args.data, room->args.len, dev, st->stx_ino))
		return DESCRIPTOR_JOURNAL;
	return DESCRIPTOR_SOCKET;
}

/* By what stands behind it, whatever its name is; without asking a far server for news of it. */
static enum descriptor descriptor_kind(int dir, int fds, int fd, struct proc_room *room)
{
	struct statx st;
	char name[12];

	snprintf(name, sizeof(name), "%d", fd);
	if (statx(fds, name, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &st))
		return errno == ENOENT ? DESCRIPTOR_CLOSED : DESCRIPTOR_UNKNOWN;
	switch (st.stx_mode & S_IFMT) {
	case S_IFCHR:
		if (st.stx_rdev_major == 1 && st.stx_rdev_minor == 3)
			return DESCRIPTOR_NULL;
		return is_tty(&st) ? DESCRIPTOR_TTY : DESCRIPTOR_OTHER;
	case S_IFIFO:
		return DESCRIPTOR_PIPE;
	case S_IFSOCK:
		return socket_kind(dir, &st, room);
	case S_IFREG:
		return DESCRIPTOR_FILE;
	default:
		return DESCRIPTOR_OTHER;
	}
}

static void read_descriptors(int dir, struct proc_room *room, struct standing *s)
{
	int fds = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), i;

	if (fds < 0)
		return;
	for (i = 0; i < STANDARD_FDS; i++)
		s->fd[i] = descriptor_kind(dir, fds, i, room);
	close(fds);
}

static bool read_link(int dir, const char *name, char *target, size_t size)
{
	ssize_t n = readlinkat(dir, name, target, size);

	if (n <= 0 || (size_t)n >= size)
		return false;
	target[n] = 0;
	return true;
}

static void read_directory(int dir, struct standing *s)
{
	char cwd[4096], root[4096];

	if (read_link(dir, "cwd", cwd, sizeof(cwd)) && read_link(dir, "root", root, sizeof(root)))
		s->at_root = strcmp(cwd, root) ? NO : YES;
}

static bool names_pid(const char *path, uint32_t pid)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char text[32], *end;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	return strtoul(text, &end, 10) == pid && end > text && (!*end || *end == '\n');
}

/*
 * Looked for by the process's name, where it lives among the same files as we do: elsewhere
 * strangers may have mounted what they like.
 */
static void read_pid_file(int dir, const char *comm, uint32_t pid, struct standing *s)
{
	static const char *const places[] = { "/run/%s.pid", "/run/%s/%s.pid", "/var/run/%s.pid" };
	char ours[64], theirs[64], root[8], path[PID_FILE_LEN];
	size_t i;

	if (!read_link(AT_FDCWD, "/proc/self/ns/mnt", ours, sizeof(ours)) ||
	    !read_link(dir, "ns/mnt", theirs, sizeof(theirs)) || strcmp(ours, theirs) ||
	    !read_link(dir, "root", root, sizeof(root)) || strcmp(root, "/"))
		return;
	s->pid_file = NO;
	if (!*comm || *comm == '.' || strchr(comm, '/'))
		return;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), places[i], comm, comm);
		if (!names_pid(path, pid))
			continue;
		s->pid_file = YES;
		strcpy(s->pid_file_path, path);
		return;
	}
}

int standing_cpu(uint32_t pid, uint64_t *ns)
{
	struct timespec ts;
	clockid_t clock;
	int err = clock_getcpuclockid((pid_t)pid, &clock);

	if (err)
		return -err;
	if (clock_gettime(clock, &ts))
		return -errno;
	*ns = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	return 0;
}

int standing_read(struct ident id, struct proc_room *room, struct standing *s)
{
	struct event ev = { .kind = EVENT_SIGHT };
	int dir = proc_open(id, room, &ev), err = 0;

	*s = (struct standing){ .has_cpu = false };
	if (dir < 0)
		return -ESRCH;
	if (!proc_slurp(dir, "status", 65536, &room->status))
		standing_parse_status(room->status.data, s);
	read_descriptors(dir, room, s);
	read_directory(dir, s);
	read_pid_file(dir, ev.facts.comm, id.pid, s);
	s->has_cpu = !standing_cpu(id.pid, &s->cpu);
	/* the dying let go of all that first: only if it lives on was that what it had */
	if (proc_slurp(dir, "stat", 4096, &room->stat) ||
	    proc_parse_stat(room->stat.data, room->stat.len, &ev) || ev.sight.dead)
		err = -ESRCH;
	close(dir);
	return err;
}

int standing_children(struct ident parent, struct proc_room *room, struct buf *pids)
{
	struct event ev = { .kind = EVENT_SIGHT };
	int dir = proc_open(parent, room, &ev), err;
	char path[48], *at, *end;
	uint32_t pid;

	if (dir < 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "task/%u/children", parent.pid);
	err = ev.sight.threads > 1 ? -EBUSY : proc_slurp(dir, path, CHILDREN_READ, &room->args);
	close(dir);
	if (err)
		return err;
	for (at = room->args.data; (pid = (uint32_t)strtoul(at, &end, 10)) && end > at; at = end)
		buf_add(pids, &pid, sizeof(pid));
	return 0;
}
