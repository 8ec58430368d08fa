// SPDX-License-Identifier: GPL-2.0-only
/* Events as JSON lines: what the stream's contract says stands in them, and nothing unknown. */
#include "lines.h"

static struct event ev;

static int begin(void **state)
{
	(void)state;
	ev = (struct event){ .ts = NOW, .id = { 4711, 4 * NS_PER_S } };
	return begin_lines(&json_sink);
}

static void every_line_has_its_time_and_number(void **state)
{
	int i;

	(void)state;
	for (i = 1; i <= 20; i++) {
		write_about(CHANGE_FORK, &ev);
		read_line();
		assert_common("event", "fork", i);
		assert_str("@timestamp", "2009-02-13T23:31:40.000000000Z");
		assert_worker();
	}
}

static void every_change_has_its_action(void **state)
{
	static const struct { enum change_kind kind; const char *event, *action; } words[] = {
		{ CHANGE_SNAPSHOT, "state", "snapshot" }, { CHANGE_FORK, "event", "fork" },
		{ CHANGE_EXEC, "event", "exec" },	  { CHANGE_SESSION, "event", "session" },
		{ CHANGE_EXIT, "event", "exit" },	  { CHANGE_REAP, "event", "reap" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(words); i++) {
		write_about(words[i].kind, &ev);
		read_line();
		assert_common(words[i].event, words[i].action, (int)i + 1);
		assert_worker();
		assert_string_equal(change_action(words[i].kind), words[i].action);
	}
}

static void what_is_not_known_is_left_out(void **state)
{
	static const enum change_kind kinds[] = { CHANGE_SNAPSHOT, CHANGE_FORK, CHANGE_EXEC,
						  CHANGE_SESSION, CHANGE_EXIT, CHANGE_REAP };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(kinds); i++) {
		p.id.start = 0;
		p.have = 0;
		p.parent = NULL;
		write_about(kinds[i], &ev);
		read_line();
		assert_num("process.pid", 4711);
		assert_absent("process.entity_id");
		assert_absent("process.start");
		assert_absent("process.name");
		assert_absent("process.parent");
		assert_absent("process.args");
		assert_absent("process.executable");
		assert_absent("process.working_directory");
		assert_absent("process.tty");
		assert_absent("process.session_leader");
		assert_absent("user");
		assert_absent("container");
		assert_absent("proctrace.class");
		assert_absent("proctrace.state");
		assert_absent("proctrace.inferred");
		assert_absent("proctrace.raw");
		assert_absent("proctrace.reap.zombie_ms");
		assert_absent("proctrace.reap.reaper");
		assert_absent("proctrace.lifetime_ms");
	}
}

static void an_entity_id_is_of_this_process_on_this_boot_only(void **state)
{
	char id[128], other[128];

	(void)state;
	write_about(CHANGE_FORK, &ev);
	read_line();
	strcpy(id, json_string_value(at("process.entity_id")));
	write_about(CHANGE_EXIT, &ev);
	read_line();
	assert_str("process.entity_id", id); /* all its life */
	p.id.start++;
	write_about(CHANGE_FORK, &ev);
	read_line();
	strcpy(other, json_string_value(at("process.entity_id")));
	assert_string_not_equal(id, other); /* the next one of the pid */
	p.id.start--;
	p.id.pid++;
	write_about(CHANGE_FORK, &ev);
	read_line();
	assert_string_not_equal(json_string_value(at("process.entity_id")), id);
	p.id.pid--;
	s.boot[0] = 'f';
	write_about(CHANGE_FORK, &ev);
	read_line();
	assert_string_not_equal(json_string_value(at("process.entity_id")), id);
}

static void a_fork_names_the_creator_where_it_is_another(void **state)
{
	(void)state;
	p.creator = parent.id;
	strcpy(p.creator_comm, "shell");
	write_about(CHANGE_FORK, &ev);
	read_line();
	assert_absent("proctrace.creator");
	p.creator = (struct ident){ 43, 3 * NS_PER_S + 1 };
	strcpy(p.creator_comm, "cloner");
	write_about(CHANGE_FORK, &ev);
	read_line();
	assert_num("proctrace.creator.pid", 43);
	assert_str("proctrace.creator.name", "cloner");
}

