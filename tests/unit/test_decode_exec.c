// SPDX-License-Identifier: GPL-2.0-only
/* The exec record: four runs of bytes behind the facts, and their lengths. */
#include <errno.h>

#include "event/decode.h"
#include "unit.h"

static struct decode_room room;
static struct event ev;
static struct cgroup_news news;

/* A record as the kernel side writes it; the parts' lengths are true. */
static struct buf record_of(const char *args, size_t args_len, const char *exe, size_t exe_len,
			    const char *cwd, size_t cwd_len, const char *script, size_t script_len)
{
	struct buf b = { 0 };
	struct record_exec r = {
		.head = { RECORD_EXEC, 0, 4711, 5000000001, 4000000002 },
		.who = { .ppid = 42, .parent_start = 41, .comm = "prog" },
		.old_pid = 4712,
		.euid = 33,
		.argc = 2,
		.args_bytes = (u32)args_len,
		.args_len = (u16)args_len,
		.exe_len = (u16)exe_len,
		.cwd_len = (u16)cwd_len,
		.script_len = (u16)script_len,
	};

	buf_add(&b, &r, sizeof(r));
	buf_add(&b, args, args_len);
	buf_add(&b, exe, exe_len);
	buf_add(&b, cwd, cwd_len);
	buf_add(&b, script, script_len);
	return b;
}

#define PART(literal) literal, sizeof(literal) - 1

static struct record_exec *of(struct buf *b)
{
	return (struct record_exec *)b->data;
}

static int decode_copy(const struct buf *b, size_t size, void **copy)
{
	*copy = exact_copy(b->data, size);
	memset(&ev, 0xa5, sizeof(ev));
	return decode(*copy, size, &room, &ev, &news);
}

static void assert_slice(struct slice slice, const char *want, size_t len)
{
	assert_non_null(slice.s);
	assert_int_equal(slice.len, len);
	assert_memory_equal(slice.s, want, len);
}

static void an_exec_is_read(void **state)
{
	struct buf b = record_of(PART("ls\0-l\0"), PART("ls\0bin\0usr\0"), PART("tmp\0"),
				 PART("./x.sh\0"));
	size_t n;
	void *copy;

	(void)state;
	assert_int_equal(decode_copy(&b, b.len, &copy), 0);
	assert_int_equal(ev.kind, EVENT_EXEC);
	assert_int_equal(ev.id.pid, 4711);
	assert_int_equal(ev.facts.parent.pid, 42);
	assert_int_equal(ev.exec.old_tid, 4712);
	assert_int_equal(ev.exec.euid, 33);
	assert_int_equal(ev.exec.argc, 2);
	assert_int_equal(ev.exec.args_bytes, 6);
	assert_false(ev.exec.args_cut);
	assert_slice(ev.exec.args, PART("ls\0-l\0"));
	assert_slice(ev.exec.exe, PART("/usr/bin/ls"));
	assert_slice(ev.exec.cwd, PART("/tmp"));
	assert_slice(ev.exec.script, PART("./x.sh"));
	assert_false(ev.exec.exe_cut);
	assert_false(ev.exec.cwd_cut);
	free(copy);

	for (n = 0; n < b.len; n++) {
		assert_int_equal(decode_copy(&b, n, &copy), -EBADMSG);
		free(copy);
	}
	buf_free(&b);
}

static void the_root_is_a_slash_and_no_script_is_none(void **state)
{
	struct buf b = record_of(PART("x\0"), PART("x\0"), PART(""), PART(""));
	void *copy;

	(void)state;
	assert_int_equal(decode_copy(&b, b.len, &copy), 0);
	assert_slice(ev.exec.exe, PART("/x"));
	assert_slice(ev.exec.cwd, PART("/"));
	assert_null(ev.exec.script.s);
	free(copy);
	buf_free(&b);
}

static void a_cut_path_says_that_its_upper_part_is_missing(void **state)
{
	struct buf b = record_of(PART("x\0"), PART("leaf\0middle\0"), PART("here\0"), PART(""));
	void *copy;

	(void)state;
	of(&b)->head.flags = RECORD_EXE_CUT;
	assert_int_equal(decode_copy(&b, b.len, &copy), 0);
	assert_true(ev.exec.exe_cut);
	assert_false(ev.exec.cwd_cut);
	assert_slice(ev.exec.exe, PART("\xe2\x80\xa6/middle/leaf"));
	assert_slice(ev.exec.cwd, PART("/here"));
	free(copy);

	of(&b)->head.flags = RECORD_CWD_CUT;
	assert_int_equal(decode_copy(&b, b.len, &copy), 0);
	assert_slice(ev.exec.exe, PART("/middle/leaf"));
	assert_slice(ev.exec.cwd, PART("\xe2\x80\xa6/here"));
	free(copy);
	buf_free(&b);
}

static void argv_that_could_not_be_read_is_not_known(void **state)
{
	struct buf b = record_of(PART(""), PART("x\0"), PART(""), PART(""));
	void *copy;

	(void)state;
	of(&b)->head.flags = RECORD_ARGS_FAULT;
	assert_int_equal(decode_copy(&b, b.len, &copy), 0);
	assert_null(ev.exec.args.s);
	free(copy);

	/* an empty argv is known to be empty */
	of(&b)->head.flags = 0;
	assert_int_equal(decode_copy(&b, b.len, &copy), 0);
	assert_non_null(ev.exec.args.s);
	assert_int_equal(ev.exec.args.len, 0);
	free(copy);
	buf_free(&b);
}

