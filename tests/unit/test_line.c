// SPDX-License-Identifier: GPL-2.0-only
/* A line of a recorded stream is read back into what made it. */
#include "source/line.h"

#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "unit.h"

#define HEAD "{\"@timestamp\":\"2009-02-13T23:31:40.000000007Z\",\"event\":{\"action\":\""
#define WORKER \
	"\"process\":{\"pid\":4711,\"entity_id\":\"0123456789abcdef-1267-ee6b2805\"," \
	"\"name\":\"worker\",\"parent\":{\"pid\":42,\"entity_id\":\"0123456789abcdef-2a-b2d05e00\"}," \
	"\"start\":\"2009-02-13T23:31:34.000000005Z\""

static struct line_room room;
static struct line l;
static const char *why;

/* A line is written over as it is read. */
static int take(const char *text)
{
	static char *copy;

	free(copy);
	copy = strdup(text);
	return line_read(&room, copy, strlen(copy), &l, &why);
}

static void assert_slice(struct slice slice, const char *bytes, size_t len)
{
	assert_non_null(slice.s);
	assert_int_equal(slice.len, len);
	assert_memory_equal(slice.s, bytes, len);
}

static const struct event *only_event(void)
{
	assert_int_equal(l.nevents, 1);
	assert_false(l.aside);
	assert_int_equal(l.events[0].id.pid, 4711);
	assert_int_equal(l.events[0].id.start, 0xee6b2805);
	return &l.events[0];
}

static void assert_who(const struct facts *f)
{
	assert_int_equal(f->parent.pid, 42);
	assert_int_equal(f->parent.start, 3 * NS_PER_S);
	assert_string_equal(f->comm, "worker");
	assert_true(f->have & HAVE_PARENT);
	assert_true(f->have & HAVE_COMM);
}

static void a_birth_has_its_parent_and_creator(void **state)
{
	const struct event *ev;
	struct line_clocks clocks;

	(void)state;
	assert_int_equal(take(HEAD "fork\"}," WORKER ",\"session_leader\":{\"pid\":5},"
			      "\"group_leader\":{\"pid\":6},\"tty\":{\"char_device\":{\"major\":136,"
			      "\"minor\":300}}},\"user\":{\"id\":\"1000\"},\"proctrace\":{\"class\":"
			      "\"interactive\",\"exit_signal\":0,\"nspid\":3,\"subreaper\":true}}"),
			 0);
	assert_int_equal(l.kind, LINE_PROCESS);
	assert_int_equal(l.wall, 1234567900 * NS_PER_S + 7);
	line_clocks(&room, &clocks);
	assert_int_equal(clocks.start_wall, 1234567894 * NS_PER_S + 5);
	assert_int_equal(clocks.start_boot, 0xee6b2805);
	assert_string_equal(clocks.boot, "0123456789abcdef");
	ev = only_event();
	assert_int_equal(ev->kind, EVENT_FORK);
	assert_who(&ev->facts);
	assert_int_equal(ev->fork.creator.pid, 42);
	assert_int_equal(ev->fork.exit_signal, 0);
	assert_int_equal(ev->facts.sid, 5);
	assert_int_equal(ev->facts.pgid, 6);
	assert_int_equal(ev->facts.tty, 0x10882c); /* new_encode_dev(136:300) */
	assert_int_equal(ev->facts.uid, 1000);
	assert_int_equal(ev->facts.nspid, 3);
	assert_true(ev->facts.subreaper);
	assert_false(ev->facts.parent_subreaper);
	assert_true(ev->facts.have & HAVE_BITS);
	assert_false(ev->facts.kthread);
}

static void a_creator_that_is_not_the_parent_is_known_aside(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD "fork\"}," WORKER "},\"proctrace\":{\"creator\":{\"pid\":43,"
			      "\"name\":\"cloner\",\"entity_id\":\"0123456789abcdef-2b-1\"}}}"), 0);
	assert_int_equal(l.nevents, 2);
	assert_true(l.aside);
	assert_false(l.aside_looked_at);
	assert_int_equal(l.events[0].kind, EVENT_SIGHT);
	assert_int_equal(l.events[0].id.pid, 43);
	assert_string_equal(l.events[0].facts.comm, "cloner");
	assert_int_equal(l.events[0].sight.letter, 0);
	assert_int_equal(l.events[1].fork.creator.pid, 43);
	assert_int_equal(l.events[1].fork.exit_signal, SIGCHLD);
}

