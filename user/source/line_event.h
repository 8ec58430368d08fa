/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that read lines have of each other: a line's events, and the readers by action. */
#ifndef PROCTRACE_SOURCE_LINE_EVENT_H
#define PROCTRACE_SOURCE_LINE_EVENT_H

#include "source/line_json.h"

/* An event of the line's process; NULL: the line names nobody. */
struct event *line_about(struct line_room *room, struct line *line);
/* The latest of the line's events. */
struct event *line_last(struct line *line);
/* An event of somebody else whom the line names. */
void line_aside(struct line_room *room, struct line *line, enum line_path who, bool is_init);
/* What it did as a parent, and what it was doing when it was looked at: from its "sigchld" on. */
void line_parent(const struct line_room *room, enum line_path sigchld, struct sight_facts *s);
/* What a parent does with SIGCHLD, and whether it waits. */
void line_waiting(const struct line_room *room, enum line_path sigchld, struct facts *f);
bool line_inferred(const struct line_room *room);

/* Each fills in the events of a line of its action. 0, or -EBADMSG: something is missing in it. */
int line_read_sight(struct line_room *room, struct line *line);
int line_read_snapshot(struct line_room *room, struct line *line);
int line_read_fork(struct line_room *room, struct line *line);
int line_read_exec(struct line_room *room, struct line *line);
int line_read_exit(struct line_room *room, struct line *line);
int line_read_reap(struct line_room *room, struct line *line);
int line_read_thread(struct line_room *room, struct line *line);
int line_read_thread_exit(struct line_room *room, struct line *line);
int line_read_orphan(struct line_room *room, struct line *line);
int line_read_zombie(struct line_room *room, struct line *line);
int line_read_leak(struct line_room *room, struct line *line);

#endif
