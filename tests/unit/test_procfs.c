// SPDX-License-Identifier: GPL-2.0-only
/* The texts of /proc/PID/stat and status, whatever a process is called. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source/procfs.h"
#include "source/procfs_text.h"
#include "unit.h"

static struct event ev;
static char line[8192];

/*
 * A line as proc(5) numbers its 52 fields. Those that are not given hold numbers that nobody may
 * take for another.
 */
struct field {
	int number;
	const char *value;
};

static size_t stat_line(const char *comm, const struct field *fields, size_t n, int last)
{
	size_t at = (size_t)sprintf(line, "4711 (%s)", comm), j;
	int i;

	for (i = 3; i <= last; i++) {
		char other[16];
		const char *value = other;

		snprintf(other, sizeof(other), "%d", 900 + i);
		if (i == 3)
			value = "S";
		for (j = 0; j < n; j++)
			if (fields[j].number == i)
				value = fields[j].value;
		at += (size_t)sprintf(line + at, " %s", value);
	}
	at += (size_t)sprintf(line + at, "\n");
	return at;
}

static int parse(size_t len)
{
	char *copy = exact_copy(line, len + 1);
	int err;

	copy[len] = 0;
	memset(&ev, 0, sizeof(ev));
	err = proc_parse_stat(copy, len, &ev);
	free(copy);
	return err;
}

static const struct field usual[] = {
	{ 3, "S" }, { 4, "42" }, { 5, "43" }, { 6, "44" }, { 7, "34817" }, { 8, "-1" },
	{ 9, "0" }, { 16, "-9" }, { 17, "-8" }, { 19, "-5" }, { 20, "3" }, { 21, "0" },
	{ 22, "123" }, { 23, "8192" }, { 25, "18446744073709551615" }, { 38, "17" },
	{ 52, "768" },
};

static void every_field_is_read_from_its_place(void **state)
{
	(void)state;
	assert_int_equal(parse(stat_line("bash", usual, COUNT(usual), 52)), 0);
	assert_string_equal(ev.facts.comm, "bash");
	assert_int_equal(ev.facts.parent.pid, 42);
	assert_true(ev.facts.parent.start == 0); /* it does not say */
	assert_int_equal(ev.facts.pgid, 43);
	assert_int_equal(ev.facts.sid, 44);
	assert_int_equal(ev.facts.tty, 34817);
	assert_false(ev.facts.kthread);
	assert_int_equal(ev.facts.have & (HAVE_COMM | HAVE_PARENT | HAVE_SESSION),
			 HAVE_COMM | HAVE_PARENT | HAVE_SESSION);
	assert_int_equal(ev.facts.have & (HAVE_USER | HAVE_NSPID | HAVE_CGROUP), 0);
	assert_true(ev.id.start == 1230000000); /* 123 ticks of 10 ms */
	assert_int_equal(ev.sight.letter, 'S');
	assert_true(ev.sight.has_nice && ev.sight.has_exit_signal);
	assert_int_equal(ev.sight.nice, -5);
	assert_int_equal(ev.sight.threads, 3);
	assert_int_equal(ev.sight.exit_signal, 17);
	assert_false(ev.sight.dead);
	assert_false(ev.sight.has_status);
	assert_int_equal(ev.sight.doing.cminflt, 911); /* field 11 */
}

static void hostile_names_change_no_field(void **state)
{
	static const char *const names[] = {
		") Z 1 (", ") Z 1 1 1 1 1", "((((((((((((((", "))))))))))))))", "a\nb\nc", "", " ",
		"\xff\xfe\x80", "4711 (x) R 1 1", "123456789012345", "%s%n%d", "\t\r\x1b[2J",
		"S 1 2)",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		assert_int_equal(parse(stat_line(names[i], usual, COUNT(usual), 52)), 0);
		assert_string_equal(ev.facts.comm, names[i]);
		assert_int_equal(ev.facts.parent.pid, 42);
		assert_int_equal(ev.sight.letter, 'S');
		assert_true(ev.id.start == 1230000000);
	}
}