static void an_exec_has_its_program(void **state)
{
	const struct event *ev;

	(void)state;
	assert_int_equal(take(HEAD "exec\"}," WORKER ",\"executable\":\"/bin/sh\",\"args\":[\"sh\","
			      "\"\",\"x\"],\"args_count\":3,\"working_directory\":\"/\"},\"user\":{"
			      "\"id\":\"0\",\"effective\":{\"id\":\"7\"}},\"proctrace\":{\"script\":"
			      "\"./run\",\"exec_thread\":4712}}"),
			 0);
	ev = only_event();
	assert_int_equal(ev->kind, EVENT_EXEC);
	assert_slice(ev->exec.args, "sh\0\0x", 6);
	assert_int_equal(ev->exec.args_bytes, 6);
	assert_int_equal(ev->exec.argc, 3);
	assert_slice(ev->exec.exe, "/bin/sh", 7);
	assert_slice(ev->exec.cwd, "/", 1);
	assert_slice(ev->exec.script, "./run", 5);
	assert_int_equal(ev->exec.old_tid, 4712);
	assert_int_equal(ev->exec.euid, 7);
}

static void cut_arguments_end_where_they_were_cut(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD "exec\"}," WORKER ",\"args\":[\"sh\",\"half\"]},\"proctrace\":{"
			      "\"args_truncated\":{\"bytes\":5000}}}"), 0);
	assert_slice(only_event()->exec.args, "sh\0half", 7);
	assert_int_equal(l.events[0].exec.args_bytes, 5000);
	assert_int_equal(l.events[0].exec.argc, -1);
}

static void bytes_that_are_no_utf8_come_back(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD "exec\"}," WORKER ",\"args\":[\"\xef\xbf\xbd\"],\"executable\":"
			      "\"/\xef\xbf\xbd\"},\"proctrace\":{\"raw\":{\"name\":\"d/9v\",\"args\":"
			      "\"/wD+AA==\",\"executable\":\"L/8=\"}}}"), 0);
	assert_slice(only_event()->exec.args, "\xff\0\xfe", 4);
	assert_slice(l.events[0].exec.exe, "/\xff", 2);
	assert_string_equal(l.events[0].facts.comm, "w\xffo");
	assert_int_equal(take(HEAD "exec\"}," WORKER "},\"proctrace\":{\"script\":\"s\xef\xbf\xbd\","
			      "\"cgroup\":\"/\xef\xbf\xbd\",\"raw\":{\"script\":\"c/8=\",\"cgroup\":"
			      "\"L/4=\"}}}"), 0);
	assert_slice(only_event()->exec.script, "s\xff", 2);
	assert_slice(l.events[0].facts.cgroup_path, "/\xfe", 2);
}

/* What is shown without more ado must be what it is taken for. */
static void a_state_and_a_boot_of_any_bytes_are_not_known(void **state)
{
	struct line_clocks clocks;

	(void)state;
	assert_int_equal(take(HEAD "snapshot\"}," WORKER "},\"proctrace\":{\"state\":\"\\u001bN\"}}"),
			 0);
	assert_int_equal(only_event()->sight.letter, 0);
	assert_false(l.events[0].sight.has_nice);
	assert_int_equal(take(HEAD "fork\"},\"process\":{\"pid\":7,\"entity_id\":\"\\u001b[2J-7-9\","
			      "\"start\":\"2009-02-13T23:31:34.000000005Z\"}}"), 0);
	line_clocks(&room, &clocks);
	assert_string_equal(clocks.boot, "");
}

