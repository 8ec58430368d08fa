// SPDX-License-Identifier: GPL-2.0-only
/* Where the bytes go: files for their owner only, opened anew after a rotation; failures told. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink/out.h"
#include "unit.h"

static char dir[] = "/tmp/proctrace-unit-XXXXXX", path[64], moved[64];

static int begin(void **state)
{
	(void)state;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/out", dir);
	snprintf(moved, sizeof(moved), "%s/out.1", dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	unlink(moved);
	return rmdir(dir);
}

static void put(struct out *o, const char *words)
{
	struct buf b = { 0 };

	buf_str(&b, words);
	assert_int_equal(out_write(o, &b), 0);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void assert_file(const char *name, const char *want)
{
	char text[256] = "";
	int fd = open(name, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, want);
}

static void a_file_is_emptied_and_for_its_owner_only(void **state)
{
	mode_t old = umask(0);
	struct out o;
	struct stat st;

	(void)state;
	assert_int_equal(out_open(&o, path), 0);
	umask(old);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	put(&o, "a long first text\n");
	assert_int_equal(out_close(&o), 0);
	assert_int_equal(out_open(&o, path), 0);
	put(&o, "one\n");
	put(&o, "two\n");
	assert_int_equal(out_close(&o), 0);
	assert_file(path, "one\ntwo\n");
}

static void after_a_rotation_it_goes_on_in_a_new_file(void **state)
{
	struct out o;
	struct stat st;

	(void)state;
	assert_int_equal(out_open(&o, path), 0);
	put(&o, "one\n");
	assert_int_equal(rename(path, moved), 0);
	put(&o, "two\n");
	assert_int_equal(out_reopen(&o), 0);
	put(&o, "three\n");
	assert_int_equal(out_reopen(&o), 0); /* nobody moved it: nothing is lost */
	put(&o, "four\n");
	assert_int_equal(out_close(&o), 0);
	assert_file(moved, "one\ntwo\n");
	assert_file(path, "three\nfour\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_file_that_cannot_be_opened_anew_leaves_the_old_one(void **state)
{
	char elsewhere[80];
	struct out o;

	(void)state;
	snprintf(elsewhere, sizeof(elsewhere), "%s/gone/out", dir);
	assert_int_equal(out_open(&o, path), 0);
	o.path = elsewhere;
	assert_int_equal(out_reopen(&o), -ENOENT);
	put(&o, "still\n");
	o.path = path;
	assert_int_equal(out_close(&o), 0);
	assert_file(path, "still\n");
}

static void what_cannot_be_opened_or_written_is_told(void **state)
{
	struct buf b = { 0 };
	struct out o;
	int pipe_fds[2];

	(void)state;
	assert_int_equal(out_open(&o, "/nonexistent/dir/file"), -ENOENT);
	assert_int_equal(out_open(&o, dir), -EISDIR);
	assert_int_equal(out_open(&o, "/dev/full"), 0);
	buf_str(&b, "x");
	assert_int_equal(out_write(&o, &b), -ENOSPC);
	out_close(&o);

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(pipe_fds), 0);
	close(pipe_fds[0]);
	o = (struct out){ .fd = pipe_fds[1] };
	b.len = 0;
	buf_str(&b, "x");
	assert_int_equal(out_write(&o, &b), -EPIPE);
	close(pipe_fds[1]);
	buf_free(&b);
}

static void fill(struct buf *b, size_t lines, size_t length)
{
	while (lines--) {
		size_t i;

		for (i = 1; i < length; i++)
			buf_byte(b, 'x');
		buf_byte(b, '\n');
	}
}