static void an_exec_tells_the_program(void **state)
{
	(void)state;
	p.have |= HAVE_SESSION | HAVE_USER;
	p.sid = 40;
	p.pgid = 41;
	p.tty = 136 << 8 | 44 | 256 << 12; /* pts/300: minors over 255 stand in the upper bits */
	p.uid = 1000;
	p.euid = 0;
	p.has_euid = true;
	p.args = text_new("ls\0\0-l", 6);
	p.args_bytes = 6;
	p.argc = 3;
	p.exe = text_of("/usr/bin/ls");
	p.cwd = text_of("/tmp/\"x\"");
	p.class = CLASS_INTERACTIVE;
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_common("event", "exec", 1);
	assert_worker();
	assert_int_equal(json_array_size(at("process.args")), 3);
	assert_string_equal(json_string_value(json_array_get(at("process.args"), 0)), "ls");
	assert_string_equal(json_string_value(json_array_get(at("process.args"), 1)), "");
	assert_string_equal(json_string_value(json_array_get(at("process.args"), 2)), "-l");
	assert_num("process.args_count", 3);
	assert_str("process.executable", "/usr/bin/ls");
	assert_str("process.working_directory", "/tmp/\"x\"");
	assert_num("process.session_leader.pid", 40);
	assert_num("process.group_leader.pid", 41);
	assert_num("process.tty.char_device.major", 136);
	assert_num("process.tty.char_device.minor", 300);
	assert_str("user.id", "1000");
	assert_str("proctrace.class", "interactive");
	assert_absent("proctrace.args_truncated");
	assert_absent("proctrace.raw");
}

static void arguments_are_counted_as_they_were_given(void **state)
{
	static const struct { const char *bytes; size_t len, n; } argvs[] = {
		{ "", 0, 0 }, { "\0", 1, 1 }, { "a", 1, 1 }, { "a\0", 2, 1 }, { "a\0\0", 3, 2 },
		{ "\0\0\0", 3, 3 }, { "a\0b", 3, 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(argvs); i++) {
		let_go(&p);
		p.args = text_new(argvs[i].bytes, argvs[i].len);
		write_about(CHANGE_EXEC, &ev);
		read_line();
		assert_int_equal(json_array_size(at("process.args")), argvs[i].n);
	}
}

static void a_cut_argv_says_how_long_it_was(void **state)
{
	(void)state;
	p.args = text_new("echo\0aaa", 8);
	p.args_bytes = 102400;
	p.args_cut = true;
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_num("proctrace.args_truncated.bytes", 102400);
	assert_int_equal(json_array_size(at("process.args")), 2);
}

/* Their length does not tell whether they were cut: what is shown is longer or shorter. */
static void a_masked_argv_is_not_cut_for_that(void **state)
{
	(void)state;
	p.args = text_new("x\0--token=***", 14);
	p.args_bytes = 40;
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_absent("proctrace.args_truncated");
	p.args_cut = true;
	p.args_bytes = 12;
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_num("proctrace.args_truncated.bytes", 12);
}

static void a_script_and_the_thread_that_called_exec_are_named(void **state)
{
	(void)state;
	ev.exec.script = (struct slice){ "./x.sh", 6 };
	ev.exec.old_tid = 4712;
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_str("proctrace.script", "./x.sh");
	assert_num("proctrace.exec_thread", 4712);
	ev.exec.old_tid = 4711;
	ev.exec.script.s = NULL;
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_absent("proctrace.script");
	assert_absent("proctrace.exec_thread");
}

static void bytes_that_are_no_utf8_stand_beside_in_base64(void **state)
{
	(void)state;
	memcpy(p.comm, "w\xff", 3);
	p.args = text_new("a\0\xc3(", 4);
	p.args_bytes = 4;
	p.exe = text_of("/tmp/\x80");
	p.cwd = text_of("/home");
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_str("process.name", "w\xef\xbf\xbd");
	assert_str("proctrace.raw.name", "d/8=");
	assert_string_equal(json_string_value(json_array_get(at("process.args"), 1)),
			    "\xef\xbf\xbd(");
	assert_str("proctrace.raw.args", "YQDDKA==");
	assert_str("process.executable", "/tmp/\xef\xbf\xbd");
	assert_str("proctrace.raw.executable", "L3RtcC+A");
	assert_absent("proctrace.raw.working_directory");
}

static void a_container_is_told_by_its_control_group(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "/system.slice/docker-%s.scope", id);
	p.cgroup_path = text_of(path);
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_str("container.id", id);
	assert_str("container.runtime", "docker");
	assert_absent("container.name");
	assert_absent("kubernetes");
	assert_str("proctrace.cgroup", path);
	assert_str("proctrace.unit", "system.slice");
	text_put(p.cgroup_path);
	p.cgroup_path = text_of("/user.slice/a\\x2db\\xff.service/c");
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_absent("container");
	assert_absent("kubernetes");
	assert_str("proctrace.cgroup", "/user.slice/a\\x2db\\xff.service/c");
	assert_str("proctrace.unit", "a-b\xef\xbf\xbd.service");
}

