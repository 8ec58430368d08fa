// SPDX-License-Identifier: GPL-2.0-only
/* Findings, and what begins and ends a stream, as JSON lines. */
#include "lines.h"

static struct bygone dead;
static struct finding f;

static int begin(void **state)
{
	(void)state;
	dead = (struct bygone){ .id = { 43, 3 * NS_PER_S + 7 }, .comm = "starter",
				.has_status = true, .status = KILLED(SIGKILL),
				.died = 9 * NS_PER_S };
	f = (struct finding){ .ts = NOW, .p = &p };
	begin_lines(&json_sink);
	p.args = text_new("sleep\0" "9", 8);
	p.args_bytes = 8;
	return 0;
}

static void write_finding(enum finding_kind kind)
{
	f.kind = kind;
	s.ops->finding(&s, &f);
	read_line();
}

static void assert_evidence(const char *path, const char *first)
{
	assert_true(json_is_array(at(path)));
	assert_int_equal(json_array_size(at(path)), 2);
	assert_string_equal(json_string_value(json_array_get(at(path), 0)), first);
}

static void evidence(void)
{
	evidence_add(&f.evidence, "it is %s", "so");
	evidence_add(&f.evidence, "and \"%s\"", "\xff\n");
}

static void an_orphan_names_the_dead_and_the_adopter(void **state)
{
	static const struct { enum orphan_kind kind; const char *name; } kinds[] = {
		{ ORPHAN_DAEMONIZING, "daemonizing" },
		{ ORPHAN_BACKGROUND, "background" },
		{ ORPHAN_ABANDONED, "abandoned" },
	};
	int i;

	(void)state;
	evidence();
	f.u.orphan.parent = &dead;
	f.u.orphan.adopter = parent.id;
	f.u.orphan.adopter_comm = "shell";
	for (i = 0; i < 3; i++) {
		f.u.orphan.kind = kinds[i].kind;
		write_finding(FINDING_ORPHAN);
		assert_common("alert", "orphan", i + 1);
		assert_worker();
		assert_str("proctrace.orphan.kind", kinds[i].name);
		assert_absent("proctrace.inferred");
		assert_num("proctrace.orphan.old_parent.pid", 43);
		assert_str("proctrace.orphan.old_parent.name", "starter");
		assert_str("proctrace.orphan.old_parent.how", "killed by SIGKILL");
		assert_num("proctrace.orphan.adopter.pid", 42);
		assert_str("proctrace.orphan.adopter.name", "shell");
		assert_true(json_is_string(at("proctrace.orphan.adopter.entity_id")));
		assert_evidence("proctrace.orphan.evidence", "it is so");
	}
	/* after a loss: nobody saw how, when, or who has it now */
	f.u.orphan.adopter.pid = 0;
	f.u.orphan.kind = ORPHAN_UNKNOWN;
	f.inferred = true;
	dead.has_status = false;
	dead.died = 0;
	write_finding(FINDING_ORPHAN);
	assert_absent("proctrace.orphan.adopter");
	assert_absent("proctrace.orphan.kind");
	assert_absent("proctrace.orphan.old_parent.how");
	assert_absent("proctrace.orphan.since");
	assert_num("proctrace.orphan.old_parent.pid", 43);
	assert_bool("proctrace.inferred", true);
}

