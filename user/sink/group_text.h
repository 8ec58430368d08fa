/* SPDX-License-Identifier: GPL-2.0-only */
/* One parent's zombies for people: in full, or in a row. Lines are broken here. */
#ifndef PROCTRACE_SINK_GROUP_TEXT_H
#define PROCTRACE_SINK_GROUP_TEXT_H

#include "diagnose/advice.h"
#include "sink/sink.h"

/* The one at told->groups->at[at], after an empty line, to out. */
void text_group(struct sink *s, struct buf *out, const struct stream_groups *told, size_t at,
		const struct advice *advice);
/* The same in brief, in a line if it is not too long. */
void text_group_row(struct sink *s, struct buf *out, const struct group *g,
		    const struct advice *advice, uint64_t ts);

#endif
