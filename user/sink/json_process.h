/* SPDX-License-Identifier: GPL-2.0-only */
/* What a JSON line says of a process, whatever the line is about. What is not known is left out. */
#ifndef PROCTRACE_SINK_JSON_PROCESS_H
#define PROCTRACE_SINK_JSON_PROCESS_H

#include "sink/sink.h"

/* A time, given in ns of the boot clock. */
void json_time(struct sink *s, const char *key, uint64_t boot_ns);
/* boot, pid and start: stable over a life, never used again, not on another boot or host either. */
void json_entity(struct sink *s, struct ident id);
/* {"pid":…,"name":…,"entity_id":…}; nothing for pid 0; comm may be NULL. Or its members alone. */
void json_peer(struct sink *s, const char *key, struct ident id, const char *comm);
void json_peer_members(struct sink *s, struct ident id, const char *comm);
/* The members for one that has, or will have, others' children to collect. */
void json_reaper_members(struct sink *s, const struct proc *p);

/* "process", left open: more members may follow. */
void json_open_process(struct sink *s, const struct proc *p);
/* Members of "process": the program, what it was started as and where. */
void json_image(struct sink *s, const struct proc *p);
/* Members of "process": terminal, session, process group. */
void json_session(struct sink *s, const struct proc *p);
/* Member of "process" once it is dead: exit_code; one that was killed has none. */
void json_exit_code(struct sink *s, const struct proc *p);
/* Members of "exit": the signal that killed it. */
void json_killed(struct sink *s, const struct proc *p);
/* "exit" of one that is dead already, in a line that is not about its death. */
void json_died(struct sink *s, const struct proc *p);
/* "user"; "container" and "kubernetes", as the path of its control group tells them. */
void json_user(struct sink *s, const struct proc *p);
void json_container(struct sink *s, const struct proc *p);
/* "container" alone, of one that has an id or a name. */
void json_container_object(struct buf *b, const struct container *c);
/* Members about a parent: what it does with SIGCHLD, and whether it sleeps in a wait call. */
void json_waiting(struct sink *s, const struct proc *parent);
/* Members of "proctrace": its control group, and the systemd unit that this is, or is in. */
void json_cgroup(struct sink *s, const struct proc *p);
/* "proctrace", left open. image: the line carries the program as well. */
void json_open_proctrace(struct sink *s, const struct proc *p, bool image, bool inferred);
/* Its "raw": the bytes of what is no UTF-8, beside their readable form; of script as well. */
void json_raw(struct sink *s, const struct proc *p, bool image, struct slice script);
/* The same in the line of a fork. */
void json_raw_fork(struct sink *s, const struct proc *p);

#endif