static void a_death_has_its_status_and_its_circumstances(void **state)
{
	const struct event *ev;

	(void)state;
	assert_int_equal(take(HEAD "exit\"}," WORKER "},\"proctrace\":{\"exit\":{\"signal\":"
			      "\"SIGSEGV\",\"core_dumped\":true,\"killed_by\":{\"name\":\"kernel\"},"
			      "\"cpu_user_ms\":1.234,\"cpu_system_ms\":5,\"max_rss_kb\":640,"
			      "\"threads\":3,\"adopter\":{\"pid\":9,\"name\":\"tini\",\"entity_id\":"
			      "\"0123456789abcdef-9-9\",\"ns_init\":true,\"sigchld\":\"ignored\"},\"parent\":{\"sigchld\":"
			      "\"caught\",\"waits\":true}}}}"),
			 0);
	assert_int_equal(l.nevents, 2);
	assert_int_equal(l.events[0].id.pid, 9);
	assert_true(l.events[0].facts.ns_init);
	ev = &l.events[1];
	assert_int_equal(ev->kind, EVENT_EXIT);
	assert_int_equal(ev->exit.status, SIGSEGV | 0x80);
	assert_int_equal(ev->exit.adopter.pid, 9);
	assert_true(ev->exit.adopter_autoreaps);
	assert_false(ev->exit.childless);
	assert_int_equal(ev->exit.utime, 1234000);
	assert_int_equal(ev->exit.stime, 5 * NS_PER_MS);
	assert_int_equal(ev->exit.maxrss, 640);
	assert_int_equal(ev->exit.threads, 3);
	assert_true(ev->exit.killer_known);
	assert_int_equal(ev->exit.killer.pid, 0);
	assert_true(ev->facts.have & HAVE_PARENT_SIGNALS);
	assert_true(ev->facts.parent_catches);
	assert_true(ev->facts.parent_waits);
	assert_false(ev->facts.parent_autoreaps);
	assert_int_not_equal(ev->facts.parent.pid, 8);
	assert_int_equal(take(HEAD "exit\"}," WORKER "},\"proctrace\":{\"exit\":{\"parent\":{"
			      "\"pid\":8,\"sigchld\":\"ignored\",\"waits\":false}}}}"), 0);
	ev = &l.events[0];
	assert_int_equal(ev->facts.parent.pid, 8); /* it is told under another */
	assert_true((ev->facts.have & HAVE_PARENT) && ev->facts.parent_autoreaps);
}

static void every_status_comes_back(void **state)
{
	static const struct { const char *members; uint32_t status; } rows[] = {
		{ ",\"exit_code\":0},\"proctrace\":{\"exit\":{}}}", 0 },
		{ ",\"exit_code\":201},\"proctrace\":{\"exit\":{}}}", 201 << 8 },
		{ "},\"proctrace\":{\"exit\":{\"signal\":\"SIGKILL\"}}}", SIGKILL },
		{ "},\"proctrace\":{\"exit\":{\"signal\":\"SIGRTMIN+2\"}}}", 36 },
		{ "},\"proctrace\":{\"exit\":{\"signal\":\"SIG33\"}}}", 33 },
	};
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text), HEAD "exit\"}," WORKER "%s", rows[i].members);
		assert_int_equal(take(text), 0);
		assert_int_equal(only_event()->exit.status, rows[i].status);
		assert_true(l.events[0].exit.childless);
	}
}

static void the_oom_killer_is_no_process(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD "exit\"}," WORKER "},\"proctrace\":{\"exit\":{\"signal\":\"SIGKILL\","
			      "\"killed_by\":{\"name\":\"oom\"}}}}"), 0);
	assert_true(only_event()->exit.oom);
	assert_false(l.events[0].exit.killer_known);
	assert_int_equal(take(HEAD "exit\"}," WORKER "},\"proctrace\":{\"exit\":{\"signal\":\"SIGKILL\","
			      "\"killed_by\":{\"pid\":8,\"name\":\"oom\"}}}}"), 0);
	assert_false(only_event()->exit.oom);
	assert_int_equal(l.events[0].exit.killer.pid, 8);
	assert_string_equal(l.events[0].exit.killer_comm, "oom");
}

static void what_was_inferred_came_from_a_sight(void **state)
{
	uint32_t first;

	(void)state;
	assert_int_equal(take(HEAD "fork\"}," WORKER "},\"proctrace\":{\"inferred\":true}}"), 0);
	assert_int_equal(only_event()->kind, EVENT_SIGHT);
	assert_false(l.events[0].sight.dead);
	assert_int_equal(take(HEAD "exit\"}," WORKER ",\"exit_code\":4},\"proctrace\":{\"inferred\":"
			      "true,\"exit\":{}}}"), 0);
	assert_int_equal(only_event()->kind, EVENT_SIGHT);
	assert_true(l.events[0].sight.dead);
	assert_int_equal(l.events[0].sight.status, 4 << 8);
	assert_int_equal(take(HEAD "exec\"}," WORKER "},\"proctrace\":{\"inferred\":true}}"), 0);
	assert_int_equal(l.nevents, 3);
	assert_int_equal(l.events[1].kind, EVENT_SIGHT);
	assert_true(l.events[1].facts.have & HAVE_EXEC_ID);
	assert_int_equal(l.events[2].facts.exec_id, l.events[1].facts.exec_id);
	first = l.events[0].facts.exec_id;
	assert_int_equal(take(HEAD "exec\"}," WORKER "},\"proctrace\":{\"inferred\":true}}"), 0);
	assert_int_not_equal(l.events[0].facts.exec_id, first);
}