static void a_name_longer_than_any_is_cut(void **state)
{
	(void)state;
	/* of a kernel worker, /proc tells more than 15 bytes */
	assert_int_equal(parse(stat_line("kworker/u8:3-events", usual, COUNT(usual), 52)), 0);
	assert_string_equal(ev.facts.comm, "kworker/u8:3-ev");
}

static void a_kernel_thread_is_told_by_its_flag(void **state)
{
	static const struct field fields[] = {
		{ 3, "I" }, { 4, "2" }, { 5, "0" }, { 6, "0" }, { 7, "0" }, { 9, "69238880" },
		{ 19, "0" }, { 20, "1" }, { 22, "5" }, { 38, "17" }, { 52, "0" },
	};

	(void)state;
	/* 69238880 is 0x04208060: PF_KTHREAD is 0x00200000 */
	assert_int_equal(parse(stat_line("kthreadd", fields, COUNT(fields), 52)), 0);
	assert_true(ev.facts.kthread);
}

static void a_corpse_has_its_status(void **state)
{
	static const struct field fields[] = {
		{ 3, "Z" }, { 4, "42" }, { 5, "43" }, { 6, "44" }, { 7, "0" }, { 9, "4228108" },
		{ 19, "0" }, { 20, "1" }, { 22, "5" }, { 38, "17" }, { 52, "139" },
	};

	(void)state;
	assert_int_equal(parse(stat_line("x", fields, COUNT(fields), 52)), 0);
	assert_true(ev.sight.dead);
	assert_true(ev.sight.has_status);
	assert_int_equal(ev.sight.status, 139);
	/* kernels before 3.5 end earlier: the status is not known, the rest is */
	assert_int_equal(parse(stat_line("x", fields, COUNT(fields), 44)), 0);
	assert_true(ev.sight.dead);
	assert_false(ev.sight.has_status);
}

static void a_dead_leader_of_living_threads_is_no_corpse(void **state)
{
	static const struct field fields[] = {
		{ 3, "Z" }, { 4, "42" }, { 5, "43" }, { 6, "44" }, { 7, "0" }, { 9, "0" },
		{ 19, "0" }, { 20, "2" }, { 22, "5" }, { 38, "17" }, { 52, "0" },
	};

	(void)state;
	assert_int_equal(parse(stat_line("x", fields, COUNT(fields), 52)), 0);
	assert_int_equal(ev.sight.letter, 'Z');
	assert_false(ev.sight.dead);
	assert_false(ev.sight.has_status);
}

static void a_line_that_is_cut_before_its_last_field_is_refused(void **state)
{
	size_t full = stat_line("x)", usual, COUNT(usual), 38), n;

	(void)state;
	for (n = 0; n < full - sizeof("17\n") + 1; n++) {
		stat_line("x)", usual, COUNT(usual), 38);
		if (parse(n) != -EBADMSG)
			fail_msg("%zu bytes of \"%s\" were taken", n, line);
	}
	stat_line("x)", usual, COUNT(usual), 38);
	assert_int_equal(parse(full), 0);
}

static void a_state_that_ps_does_not_know_is_refused(void **state)
{
	static const char *const letters[] = { "\x1b", "\"", "s", "?", "\x80" };
	struct field fields[COUNT(usual)];
	size_t i;

	(void)state;
	memcpy(fields, usual, sizeof(usual));
	for (i = 0; i < COUNT(letters); i++) {
		fields[0].value = letters[i];
		assert_int_equal(parse(stat_line("x", fields, COUNT(fields), 52)), -EBADMSG);
	}
}

