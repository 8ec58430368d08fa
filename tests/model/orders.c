// SPDX-License-Identifier: GPL-2.0-only
/*
 * The events of two and of three processes in every order, also such as no kernel makes; each of
 * them missing; each of them twice. Whatever they tell: an audit afterwards finds what is.
 * EVERY=n tries each n-th order only; TALE=n one set of lives only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "setting.h"
#include "words.h"
#include "world.h"

#define EVENTS 12
#define FORK(who_, n_, pid) { .kind = OP_FORK, .who = who_, .n = n_, .with = pid, .dt = 1000000 }
#define EXEC(who_) { .kind = OP_EXEC, .who = who_, .dt = 1000000 }
#define DIES(who_) \
	{ .kind = OP_DIE, .who = who_, .dt = 1000000 }, { .kind = OP_LEAVE, .who = who_ }
#define WAITS(who_, child) { .kind = OP_WAIT, .who = who_, .with = child }
#define FREE(who_) { .kind = OP_FREE, .who = who_, .dt = 1000000 }
#define GOES(who, parent) DIES(who), WAITS(parent, who), FREE(who)
#define A 5
#define B 6
#define C 7
#define SHELL 4
#define MANAGER 3
#define INIT 1
#define SOME 499 /* a few seconds' worth */
#define FEW 6	 /* so many events are told in all their orders */

static const struct tale {
	const char *name;
	struct op ops[24];
} tales[] = {
	{ "a child, then its parent",
	  { FORK(SHELL, A, 10), EXEC(A), FORK(A, B, 11), EXEC(B), GOES(B, A), GOES(A, SHELL) } },
	{ "a parent, then its child",
	  { FORK(SHELL, A, 10), EXEC(A), FORK(A, B, 11), EXEC(B), GOES(A, SHELL), GOES(B, INIT) } },
	{ "a zombie and its parent",
	  { FORK(SHELL, A, 10), EXEC(A), FORK(A, B, 11), EXEC(B), DIES(B) } },
	{ "a parent whose child lives on",
	  { FORK(SHELL, A, 10), EXEC(A), FORK(A, B, 11), EXEC(B), GOES(A, SHELL) } },
	{ "a pid that is used again",
	  { FORK(SHELL, A, 10), EXEC(A), GOES(A, SHELL), { .kind = OP_TIME, .dt = 100000000 },
	    FORK(SHELL, B, 10), EXEC(B), GOES(B, SHELL) } },
	{ "three generations, the youngest first",
	  { FORK(SHELL, A, 10), FORK(A, B, 11), FORK(B, C, 12), GOES(C, B), GOES(B, A),
	    GOES(A, SHELL) } },
	{ "three generations, the eldest first",
	  { FORK(SHELL, A, 10), FORK(A, B, 11), FORK(B, C, 12), GOES(A, SHELL), GOES(B, INIT),
	    GOES(C, INIT) } },
	{ "three siblings, one of them left alone",
	  { FORK(SHELL, A, 10), FORK(SHELL, B, 11), FORK(SHELL, C, 12), GOES(B, SHELL),
	    GOES(A, SHELL), DIES(C) } },
	{ "a subreaper, its child and its grandchild",
	  { FORK(MANAGER, A, 10), { .kind = OP_SUBREAPER, .who = A, .arg = 1 }, FORK(A, B, 11),
	    FORK(B, C, 12), GOES(B, A), GOES(C, A), GOES(A, MANAGER) } },
	{ "a subreaper that dies before its grandchild",
	  { FORK(MANAGER, A, 10), { .kind = OP_SUBREAPER, .who = A, .arg = 1 }, FORK(A, B, 11),
	    FORK(B, C, 12), EXEC(C), GOES(B, A), GOES(A, MANAGER) } },
};

/* Shared with whoever reports: the engine may crash. */
struct progress {
	size_t tale, n;
	uint8_t order[EVENTS];
	uint64_t order_of, told;
	char why[512];
};

static struct world world;
static struct event events[EVENTS];
static size_t nevents, execs;
static uint64_t every;
static struct progress *progress;

