// SPDX-License-Identifier: GPL-2.0-only
/* What "zombies" writes for pipelines: a line a group, the worst first, and one of totals. */
#include "crowd.h"
#include "lines.h"

static struct stream_groups told;
static size_t read_to; /* in what was written */

static int begin(void **state)
{
	(void)state;
	memset(&g, 0, sizeof(g));
	begin_with(~0u);
	there_are(10);
	told = (struct stream_groups){ .groups = &g };
	return begin_lines(&json_sink);
}

static int end(void **state)
{
	groups_free(&g);
	end_lines(state);
	return finish(state);
}

static void write_groups(void)
{
	make();
	told.ts = w.now;
	s.out.len = read_to = 0;
	s.ops->groups(&s, &told);
}

/* The next line; false: there is none. */
static bool next_line(void)
{
	const char *from = s.out.data + read_to;
	const char *to = memchr(from, '\n', s.out.len - read_to);
	json_error_t error;

	if (!to)
		return false;
	read_to += (size_t)(to - from) + 1;
	json_decref(line);
	line = json_loadb(from, (size_t)(to - from), JSON_REJECT_DUPLICATES, &error);
	if (!line)
		fail_msg("%s: %.*s", error.text, (int)(to - from), from);
	for (; from < to; from++)
		assert_true((unsigned char)*from >= 0x20 && *from != 0x7f);
	return true;
}

static void assert_totals(int zombies, int groups, int left_out, int fresh, int processes)
{
	assert_true(next_line());
	assert_str("event.kind", "state");
	assert_str("event.action", "zombies_total");
	assert_num("proctrace.zombies_total.zombies", zombies);
	assert_num("proctrace.zombies_total.groups", groups);
	assert_num("proctrace.zombies_total.left_out", left_out);
	assert_num("proctrace.zombies_total.just_died", fresh);
	assert_num("proctrace.zombies_total.processes", processes);
	assert_absent("process");
	assert_false(next_line());
	assert_int_equal(read_to, s.out.len);
}

static bool list_has(const char *path, const char *words)
{
	size_t i;

	assert_true(json_is_array(at(path)));
	for (i = 0; i < json_array_size(at(path)); i++)
		if (strstr(json_string_value(json_array_get(at(path), i)), words))
			return true;
	return false;
}

static void no_zombies_leave_the_totals_alone(void **state)
{
	(void)state;
	write_groups();
	assert_totals(0, 0, 0, 0, 2);
	assert_str("proctrace.zombies_total.source", "task_iterator");
	assert_num("event.sequence", 1);
	told.from_proc = true;
	lies_dead(11, 10, "x");
	write_groups();
	assert_totals(0, 0, 0, 1, 3);
	assert_str("proctrace.zombies_total.source", "proc");
	assert_num("event.sequence", 2);
}

static void a_group_tells_its_parent_and_its_zombies(void **state)
{
	struct event server = sight_of(10, INIT, 'S');

	(void)state;
	server.sight.args = (struct slice){ "server\0-p\0" "80", 13 };
	server.sight.argc = 3;
	see(server, "server");
	crowd(10, 12, 18, "many");
	crowd(10, 11, 11, "one");
	write_groups();
	assert_true(next_line());
	assert_common("state", "zombies", 1);
	assert_num("process.pid", 10);
	assert_str("process.name", "server");
	assert_num("process.parent.pid", INIT);
	assert_str("process.args.2", "80");
	assert_num("process.session_leader.pid", SESSION);
	assert_str("user.id", "1000");
	assert_str("proctrace.state", "S");
	assert_num("proctrace.zombies.count", 8);
	assert_str("proctrace.zombies.cause", "never_waits");
	assert_bool("proctrace.zombies.certain", false);
	assert_num("proctrace.zombies.causes.0.count", 8);
	assert_str("proctrace.zombies.causes.0.cause", "never_waits");
	assert_absent("proctrace.zombies.causes.1");
	assert_str("proctrace.zombies.watch", "whether it waits late, too rarely, or never");
	assert_str("proctrace.zombies.sigchld", "default");
	assert_bool("proctrace.zombies.waits", false);
	assert_true(list_has("proctrace.zombies.evidence", "SIGCHLD is at its default there"));
	assert_str("proctrace.zombies.programs.0.name", "many");
	assert_num("proctrace.zombies.programs.0.count", 7);
	assert_str("proctrace.zombies.programs.1.name", "one");
	assert_num("proctrace.zombies.programs.1.count", 1);
	assert_absent("proctrace.zombies.other_programs");
	assert_str("proctrace.zombies.oldest_start", "2009-02-13T23:31:41.000004711Z");
	assert_int_equal(json_array_size(at("proctrace.zombies.pids")), GROUP_PIDS);
	assert_num("proctrace.zombies.pids.0", 11);
	assert_num("proctrace.zombies.pids.4", 15);
	assert_absent("proctrace.zombies.container");
	assert_num("proctrace.zombies.heir.pid", INIT);
	assert_true(list_has("proctrace.zombies.advice", "restart server(10): that frees 8"));
	assert_true(list_has("proctrace.zombies.no_help", "kill -9 11: a zombie is dead already"));
	assert_totals(8, 1, 0, 0, 10);
	assert_num("event.sequence", 2);
}