static void a_zombie_names_who_must_wait_and_why_it_does_not(void **state)
{
	(void)state;
	evidence();
	p.life = LIFE_ZOMBIE;
	p.died = 8 * NS_PER_S + 500 * NS_PER_MS;
	p.has_status = true;
	p.status = EXITED(1);
	p.creator = dead.id;
	strcpy(p.creator_comm, "starter");
	f.u.zombie.cause = CAUSE_NEVER_WAITS;
	f.u.zombie.responsible = &parent;
	write_finding(FINDING_ZOMBIE);
	assert_common("alert", "zombie", 1);
	assert_worker();
	assert_str("proctrace.zombie.since", "2009-02-13T23:31:38.500000000Z");
	assert_num("proctrace.zombie.age_ms", 1500);
	assert_bool("proctrace.zombie.pre_existing", false);
	assert_str("proctrace.zombie.cause", "never_waits");
	assert_num("proctrace.zombie.responsible.pid", 42);
	assert_str("proctrace.zombie.responsible.name", "shell");
	assert_absent("proctrace.zombie.responsible.sigchld");
	assert_absent("proctrace.zombie.responsible.state");
	assert_absent("proctrace.zombie.responsible.ns_init");
	assert_num("proctrace.zombie.responsible.children_died", 0);
	assert_true(json_is_string(at("proctrace.zombie.responsible.entity_id")));
	assert_num("proctrace.zombie.creator.pid", 43);
	assert_str("proctrace.zombie.creator.name", "starter");
	assert_evidence("proctrace.zombie.evidence", "it is so");
	assert_string_equal(json_string_value(json_array_get(at("process.args"), 0)), "sleep");
}

static void a_zombie_from_before_has_no_age(void **state)
{
	(void)state;
	p.life = LIFE_ZOMBIE;
	p.from_snapshot = true;
	f.u.zombie.cause = CAUSE_UNKNOWN;
	write_finding(FINDING_ZOMBIE);
	assert_bool("proctrace.zombie.pre_existing", true);
	assert_absent("proctrace.zombie.since");
	assert_absent("proctrace.zombie.age_ms");
	assert_absent("proctrace.zombie.responsible");
	assert_absent("proctrace.zombie.creator");
}

/* Its exit was lost while tracing: since when is not known, but it was not there before. */
static void a_zombie_whose_death_was_lost_is_not_from_before(void **state)
{
	(void)state;
	p.life = LIFE_ZOMBIE;
	p.death_told = p.death_inferred = true;
	p.dead_seen = 9 * NS_PER_S;
	f.u.zombie.cause = CAUSE_UNKNOWN;
	write_finding(FINDING_ZOMBIE);
	assert_bool("proctrace.zombie.pre_existing", false);
}

static void a_cleared_zombie_tells_how_long_and_by_whom(void **state)
{
	struct change reap = { .kind = CHANGE_REAP, .ts = NOW, .p = &p };

	(void)state;
	reap.u.reap.reaper = parent.id;
	reap.u.reap.reaper_comm = "shell";
	reap.u.reap.how = REAP_INIT;
	reap.u.reap.has_zombie = reap.u.reap.was_zombie = true;
	reap.u.reap.zombie = 5 * NS_PER_S;
	f.u.reap = &reap;
	write_finding(FINDING_ZOMBIE_CLEARED);
	assert_common("event", "zombie_cleared", 1); /* no alert: the end of one */
	assert_worker();
	assert_num("proctrace.reap.zombie_ms", 5000);
	assert_num("proctrace.reap.reaper.pid", 42);
	assert_str("proctrace.reap.how", "init");
}

static void a_daemon_tells_its_steps(void **state)
{
	static const char *const kinds[] = { "sysv", "service", "background" };
	int i;

	(void)state;
	evidence();
	for (i = 0; i < 3; i++) {
		f.u.daemon.kind = (enum daemon_kind)i;
		write_finding(FINDING_DAEMON);
		assert_common("alert", "daemon", i + 1);
		assert_str("proctrace.daemon.kind", kinds[i]);
		assert_evidence("proctrace.daemon.evidence", "it is so");
	}
}

static void a_loss_tells_how_many_of_what_and_when(void **state)
{
	const struct stream_lost lost = { .ts = NOW, .since = 9 * NS_PER_S, .kind = "fork",
					  .cause = "ring_full", .count = 12345678901234 };

	(void)state;
	s.ops->lost(&s, &lost);
	read_line();
	assert_str("event.action", "lost");
	assert_num("event.sequence", 1);
	assert_num("proctrace.lost.count", 12345678901234);
	assert_str("proctrace.lost.kind", "fork");
	assert_str("proctrace.lost.cause", "ring_full");
	assert_str("proctrace.lost.since", "2009-02-13T23:31:39.000000000Z");
	assert_str("proctrace.lost.until", "2009-02-13T23:31:40.000000000Z");
	assert_absent("process");
}