static void a_release_has_the_reaper_for_a_parent(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD "reap\"}," WORKER "},\"proctrace\":{\"reap\":{\"reaper\":{\"pid\":7,"
			      "\"name\":\"gone\",\"entity_id\":\"0123456789abcdef-7-7\"},\"how\":\"wait\","
			      "\"precision\":\"rcu\"}}}"), 0);
	assert_int_equal(only_event()->kind, EVENT_FREE);
	assert_int_equal(l.events[0].facts.have, HAVE_PARENT);
	assert_int_equal(l.events[0].facts.parent.pid, 7);
	assert_int_equal(take(HEAD "reap\"}," WORKER "},\"proctrace\":{\"reap\":{\"how\":\"auto\","
			      "\"precision\":\"audit\"}}}"), 0);
	assert_int_equal(only_event()->kind, EVENT_MISSING);
	assert_int_equal(l.events[0].facts.have, 0);
	assert_int_equal(take(HEAD "reap\"}," WORKER "},\"proctrace\":{\"reap\":{\"reaper\":{\"pid\":42,"
			      "\"name\":\"init\",\"entity_id\":\"0123456789abcdef-2a-b2d05e00\"},\"how\":"
			      "\"init\",\"precision\":\"rcu\"}}}"), 0);
	assert_int_equal(l.nevents, 2); /* it was its parent, so it was there */
	assert_true(l.events[0].facts.ns_init);
}

#define EXACT(how, ms) \
	HEAD "reap\"}," WORKER "},\"proctrace\":{\"reap\":{\"reaper\":{\"pid\":7,\"name\":\"gone\"," \
	"\"entity_id\":\"0123456789abcdef-7-7\"},\"how\":\"" how "\",\"zombie_ms\":" ms \
	",\"precision\":\"exact\"}}}"

static void a_release_that_was_seen_says_what_made_it(void **state)
{
	(void)state;
	assert_int_equal(take(EXACT("wait", "0.012")), 0);
	assert_int_equal(only_event()->kind, EVENT_REAP);
	assert_int_equal(l.events[0].reap.release, RELEASE_WAITED);
	assert_int_equal(l.events[0].facts.parent.pid, 7);
	assert_int_equal(take(EXACT("init", "3")), 0);
	assert_int_equal(only_event()->reap.release, RELEASE_WAITED);
	assert_int_equal(take(EXACT("auto", "0")), 0);
	assert_int_equal(only_event()->reap.release, RELEASE_BY_ITSELF);
	assert_int_equal(take(EXACT("auto", "0.5")), 0); /* it stood until somebody let it go */
	assert_int_equal(only_event()->reap.release, RELEASE_LET_GO);
}

