// SPDX-License-Identifier: GPL-2.0-only
#include "sink/out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static int open_file(const char *path, int how)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | how, 0600);

	return fd < 0 ? -errno : fd;
}

int out_open(struct out *o, const char *path)
{
	*o = (struct out){ .fd = STDOUT_FILENO, .path = path };
	if (path)
		o->fd = open_file(path, O_TRUNC);
	return o->fd < 0 ? o->fd : 0;
}

int out_reopen(struct out *o)
{
	int fd;

	if (!o->path)
		return 0;
	fd = open_file(o->path, O_APPEND);
	if (fd < 0)
		return fd;
	close(o->fd);
	o->fd = fd;
	return 0;
}

int out_write(struct out *o, struct buf *b)
{
	size_t at = 0;

	while (at < b->len) {
		ssize_t n = write(o->fd, b->data + at, b->len - at);

		if (n >= 0) {
			at += (size_t)n;
		} else if (errno == EAGAIN) { /* somebody else's stdout may not block */
			struct pollfd fd = { .fd = o->fd, .events = POLLOUT };

			poll(&fd, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	b->len = 0;
	return 0;
}

int out_close(struct out *o)
{
	int err = o->path && close(o->fd) ? -errno : 0;

	o->fd = -1;
	return err;
}
