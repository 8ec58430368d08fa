// SPDX-License-Identifier: GPL-2.0-only
/* From the ring's bytes to events: whole records, and every way of being none. */
#include <errno.h>

#include "event/decode.h"
#include "unit.h"

static struct decode_room room;
static struct event ev;
static struct cgroup_news news;

/* The record stands at the end of its memory, so that reading further is an error that is seen. */
static int decode_copy(const void *record, size_t size, void **copy)
{
	*copy = exact_copy(record, size);
	memset(&ev, 0xa5, sizeof(ev));
	return decode(*copy, size, &room, &ev, &news);
}

/* Shorter than it has to be, at every length: refused. */
static void assert_whole_only(const void *record, size_t size)
{
	size_t n;
	void *copy;

	for (n = 0; n < size; n++) {
		assert_int_equal(decode_copy(record, n, &copy), -EBADMSG);
		free(copy);
	}
}

static const struct record_head head = {
	.pid = 4711, .ts = 5000000001, .start = 4000000002,
};

static const struct record_who who = {
	.ppid = 42, .uid = 1000, .parent_start = 3000000003, .sid = 43, .pgid = 44, .tty = 0x8805,
	.nspid = 7, .cgroup = 0x100000099, .exec_id = 9, .comm = "worker",
};

static void assert_head(enum event_kind kind)
{
	assert_int_equal(ev.kind, kind);
	assert_true(ev.ts == 5000000001);
	assert_int_equal(ev.id.pid, 4711);
	assert_true(ev.id.start == 4000000002);
}

static void assert_who(void)
{
	const uint32_t told = HAVE_PARENT | HAVE_SESSION | HAVE_USER | HAVE_NSPID | HAVE_CGROUP |
			      HAVE_BITS | HAVE_PARENT_BITS | HAVE_COMM | HAVE_SUBREAPER |
			      HAVE_EXEC_ID;

	assert_int_equal(ev.facts.have & told, told);
	assert_int_equal(ev.facts.parent.pid, 42);
	assert_true(ev.facts.parent.start == 3000000003);
	assert_int_equal(ev.facts.uid, 1000);
	assert_int_equal(ev.facts.sid, 43);
	assert_int_equal(ev.facts.pgid, 44);
	assert_int_equal(ev.facts.tty, 0x8805);
	assert_int_equal(ev.facts.nspid, 7);
	assert_int_equal(ev.facts.exec_id, 9);
	assert_true(ev.facts.cgroup == 0x100000099);
	assert_null(ev.facts.cgroup_path.s);
	assert_string_equal(ev.facts.comm, "worker");
}

static void a_fork_is_read(void **state)
{
	struct record_fork r = { head, who, 2000000004, 45, 17 };
	void *copy;

	(void)state;
	r.head.kind = RECORD_FORK;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_head(EVENT_FORK);
	assert_who();
	assert_int_equal(ev.fork.creator.pid, 45);
	assert_true(ev.fork.creator.start == 2000000004);
	assert_int_equal(ev.fork.exit_signal, 17);
	assert_false(ev.facts.selected);
	free(copy);
	r.head.flags |= RECORD_SELECTED;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_true(ev.facts.selected);
	free(copy);
	assert_whole_only(&r, sizeof(r));
}

static void an_exit_is_read(void **state)
{
	struct record_exit r = {
		.head = head, .who = who, .adopter = 1, .adopter_start = 11, .status = 0x8b,
		.utime = 123, .stime = 456, .maxrss = 789, .threads = 3, .killer = 99,
		.killer_start = 98, .killer_comm = "bash", .killer_known = 1,
	};
	void *copy;

	(void)state;
	r.head.kind = RECORD_EXIT;
	r.head.flags |= RECORD_ADOPTER_AUTOREAPS;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_head(EVENT_EXIT);
	assert_who();
	assert_true(ev.exit.adopter_autoreaps);
	assert_int_equal(ev.exit.status, 0x8b);
	assert_int_equal(ev.exit.adopter.pid, 1);
	assert_true(ev.exit.adopter.start == 11);
	assert_true(ev.exit.utime == 123 && ev.exit.stime == 456 && ev.exit.maxrss == 789);
	assert_int_equal(ev.exit.threads, 3);
	assert_true(ev.exit.killer_known);
	assert_false(ev.exit.oom);
	assert_int_equal(ev.exit.killer.pid, 99);
	assert_true(ev.exit.killer.start == 98);
	assert_string_equal(ev.exit.killer_comm, "bash");
	free(copy);
	assert_whole_only(&r, sizeof(r));

	r.head.flags = RECORD_OOM;
	r.killer_known = 0;
	r.status = 0xff00;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_int_equal(ev.exit.status, 0xff00);
	assert_true(ev.exit.oom);
	assert_false(ev.exit.killer_known);
	assert_false(ev.exit.childless);
	free(copy);
	r.head.flags = RECORD_CHILDLESS;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_true(ev.exit.childless);
	assert_false(ev.exit.oom);
	free(copy);
}