static void numbers_that_are_too_big_are_refused(void **state)
{
	struct field fields[COUNT(usual)];
	size_t i;

	(void)state;
	memcpy(fields, usual, sizeof(usual));
	for (i = 0; i < COUNT(fields); i++)
		if (fields[i].number == 22)
			fields[i].value = "18446744073709551615"; /* as ticks, after any boot */
	assert_int_equal(parse(stat_line("x", fields, COUNT(fields), 52)), -EBADMSG);
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const lines[] = {
		"", "\n", "4711", "4711 (", "4711 (x", "4711 (x)", ")(", "()", ") (", "4711 (x) ",
		"4711 (x) S", "no such process", "4711 (x) S a b c d e f g h i j k l m n o",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		strcpy(line, lines[i]);
		assert_int_equal(parse(strlen(line)), -EBADMSG);
	}
}

static void parse_status(const char *text)
{
	char *copy = exact_copy(text, strlen(text) + 1);

	memset(&ev, 0, sizeof(ev));
	proc_parse_status(copy, strlen(text), &ev);
	free(copy);
}

static void the_lines_of_a_status_are_read(void **state)
{
	(void)state;
	parse_status("Name:\tbash\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4711\nPid:\t4711\n"
		     "PPid:\t42\nTracerPid:\t77\nUid:\t1000\t1001\t1002\t1003\n"
		     "Gid:\t9\t9\t9\t9\nNStgid:\t4711\t12\t3\nNSpid:\t4711\t12\t3\nNSpgid:\t1\n"
		     "VmPeak:\t  9 kB\nVmLck:\t      64 kB\nThreads:\t1\n");
	assert_int_equal(ev.facts.uid, 1000);
	assert_int_equal(ev.sight.euid, 1001);
	assert_true(ev.sight.has_euid);
	assert_int_equal(ev.sight.tracer.pid, 77);
	assert_true(ev.facts.traced);
	assert_int_equal(ev.facts.nspid, 3); /* the innermost */
	assert_false(ev.facts.ns_init);
	assert_true(ev.sight.locked);
	assert_int_equal(ev.facts.have, HAVE_USER | HAVE_NSPID | HAVE_BITS);
}

static void the_init_of_a_namespace_is_number_one_in_it(void **state)
{
	(void)state;
	parse_status("NSpid:\t4711\t1\n");
	assert_true(ev.facts.ns_init);
	parse_status("NSpid:\t1\t12\n");
	assert_false(ev.facts.ns_init);
	parse_status("NSpid:\t1\n");
	assert_true(ev.facts.ns_init);
}

static void the_masks_of_a_status_tell_of_sigchld(void **state)
{
	(void)state;
	parse_status("ShdPnd:\t0000000000010000\nSigBlk:\t0000000000000000\n");
	assert_true(ev.sight.doing.known && ev.sight.doing.sigchld_pending);
	assert_false(ev.sight.doing.sigchld_blocked);
	parse_status("SigPnd:\t0000000000010000\nShdPnd:\tfffffffffffeffff\nSigBlk:\t00010000\n");
	assert_false(ev.sight.doing.sigchld_pending);
	assert_true(ev.sight.doing.sigchld_blocked);
	parse_status("SigBlk:\nShdPnd:\tx\n");
	assert_false(ev.sight.doing.known);
}

static int waits_for(const char *text, int32_t *pid)
{
	char *copy = exact_copy(text, strlen(text) + 1);
	int err = proc_parse_wait(copy, pid);

	free(copy);
	return err;
}

static void a_system_call_tells_where_it_sleeps(void **state)
{
	static const struct { long number; const char *want; } calls[] = {
		{ SYS_wait4, "do_wait" },
		{ SYS_waitid, "do_wait" },
		{ SYS_rt_sigtimedwait, "do_sigtimedwait" },
		{ SYS_read, "" },
	};
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(calls); i++) {
		snprintf(text, sizeof(text), "%ld 0x1 0x0 0x0 0x0 0x0 0x0 0x7f 0x7f\n",
			 calls[i].number);
		assert_string_equal(proc_parse_sleep(text), calls[i].want);
	}
	assert_string_equal(proc_parse_sleep("running\n"), "");
	assert_string_equal(proc_parse_sleep("-1 0x7f 0x7f\n"), "");
	assert_string_equal(proc_parse_sleep(""), "");
}

