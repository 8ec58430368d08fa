// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lives of processes that call themselves, their files and their arguments whatever could do harm:
 * records by the thousand, from the decoder to both formats. No line does harm, each is one line,
 * and JSON gives every byte back. PROCTRACE_FULL=1: a million; PROCTRACE_SEED: other ones.
 */
#include "event/decode.h"
#include "hostile.h"

#define CHECK(condition) assert_true(condition)
#include "../fuzz/told.h"

static struct told t;
static struct decode_room room;
static uint64_t with_raw; /* strings whose bytes stood beside them */

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 10) : otherwise;
}

/* What is said of them */

static bool is_base64_of(const char *s, const char *bytes, size_t n)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int bits = 0, have = 0;
	size_t at = 0;

	for (; *s && *s != '='; s++) {
		if (!strchr(set, *s))
			return false;
		bits = bits << 6 | (unsigned int)(strchr(set, *s) - set);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (at == n || (char)(bits >> have) != bytes[at++])
			return false;
	}
	return at == n;
}

/* The bytes beside a string that cannot hold them; beside one that can there are none. */
static void check_raw(json_t *line, const char *key, const char *bytes, size_t n)
{
	json_t *raw = json_object_get(told_at(line, "proctrace.raw"), key);

	if (said_is_utf8(bytes, n))
		assert_null(raw);
	else if (!raw || !is_base64_of(json_string_value(raw), bytes, n))
		fail_msg("proctrace.raw.%s does not give the bytes back: %s", key,
			 json_dumps(line, JSON_ENSURE_ASCII));
	with_raw += raw != NULL;
}

static void check_bytes(json_t *line, const char *path, const char *key, const struct buf *want)
{
	if (!want->len) {
		assert_null(told_at(line, path));
		return;
	}
	said_shows(told_at(line, path), want->data, want->len);
	check_raw(line, key, want->data, want->len);
}

static void check_args(json_t *line, const struct being *b)
{
	json_t *args = told_at(line, "process.args");
	const char *at = b->args.data ? b->args.data : "", *end = at + b->args.len;
	size_t i, n = 0;

	if (!b->args_known) {
		assert_null(args);
		return;
	}
	for (i = 0; at < end; i++) {
		n = strnlen(at, (size_t)(end - at));
		said_shows(json_array_get(args, i), at, n);
		at += n + 1;
	}
	assert_int_equal(json_array_size(args), i);
	check_raw(line, "args", end - b->args.len, b->args.len);
}

/* Somebody else who is named in the line. */
static void check_peer(json_t *line, const char *path)
{
	json_t *peer = told_at(line, path);
	const struct being *b = being_of((uint32_t)json_integer_value(told_at(peer, "pid")));

	if (b && json_object_get(peer, "name"))
		said_shows(json_object_get(peer, "name"), b->comm, strlen(b->comm));
}

static void check_killer(json_t *line)
{
	const char *by = json_string_value(told_at(line, "proctrace.exit.killed_by.name"));

	if (by && strcmp(by, "oom") && strcmp(by, "kernel"))
		said_shows(told_at(line, "proctrace.exit.killed_by.name"), killer_comm,
			   strlen(killer_comm));
}

static void hear(void *ctx, json_t *line)
{
	const char *action = json_string_value(told_at(line, "event.action"));
	uint32_t pid = (uint32_t)json_integer_value(told_at(line, "process.pid"));
	const struct being *b = being_of(pid);

	(void)ctx;
	if (pid == INIT)
		return;
	assert_non_null(b);
	said_shows(told_at(line, "process.name"), b->comm, strlen(b->comm));
	check_raw(line, "name", b->comm, strlen(b->comm));
	if (!strcmp(action, "exit"))
		check_killer(line);
	if (!strcmp(action, "exec"))
		check_bytes(line, "proctrace.script", "script", &script);
	check_peer(line, "proctrace.creator");
	check_peer(line, "proctrace.reap.reaper");
	check_peer(line, "proctrace.orphan.old_parent");
	check_peer(line, "proctrace.orphan.adopter");
	check_peer(line, "proctrace.zombie.responsible");
	if (!strcmp(action, "fork") || !strcmp(action, "exit") || !strcmp(action, "reap"))
		return;
	check_bytes(line, "process.executable", "executable", &b->exe);
	check_bytes(line, "process.working_directory", "working_directory", &b->cwd);
	check_bytes(line, "proctrace.cgroup", "cgroup", &b->cgroup);
	check_args(line, b);
}

