/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the bytes go: stdout, or a file that is opened anew when it was rotated. */
#ifndef PROCTRACE_SINK_OUT_H
#define PROCTRACE_SINK_OUT_H

#include "base/buf.h"

struct out {
	int fd;
	const char *path; /* NULL: stdout */
};

/* path NULL: stdout. A file is made with mode 0600 and emptied. 0 or -errno. */
int out_open(struct out *o, const char *path);
/* After a rotation: the same path again, appended to if it is still there. 0 or -errno. */
int out_reopen(struct out *o);
/* Writes all of b and empties it. 0 or -errno: -EPIPE if the reader is gone. */
int out_write(struct out *o, struct buf *b);
/* 0, or -errno if what was written could not be kept. */
int out_close(struct out *o);

#endif
