// SPDX-License-Identifier: GPL-2.0-only
/*
 * user STAGE LIVE LIVES: what a stage of the way costs while LIVE processes live and LIVES more are
 * born and die, without a kernel. Prints one line: events, nanoseconds (of the processor) an event,
 * bytes resident before, with all alive, and in the end.
 *
 *   decode  the ring's bytes into events
 *   engine  events into changes, which nobody hears; with a look ahead, as the ring gives it
 *   rules   decode, engine, rules and filters; nothing is written
 *   json    all of the way, into lines of JSON (in memory)
 *   text    the same into text
 *   plain   as json, but nobody execs: fork, exit, free
 *   read    a recording in JSON (in memory) read back into events
 *   replay  a recording read, through engine and rules, and written as JSON again
 *   forks   as json, LIVE forks and no more
 *   record  as json, and the lines go to stdout
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cli/pipeline.h"
#include "crowd.h"
#include "source/replay.h"
#include "source/ring.h"

#define CHUNK 64 /* lives between two looks at the clock */

struct bench {
	struct crowd crowd;
	struct options options;
	struct sink sink;
	struct pipeline pipe;
	struct engine *engine; /* alone */
	struct decode_room *rooms;
	struct event *events;
	size_t nevents;
	void (*step)(struct bench *b);
	int recording; /* where the lines go as well; -1: nowhere */
	uint64_t changes, ns, counted;
};

static uint64_t cpu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static size_t resident(void)
{
	unsigned long total = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%lu %lu", &total, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static struct slice cgroup_path(uint64_t id)
{
	static const char path[] = "/system.slice/builder-01.service";
	static char paths[CGROUPS + 1][sizeof(path)];

	if (!*paths[id]) {
		memcpy(paths[id], path, sizeof(path));
		paths[id][22] = (char)('0' + id / 10);
		paths[id][23] = (char)('0' + id % 10);
	}
	return (struct slice){ paths[id], sizeof(path) - 1 };
}

static void next_event(struct bench *b, const char **at, struct decode_room *room, struct event *ev)
{
	size_t size = *(const uint64_t *)*at;
	struct cgroup_news news;

	if (decode(*at + sizeof(uint64_t), size, room, ev, &news))
		abort();
	if (ev->facts.have & HAVE_CGROUP)
		ev->facts.cgroup_path = cgroup_path(ev->facts.cgroup);
	*at += sizeof(uint64_t) + ((size + 7) & ~(size_t)7);
	b->nevents++;
}

static void decode_all(struct bench *b)
{
	const char *at = b->crowd.records.data, *end = at + b->crowd.records.len;

	for (b->nevents = 0; at < end;)
		next_event(b, &at, &b->rooms[b->nevents % (8 * CHUNK)],
			   &b->events[b->nevents % (8 * CHUNK)]);
}

/* As a drain of the ring does; up to where. */
static const char *look_ahead(struct engine *e, const char *at, const char *end)
{
	uint32_t pids[RING_AHEAD];
	size_t i, told = 0;

	for (i = 0; i < RING_AHEAD && at < end; i++) {
		size_t size = *(const uint64_t *)at;

		pids[told] = decode_ahead(at + sizeof(uint64_t), size);
		told += pids[told] != 0;
		at += sizeof(uint64_t) + ((size + 7) & ~(size_t)7);
	}
	engine_expect(e, pids, told);
	return at;
}

static void apply_all(struct bench *b)
{
	const char *seen = b->crowd.records.data, *end = seen + b->crowd.records.len;
	size_t i;

	for (i = 0; i < b->nevents; i++) {
		if (i % RING_AHEAD == 0)
			seen = look_ahead(b->engine, seen, end);
		if (engine_deadline(b->engine) <= b->events[i].ts)
			engine_tick(b->engine, b->events[i].ts);
		engine_apply(b->engine, &b->events[i]);
	}
}

static void pipe_all(struct bench *b)
{
	const char *at = b->crowd.records.data, *end = at + b->crowd.records.len, *seen = at;
	struct event ev;

	while (at < end) {
		if (at == seen)
			seen = look_ahead(b->pipe.engine, at, end);
		next_event(b, &at, b->rooms, &ev);
		pipeline_apply(&b->pipe, &ev);
	}
	b->pipe.asked.len = 0;
}

static void count_change(void *ctx, const struct change *c)
{
	struct bench *b = ctx;

	(void)c;
	b->changes++;
}

static void no_ask(void *ctx, struct ident id, bool program)
{
	(void)ctx;
	(void)id;
	(void)program;
}

static void no_change(struct sink *s, const struct change *c)
{
	(void)c;
	s->sequence++;
}

static void no_finding(struct sink *s, const struct finding *f)
{
	(void)f;
	s->sequence++;
}

static const struct sink_ops silence = { .change = no_change, .finding = no_finding };

static void take(struct bench *b, bool timed)
{
	uint64_t begun = cpu_now();

	if (b->engine && timed) {
		decode_all(b); /* the engine alone */
		begun = cpu_now();
		apply_all(b);
	} else if (b->engine) {
		decode_all(b);
		apply_all(b);
	} else {
		b->step(b);
	}
	if (timed) {
		b->ns += cpu_now() - begun;
		b->counted += b->crowd.n;
	}
	if (b->recording >= 0 && b->sink.out.len &&
	    write(b->recording, b->sink.out.data, b->sink.out.len) != (ssize_t)b->sink.out.len)
		abort();
	b->sink.out.len = 0;
	crowd_forget_records(&b->crowd);
}

static void gather(struct bench *b, size_t live)
{
	size_t i;

	for (i = 0; i < live; i++) {
		crowd_join(&b->crowd);
		if (i % CHUNK == CHUNK - 1 || i == live - 1)
			take(b, false);
	}
}

/* The parents, as a first look shows them. */
static void there_are_parents(struct bench *b)
{
	uint32_t i;

	for (i = 0; i < PARENTS; i++) {
		struct ident id = crowd_parent(i);
		struct event ev = {
			.kind = EVENT_SIGHT, .ts = BEGAN, .id = id,
			.facts = { .have = HAVE_PARENT | HAVE_SESSION | HAVE_USER | HAVE_COMM |
					   HAVE_BITS | HAVE_CGROUP | HAVE_EXEC_ID,
				   .uid = 1000, .sid = id.pid, .pgid = id.pid,
				   .cgroup = 1 + i % CGROUPS,
				   .cgroup_path = cgroup_path(1 + i % CGROUPS),
				   .comm = "worker" },
			.sight = { .letter = 'S', .args = { "worker\0-j", 10 }, .argc = 2,
				   .args_bytes = 10, .exe = { "/usr/bin/worker", 15 },
				   .cwd = { "/home/builder", 13 } },
		};

		if (b->engine)
			engine_apply(b->engine, &ev);
		else
			pipeline_apply(&b->pipe, &ev);
	}
}

static void lives(struct bench *b, uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++) {
		crowd_life(&b->crowd);
		if (i % CHUNK == CHUNK - 1)
			take(b, i >= LATE);
	}
}