static void open_story(void)
{
	struct event init = { .kind = EVENT_SIGHT, .ts = BEGINNING, .id = { INIT, LONG_AGO } };

	seed = from_environment("PROCTRACE_SEED", 1);
	now = BEGINNING;
	births = with_raw = 0;
	told_init(&t);
	t.options.max_procs = 4 * SLOTS;
	t.options.no_mask = true; /* every byte is to come back */
	told_open(&t, BEGINNING);
	init.facts.have = HAVE_COMM | HAVE_BITS | HAVE_SESSION;
	init.facts.ns_init = true;
	strcpy(init.facts.comm, "init");
	init.sight = (struct sight_facts){ .letter = 'S', .threads = 1 };
	pipeline_apply(&t.pipeline, &init);
}

static void close_story(void)
{
	size_t i;

	told_close(&t);
	for (i = 0; i < SLOTS; i++) {
		buf_free(&beings[i].args);
		buf_free(&beings[i].exe);
		buf_free(&beings[i].cwd);
		buf_free(&beings[i].cgroup);
	}
	memset(beings, 0, sizeof(beings));
	buf_free(&record);
	buf_free(&script);
}

/* Time passes, at times enough for zombies and daemons, and all that is due is told. */
static void pass(void)
{
	now += below(100) ? NS_PER_MS : 2 * NS_PER_S;
	pipeline_tick(&t.pipeline, now);
	t.pipeline.asked.len = 0;
}

static unsigned long long found(enum finding_kind kind)
{
	return t.pipeline.totals.findings[__builtin_ctz(kind)];
}

static uint64_t how_many(void)
{
	return from_environment("PROCTRACE_FULL", 0) ? 1000000 : 20000;
}

static void every_byte_comes_back_and_none_does_harm(void **state)
{
	uint64_t i, n = how_many();
	struct cgroup_news news;
	struct event ev;

	(void)state;
	open_story();
	t.hear = hear;
	for (i = 0; i < n; i++) {
		struct being *b = &beings[below(SLOTS)];
		bool last;

		pass();
		last = next_record(b);
		memset(&ev, 0xa5, sizeof(ev));
		assert_int_equal(decode(record.data, record.len, &room, &ev, &news), 0);
		if ((ev.facts.have & HAVE_CGROUP) && b->cgroup.len) /* as the source resolves it */
			ev.facts.cgroup_path = (struct slice){ b->cgroup.data,
							       (uint32_t)b->cgroup.len };
		pipeline_apply(&t.pipeline, &ev);
		if (last)
			b->state = NOBODY;
	}
	print_message("%llu records, %llu lines, %llu strings in base64, %llu orphans, %llu zombies, "
		      "%llu daemons\n",
		      (unsigned long long)n, (unsigned long long)t.lines,
		      (unsigned long long)with_raw, found(FINDING_ORPHAN), found(FINDING_ZOMBIE),
		      found(FINDING_DAEMON));
	assert_true(t.lines > n / 2 && with_raw > n / 2);
	assert_true(found(FINDING_ORPHAN) > n / 1000 && found(FINDING_ZOMBIE) > n / 1000 &&
		    found(FINDING_DAEMON) > n / 1000);
	close_story();
}

/* The same records with some bytes of each thrown about: refused, or told in good form. */
static void garbled_records_do_no_harm(void **state)
{
	uint64_t i, n = how_many(), refused = 0;
	struct cgroup_news news;
	struct event ev;

	(void)state;
	open_story();
	for (i = 0; i < n; i++) {
		struct being *b = &beings[below(SLOTS)];
		uint32_t hits = 1 + below(4);
		void *exact;
		int err;

		pass();
		if (next_record(b))
			b->state = NOBODY;
		while (hits--)
			record.data[below((uint32_t)record.len)] ^= (char)(1 << below(8));
		if (!below(16))
			record.len = below((uint32_t)record.len);
		exact = exact_copy(record.data, record.len);
		memset(&ev, 0xa5, sizeof(ev));
		err = decode(exact, record.len, &room, &ev, &news);
		refused += err != 0;
		if (!err) {
			if (ev.ts > now + NS_PER_S)
				ev.ts = now; /* or time would stand at its end from here on */
			pipeline_apply(&t.pipeline, &ev);
		}
		free(exact);
	}
	print_message("%llu garbled records, %llu refused, %llu lines\n", (unsigned long long)n,
		      (unsigned long long)refused, (unsigned long long)t.lines);
	assert_true(refused > n / 20 && t.lines > n / 4);
	close_story();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_comes_back_and_none_does_harm),
		cmocka_unit_test(garbled_records_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