static void causes_that_differ_have_each_their_evidence(void **state)
{
	struct event cloned = sight_of(11, 10, 'Z');

	(void)state;
	crowd(10, 12, 14, "plain");
	cloned.sight.exit_signal = 0;
	see(cloned, "cloned");
	pass(2 * NS_PER_S);
	see(cloned, "cloned");
	write_groups();
	assert_true(next_line());
	assert_str("proctrace.zombies.cause", "never_waits");
	assert_str("proctrace.zombies.causes.1.cause", "clone_child");
	assert_num("proctrace.zombies.causes.1.count", 1);
	assert_bool("proctrace.zombies.causes.0.certain", false);
	assert_bool("proctrace.zombies.causes.1.certain", true);
	assert_true(list_has("proctrace.zombies.causes.1.evidence", "__WALL"));
	assert_false(list_has("proctrace.zombies.causes.0.evidence", "__WALL"));
	assert_true(json_equal(at("proctrace.zombies.evidence"),
			       at("proctrace.zombies.causes.0.evidence")));
}

static void what_is_certain_needs_no_watching(void **state)
{
	struct event cloned = sight_of(11, 10, 'Z');

	(void)state;
	cloned.sight.exit_signal = 0;
	see(cloned, "cloned");
	pass(2 * NS_PER_S);
	see(cloned, "cloned");
	write_groups();
	assert_true(next_line());
	assert_bool("proctrace.zombies.certain", true);
	assert_absent("proctrace.zombies.watch");
}

static void a_parent_that_is_not_known_is_left_out(void **state)
{
	struct event lost = sight_of(11, 10, 'Z');
	int round;

	(void)state;
	lost.facts.have &= ~(HAVE_PARENT | HAVE_PARENT_BITS | HAVE_PARENT_SIGNALS);
	lost.id.start = 0;
	for (round = 0; round < 2; round++) {
		see(lost, "lost");
		pass(2 * NS_PER_S);
	}
	crowd(70, 71, 72, "orphaned"); /* 70 is known by its children only */
	write_groups();
	assert_true(next_line());
	assert_common("state", "zombies", 1);
	assert_absent("process");
	assert_num("proctrace.zombies.count", 2);
	assert_num("proctrace.zombies.pids.0", 71);
	assert_absent("proctrace.zombies.heir");
	assert_true(list_has("proctrace.zombies.advice", "it cannot be seen from here"));
	assert_true(next_line());
	assert_absent("process");
	assert_num("proctrace.zombies.count", 1);
	assert_absent("proctrace.zombies.sigchld");
	assert_absent("proctrace.zombies.oldest_start");
	assert_totals(3, 2, 0, 0, 5);
}