static void keep_event(void *ctx, const struct event *ev)
{
	(void)ctx;
	if (nevents == EVENTS)
		abort();
	events[nevents++] = *ev;
	execs |= ev->kind == EVENT_EXEC;
}

/* The tale happens in the reference; its events are kept. */
static void happen(const struct tale *t)
{
	const struct op *op;

	world_open(&world, true, false, 0);
	world.record = keep_event;
	nevents = execs = 0;
	for (op = t->ops; op->who || op->dt; op++)
		world_do(&world, op);
	world_untrace(&world);
	world.now += NS_PER_S;
}

/*
 * As they come, each a millisecond after the one before, or each with the time of its own. What is
 * said on the way is nothing to go by; only the table is, when the kernel was asked.
 */
static bool tell(const uint8_t *order, size_t n, bool own_time)
{
	uint64_t then = world.now;
	size_t i;

	world.lenient = true;
	world_trace(&world);
	for (i = 0; i < n; i++) {
		struct event ev = events[order[i]];

		world.now += NS_PER_MS;
		if (!own_time)
			ev.ts = world.now;
		world_apply(&world, &ev);
	}
	world.now += 3 * NS_PER_S;
	world_tick(&world);
	world_answer(&world);
	for (i = 0; i < 1 + execs; i++) { /* one that was lost shows in the second */
		world.lenient = true;
		world_audit(&world);
		world.lenient = false;
		ledger_check_table(&world, i > 0);
	}
	world_untrace(&world);
	world.now = then;
	return !world.ledger.why[0];
}

/* The next greater one; false: that was the greatest. */
static bool next_order(uint8_t *order, size_t n)
{
	size_t i, k;

	for (i = n - 1; i && order[i - 1] >= order[i]; i--)
		;
	if (!i)
		return false;
	for (k = n - 1; order[k] <= order[i - 1]; k--)
		;
	uint8_t swap = order[i - 1];

	order[i - 1] = order[k];
	order[k] = swap;
	for (k = n - 1; i < k; i++, k--) {
		swap = order[i];
		order[i] = order[k];
		order[k] = swap;
	}
	return true;
}

static void all_orders(void)
{
	do {
		if (progress->order_of++ % every && progress->n > FEW)
			continue;
		progress->told++;
		if (tell(progress->order, progress->n, false) &&
		    tell(progress->order, progress->n, true))
			continue;
		memcpy(progress->why, world.ledger.why, sizeof(progress->why));
		_exit(1);
	} while (next_order(progress->order, progress->n));
}

static void begin(size_t without, size_t twice)
{
	size_t i;

	progress->n = 0;
	for (i = 0; i < nevents; i++) {
		if (i != without)
			progress->order[progress->n++] = (uint8_t)i;
		if (i == twice)
			progress->order[progress->n++] = (uint8_t)i;
	}
}

static void tell_all(const struct tale *t)
{
	size_t i;

	happen(t);
	begin(SIZE_MAX, SIZE_MAX);
	all_orders();
	for (i = 0; i < nevents; i++) {
		begin(i, SIZE_MAX);
		all_orders();
		begin(SIZE_MAX, i);
		all_orders();
	}
	exit(0); /* a coverage build writes what it has counted */
}

static void report(const struct tale *t)
{
	struct buf words = { 0 };
	size_t i;

	printf("%s: %s\n", t->name, progress->why[0] ? progress->why : "it crashed");
	happen(t);
	world.story = &words;
	for (i = 0; i < progress->n; i++)
		words_event(&world, &events[progress->order[i]]);
	printf("%.*s", (int)words.len, words.data);
}

static bool run(const struct tale *t)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		tell_all(t);
	waitpid(pid, &status, 0);
	if (status)
		report(t);
	else
		printf("%s: %llu orders of %llu\n", t->name, (unsigned long long)progress->told,
		       (unsigned long long)progress->order_of);
	fflush(stdout);
	progress->order_of = progress->told = 0;
	return !status;
}

int main(void)
{
	size_t only = setting("TALE", 0), i;

	every = setting("EVERY", SOME);
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		return 2;
	for (i = 0; i < sizeof(tales) / sizeof(tales[0]); i++)
		if ((!only || only == i + 1) && !run(&tales[i]))
			return 1;
	return 0;
}