static void a_check_tells_what_was_inferred(void **state)
{
	struct stream_resync resync = { .ts = NOW, .reason = "lost", .checked = 321 };

	(void)state;
	resync.inferred[CHANGE_EXIT] = 4;
	resync.inferred[CHANGE_FORK] = 2;
	resync.inferred[CHANGE_CLASS] = 9; /* is not told in the stream */
	s.ops->resync(&s, &resync);
	read_line();
	assert_str("event.action", "resync");
	assert_num("event.sequence", 1);
	assert_str("proctrace.resync.reason", "lost");
	assert_num("proctrace.resync.checked", 321);
	assert_num("proctrace.resync.inferred.exit", 4);
	assert_num("proctrace.resync.inferred.fork", 2);
	assert_int_equal(json_object_size(at("proctrace.resync.inferred")), 2);
	memset(resync.inferred, 0, sizeof(resync.inferred));
	s.ops->resync(&s, &resync);
	read_line();
	assert_int_equal(json_object_size(at("proctrace.resync.inferred")), 0);
}

static void a_clock_that_was_set_is_told_by_both_clocks(void **state)
{
	struct stream_clock clock = { .ts = NOW, .step = -(int64_t)NS_PER_S };

	(void)state;
	s.wall_offset -= (int64_t)NS_PER_S;
	s.ops->clock(&s, &clock);
	read_line();
	assert_common("event", "clock", 1);
	assert_str("@timestamp", "2009-02-13T23:31:39.000000000Z");
	assert_num("proctrace.clock.boot_ns", NOW);
	assert_num("proctrace.clock.step_ns", -1000000000);
	assert_absent("process");
}

static void a_stream_begins_with_what_it_is(void **state)
{
	struct stream_start start = {
		.ts = NOW, .version = "9.8.7", .kernel = "6.18.0-\"x\"", .boot_id = "b-o-o-t",
		.hostname = "ho\xffst", .zombie_after = NS_PER_S,
		.features = { { "fork", true }, { "free", false } }, .nfeatures = 2,
	};

	(void)state;
	s.ops->start(&s, &start);
	read_line();
	assert_str("event.action", "start");
	assert_num("event.sequence", 1);
	assert_str("ecs.version", ECS_VERSION);
	assert_str("@timestamp", "2009-02-13T23:31:40.000000000Z");
	assert_str("proctrace.version", "9.8.7");
	assert_str("proctrace.schema_version", STREAM_VERSION);
	assert_str("proctrace.kernel", "6.18.0-\"x\"");
	assert_str("proctrace.boot_id", "b-o-o-t");
	assert_bool("proctrace.hooks.fork", true);
	assert_bool("proctrace.hooks.free", false);
	assert_absent("proctrace.partial");
	start.partial = true;
	s.ops->start(&s, &start);
	read_line();
	assert_bool("proctrace.partial", true);
}

static void a_stream_ends_with_its_totals(void **state)
{
	struct stream_stop stop = {
		.ts = NOW, .reason = "SIGINT", .lost = 7,
		.losses = { { "exit", "ring_full", 4 }, { "killer", "map_full", 3 } }, .nlosses = 2,
		.records = { { "fork", "", 1001 }, { "free", "", 998 } }, .nrecords = 2,
	};

	(void)state;
	stop.counts[CHANGE_FORK] = 100;
	stop.counts[CHANGE_REAP] = 99;
	stop.findings[__builtin_ctz(FINDING_ORPHAN)] = 3;
	stop.findings[__builtin_ctz(FINDING_ZOMBIE)] = 2;
	stop.findings[__builtin_ctz(FINDING_DAEMON)] = 1;
	s.sequence = 41;
	s.ops->stop(&s, &stop);
	read_line();
	assert_str("event.action", "stop");
	assert_num("event.sequence", 42);
	assert_str("proctrace.reason", "SIGINT");
	assert_num("proctrace.totals.fork", 100);
	assert_num("proctrace.totals.reap", 99);
	assert_num("proctrace.totals.exec", 0);
	assert_num("proctrace.totals.orphan", 3);
	assert_num("proctrace.totals.zombie", 2);
	assert_num("proctrace.totals.daemon", 1);
	assert_num("proctrace.totals.lost", 7);
	assert_num("proctrace.records.fork", 1001);
	assert_num("proctrace.records.free", 998);
	assert_str("proctrace.losses.0.kind", "exit");
	assert_str("proctrace.losses.0.cause", "ring_full");
	assert_num("proctrace.losses.0.count", 4);
	assert_str("proctrace.losses.1.cause", "map_full");
	assert_absent("proctrace.losses.2");
}