static void a_limit_leaves_out_the_smallest(void **state)
{
	static const struct { size_t limit; int groups; } limits[] = {
		{ 0, 5 }, { 3, 3 }, { 5, 5 }, { 100, 5 },
	};
	uint32_t pid;
	size_t i;
	int k;

	(void)state;
	for (pid = 100; pid <= 500; pid += 100) {
		tell(sight_of(pid, INIT, 'S'));
		crowd(pid, pid + 1, pid + pid / 100, "x");
	}
	for (i = 0; i < COUNT(limits); i++) {
		told.limit = limits[i].limit;
		write_groups();
		for (k = 0; k < limits[i].groups; k++) {
			assert_true(next_line());
			assert_num("process.pid", 500 - 100 * k);
			assert_num("proctrace.zombies.count", 5 - k);
		}
		assert_totals(15, 5, 5 - limits[i].groups, 0, 22);
	}
}

static void the_container_is_told_in_full(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct event ev = sight_of(11, 10, 'Z');
	char path[100];
	int round;

	(void)state;
	snprintf(path, sizeof(path), "/docker/%s", id);
	ev.facts.cgroup_path = (struct slice){ path, (uint32_t)strlen(path) };
	for (round = 0; round < 2; round++) {
		see(ev, "x");
		pass(2 * NS_PER_S);
	}
	write_groups();
	assert_true(next_line());
	assert_str("proctrace.zombies.container", id);
	assert_absent("container"); /* it is theirs, and not their parent's */
}

static void containers_have_their_totals(void **state)
{
	(void)state;
	crowd(10, 50, 59, "outside");
	lies_in("/kubepods/burstable/pod" POD "/crio-" ID_A, 11, 10);
	lies_in("/kubepods/burstable/pod" POD "/crio-" ID_A, 12, INIT);
	lies_in("/lxc.payload.web\\x2d1", 13, INIT);
	told.limit = 1;
	write_groups();
	assert_true(next_line());
	assert_true(next_line());
	assert_num("proctrace.zombies_total.left_out", 1);
	assert_int_equal(json_array_size(at("proctrace.zombies_total.containers")), 2);
	assert_str("proctrace.zombies_total.containers.0.container.id", ID_A);
	assert_str("proctrace.zombies_total.containers.0.container.runtime", "cri-o");
	assert_str("proctrace.zombies_total.containers.0.pod", POD);
	assert_num("proctrace.zombies_total.containers.0.zombies", 2);
	assert_num("proctrace.zombies_total.containers.0.parents", 2);
	assert_str("proctrace.zombies_total.containers.0.oldest_start",
		   "2009-02-13T23:31:41.000004711Z");
	assert_absent("proctrace.zombies_total.containers.0.oldest_died");
	assert_absent("proctrace.zombies_total.containers.0.created");
	assert_absent("proctrace.zombies_total.containers.0.this_minute");
	assert_str("proctrace.zombies_total.containers.1.container.name", "web-1");
	assert_absent("proctrace.zombies_total.containers.1.pod");
	assert_num("proctrace.zombies_total.containers.1.zombies", 1);
}

static void a_container_that_has_no_id_has_a_name(void **state)
{
	(void)state;
	lies_in("/lxc.payload.web\\x2d1", 13, 10);
	write_groups();
	assert_true(next_line());
	assert_absent("proctrace.zombies.container");
	assert_str("proctrace.zombies.container_name", "web-1");
}

/* Of one look there are the limits as they are, and no word of when they are reached. */
static void one_look_has_the_limits(void **state)
{
	struct finding growth[1] = { { .kind = FINDING_ZOMBIE_LEAK, .p = proc(10) } };
	struct leak *l = &growth[0].u.leak;

	(void)state;
	*l = (struct leak){ .count = 1, .nearest = LIMIT_CGROUP, .now_for = NS_PER_S };
	l->limits = (struct limits){ .ts = w.now, .refused = 4, .up = 1 };
	l->limits.of[LIMIT_CGROUP] = (struct limit){ 60, 59 };
	told.growth = growth;
	crowd(10, 11, 11, "x");
	write_groups();
	assert_true(next_line());
	assert_num("proctrace.zombies.limits.pids_max.max", 60);
	assert_num("proctrace.zombies.limits.pids_max.used", 59);
	assert_num("proctrace.zombies.limits.refused", 4);
	assert_absent("proctrace.zombies.forecast");
	assert_absent("proctrace.zombies.this_minute");
	assert_absent("proctrace.zombies.growth");
	assert_absent("proctrace.zombies.oldest_died");
}