static void a_pipe_gets_whole_lines_and_is_not_waited_for(void **state)
{
	static char got[1 << 17];
	struct buf b = { 0 };
	struct out o;
	int pipe_fds[2], flags;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	flags = fcntl(pipe_fds[1], F_GETFL);
	assert_int_equal(out_adopt(&o, pipe_fds[1]), 0);
	fill(&b, 300, 700);
	assert_int_equal(out_write(&o, &b), -EAGAIN);
	n = read(pipe_fds[0], got, sizeof(got));
	assert_true(n > 0 && n % 700 == 0 && got[n - 1] == '\n');
	assert_int_equal(b.len, 300 * 700 - n);
	assert_int_equal(fcntl(pipe_fds[1], F_GETFL), flags); /* others may share it */
	buf_free(&b);
	out_close(&o);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void a_file_that_takes_no_more_ends_with_a_whole_line(void **state)
{
	struct rlimit before, small;
	struct buf b = { 0 };
	struct out o;
	struct stat st;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 1000;
	assert_int_equal(out_open(&o, path), 0);
	put(&o, "before\n");
	fill(&b, 3, 400);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(out_write(&o, &b), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(b.len, 400);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 7 + 800);
	buf_free(&b);
	out_close(&o);
}

static void a_file_that_is_removed_is_noticed(void **state)
{
	struct out o;

	(void)state;
	assert_int_equal(out_open(&o, path), 0);
	assert_false(out_removed(&o));
	assert_int_equal(rename(path, moved), 0);
	assert_false(out_removed(&o));
	assert_int_equal(unlink(moved), 0);
	assert_true(out_removed(&o));
	out_close(&o);
}

static void what_was_truncated_has_no_hole(void **state)
{
	struct out o;

	(void)state;
	assert_int_equal(out_open(&o, path), 0);
	put(&o, "one\n");
	assert_int_equal(truncate(path, 0), 0);
	put(&o, "two\n");
	out_close(&o);
	assert_file(path, "two\n");
}

static void no_path_is_stdout_and_stays_open(void **state)
{
	struct buf b = { 0 };
	struct out o;

	(void)state;
	assert_int_equal(out_open(&o, NULL), 0);
	assert_int_equal(out_reopen(&o), 0);
	assert_int_equal(out_write(&o, &b), 0); /* nothing */
	assert_int_equal(out_close(&o), 0);
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
}

/* A socket cannot be opened a second time, and others may share it: it must not be waited for. */
static void stdout_that_is_a_socket_is_not_waited_for(void **state)
{
	struct buf b = { 0 };
	struct out o;
	int sockets[2], old = dup(STDOUT_FILENO), adopted, full, flags;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	flags = fcntl(sockets[1], F_GETFL);
	fill(&b, 6000, 700);
	dup2(sockets[1], STDOUT_FILENO);
	adopted = out_open(&o, NULL);
	alarm(20);
	while (!(full = out_write(&o, &b)) && b.len)
		;
	alarm(0);
	dup2(old, STDOUT_FILENO);
	assert_int_equal(adopted, 0);
	assert_int_equal(o.fd, STDOUT_FILENO);
	assert_int_equal(full, -EAGAIN);
	assert_true(b.len > 0);
	assert_int_equal(fcntl(sockets[1], F_GETFL), flags);
	close(old);
	close(sockets[0]);
	close(sockets[1]);
	buf_free(&b);
}

static void what_cannot_be_written_to_is_not_adopted(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	struct out o;

	(void)state;
	assert_int_equal(out_adopt(&o, fd), -EBADF);
	close(fd);
	assert_int_equal(out_adopt(&o, fd), -EBADF);
}

static void a_file_that_is_full_behind_a_line_keeps_it(void **state)
{
	struct rlimit before, small;
	struct buf b = { 0 };
	struct out o;
	struct stat st;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 800;
	assert_int_equal(out_open(&o, path), 0);
	fill(&b, 3, 400);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(out_write(&o, &b), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(b.len, 400);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 800);
	buf_free(&b);
	out_close(&o);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_file_is_emptied_and_for_its_owner_only),
		story(after_a_rotation_it_goes_on_in_a_new_file),
		story(a_file_that_cannot_be_opened_anew_leaves_the_old_one),
		story(what_cannot_be_opened_or_written_is_told),
		story(a_pipe_gets_whole_lines_and_is_not_waited_for),
		story(a_file_that_takes_no_more_ends_with_a_whole_line),
		story(a_file_that_is_removed_is_noticed),
		story(what_was_truncated_has_no_hole),
		story(no_path_is_stdout_and_stays_open),
		story(stdout_that_is_a_socket_is_not_waited_for),
		story(what_cannot_be_written_to_is_not_adopted),
		story(a_file_that_is_full_behind_a_line_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
