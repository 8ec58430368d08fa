// SPDX-License-Identifier: GPL-2.0-only
#include "sink/out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_APPEND: after copytruncate the next line stands at the beginning, and not behind a hole. */
static int open_file(const char *path, int how)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | how, 0600);

	return fd < 0 ? -errno : fd;
}

static bool is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

int out_adopt(struct out *o, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	char path[32];

	*o = (struct out){ .fd = fd, .file = is_file(fd) };
	if (flags < 0)
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (o->file)
		return 0;
	/* what does not wait must not be what others share; a socket cannot be had twice */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		o->fd = fd;
	return 0;
}

int out_open(struct out *o, const char *path)
{
	if (!path)
		return out_adopt(o, STDOUT_FILENO);
	*o = (struct out){ .fd = open_file(path, O_TRUNC), .path = path };
	if (o->fd < 0)
		return o->fd;
	o->file = is_file(o->fd);
	fcntl(o->fd, F_SETFL, O_APPEND | O_NONBLOCK);
	return 0;
}

int out_reopen(struct out *o)
{
	int fd;

	if (!o->path)
		return 0;
	fd = open_file(o->path, O_NONBLOCK);
	if (fd < 0)
		return fd;
	close(o->fd);
	o->fd = fd;
	o->file = is_file(fd);
	return 0;
}

/* A pipe takes up to PIPE_BUF whole or not at all: so much, cut behind a line where there is one. */
static size_t portion(const struct out *o, const char *data, size_t len)
{
	const char *end;

	if (o->file || len <= PIPE_BUF)
		return len;
	end = memrchr(data, '\n', PIPE_BUF);
	return end ? (size_t)(end - data) + 1 : PIPE_BUF;
}

/* A shared description may block: then only a poll tells beforehand. */
static ssize_t write_some(const struct out *o, const char *data, size_t len)
{
	struct pollfd fd = { .fd = o->fd, .events = POLLOUT };

	if (o->fd <= STDERR_FILENO && !o->file && poll(&fd, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(o->fd, data, portion(o, data, len));
}

/* Of these bytes, written last, the line that was begun is taken back. */
static size_t cut_line(const struct out *o, const char *data, size_t len)
{
	const char *end = len ? memrchr(data, '\n', len) : NULL;
	size_t whole = end ? (size_t)(end - data) + 1 : 0;
	off_t at = lseek(o->fd, 0, SEEK_CUR), back = at - (off_t)(len - whole);
	struct stat st;

	if (whole == len || fstat(o->fd, &st) || st.st_size != at || ftruncate(o->fd, back))
		return len;
	lseek(o->fd, back, SEEK_SET);
	return whole;
}

int out_write(struct out *o, struct buf *b)
{
	size_t at = 0;
	int err = 0;

	while (at < b->len && !err) {
		ssize_t n = write_some(o, b->data + at, b->len - at);

		if (n >= 0)
			at += (size_t)n;
		else if (errno != EINTR)
			err = -errno;
	}
	if (err && o->file)
		at = cut_line(o, b->data, at);
	b->len -= at;
	if (b->len)
		memmove(b->data, b->data + at, b->len);
	return err;
}

bool out_removed(const struct out *o)
{
	struct stat st;

	return o->path && o->file && !fstat(o->fd, &st) && !st.st_nlink;
}

int out_close(struct out *o)
{
	int err = o->fd > STDERR_FILENO && close(o->fd) ? -errno : 0;

	o->fd = -1;
	return err;
}