static void a_pod_and_a_container_with_a_name_are_told(void **state)
{
	static const char uid[] = "2c48913c-b29f-11e7-9350-020968147796";
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "/kubepods/pod%s", uid);
	p.cgroup_path = text_of(path);
	write_about(CHANGE_FORK, &ev);
	read_line();
	assert_absent("container");
	assert_str("kubernetes.pod.uid", uid);
	assert_str("proctrace.cgroup", path);
	assert_absent("proctrace.unit");
	text_put(p.cgroup_path);
	p.cgroup_path = text_of("/lxc.payload.w\\x2d\x80");
	write_about(CHANGE_FORK, &ev);
	read_line();
	assert_str("container.runtime", "lxc");
	assert_str("proctrace.raw.cgroup", "L2x4Yy5wYXlsb2FkLndceDJkgA==");
	write_about(CHANGE_EXIT, &ev);
	read_line();
	assert_absent("proctrace.cgroup");
	assert_absent("proctrace.raw");
	write_about(CHANGE_EXEC, &ev);
	read_line();
	assert_absent("container.id");
	assert_str("container.name", "w-\xef\xbf\xbd");
	assert_str("container.runtime", "lxc");
}

static void a_snapshot_tells_class_and_state(void **state)
{
	(void)state;
	p.class = CLASS_DAEMON;
	p.letter = 'S';
	p.has_nice = true;
	p.nice = -5;
	p.locked = true;
	p.have |= HAVE_NSPID;
	p.nspid = 7;
	write_about(CHANGE_SNAPSHOT, &ev);
	read_line();
	assert_str("proctrace.class", "daemon");
	assert_str("proctrace.state", "S<L");
	assert_num("proctrace.nspid", 7);
	p.nice = 5;
	p.locked = false;
	p.class = CLASS_KERNEL;
	write_about(CHANGE_SNAPSHOT, &ev);
	read_line();
	assert_str("proctrace.state", "SN");
	assert_str("proctrace.class", "kernel");
}

static void any_bytes_make_lines_that_are_json(void **state)
{
	uint64_t seed = 5;
	int round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		char bytes[64];
		size_t i;

		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)(1 + dice(&seed) % 255); /* but for NUL, in paths */
		let_go(&p);
		memcpy(p.comm, bytes, COMM_LEN - 1);
		bytes[12 + dice(&seed) % 8] = 0;
		p.args = text_new(bytes + 10, 10 + dice(&seed) % 40);
		p.exe = text_new(bytes + 20, dice(&seed) % 30);
		p.cwd = text_new(bytes + 25, dice(&seed) % 30);
		p.cgroup_path = text_new(bytes + 30, dice(&seed) % 30);
		write_about(dice(&seed) % 2 ? CHANGE_EXEC : CHANGE_SNAPSHOT, &ev);
		read_line();
	}
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end_lines)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(every_line_has_its_time_and_number),
		story(every_change_has_its_action),
		story(what_is_not_known_is_left_out),
		story(an_entity_id_is_of_this_process_on_this_boot_only),
		story(a_fork_names_the_creator_where_it_is_another),
		story(an_exec_tells_the_program),
		story(arguments_are_counted_as_they_were_given),
		story(a_cut_argv_says_how_long_it_was),
		story(a_masked_argv_is_not_cut_for_that),
		story(a_script_and_the_thread_that_called_exec_are_named),
		story(bytes_that_are_no_utf8_stand_beside_in_base64),
		story(a_container_is_told_by_its_control_group),
		story(a_pod_and_a_container_with_a_name_are_told),
		story(a_snapshot_tells_class_and_state),
		story(any_bytes_make_lines_that_are_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
