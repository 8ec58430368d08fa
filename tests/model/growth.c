// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ten million lives in a row (LIVES=n): what the engine and the rules keep afterwards is what they
 * kept after the first tenth. Among them are children that are collected, orphans, zombies, daemons,
 * threads, and lives of which records were lost and that only a look finds gone.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>

#include "setting.h"
#include "../unit/story.h"

#define PARENT 10
#define PIDS 30000 /* then they are used again */

static uint64_t lives;

/* The next pid; everybody starts when he is made. */
static struct ident newborn(void)
{
	w.now += 1000 + !((w.now + 1000) % START_TICK);
	return (struct ident){ (uint32_t)(100 + lives++ % PIDS), w.now };
}

static struct event about(struct event ev, struct ident id, struct ident parent)
{
	ev.id = id;
	ev.facts.parent = parent;
	ev.facts.nspid = id.pid;
	return ev;
}

static struct ident born_of(struct ident parent)
{
	struct ident id = newborn();
	struct event ev = about(fork_of(id.pid, parent.pid), id, parent);

	ev.fork.creator = parent;
	tell(ev);
	return id;
}

static void runs(struct ident id, struct ident parent)
{
	struct event ev = about(exec_of(id.pid, parent.pid), id, parent);
	char args[16];

	snprintf(args, sizeof(args), "%u", id.pid); /* kept, and let go of */
	ev.exec.args = (struct slice){ args, (uint32_t)strlen(args) };
	tell(ev);
}

static void dies(struct ident id, struct ident parent)
{
	tell(about(exit_of(id.pid, parent.pid, EXITED(0)), id, parent));
}

static void is_released(struct ident id, struct ident parent)
{
	tell(about(free_of(id.pid, parent.pid), id, parent));
}

/* A process as init has it, the way a look shows it. */
static struct event look_at(struct ident id, char letter)
{
	return about(sight_of(id.pid, INIT, letter), id, id_of(INIT));
}

static void is_gone(struct ident id)
{
	tell(about(missing_of(id.pid), id, (struct ident){ 0 }));
}

static void an_ordinary_life(struct ident parent)
{
	struct ident id = born_of(parent);

	runs(id, parent);
	tell(about(thread_of(EVENT_THREAD_START, id.pid, 7), id, parent));
	tell(about(thread_of(EVENT_THREAD_EXIT, id.pid, 7), id, parent));
	dies(id, parent);
	is_released(id, parent);
}

/* A child and a grandchild; the child goes, the grandchild becomes a daemon and then ends. */
static void an_orphan(struct ident parent)
{
	struct ident child = born_of(parent), orphan = born_of(child);

	runs(orphan, child);
	dies(child, parent);
	is_released(child, parent);
	pass(NS_PER_S / 4);
	tell(look_at(orphan, 'S'));
	pass(NS_PER_S);
	dies(orphan, id_of(INIT));
	is_released(orphan, id_of(INIT));
}

static void a_zombie(struct ident parent)
{
	struct ident id = born_of(parent);
	struct event ev;

	dies(id, parent);
	pass(NS_PER_S);
	ev = about(sight_of(id.pid, parent.pid, 'Z'), id, parent);
	tell(ev);
	pass(NS_PER_S);
	is_released(id, parent);
}

/* Its fork was lost: it is known by its child; then it is gone, and so are both. */
static void one_unheard_of(struct ident parent)
{
	struct ident unknown = newborn(), child = born_of(unknown);

	(void)parent;
	is_gone(unknown);
	tell(look_at(child, 'S'));
	pass(NS_PER_S);
	is_gone(child);
}

/* Its exit was lost, and its release as well; with a child that nobody forked. */
static void one_that_vanishes(struct ident parent)
{
	struct ident id = born_of(parent), child = newborn();

	tell(about(exec_of(child.pid, id.pid), child, id));
	is_gone(id);
	is_gone(child);
}

static void live_on(uint64_t until)
{
	static void (*const kinds[])(struct ident parent) = {
		an_ordinary_life, an_orphan, a_zombie, one_unheard_of, one_that_vanishes,
	};
	struct ident parent = id_of(PARENT);
	uint64_t i;

	for (i = 0; lives < until; i++) {
		kinds[i % 8 < COUNT(kinds) ? i % 8 : 0](parent);
		forget();
	}
	pass(10 * NS_PER_S);
	forget();
}

static size_t pages(void)
{
	unsigned long total = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%lu %lu", &total, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident;
}

struct size {
	size_t heap, pages;
};

static struct size measure(uint64_t after)
{
	const struct size s = { mallinfo2().uordblks, pages() };

	printf("after %" PRIu64 " lives: %zu bytes in use, %zu pages resident, %zu processes\n",
	       after, s.heap, s.pages, engine_count(w.e));
	return s;
}

static bool grew(size_t from, size_t to)
{
	return to > from + from / 100;
}

int main(void)
{
	uint64_t most = setting("LIVES", 10000000);
	struct size first, last;

	begin_with(~0u);
	there_are(PARENT);
	measure(0); /* stdio has its buffers now */
	live_on(most / 10);
	first = measure(most / 10);
	live_on(most);
	last = measure(most);
	finish(NULL);
	return grew(first.heap, last.heap) || grew(first.pages, last.pages) ||
	       w.log.len;
}