/* As x86_64 numbers them where it is built for that: wait4 and waitid. */
static void a_wait_call_tells_whom_it_is_for(void **state)
{
	static const struct { long number; const char *args; int32_t want; } calls[] = {
		{ SYS_wait4, "0x67c4 0x0", 0x67c4 },
		{ SYS_wait4, "0xffffffffffffffff 0x0", -1 },
		{ SYS_wait4, "0xffffffff 0x0", -1 },
		{ SYS_wait4, "0x0 0x0", 0 },
		{ SYS_wait4, "0xfffffffffffffff6 0x0", -10 },
		{ SYS_waitid, "0x0 0x55", -1 },	 /* P_ALL */
		{ SYS_waitid, "0x1 0x55", 0x55 }, /* P_PID */
		{ SYS_waitid, "0x2 0x55", -0x55 }, /* P_PGID */
	};
	char text[128];
	int32_t pid;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(calls); i++) {
		snprintf(text, sizeof(text), "%ld %s 0x0 0x0 0x0 0x0 0x7f 0x7f\n", calls[i].number,
			 calls[i].args);
		assert_int_equal(waits_for(text, &pid), 0);
		assert_int_equal(pid, calls[i].want);
	}
	snprintf(text, sizeof(text), "%ld 0x3 0x5 0x0\n", (long)SYS_waitid); /* P_PIDFD */
	assert_int_equal(waits_for(text, &pid), -ENOENT);
	snprintf(text, sizeof(text), "%ld 0x2 0x80000000 0x0\n", (long)SYS_waitid);
	assert_int_equal(waits_for(text, &pid), -ENOENT);
	assert_int_equal(waits_for("99999 0x1 0x2\n", &pid), -ENOENT);
	assert_int_equal(waits_for("running\n", &pid), -EBADMSG);
	assert_int_equal(waits_for("", &pid), -EBADMSG);
}

static void what_a_status_does_not_say_is_not_known(void **state)
{
	(void)state;
	parse_status("");
	assert_int_equal(ev.facts.have, 0);
	parse_status("Name:\tx\nState:\tS\n");
	assert_int_equal(ev.facts.have, 0);
	assert_false(ev.sight.has_euid);
	parse_status("Uid:\t1000\nUid:\nUid");
	assert_int_equal(ev.facts.have & HAVE_USER, 0);
	parse_status("Uid:\t7\t8\t9\t9"); /* no newline at the end */
	assert_int_equal(ev.facts.uid, 7);
	parse_status("VmLck:\t0 kB\nTracerPid:\t0\n");
	assert_false(ev.sight.locked);
	assert_false(ev.facts.traced);
}

static void a_parents_status_says_what_it_does_with_sigchld(void **state)
{
	struct facts f = { 0 };

	(void)state;
	proc_parse_signals("Name:\tx\n", &f);
	assert_int_equal(f.have, 0);
	proc_parse_signals("Name:\tSigIgn: 10000\nSigIgn:\t0000000000000000\n"
			   "SigCgt:\t0000000000010000\n", &f);
	assert_int_equal(f.have, HAVE_PARENT_SIGNALS);
	assert_false(f.parent_autoreaps);
	assert_true(f.parent_catches);
	proc_parse_signals("Name:\tx\nSigIgn:\tfffffffffffeffff\nSigCgt:\tfffffffffffeffff\n", &f);
	assert_false(f.parent_autoreaps || f.parent_catches);
	proc_parse_signals("Name:\tx\nSigIgn:\t0000000000010000\n", &f);
	assert_true(f.parent_autoreaps);
}