static void write_start(struct bench *b)
{
	const struct stream_start start = {
		.ts = BEGAN, .version = "0", .kernel = "0", .boot_id = "0123456789abcdef",
		.hostname = "bench", .zombie_after = NS_PER_S,
	};

	b->sink.ops->start(&b->sink, &start);
}

/* Of somebody whom a line names beside its process, proctrace replay hears only what is new. */
static int first_event(const struct bench *b, const struct line *line)
{
	const struct proc *p = line->aside ? engine_find(b->pipe.engine, line->events[0].id) : NULL;

	return p && !p->stub && !line->aside_looked_at;
}

/* Everything of it again, from the recording; only what follows the crowd's beginning counts. */
static void replay(struct bench *b, uint64_t skip, bool whole)
{
	struct replay r;
	struct line line;
	uint64_t ts, begun = cpu_now();
	char path[32];
	int i;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", b->recording);
	if (replay_open(&r, path))
		abort();
	pipeline_close(&b->pipe);
	pipeline_open(&b->pipe, &b->options, &b->sink);
	engine_began(b->pipe.engine, BEGAN);
	b->sink.sequence = 0;
	while (replay_next(&r, &line, &ts) > 0) {
		if (r.number == skip)
			begun = cpu_now();
		b->counted += r.number > skip;
		if (!whole)
			continue;
		pipeline_pass(&b->pipe, ts);
		for (i = first_event(b, &line); i < line.nevents; i++)
			pipeline_feed(&b->pipe, &line.events[i]);
		if (b->sink.out.len >= 1 << 18)
			b->sink.out.len = 0;
	}
	b->ns = cpu_now() - begun;
	replay_close(&r);
}

static void set_up(struct bench *b, const char *stage, size_t live)
{
	const struct engine_config config = { .zombie_after = NS_PER_S };
	const struct engine_out out = { b, count_change, no_ask };
	bool record = !strcmp(stage, "record");
	bool plain = !strcmp(stage, "forks") || !strcmp(stage, "plain");
	bool json = record || plain || !strcmp(stage, "json");
	bool replays = !strcmp(stage, "read") || !strcmp(stage, "replay");

	crowd_init(&b->crowd, live, !plain);
	b->options = (struct options){ .json = true, .zombie_after = NS_PER_S,
				       .changes = UINT32_MAX, .findings = UINT32_MAX };
	strcpy(b->sink.boot, "0123456789abcdef");
	b->sink.wall_offset = b->sink.start_offset = 1790000000 * (int64_t)NS_PER_S;
	b->rooms = xcalloc(8 * CHUNK, sizeof(*b->rooms));
	b->events = xcalloc(8 * CHUNK, sizeof(*b->events));
	b->sink.ops = json || replays ? &json_sink : !strcmp(stage, "text") ? &text_sink : &silence;
	b->step = !strcmp(stage, "decode") ? decode_all : pipe_all;
	b->recording = record ? STDOUT_FILENO : replays ? memfd_create("recording", 0) : -1;
	pipeline_open(&b->pipe, &b->options, &b->sink);
	engine_began(b->pipe.engine, BEGAN);
	if (strcmp(stage, "engine"))
		return;
	b->engine = engine_new(&config, &out);
	engine_began(b->engine, BEGAN);
}

int main(int argc, char **argv)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	size_t before, full;
	const char *stage;
	uint64_t skip;

	if (argc != 4)
		return 2;
	stage = argv[1];
	set_up(b, stage, strtoul(argv[2], NULL, 10));
	if (b->recording >= 0)
		write_start(b);
	there_are_parents(b);
	before = resident();
	gather(b, strtoul(argv[2], NULL, 10));
	lives(b, strcmp(stage, "forks") ? LATE : 0); /* from here on somebody is released as well */
	full = resident();
	skip = b->sink.sequence;
	b->ns = b->counted = 0;
	lives(b, strtoull(argv[3], NULL, 10));
	if (b->recording == STDOUT_FILENO)
		return 0;
	if (b->recording >= 0) {
		b->ns = b->counted = 0;
		replay(b, skip, !strcmp(stage, "replay"));
	}
	printf("%s %s events %" PRIu64 " ns %.1f before %zu full %zu end %zu lines %" PRIu64 "\n",
	       stage, argv[2], b->counted, (double)b->ns / (double)(b->counted ? b->counted : 1),
	       before, full, resident(), b->sink.sequence);
	return 0;
}