static void a_release_is_read(void **state)
{
	struct record_free r = { .head = head, .ppid = 42, .parent_start = 77 };
	void *copy;

	(void)state;
	r.head.kind = RECORD_FREE;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_head(EVENT_FREE);
	assert_int_equal(ev.facts.have, HAVE_PARENT);
	assert_int_equal(ev.facts.parent.pid, 42);
	assert_true(ev.facts.parent.start == 77);
	free(copy);
	assert_whole_only(&r, sizeof(r));
}

/* Of a record that is cut, too, as long as its head is there. */
static void who_is_coming_is_seen_from_afar(void **state)
{
	struct record_head h = head;
	void *copy;
	size_t n;

	(void)state;
	for (h.kind = 0; h.kind <= RECORD_KIND_END; h.kind++) {
		bool tells = h.kind == RECORD_FORK || h.kind == RECORD_EXIT ||
			     h.kind == RECORD_FREE || h.kind == RECORD_REAP;

		for (n = 0; n <= sizeof(h); n++) {
			copy = exact_copy(&h, n);
			assert_int_equal(decode_ahead(copy, n), tells && n == sizeof(h) ? 4711 : 0);
			free(copy);
		}
	}
}

static void the_moment_of_a_release_is_read(void **state)
{
	static const enum release releases[] = {
		[RECORD_WAITED] = RELEASE_WAITED,
		[RECORD_BY_ITSELF] = RELEASE_BY_ITSELF,
		[RECORD_LET_GO] = RELEASE_LET_GO,
	};
	struct record_reap r = { .head = head, .ppid = 42, .parent_start = 77 };
	void *copy;

	(void)state;
	r.head.kind = RECORD_REAP;
	for (r.release = RECORD_WAITED; r.release <= RECORD_LET_GO; r.release++) {
		assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
		assert_head(EVENT_REAP);
		assert_int_equal(ev.reap.release, releases[r.release]);
		assert_int_equal(ev.facts.have, HAVE_PARENT);
		assert_int_equal(ev.facts.parent.pid, 42);
		assert_true(ev.facts.parent.start == 77);
		free(copy);
		assert_whole_only(&r, sizeof(r));
	}
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), -EBADMSG); /* one that nobody knows */
	free(copy);
	r.release = 0;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), -EBADMSG);
	free(copy);
}

static void threads_are_read(void **state)
{
	struct record_thread r = { .head = head, .tid = 4712, .comm = "pool" };
	void *copy;

	(void)state;
	r.head.kind = RECORD_THREAD_START;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_head(EVENT_THREAD_START);
	assert_int_equal(ev.thread.tid, 4712);
	assert_int_equal(ev.facts.have & (HAVE_PARENT | HAVE_SESSION | HAVE_USER), 0);
	free(copy);
	assert_whole_only(&r, sizeof(r));

	r.head.kind = RECORD_THREAD_EXIT;
	r.status = 0x500;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_head(EVENT_THREAD_EXIT);
	assert_int_equal(ev.thread.tid, 4712);
	assert_int_equal(ev.thread.status, 0x500);
	free(copy);
	assert_whole_only(&r, sizeof(r));
}

static void a_look_is_read(void **state)
{
	struct record_task r = {
		.head = head, .who = who, .tracer = 50, .tracer_start = 51, .euid = 0,
		.threads = 4, .live = 4, .exit_signal = 17, .nice = -5, .state = 'S', .locked = 1,
	};
	void *copy;

	(void)state;
	r.head.kind = RECORD_TASK;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_head(EVENT_SIGHT);
	assert_who();
	assert_int_equal(ev.sight.letter, 'S');
	assert_false(ev.sight.dead);
	assert_false(ev.sight.has_status);
	assert_true(ev.sight.has_nice && ev.sight.locked && ev.sight.has_euid);
	assert_int_equal(ev.sight.nice, -5);
	assert_int_equal(ev.sight.euid, 0);
	assert_int_equal(ev.sight.threads, 4);
	assert_int_equal(ev.sight.tracer.pid, 50);
	assert_true(ev.sight.tracer.start == 51);
	assert_true(ev.sight.has_exit_signal);
	assert_int_equal(ev.sight.exit_signal, 17);
	assert_null(ev.sight.args.s);
	free(copy);
	assert_whole_only(&r, sizeof(r));
}