static void a_cut_argv_tells_its_real_length(void **state)
{
	struct buf b = record_of(PART("echo\0aaaa"), PART("x\0"), PART(""), PART(""));
	void *copy;

	(void)state;
	of(&b)->args_bytes = 102400;
	assert_int_equal(decode_copy(&b, b.len, &copy), 0);
	assert_slice(ev.exec.args, PART("echo\0aaaa"));
	assert_int_equal(ev.exec.args_bytes, 102400);
	assert_true(ev.exec.args_cut);
	free(copy);
	buf_free(&b);
}

static void lengths_that_contradict_each_other_are_refused(void **state)
{
	struct buf b = record_of(PART("ls\0-l\0"), PART("ls\0"), PART("tmp\0"), PART("s\0"));
	struct record_exec *r = of(&b), good = *r;
	void *copy;

	(void)state;
	r->args_bytes = r->args_len - 1u; /* more kept than there was */
	assert_int_equal(decode_copy(&b, b.len, &copy), -EBADMSG);
	free(copy);
	*r = good;
	r->args_len = 0xffff;
	r->args_bytes = 0xffff;
	assert_int_equal(decode_copy(&b, b.len, &copy), -EBADMSG);
	free(copy);
	*r = good;
	r->exe_len++;
	assert_int_equal(decode_copy(&b, b.len, &copy), -EBADMSG);
	free(copy);
	*r = good;
	r->cwd_len = 0xffff;
	assert_int_equal(decode_copy(&b, b.len, &copy), -EBADMSG);
	free(copy);
	*r = good;
	r->script_len = 0xffff;
	assert_int_equal(decode_copy(&b, b.len, &copy), -EBADMSG);
	free(copy);
	*r = good;
	r->args_len = r->exe_len = r->cwd_len = r->script_len = 0xffff;
	r->args_bytes = UINT32_MAX;
	assert_int_equal(decode_copy(&b, b.len, &copy), -EBADMSG);
	free(copy);
	buf_free(&b);
}

/* Longer than any path that the kernel side reads: even where the bytes are there. */
static void a_path_longer_than_its_room_is_refused(void **state)
{
	char *long_path = calloc(1, 0xffff);
	struct buf b = record_of(PART("x\0"), long_path, RECORD_PATH_MAX + 1, PART(""), PART(""));
	struct buf c = record_of(PART("x\0"), PART(""), long_path, 0xffff, PART(""));
	void *copy;

	(void)state;
	assert_int_equal(decode_copy(&b, b.len, &copy), -EBADMSG);
	free(copy);
	assert_int_equal(decode_copy(&c, c.len, &copy), -EBADMSG);
	free(copy);
	buf_free(&b);
	buf_free(&c);
	free(long_path);
}

/* Whatever the names are, the answer lies in its room: one endless name, none, only slashes. */
static void the_longest_paths_fit(void **state)
{
	static const char fills[] = { 'n', 0, '/' };
	char *path = malloc(RECORD_PATH_MAX);
	size_t i;
	void *copy;

	(void)state;
	for (i = 0; i < sizeof(fills); i++) {
		struct buf b;

		memset(path, fills[i], RECORD_PATH_MAX);
		b = record_of(PART("x\0"), path, RECORD_PATH_MAX, path, RECORD_PATH_MAX, PART(""));
		of(&b)->head.flags = RECORD_EXE_CUT;
		assert_int_equal(decode_copy(&b, b.len, &copy), 0);
		assert_true(ev.exec.exe.s >= room.exe);
		assert_true(ev.exec.exe.s + ev.exec.exe.len <= room.exe + sizeof(room.exe));
		assert_true(ev.exec.cwd.s >= room.cwd);
		assert_true(ev.exec.cwd.s + ev.exec.cwd.len <= room.cwd + sizeof(room.cwd));
		free(copy);
		buf_free(&b);
	}
	free(path);
}

static void any_bytes_are_read_or_refused(void **state)
{
	uint64_t seed = 3;
	int round;

	(void)state;
	for (round = 0; round < 50000; round++) {
		struct record_exec r = { .head.kind = (u16)(dice(&seed) % (RECORD_KIND_END + 1)) };
		size_t n = dice(&seed) % 600, i;
		unsigned char bytes[600];
		void *copy;
		int err;

		for (i = 0; i < n; i++)
			bytes[i] = (unsigned char)(dice(&seed) % 3 ? dice(&seed) % 8 : dice(&seed));
		if (n >= sizeof(r.head.kind))
			memcpy(bytes, &r.head.kind, sizeof(r.head.kind));
		copy = exact_copy(bytes, n);
		err = decode(copy, n, &room, &ev, &news);
		assert_true(err == 0 || err == 1 || err == -EBADMSG);
		if (!err && ev.kind == EVENT_EXEC && ev.exec.args.s)
			assert_true(ev.exec.args.len <= n);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exec_is_read),
		cmocka_unit_test(the_root_is_a_slash_and_no_script_is_none),
		cmocka_unit_test(a_cut_path_says_that_its_upper_part_is_missing),
		cmocka_unit_test(argv_that_could_not_be_read_is_not_known),
		cmocka_unit_test(a_cut_argv_tells_its_real_length),
		cmocka_unit_test(lengths_that_contradict_each_other_are_refused),
		cmocka_unit_test(a_path_longer_than_its_room_is_refused),
		cmocka_unit_test(the_longest_paths_fit),
		cmocka_unit_test(any_bytes_are_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
