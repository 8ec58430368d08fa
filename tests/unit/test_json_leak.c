// SPDX-License-Identifier: GPL-2.0-only
/* Leaks, and what a parent was seen to do, as JSON lines. */
#include "lines.h"

static struct finding f;

static int begin(void **state)
{
	(void)state;
	f = (struct finding){ .ts = NOW, .p = &p };
	return begin_lines(&json_sink);
}

static void write_finding(enum finding_kind kind)
{
	f.kind = kind;
	s.ops->finding(&s, &f);
	read_line();
}

static void write_leak(void)
{
	write_finding(FINDING_ZOMBIE_LEAK);
	assert_str("event.kind", "alert");
	assert_str("event.action", "zombie_leak");
	assert_worker();
}

static void a_leak_tells_how_it_grows(void **state)
{
	struct leak *l = &f.u.leak;

	(void)state;
	*l = (struct leak){
		.count = 40, .growth = 30, .within = 180 * NS_PER_S, .minutes = 6,
		.created = { 10, 45, 77 }, .reaped = { 1, 5, 7 }, .oldest = 7 * NS_PER_S,
		.programs = { { "wor\"ker", 39 }, { "ls", 1 } }, .nearest = LIMIT_KINDS,
		.cause = CAUSE_FORGETS_SOME,
	};
	evidence_add(&f.evidence, "it grows");
	write_leak();
	assert_str("proctrace.zombie_leak.cause", "forgets_some");
	assert_num("proctrace.zombie_leak.count", 40);
	assert_num("proctrace.zombie_leak.growth.count", 30);
	assert_num("proctrace.zombie_leak.growth.within_ms", 180000);
	assert_num("proctrace.zombie_leak.created.last_1m", 10);
	assert_num("proctrace.zombie_leak.created.last_5m", 45);
	assert_absent("proctrace.zombie_leak.created.last_15m"); /* it was not watched for so long */
	assert_num("proctrace.zombie_leak.reaped.last_1m", 1);
	assert_num("proctrace.zombie_leak.reaped.last_5m", 5);
	assert_absent("proctrace.zombie_leak.reaped.last_15m");
	assert_str("proctrace.zombie_leak.oldest", "2009-02-13T23:31:37.000000000Z");
	assert_str("proctrace.zombie_leak.programs.0.name", "wor\"ker");
	assert_num("proctrace.zombie_leak.programs.0.count", 39);
	assert_str("proctrace.zombie_leak.programs.1.name", "ls");
	assert_absent("proctrace.zombie_leak.programs.2");
	assert_str("proctrace.zombie_leak.evidence.0", "it grows");
	assert_absent("proctrace.zombie_leak.limits");
	assert_absent("proctrace.zombie_leak.forecast");
	l->minutes = 15;
	write_leak();
	assert_num("proctrace.zombie_leak.created.last_15m", 77);
	assert_num("proctrace.zombie_leak.reaped.last_15m", 7);
	l->minutes = 0;
	l->oldest = 0;
	l->programs[0].comm = NULL;
	write_leak();
	assert_absent("proctrace.zombie_leak.created");
	assert_absent("proctrace.zombie_leak.reaped");
	assert_absent("proctrace.zombie_leak.oldest");
	assert_int_equal(json_array_size(at("proctrace.zombie_leak.programs")), 0);
}

static void a_leak_tells_the_limit_that_it_will_hit(void **state)
{
	static const char *const names[LIMIT_KINDS] = {
		[LIMIT_CGROUP] = "pids_max", [LIMIT_PID_MAX] = "pid_max",
		[LIMIT_THREADS_MAX] = "threads_max", [LIMIT_NPROC] = "nproc",
	};
	struct limits *limits = &f.u.leak.limits;
	char path[64];
	int i;

	(void)state;
	*limits = (struct limits){ .ts = 9 * NS_PER_S, .up = 2, .refused = 3 };
	f.u.leak.nearest = LIMIT_KINDS;
	write_leak();
	assert_str("proctrace.zombie_leak.limits.read", "2009-02-13T23:31:39.000000000Z");
	assert_num("proctrace.zombie_leak.limits.refused", 3);
	assert_absent("proctrace.zombie_leak.forecast");
	for (i = 0; i < LIMIT_KINDS; i++) {
		snprintf(path, sizeof(path), "proctrace.zombie_leak.limits.%s", names[i]);
		assert_absent(path); /* none, or not known */
		limits->of[i] = (struct limit){ 1000 * (uint64_t)(i + 1), 7 };
	}
	f.u.leak.hit = 3610 * NS_PER_S;
	for (i = 0; i < LIMIT_KINDS; i++) {
		f.u.leak.nearest = (enum limit_kind)i;
		write_leak();
		snprintf(path, sizeof(path), "proctrace.zombie_leak.limits.%s.max", names[i]);
		assert_num(path, 1000 * (i + 1));
		snprintf(path, sizeof(path), "proctrace.zombie_leak.limits.%s.used", names[i]);
		assert_num(path, 7);
		assert_str("proctrace.zombie_leak.forecast.limit", names[i]);
		assert_str("proctrace.zombie_leak.forecast.reached",
			   "2009-02-14T00:31:40.000000000Z");
	}
	assert_num("proctrace.zombie_leak.limits.pids_max.levels_up", 2);
	assert_absent("proctrace.zombie_leak.limits.pid_max.levels_up");
	limits->of_namespace = true;
	limits->ns_up = 1;
	write_leak();
	assert_num("proctrace.zombie_leak.limits.pid_max.levels_up", 1);
}

