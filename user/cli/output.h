/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the stream goes, as the options say, with the complaints made when it cannot go there. */
#ifndef PROCTRACE_CLI_OUTPUT_H
#define PROCTRACE_CLI_OUTPUT_H

#include "cli/options.h"
#include "sink/out.h"
#include "sink/sink.h"

struct output {
	struct out out;
	int failed; /* -errno of what made it fail */
};

/* Opens it, and fills in the sink's format and colour. 0 or -errno. */
int output_open(struct output *out, const struct options *o, struct sink *sink);
/* Writes all of b and empties it; after a failure all is dropped. 0 or -errno. */
int output_flush(struct output *out, struct buf *b);
/* After a rotation. */
void output_reopen(struct output *out);
/* 0, or -errno if what was written could not be kept, now or before. */
int output_close(struct output *out);

#endif
