// SPDX-License-Identifier: GPL-2.0-only
/* Lines are read one by one, however long they are and wherever what is read at once ends. */
#include "source/replay.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"

#define START                                                                                       \
	"{\"@timestamp\":\"2009-02-13T23:31:30.000000000Z\",\"event\":{\"action\":\"start\"},"         \
	"\"host\":{\"name\":\"h\"},\"proctrace\":{\"version\":\"0\",\"schema_version\":\"1.0\","       \
	"\"kernel\":\"6\",\"boot_id\":\"b\",\"boot_ns\":1000000000}}\n"

/* Line number n of the recording; length: of what it holds. */
static void add_line(struct buf *b, uint32_t n, size_t length)
{
	buf_printf(b, "{\"@timestamp\":\"2009-02-13T23:31:30.%09uZ\",\"event\":{\"action\":\"later\"},"
		   "\"what\":\"", n);
	memset(buf_take(b, length), 'x', length);
	buf_lit(b, "\"}\n");
}

/* Each line comes in its turn, and after the last one none. */
static void assert_lines(const char *path, uint32_t lines, uint64_t bad)
{
	struct replay r;
	struct line line;
	uint64_t ts = 0;
	uint32_t n;
	int got;

	assert_int_equal(replay_open(&r, path), 0);
	assert_int_equal(replay_next(&r, &line, &ts), 1);
	assert_int_equal(line.kind, LINE_START);
	for (n = 1; n <= lines; n++) {
		got = replay_next(&r, &line, &ts);
		assert_int_equal(r.number, n + 1);
		assert_int_equal(got, n == bad ? -EBADMSG : 1);
		if (n != bad)
			assert_int_equal(ts, NS_PER_S + n);
	}
	assert_int_equal(replay_next(&r, &line, &ts), 0);
	assert_int_equal(replay_next(&r, &line, &ts), 0);
	replay_close(&r);
}

static void assert_lines_of(const struct buf *b, uint32_t lines, uint64_t bad)
{
	int fd = memfd_create("recording", 0), ends[2];
	char path[32];
	size_t at, n;
	pid_t child;

	assert_int_equal(write(fd, b->data, b->len), b->len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_lines(path, lines, bad);
	close(fd);
	/* the same by a pipe, which gives what there is */
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		for (at = 0; at < b->len; at += n) {
			n = b->len - at < 777 ? b->len - at : 777;
			if (write(ends[1], b->data + at, n) != (ssize_t)n)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	assert_lines(path, lines, bad);
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void lines_of_all_lengths_are_read(void **state)
{
	static const size_t lengths[] = { 0, 1, 100000, 262143, 262144, 262145, 700000, 5, 3000000, 7 };
	struct buf b = { 0 };
	uint64_t seed = 1;
	uint32_t n = 0;
	size_t i;

	(void)state;
	buf_str(&b, START);
	for (i = 0; i < COUNT(lengths); i++)
		add_line(&b, ++n, lengths[i]);
	while (b.len < 8 << 20)
		add_line(&b, ++n, dice(&seed) % (dice(&seed) % 100 ? 1000 : 300000));
	assert_lines_of(&b, n, 0);
	b.len--; /* the last one's newline is missing */
	assert_lines_of(&b, n, 0);
	b.len--; /* and a part of it as well */
	assert_lines_of(&b, n, n);
	buf_free(&b);
}

static void a_line_that_ends_where_a_block_ends_is_read(void **state)
{
	struct buf b = { 0 };
	int more;

	(void)state;
	for (more = -2; more <= 2; more++) {
		size_t head;

		b.len = 0;
		buf_str(&b, START);
		head = b.len;
		add_line(&b, 1, 0);
		head = b.len - head;
		b.len -= head;
		add_line(&b, 1, (size_t)((1 << 18) + more) - b.len - head);
		assert_int_equal(b.len, (1 << 18) + more);
		assert_lines_of(&b, 1, 0);
		add_line(&b, 2, 10);
		assert_lines_of(&b, 2, 0);
	}
	buf_free(&b);
}

/* What a line says that is no object has no members, whatever was read before. */
static void hooks_and_counts_that_are_no_objects_are_none(void **state)
{
	static const char *const odd[] = { "\"x\"", "[\"p\",\"q\"]", "7", "true" };
	struct buf b = { 0 };
	struct replay r;
	struct line line;
	uint64_t ts;
	size_t i, round;
	int fd, got;
	char path[32];

	(void)state;
	for (i = 0; i < COUNT(odd); i++) {
		b.len = 0;
		for (round = 0; round < 3; round++) {
			buf_printf(&b, "%.*s\"hooks\":%s,%s", (int)(strstr(START, "\"schema_version\"") - START),
				   START, odd[i], strstr(START, "\"schema_version\""));
			buf_printf(&b, "{\"@timestamp\":\"2009-02-13T23:31:31.000000000Z\",\"event\":{"
				   "\"action\":\"stop\"},\"proctrace\":{\"reason\":\"r\",\"records\":%s}}\n",
				   odd[i]);
			if (round) /* what was read before moves, and its memory is another's */
				add_line(&b, 1, 700000 * round);
			buf_lit(&b, "{\"k0\":1,\"k1\":2,\"k2\":[\"a\",\"b\"],\"k3\":{\"k4\":5}}\n");
		}
		fd = memfd_create("recording", 0);
		assert_int_equal(write(fd, b.data, b.len), b.len);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		assert_int_equal(replay_open(&r, path), 0);
		while ((got = replay_next(&r, &line, &ts)))
			if (got == 1 && line.kind == LINE_START)
				assert_int_equal(line.start.nfeatures, 0);
			else if (got == 1)
				assert_int_equal(line.ncounts, 0);
		replay_close(&r);
		close(fd);
	}
	buf_free(&b);
}

/* A file that goes on after its end was read: whoever reads it has been told that it ends. */
static void the_end_is_the_end(void **state)
{
	int fd = memfd_create("recording", 0);
	struct replay r;
	struct line line;
	uint64_t ts;
	char path[32];

	(void)state;
	assert_int_equal(write(fd, START, sizeof(START) - 2), sizeof(START) - 2);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(replay_open(&r, path), 0);
	assert_int_equal(replay_next(&r, &line, &ts), 1);
	assert_int_equal(write(fd, "\n" START, sizeof(START)), sizeof(START));
	assert_int_equal(replay_next(&r, &line, &ts), 0);
	replay_close(&r);
	close(fd);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct replay r;
	struct line line;
	uint64_t ts;

	(void)state;
	assert_int_equal(replay_open(&r, "/proc/self/no such file"), -ENOENT);
	replay_close(&r);
	assert_int_equal(replay_open(&r, "/proc/self"), 0);
	assert_int_equal(replay_next(&r, &line, &ts), -EISDIR);
	replay_close(&r);
	assert_int_equal(replay_open(&r, "/dev/null"), 0);
	assert_int_equal(replay_next(&r, &line, &ts), 0);
	replay_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_all_lengths_are_read),
		cmocka_unit_test(a_line_that_ends_where_a_block_ends_is_read),
		cmocka_unit_test(hooks_and_counts_that_are_no_objects_are_none),
		cmocka_unit_test(the_end_is_the_end),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
