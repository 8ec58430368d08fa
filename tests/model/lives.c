// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random lives against the reference, by the million: STEPS=n, SEED=n. Each story has a seed of its
 * own; one that goes wrong is cut down to what it needs to go wrong, and told.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chance.h"
#include "setting.h"
#include "words.h"

#define STORY_MAX 5000
#define REST_EVERY 400
#define HUNG 60 /* seconds for one story */

struct tale {
	struct op ops[STORY_MAX];
	size_t n;
	bool faults, exact;
	size_t max_procs;
};

static struct world world;

/* Plays a tale again. */
static bool play(const struct tale *t, struct buf *words)
{
	size_t i;
	bool ok = true;

	world_open(&world, t->faults, t->exact, t->max_procs);
	world.story = words;
	for (i = 0; ok && i < t->n; i++)
		ok = world_do(&world, &t->ops[i]);
	ok = ok && world_end(&world);
	return ok;
}

/* How a tale ends, as wait() tells: 0 is well. In a process of its own: it may crash. */
static int end_of(const struct tale *t)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		alarm(HUNG);
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		_exit(play(t, NULL) ? 0 : 1 + world.ledger.kind % 100);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* t without n of its ops; their time goes by all the same. */
static void leave_out(struct tale *to, const struct tale *t, size_t at, size_t n)
{
	size_t i;

	*to = *t;
	to->n -= n;
	memcpy(to->ops + at, t->ops + at + n, (to->n - at) * sizeof(struct op));
	for (i = at; at < to->n && i < at + n; i++)
		to->ops[at].dt += t->ops[i].dt;
}

/* Leaves out whatever can be left out while it ends the same, in pieces that get smaller. */
static void cut_down(struct tale *t)
{
	static struct tale shorter;
	int end = end_of(t);
	size_t piece, at;

	for (piece = t->n / 2; piece; piece /= 2) {
		for (at = 0; at < t->n;) {
			size_t n = at + piece < t->n ? piece : t->n - at;

			leave_out(&shorter, t, at, n);
			if (end_of(&shorter) == end)
				*t = shorter;
			else
				at += n;
		}
	}
}

/* One story; the number of its steps. */
static size_t tell(struct tale *t, uint64_t seed)
{
	struct dice dice = { seed };
	struct temper temper;
	size_t length, i;

	t->faults = dice_one_in(&dice, 2);
	t->max_procs = t->faults && dice_one_in(&dice, 8) ? 10 : 0;
	t->exact = dice_one_in(&dice, 2);
	temper = temper_of(&dice, t->faults);
	length = dice_one_in(&dice, 16) ? STORY_MAX : 100 + dice_of(&dice, 2000);
	world_open(&world, t->faults, t->exact, t->max_procs);
	for (i = 0, t->n = 0; i < length; i++) {
		t->ops[t->n] = i % REST_EVERY == REST_EVERY - 1 ?
				       (struct op){ .kind = OP_REST } :
				       chance_op(&dice, &temper, &world);
		if (!world_do(&world, &t->ops[t->n++]))
			return t->n;
	}
	world_end(&world);
	return t->n;
}

/* What the stories do is shared with whoever reports: they may crash. */
struct progress {
	struct tale tale;
	uint64_t seed, steps, stories, checks;
	char why[512];
};

static void tell_all(struct progress *p, uint64_t most)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (; p->steps < most; p->seed++, p->stories++) {
		alarm(HUNG);
		p->steps += tell(&p->tale, p->seed);
		if (world.ledger.why[0]) {
			memcpy(p->why, world.ledger.why, sizeof(p->why));
			_exit(1);
		}
		p->checks += world.ledger.checks;
		world_close(&world);
	}
	exit(0); /* a coverage build writes what it has counted */
}

static void report(struct progress *p)
{
	struct buf words = { 0 };

	printf("SEED=%llu, step %zu: %s\n", (unsigned long long)p->seed, p->tale.n,
	       p->why[0] ? p->why : "it crashed, or hung");
	fflush(stdout);
	cut_down(&p->tale);
	printf("the shortest story that shows something (%zu steps, %s%s):\n", p->tale.n,
	       p->tale.faults ? "records get lost" : "nothing gets lost",
	       p->tale.exact ? ", releases are seen" : "");
	fflush(stdout);
	if (!fork()) {
		play(&p->tale, &words);
		printf("%.*s%s\n", (int)words.len, words.data, world.ledger.why);
		exit(0);
	}
	wait(NULL);
	printf("again: SEED=%llu STEPS=1 build/tests/model/lives\n",
	       (unsigned long long)p->seed);
}

int main(void)
{
	struct progress *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t most = setting("STEPS", 1000000);
	int status = 0;
	pid_t pid;

	if (p == MAP_FAILED)
		return 2;
	p->seed = setting("SEED", 1);
	pid = fork();
	if (!pid)
		tell_all(p, most);
	waitpid(pid, &status, 0);
	if (status) {
		report(p);
		return 1;
	}
	printf("%llu steps in %llu stories, %llu times the whole table: no difference\n",
	       (unsigned long long)p->steps, (unsigned long long)p->stories,
	       (unsigned long long)p->checks);
	return 0;
}