static void a_dead_leader_of_living_threads_is_no_corpse(void **state)
{
	struct record_task r = { .head = head, .who = who, .state = 'Z', .threads = 3, .live = 2 };
	void *copy;

	(void)state;
	r.head.kind = RECORD_TASK;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_int_equal(ev.sight.letter, 'Z');
	assert_false(ev.sight.dead);
	assert_false(ev.sight.has_status);
	free(copy);

	r.threads = 1;
	r.live = 0;
	r.status = 0x100;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_true(ev.sight.dead);
	assert_true(ev.sight.has_status);
	assert_int_equal(ev.sight.status, 0x100);
	free(copy);
}

static void a_state_that_ps_does_not_know_is_refused(void **state)
{
	struct record_task r = { .head = head, .who = who, .live = 1 };
	int i;
	void *copy;

	(void)state;
	r.head.kind = RECORD_TASK;
	for (i = 0; i < 256; i++) {
		r.state = (u8)i;
		assert_int_equal(decode_copy(&r, sizeof(r), &copy),
				 i && strchr("RSDTtXZPIKW", i) ? 0 : -EBADMSG);
		free(copy);
	}
}

/* Sums of times must not wrap: nobody could say any more what is due. */
static void times_and_sizes_beyond_all_reason_are_refused(void **state)
{
	struct record_exit r = { .head = head, .who = who };
	void *copy;

	(void)state;
	r.head.kind = RECORD_EXIT;
	r.head.ts = r.maxrss = INT64_MAX;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	free(copy);
	r.head.ts++;
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), -EBADMSG);
	free(copy);
	r.head.ts--;
	r.maxrss++; /* readers of JSON take it for a signed number */
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), -EBADMSG);
	free(copy);
}

static void flags_are_facts(void **state)
{
	static const struct { u16 flag; size_t at; } flags[] = {
		{ RECORD_KTHREAD, offsetof(struct facts, kthread) },
		{ RECORD_SUBREAPER, offsetof(struct facts, subreaper) },
		{ RECORD_NS_INIT, offsetof(struct facts, ns_init) },
		{ RECORD_TRACED, offsetof(struct facts, traced) },
		{ RECORD_PARENT_SUBREAPER, offsetof(struct facts, parent_subreaper) },
		{ RECORD_PARENT_AUTOREAPS, offsetof(struct facts, parent_autoreaps) },
		{ RECORD_PARENT_CATCHES, offsetof(struct facts, parent_catches) },
		{ RECORD_PARENT_WAITS, offsetof(struct facts, parent_waits) },
	};
	struct record_fork r = { .head = head, .who = who };
	size_t i, j;
	void *copy;

	(void)state;
	r.head.kind = RECORD_FORK;
	for (i = 0; i < COUNT(flags); i++) {
		r.head.flags = flags[i].flag;
		assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
		for (j = 0; j < COUNT(flags); j++)
			assert_int_equal(*((const bool *)&ev.facts + flags[j].at), i == j);
		free(copy);
	}
}

static void unknown_kinds_are_refused(void **state)
{
	static const u16 kinds[] = { 0, RECORD_KIND_END, RECORD_KIND_END + 1, 0x100, 0xffff };
	char bytes[4096] = { 0 };
	struct record_head h = head;
	size_t i;
	void *copy;

	(void)state;
	for (i = 0; i < COUNT(kinds); i++) {
		h.kind = kinds[i];
		memcpy(bytes, &h, sizeof(h));
		assert_int_equal(decode_copy(bytes, sizeof(bytes), &copy), -EBADMSG);
		free(copy);
		assert_int_equal(decode_copy(bytes, sizeof(h), &copy), -EBADMSG);
		free(copy);
	}
}

