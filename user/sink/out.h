/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the bytes go: stdout, or a file that is opened anew when it was rotated. Nothing here ever
 * waits for a reader: whether that is worth it, the caller knows.
 */
#ifndef PROCTRACE_SINK_OUT_H
#define PROCTRACE_SINK_OUT_H

#include <stdbool.h>

#include "base/buf.h"

struct out {
	int fd;
	bool file; /* a regular one, where nobody reads at the other end */
	const char *path; /* NULL: stdout, or whatever out_adopt() was given */
};

/* path NULL: stdout. A file is made with mode 0600 and emptied. 0 or -errno. */
int out_open(struct out *o, const char *path);
/* The same for a descriptor that others may share: what they see of it is not changed. */
int out_adopt(struct out *o, int fd);
/* After a rotation: the same path again, appended to if it is still there. 0 or -errno. */
int out_reopen(struct out *o);
/*
 * Writes what can be written of b, which begins with a line, and takes it out. 0: that was all;
 * -EAGAIN: the reader must first take some; -EPIPE: it is gone; else -errno. A pipe gets whole
 * lines (but for those of more than PIPE_BUF); a file that could not take more ends with one.
 */
int out_write(struct out *o, struct buf *b);
/* The file is in no directory any more: what is written can be read by nobody. */
bool out_removed(const struct out *o);
/* 0, or -errno if what was written could not be kept. */
int out_close(struct out *o);

#endif