static void a_zombie_was_looked_at_and_so_was_its_parent(void **state)
{
	const struct event *ev;

	(void)state;
	assert_int_equal(take(HEAD "zombie\"}," WORKER ",\"exit_code\":3},\"proctrace\":{\"state\":\"Z\","
			      "\"tracer\":{\"pid\":8,\"entity_id\":\"0123456789abcdef-8-8\"},"
			      "\"zombie\":{\"responsible\":{\"pid\":42,\"name\":\"shell\",\"entity_id\":"
			      "\"0123456789abcdef-2a-b2d05e00\",\"state\":\"T<L\",\"subreaper\":true,"
			      "\"sigchld\":\"ignored\",\"waits\":false,\"children_died\":5,"
			      "\"children_reaped\":4,\"orphans_died\":3,\"orphans_reaped\":2,"
			      "\"reaped_late\":1,\"found_dead\":5,\"tracer\":{\"pid\":9},\"where\":\"do_wait\","
			      "\"waits_for\":-40,\"sigchld_blocked\":true,\"sigchld_pending\":true,"
			      "\"cminflt\":77}}}}"),
			 0);
	assert_int_equal(l.nevents, 2);
	assert_true(l.aside_looked_at);
	ev = &l.events[0];
	assert_int_equal(ev->id.pid, 42);
	assert_int_equal(ev->sight.letter, 'T');
	assert_true(ev->sight.nice < 0 && ev->sight.locked);
	assert_true(ev->facts.subreaper);
	assert_int_equal(ev->sight.children_died, 5);
	assert_int_equal(ev->sight.children_reaped, 4);
	assert_int_equal(ev->sight.orphans_died, 3);
	assert_int_equal(ev->sight.orphans_reaped, 2);
	assert_int_equal(ev->sight.reaped_late, 1);
	assert_int_equal(ev->sight.found_dead, 5);
	assert_int_equal(ev->sight.tracer.pid, 9);
	assert_true(ev->sight.doing.known && ev->sight.doing.has_wait);
	assert_true(ev->sight.doing.sigchld_blocked && ev->sight.doing.sigchld_pending);
	assert_string_equal(ev->sight.doing.where, "do_wait");
	assert_int_equal(ev->sight.doing.wait_for, -40);
	assert_int_equal(ev->sight.doing.cminflt, 77);
	ev = &l.events[1];
	assert_int_equal(ev->kind, EVENT_SIGHT);
	assert_true(ev->sight.dead);
	assert_int_equal(ev->sight.tracer.pid, 8);
	assert_int_equal(ev->sight.status, 3 << 8);
	assert_true(ev->facts.parent_autoreaps);
}

/* It was reckoned, and will be again; but it may have moved, and no line has told of that. */
static void an_orphan_tells_its_control_group(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD "orphan\"}," WORKER "},\"proctrace\":{\"class\":\"batch\",\"cgroup\":"
			      "\"/a\",\"orphan\":{\"adopter\":{\"pid\":1,\"name\":\"init\",\"entity_id\":"
			      "\"0123456789abcdef-1-1\"}}}}"), 0);
	assert_int_equal(only_event()->kind, EVENT_CGROUP);
	assert_int_equal(l.events[0].facts.have, HAVE_CGROUP);
	assert_int_equal(l.events[0].facts.cgroup_path.len, 2);
	assert_int_equal(take(HEAD "orphan\"}," WORKER "},\"proctrace\":{\"orphan\":{}}}"), 0);
	assert_int_equal(only_event()->facts.have, 0);
}

static void a_snapshot_tells_the_dead_from_the_living(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD "snapshot\"}," WORKER "},\"proctrace\":{\"class\":\"kernel\",\"state\":"
			      "\"ZN\"}}"), 0);
	assert_false(only_event()->sight.dead); /* only its leader is */
	assert_int_equal(l.events[0].sight.letter, 'Z');
	assert_true(l.events[0].sight.nice > 0);
	assert_true(l.events[0].facts.kthread);
	assert_int_equal(take(HEAD "snapshot\"}," WORKER "},\"proctrace\":{\"state\":\"Z\",\"dead\":true,"
			      "\"exit\":{\"signal\":\"SIGTERM\",\"core_dumped\":false}}}"), 0);
	assert_true(only_event()->sight.dead);
	assert_int_equal(l.events[0].sight.status, SIGTERM);
}

