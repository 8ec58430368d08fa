/* SPDX-License-Identifier: GPL-2.0-only */
/* Crowds of zombies in a story, gathered into groups. */
#ifndef PROCTRACE_UNIT_CROWD_H
#define PROCTRACE_UNIT_CROWD_H

#include "diagnose/group.h"
#include "story.h"

static struct groups g;

/* A look at one, under this name. */
static inline void see(struct event ev, const char *comm)
{
	memset(ev.facts.comm, 0, COMM_LEN);
	strncpy(ev.facts.comm, comm, COMM_LEN - 1);
	ev.ts = w.now;
	engine_apply(w.e, &ev);
}

static inline void lies_dead(uint32_t pid, uint32_t parent, const char *comm)
{
	see(sight_of(pid, parent, 'Z'), comm);
}

/* They are zombies once they have been seen again after their time: first to last are by now. */
static inline void crowd(uint32_t parent, uint32_t first, uint32_t last, const char *comm)
{
	uint32_t pid;

	for (pid = first; pid <= last; pid++)
		lies_dead(pid, parent, comm);
	pass(2 * NS_PER_S);
	for (pid = first; pid <= last; pid++)
		lies_dead(pid, parent, comm);
}

#define ID_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_B "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_C "2123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "0123abcd-0123-0123-0123-0123456789ab"

/* One that lies dead in the control group of this path. */
static inline void lies_in(const char *path, uint32_t pid, uint32_t parent)
{
	struct event ev = sight_of(pid, parent, 'Z');

	ev.facts.cgroup_path = (struct slice){ path, (uint32_t)strlen(path) };
	see(ev, "x");
	pass(2 * NS_PER_S);
	see(ev, "x");
}

static inline void make(void)
{
	groups_free(&g);
	groups_make(&g, w.e, NULL, NULL);
}

#endif