/* The kernel escapes newlines in Name, but not what looks like a line's beginning. */
static void a_name_cannot_pose_as_another_line(void **state)
{
	(void)state;
	parse_status("Name:\tUid:\t0\t0\nUid:\t1000\t1000\t1000\t1000\nTracerPid:\t0\n"
		     "NSpid:\t4711\n");
	assert_int_equal(ev.facts.uid, 1000);
	parse_status("Name:\tNSpid: 1\nNSpid:\t4711\n");
	assert_int_equal(ev.facts.nspid, 4711);
	assert_false(ev.facts.ns_init);
}

/* This process itself, through the real /proc. */
static void a_look_at_oneself_is_true(void **state)
{
	struct proc_room room = { .args_max = 4096 };
	struct ident self = { (uint32_t)getpid(), 0 };

	(void)state;
	proc_look(self, PROC_ARGS, &room, &ev);
	assert_int_equal(ev.kind, EVENT_SIGHT);
	assert_int_equal(ev.id.pid, getpid());
	assert_true(ev.id.start > 0 && ev.id.start % START_TICK == 0);
	assert_true(ev.ts > ev.id.start);
	assert_int_equal(ev.facts.parent.pid, getppid());
	assert_int_equal(ev.facts.uid, getuid());
	assert_int_equal(ev.facts.sid, getsid(0));
	assert_int_equal(ev.sight.letter, 'R');
	assert_false(ev.sight.dead);
	assert_non_null(ev.sight.args.s);
	assert_int_equal(ev.sight.argc, 1);
	assert_int_equal(ev.sight.args.len, ev.sight.args_bytes);
	assert_false(ev.sight.args_cut);
	assert_non_null(ev.sight.exe.s);
	assert_int_equal(ev.sight.exe.s[0], '/');

	room.args_max = 3;
	proc_look(self, PROC_ARGS, &room, &ev);
	assert_int_equal(ev.sight.args.len, 3);
	assert_true(ev.sight.args_bytes > 3 && ev.sight.args_cut);

	self.start = ev.id.start + 5 * START_TICK; /* another one under this pid */
	proc_look(self, 0, &room, &ev);
	assert_int_equal(ev.kind, EVENT_MISSING);
	assert_true(ev.id.start == self.start);
	assert_int_equal(ev.facts.have, 0);
	proc_room_free(&room);
}

static void a_pid_that_nobody_has_is_missing(void **state)
{
	struct proc_room room = { 0 };
	struct ident nobody = { 4194305, 99 }; /* over the highest there can be */

	(void)state;
	proc_look(nobody, PROC_ARGS | PROC_PARENT, &room, &ev);
	assert_int_equal(ev.kind, EVENT_MISSING);
	assert_int_equal(ev.id.pid, 4194305);
	assert_true(ev.id.start == 99);
	assert_true(ev.ts > 0);
	proc_room_free(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_read_from_its_place),
		cmocka_unit_test(hostile_names_change_no_field),
		cmocka_unit_test(a_name_longer_than_any_is_cut),
		cmocka_unit_test(a_kernel_thread_is_told_by_its_flag),
		cmocka_unit_test(a_corpse_has_its_status),
		cmocka_unit_test(a_dead_leader_of_living_threads_is_no_corpse),
		cmocka_unit_test(a_line_that_is_cut_before_its_last_field_is_refused),
		cmocka_unit_test(a_state_that_ps_does_not_know_is_refused),
		cmocka_unit_test(numbers_that_are_too_big_are_refused),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(the_lines_of_a_status_are_read),
		cmocka_unit_test(the_masks_of_a_status_tell_of_sigchld),
		cmocka_unit_test(a_system_call_tells_where_it_sleeps),
		cmocka_unit_test(a_wait_call_tells_whom_it_is_for),
		cmocka_unit_test(the_init_of_a_namespace_is_number_one_in_it),
		cmocka_unit_test(what_a_status_does_not_say_is_not_known),
		cmocka_unit_test(a_name_cannot_pose_as_another_line),
		cmocka_unit_test(a_parents_status_says_what_it_does_with_sigchld),
		cmocka_unit_test(a_look_at_oneself_is_true),
		cmocka_unit_test(a_pid_that_nobody_has_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