static void the_lines_of_the_stream_itself_are_read(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD "start\"},\"host\":{\"name\":\"h\"},\"proctrace\":{\"version\":\"0.1.0\","
			      "\"schema_version\":\"1.7\",\"kernel\":\"6.1\",\"boot_id\":\"b\",\"boot_ns\":99,"
			      "\"zombie_after_ms\":250,\"partial\":true,\"hooks\":{\"fork\":true,"
			      "\"threads\":false}}}"), 0);
	assert_int_equal(l.kind, LINE_START);
	assert_int_equal(l.start.ts, 99);
	assert_int_equal(l.start.zombie_after, 250 * NS_PER_MS);
	assert_true(l.start.partial);
	assert_int_equal(l.start.nfeatures, 2);
	assert_string_equal(l.start.features[1].name, "threads");
	assert_false(l.start.features[1].on);
	assert_int_equal(take(HEAD "lost\"},\"proctrace\":{\"lost\":{\"count\":3,\"kind\":\"exit\",\"cause\":"
			      "\"ring_full\",\"since\":\"1970-01-01T00:00:01.000000000Z\"}}}"), 0);
	assert_int_equal(l.kind, LINE_LOST);
	assert_int_equal(l.lost.count, 3);
	assert_int_equal(l.lost_since, NS_PER_S);
	assert_int_equal(take(HEAD "clock\"},\"proctrace\":{\"clock\":{\"boot_ns\":8,\"step_ns\":-5}}}"), 0);
	assert_int_equal(l.kind, LINE_CLOCK);
	assert_int_equal(l.clock.step, -5);
	assert_int_equal(take(HEAD "resync\"},\"proctrace\":{\"resync\":{\"reason\":\"lost\",\"checked\":9,"
			      "\"inferred\":{\"exit\":4}}}}"), 0);
	assert_int_equal(l.kind, LINE_RESYNC);
	assert_int_equal(l.checked, 9);
	assert_int_equal(l.ncounts, 1);
	assert_string_equal(l.counts[0].what, "exit");
	assert_int_equal(l.counts[0].count, 4);
	assert_int_equal(take(HEAD "stop\"},\"proctrace\":{\"reason\":\"duration\"}}"), 0);
	assert_string_equal(l.reason, "duration");
}

static void what_a_later_version_adds_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(take(HEAD "metamorphosis\"}}"), 0);
	assert_int_equal(l.kind, LINE_OTHER);
	assert_int_equal(l.nevents, 0);
}

static void what_is_no_line_is_refused_with_a_reason(void **state)
{
	static const struct { const char *text, *why; } rows[] = {
		{ "", "" },
		{ "{", "" },
		{ "[]", "no line of a stream" },
		{ "{\"@timestamp\":\"2009-02-13T23:31:40Z\"}", "no line of a stream" },
		{ "{\"@timestamp\":7,\"event\":{\"action\":\"fork\"}}", "no line of a stream" },
		{ HEAD "fork\"}}", "missing" },
		{ HEAD "fork\"},\"process\":{\"pid\":-1}}", "missing" },
		{ HEAD "fork\"},\"process\":{\"pid\":\"7\"}}", "missing" },
		{ HEAD "thread_start\"},\"process\":{\"pid\":7}}", "missing" },
		{ HEAD "start\"},\"proctrace\":{\"schema_version\":\"1.0\"}}", "missing" },
		{ HEAD "start\"},\"proctrace\":{\"schema_version\":\"2.0\"}}", "version" },
		{ HEAD "start\"},\"proctrace\":{\"schema_version\":\"1.0\",\"boot_ns\":1}}", "missing" },
		{ HEAD "lost\"},\"proctrace\":{\"lost\":{\"count\":4294967296,\"kind\":\"exit\",\"cause\":"
		  "\"c\",\"since\":\"1970-01-01T00:00:01.000000000Z\"}}}", "missing" },
		{ HEAD "stop\"}}", "missing" },
		{ HEAD "lost\"}}", "missing" },
		{ HEAD "clock\"}}", "missing" },
		{ HEAD "resync\"}}", "missing" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(take(rows[i].text), -EBADMSG);
		if (!strstr(why, rows[i].why) || !*why)
			fail_msg("%s: %s", rows[i].text, why);
	}
}

static int end(void **state)
{
	(void)state;
	line_room_free(&room);
	room = (struct line_room){ 0 };
	return 0;
}

#define story(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_birth_has_its_parent_and_creator),
		story(a_creator_that_is_not_the_parent_is_known_aside),
		story(an_exec_has_its_program),
		story(cut_arguments_end_where_they_were_cut),
		story(bytes_that_are_no_utf8_come_back),
		story(a_state_and_a_boot_of_any_bytes_are_not_known),
		story(a_death_has_its_status_and_its_circumstances),
		story(every_status_comes_back),
		story(the_oom_killer_is_no_process),
		story(what_was_inferred_came_from_a_sight),
		story(a_release_has_the_reaper_for_a_parent),
		story(a_release_that_was_seen_says_what_made_it),
		story(a_zombie_was_looked_at_and_so_was_its_parent),
		story(an_orphan_tells_its_control_group),
		story(a_snapshot_tells_the_dead_from_the_living),
		story(the_lines_of_the_stream_itself_are_read),
		story(what_a_later_version_adds_is_passed_over),
		story(what_is_no_line_is_refused_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