/* What the cause rests on stands in the line: a replay comes to it by that. */
static void assert_doing(const char *object)
{
	char path[96];

#define member(name) (snprintf(path, sizeof(path), "%s." name, object), path)
	assert_str(member("sigchld"), "caught");
	assert_bool(member("waits"), true);
	assert_str(member("where"), "do_\"wait");
	assert_num(member("waits_for"), -4711);
	assert_bool(member("sigchld_blocked"), true);
	assert_bool(member("sigchld_pending"), true);
	assert_num(member("cminflt"), 12);
	assert_num(member("children_died"), 9);
	assert_num(member("children_reaped"), 6);
	assert_num(member("orphans_died"), 5);
	assert_num(member("orphans_reaped"), 4);
	assert_num(member("reaped_late"), 2);
	assert_num(member("found_dead"), 6);
}

static void assert_idle(const char *object)
{
	char path[96];

	assert_absent(member("sigchld"));
	assert_absent(member("waits"));
	assert_absent(member("where"));
	assert_absent(member("waits_for"));
	assert_absent(member("sigchld_blocked"));
	assert_absent(member("sigchld_pending"));
	assert_absent(member("cminflt"));
	assert_num(member("children_died"), 0);
	assert_num(member("children_reaped"), 0);
	assert_absent(member("orphans_died"));
	assert_absent(member("orphans_reaped"));
	assert_absent(member("reaped_late"));
	assert_absent(member("found_dead"));
#undef member
}

static struct doing doing;

static void make_busy(struct proc *who)
{
	who->sigchld = SIGCHLD_CAUGHT;
	who->in_wait = true;
	doing = (struct doing){ .known = true, .has_wait = true, .wait_for = -4711,
				.sigchld_blocked = true, .sigchld_pending = true,
				.cminflt = 12, .where = "do_\"wait" };
	who->doing = &doing;
	who->children_died = 9;
	who->children_reaped = 6;
	who->orphans_died = 5;
	who->orphans_reaped = 4;
	who->reaped_late = 2;
	who->found_dead = 6;
}

static void a_finding_tells_what_the_parent_was_seen_to_do(void **state)
{
	(void)state;
	f.u.zombie.cause = CAUSE_INIT_DOES_NOT_REAP;
	f.u.zombie.also = 1u << CAUSE_NEVER_WAITS | 1u << CAUSE_TRACED;
	f.u.zombie.responsible = &parent;
	write_finding(FINDING_ZOMBIE);
	assert_idle("proctrace.zombie.responsible");
	assert_int_equal(json_array_size(at("proctrace.zombie.also")), 2);
	assert_str("proctrace.zombie.also.0", "traced");
	assert_str("proctrace.zombie.also.1", "never_waits");
	make_busy(&parent);
	parent.letter = 'T';
	parent.ns_init = parent.subreaper = true;
	parent.tracer = (struct ident){ 77, 2 * NS_PER_S };
	f.u.zombie.also = 0;
	write_finding(FINDING_ZOMBIE);
	assert_doing("proctrace.zombie.responsible");
	assert_absent("proctrace.zombie.also");
	assert_str("proctrace.zombie.responsible.state", "T");
	assert_num("proctrace.zombie.responsible.tracer.pid", 77);
	assert_bool("proctrace.zombie.responsible.ns_init", true);
	assert_bool("proctrace.zombie.responsible.subreaper", true);
	doing.known = false; /* whatever stands there */
	write_finding(FINDING_ZOMBIE);
	assert_absent("proctrace.zombie.responsible.where");
	assert_absent("proctrace.zombie.responsible.cminflt");
}

static void a_leak_tells_what_its_parent_was_seen_to_do(void **state)
{
	(void)state;
	f.u.leak.nearest = LIMIT_KINDS;
	write_leak();
	assert_idle("proctrace.zombie_leak");
	make_busy(&p);
	write_leak();
	assert_doing("proctrace.zombie_leak");
}

/* A zombie that was killed; its exit was told in another line, or never. */
static void a_zombie_tells_how_it_ended(void **state)
{
	(void)state;
	f.u.zombie.responsible = &parent;
	p.has_status = true;
	p.status = KILLED(SIGABRT) | 0x80;
	write_finding(FINDING_ZOMBIE);
	assert_str("proctrace.zombie.how", "killed by SIGABRT, core dumped");
	assert_str("proctrace.exit.signal", "SIGABRT");
	assert_bool("proctrace.exit.core_dumped", true);
	assert_absent("process.exit_code");
	p.status = EXITED(7);
	write_finding(FINDING_ZOMBIE);
	assert_str("proctrace.zombie.how", "exited 7");
	assert_num("process.exit_code", 7);
	assert_absent("proctrace.exit");
	p.has_status = false;
	write_finding(FINDING_ZOMBIE);
	assert_absent("proctrace.zombie.how");
	assert_absent("process.exit_code");
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end_lines)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_leak_tells_how_it_grows),
		story(a_leak_tells_the_limit_that_it_will_hit),
		story(a_finding_tells_what_the_parent_was_seen_to_do),
		story(a_leak_tells_what_its_parent_was_seen_to_do),
		story(a_zombie_tells_how_it_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