static void a_name_without_an_end_is_cut_to_fifteen_bytes(void **state)
{
	struct record_exit r = { .head = head, .who = who };
	void *copy;

	(void)state;
	r.head.kind = RECORD_EXIT;
	memset(r.who.comm, 'x', RECORD_COMM);
	memset(r.killer_comm, 'y', RECORD_COMM);
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_string_equal(ev.facts.comm, "xxxxxxxxxxxxxxx");
	assert_string_equal(ev.exit.killer_comm, "yyyyyyyyyyyyyyy");
	free(copy);
}

static void what_stands_behind_a_names_end_is_not_kept(void **state)
{
	struct record_fork r = { .head = head, .who = who };
	static const char zeros[COMM_LEN];
	void *copy;

	(void)state;
	r.head.kind = RECORD_FORK;
	memcpy(r.who.comm, "sh\0old program", 15);
	assert_int_equal(decode_copy(&r, sizeof(r), &copy), 0);
	assert_memory_equal(ev.facts.comm, "sh", 3);
	assert_memory_equal(ev.facts.comm + 2, zeros, COMM_LEN - 2);
	free(copy);
}

static void groups_are_read(void **state)
{
	static const char path[] = "/system.slice/x.service";
	struct buf b = { 0 };
	struct record_cgroup r = { .head = head, .id = 77, .path_len = sizeof(path) - 1 };
	void *copy;

	(void)state;
	r.head.kind = RECORD_CGROUP;
	buf_add(&b, &r, sizeof(r));
	buf_add(&b, path, sizeof(path) - 1);
	assert_int_equal(decode_copy(b.data, b.len, &copy), 0);
	assert_head(EVENT_CGROUP);
	assert_int_equal(ev.facts.have, HAVE_CGROUP);
	assert_true(ev.facts.cgroup == 77);
	assert_int_equal(ev.facts.cgroup_path.len, sizeof(path) - 1);
	assert_memory_equal(ev.facts.cgroup_path.s, path, sizeof(path) - 1);
	assert_true(news.id == 77);
	free(copy);
	assert_whole_only(b.data, b.len);

	/* nobody moved: it only came to be */
	((struct record_cgroup *)b.data)->head.pid = 0;
	assert_int_equal(decode_copy(b.data, b.len, &copy), 1);
	assert_true(news.id == 77);
	assert_int_equal(news.path.len, sizeof(path) - 1);
	free(copy);

	/* a length that is a lie */
	((struct record_cgroup *)b.data)->path_len = UINT32_MAX;
	assert_int_equal(decode_copy(b.data, b.len, &copy), -EBADMSG);
	free(copy);
	buf_free(&b);
}

static void kinds_have_the_names_of_the_stream(void **state)
{
	(void)state;
	assert_string_equal(record_kind_name(RECORD_FORK), "fork");
	assert_string_equal(record_kind_name(RECORD_EXEC), "exec");
	assert_string_equal(record_kind_name(RECORD_EXIT), "exit");
	assert_string_equal(record_kind_name(RECORD_FREE), "free");
	assert_string_equal(record_kind_name(RECORD_THREAD_START), "thread_start");
	assert_string_equal(record_kind_name(RECORD_THREAD_EXIT), "thread_exit");
	assert_non_null(record_kind_name(RECORD_TASK));
	assert_non_null(record_kind_name(RECORD_CGROUP));
	assert_null(record_kind_name(0));
	assert_null(record_kind_name(RECORD_KIND_END));
	assert_null(record_kind_name(UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fork_is_read),
		cmocka_unit_test(an_exit_is_read),
		cmocka_unit_test(a_release_is_read),
		cmocka_unit_test(who_is_coming_is_seen_from_afar),
		cmocka_unit_test(the_moment_of_a_release_is_read),
		cmocka_unit_test(threads_are_read),
		cmocka_unit_test(a_look_is_read),
		cmocka_unit_test(a_dead_leader_of_living_threads_is_no_corpse),
		cmocka_unit_test(a_state_that_ps_does_not_know_is_refused),
		cmocka_unit_test(times_and_sizes_beyond_all_reason_are_refused),
		cmocka_unit_test(flags_are_facts),
		cmocka_unit_test(unknown_kinds_are_refused),
		cmocka_unit_test(a_name_without_an_end_is_cut_to_fifteen_bytes),
		cmocka_unit_test(what_stands_behind_a_names_end_is_not_kept),
		cmocka_unit_test(groups_are_read),
		cmocka_unit_test(kinds_have_the_names_of_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
