/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that write JSON lines have of each other. */
#ifndef PROCTRACE_SINK_JSON_LINE_H
#define PROCTRACE_SINK_JSON_LINE_H

#include "sink/sink.h"

/* What every line begins and ends with: type is event.type, action event.action. */
void json_open_line(struct sink *s, uint64_t ts, const char *kind, const char *type,
		    const char *action);
void json_close_line(struct sink *s);
/* The same in two steps: what stands between the two numbers is the same in every line of a kind. */
void json_event(struct buf *b, const char *kind, const char *type, const char *action);
void json_open_event(struct sink *s, uint64_t ts, const struct buf *event);
/* "evidence" */
void json_evidence(struct buf *b, const struct evidence *e);
/* "reap": who collected it, and when */
void json_reap(struct sink *s, const struct change *c);

/* Whole lines. */
void json_change(struct sink *s, const struct change *c);
void json_finding(struct sink *s, const struct finding *f);
/* Members: how the zombies of a parent come and go, the limits that are near and when they are hit. */
void json_growth(struct sink *s, const struct leak *l);
/* Of these some: "created" and "reaped" in the last minutes; "limits" and "forecast". */
void json_windows(struct sink *s, const struct leak *l);
void json_limits(struct sink *s, const struct leak *l);

#endif