static void statuses_and_signals_are_put_in_words(void **state)
{
	char words[64];

	(void)state;
	status_words(EXITED(0), words, sizeof(words));
	assert_string_equal(words, "exited 0");
	status_words(EXITED(255), words, sizeof(words));
	assert_string_equal(words, "exited 255");
	status_words(KILLED(SIGSEGV), words, sizeof(words));
	assert_string_equal(words, "killed by SIGSEGV");
	status_words(KILLED(SIGABRT) | 0x80, words, sizeof(words));
	assert_string_equal(words, "killed by SIGABRT, core dumped");
	assert_string_equal(signal_name(SIGKILL), "SIGKILL");
	assert_string_equal(signal_name(SIGCHLD), "SIGCHLD");
	assert_string_equal(signal_name(SIGRTMIN), "SIGRTMIN+0");
	assert_string_equal(signal_name(SIGRTMIN + 3), "SIGRTMIN+3");
	assert_string_equal(signal_name(SIGRTMAX), "SIGRTMIN+30");
	assert_non_null(signal_name(0));
	assert_non_null(signal_name(127));
}

/* Counters come by name from a kernel side that may be newer than this. */
static void counts_have_an_end(void **state)
{
	struct stream_count counts[STREAM_COUNTS];
	size_t n = 0, i;

	(void)state;
	assert_null(stream_count_add(counts, &n, "0123456789abcdef", "x"));
	assert_null(stream_count_add(counts, &n, "x", "0123456789abcdef"));
	assert_int_equal(n, 0);
	for (i = 0; i < STREAM_COUNTS; i++) {
		assert_ptr_equal(stream_count_add(counts, &n, "0123456789abcde", "full"),
				 &counts[i]);
		assert_string_equal(counts[i].kind, "0123456789abcde");
		assert_string_equal(counts[i].cause, "full");
		assert_int_equal(counts[i].count, 0);
	}
	assert_null(stream_count_add(counts, &n, "fork", "full"));
	assert_int_equal(n, STREAM_COUNTS);
}

static void evidence_has_an_end(void **state)
{
	struct evidence e = { 0 };
	char big[2 * EVIDENCE_LEN];
	int i;

	(void)state;
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = 0;
	for (i = 0; i < EVIDENCE_MAX + 3; i++)
		evidence_add(&e, "%d %s", i, big);
	assert_int_equal(e.n, EVIDENCE_MAX);
	for (i = 0; i < EVIDENCE_MAX; i++)
		assert_int_equal(strlen(e.s[i]), EVIDENCE_LEN - 1);
	assert_int_equal(atoi(e.s[EVIDENCE_MAX - 1]), EVIDENCE_MAX - 1);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end_lines)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(an_orphan_names_the_dead_and_the_adopter),
		story(a_zombie_names_who_must_wait_and_why_it_does_not),
		story(a_zombie_from_before_has_no_age),
		story(a_zombie_whose_death_was_lost_is_not_from_before),
		story(a_cleared_zombie_tells_how_long_and_by_whom),
		story(a_daemon_tells_its_steps),
		story(a_loss_tells_how_many_of_what_and_when),
		story(a_check_tells_what_was_inferred),
		story(a_clock_that_was_set_is_told_by_both_clocks),
		story(a_stream_begins_with_what_it_is),
		story(a_stream_ends_with_its_totals),
		story(statuses_and_signals_are_put_in_words),
		story(counts_have_an_end),
		story(evidence_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