static void a_watch_adds_how_they_come_and_go(void **state)
{
	struct finding growth[1] = { { .kind = FINDING_ZOMBIE_LEAK, .p = proc(10) } };
	struct leak *l = &growth[0].u.leak;

	(void)state;
	*l = (struct leak){ .count = 1, .nearest = LIMIT_KINDS, .created = { 3, 15, 40 },
			    .reaped = { 1, 5, 12 }, .minutes = 7, .created_now = 2,
			    .reaped_now = 1, .now_for = 3 * NS_PER_S / 2 };
	told.growth = growth;
	told.since = w.now;
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	lies_in("/docker/" ID_A, 11, 10);
	write_groups();
	assert_true(next_line());
	assert_num("proctrace.zombies.created.last_5m", 15);
	assert_true(next_line());
	assert_num("proctrace.zombies_total.containers.0.created.last_1m", 3);
	assert_num("proctrace.zombies_total.containers.0.created.last_5m", 15);
	assert_absent("proctrace.zombies_total.containers.0.created.last_15m");
	assert_num("proctrace.zombies_total.containers.0.reaped.last_5m", 5);
	assert_num("proctrace.zombies_total.containers.0.this_minute.created", 2);
	assert_num("proctrace.zombies_total.containers.0.this_minute.within_ms", 1500);
	assert_true(json_is_string(at("proctrace.zombies_total.containers.0.oldest_died")));
}

static void programs_beyond_the_first_few_are_counted(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	uint32_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++)
		crowd(10, 11 + i, 11 + i, names[i]);
	write_groups();
	assert_true(next_line());
	assert_int_equal(json_array_size(at("proctrace.zombies.programs")), GROUP_PROGRAMS);
	assert_num("proctrace.zombies.other_programs", 2);
}

static void leaders_of_living_threads_are_counted_and_some_are_named(void **state)
{
	uint32_t pid;

	(void)state;
	for (pid = 21; pid <= 50; pid++) {
		struct event ev = sight_of(pid, 10, 'Z');

		ev.sight.dead = false;
		ev.sight.threads = 3;
		see(ev, "leader");
	}
	write_groups();
	assert_totals(0, 0, 0, 0, 32);
	assert_num("proctrace.zombies_total.dead_leaders", 30);
	assert_int_equal(json_array_size(at("proctrace.zombies_total.leaders")), 20);
	assert_num("proctrace.zombies_total.leaders.0.pid", 21);
	assert_str("proctrace.zombies_total.leaders.0.name", "leader");
	assert_true(json_is_string(at("proctrace.zombies_total.leaders.0.entity_id")));
}

static void any_names_make_lines_that_are_json(void **state)
{
	uint64_t seed = 7;
	char bytes[64];
	uint32_t round;
	size_t i;

	(void)state;
	for (round = 0; round < 200; round++) {
		struct event server = sight_of(10, INIT, 'S');

		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)dice(&seed);
		bytes[COMM_LEN] = 0;
		server.sight.args = (struct slice){ bytes, sizeof(bytes) };
		server.sight.exe = (struct slice){ bytes, (uint32_t)strlen(bytes) };
		see(server, bytes);
		crowd(10, 100 + round, 100 + round, bytes);
		write_groups();
		assert_true(next_line());
		assert_num("proctrace.zombies.count", round + 1);
		assert_totals((int)round + 1, 1, 0, 0, (int)round + 3);
	}
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(no_zombies_leave_the_totals_alone),
		story(a_group_tells_its_parent_and_its_zombies),
		story(causes_that_differ_have_each_their_evidence),
		story(what_is_certain_needs_no_watching),
		story(a_parent_that_is_not_known_is_left_out),
		story(a_limit_leaves_out_the_smallest),
		story(the_container_is_told_in_full),
		story(containers_have_their_totals),
		story(a_container_that_has_no_id_has_a_name),
		story(one_look_has_the_limits),
		story(a_watch_adds_how_they_come_and_go),
		story(programs_beyond_the_first_few_are_counted),
		story(leaders_of_living_threads_are_counted_and_some_are_named),
		story(any_names_make_lines_that_are_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
