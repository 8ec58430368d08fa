// SPDX-License-Identifier: GPL-2.0-only
/* When one parent's zombies are a leak: they grow, however slowly; a crowd that stands is none. */
#include "diagnose/leak.h"

#include "story.h"

#define MINUTE (60 * NS_PER_S)
#define HOUR (60 * MINUTE)
#define PARENT 10

static uint32_t next_pid;
static int leaks; /* told so far */

static int begin(void **state)
{
	(void)state;
	begin_with(ONLY_FINDINGS);
	next_pid = 1000;
	leaks = 0;
	there_are(PARENT);
	return 0;
}

/* Counts what was told of leaks, and forgets all. */
static int told(void)
{
	const char *at = w.log.data;
	int n = 0;

	buf_byte(&w.log, 0);
	for (at = w.log.data; (at = strstr(at, "leak ")); at += 5)
		n++;
	forget();
	leaks += n;
	return n;
}

/* A child that dies now, and a second later is found standing. */
static uint32_t leave_one(uint32_t parent)
{
	uint32_t pid = next_pid++;

	tell(fork_of(pid, parent));
	tell(exit_of(pid, parent, EXITED(0)));
	pass(NS_PER_S);
	tell(sight_of(pid, parent, 'Z'));
	return pid;
}

static void reap_one(uint32_t pid, uint32_t parent)
{
	tell(free_of(pid, parent));
}

/* Beat by beat, as a loop does. */
static void idle(uint64_t ns)
{
	uint64_t end = w.now + ns;

	while (w.now < end)
		pass(end - w.now < 2 * NS_PER_S ? end - w.now : 2 * NS_PER_S);
}

/* Many at once: n children that all stand a second later. */
static void leave(uint32_t parent, uint32_t n)
{
	uint32_t first = next_pid, i;

	for (i = 0; i < n; i++, next_pid++) {
		tell(fork_of(next_pid, parent));
		tell(exit_of(next_pid, parent, EXITED(0)));
	}
	pass(NS_PER_S);
	for (i = 0; i < n; i++)
		tell(sight_of(first + i, parent, 'Z'));
}

static struct event limits_of(uint32_t pid, uint64_t max, uint64_t used)
{
	struct event ev = sight_of(pid, 1, 'S');

	ev.sight.limits.ts = w.now;
	ev.sight.limits.of[LIMIT_PID_MAX] = (struct limit){ max, used };
	return ev;
}

/* Nobody beats through it: suspended for a week, or a recording that leaps. */
static void a_silence_of_ages_is_passed_at_once(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		leave_one(PARENT);
	pass(100 * 365 * (24 * HOUR));
	assert_int_equal(told(), 0);
	for (i = 0; i < 60; i++) { /* and a leak is found as ever */
		leave_one(PARENT);
		idle(2 * MINUTE);
	}
	assert_true(told() >= 1);
}

static void thirty_an_hour_are_a_leak(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 30 && !leaks; i++) {
		leave_one(PARENT);
		idle(2 * MINUTE - NS_PER_S);
		told();
	}
	assert_int_equal(leaks, 1);
	assert_in_range(i, 8, 20); /* within 40 minutes */
	assert_in_range(w.leak.growth, 5, 20);
	assert_int_equal(w.leak.nearest, LIMIT_KINDS); /* nobody has read any */
	assert_int_equal(w.measured.pid, PARENT); /* but that was asked for */
}

static void a_thousand_a_second_are_a_leak_at_once(void **state)
{
	int second;

	(void)state;
	tell(limits_of(PARENT, 32768, 300));
	for (second = 0; second < 30 && !leaks; second++) {
		leave(PARENT, 1000);
		if (w.measured.pid)
			tell(limits_of(PARENT, 32768, 300 + (uint32_t)(second + 1) * 1000));
		told();
	}
	assert_int_equal(leaks, 1);
	assert_in_range(second, 6, 12);
	assert_int_equal(w.leak.nearest, LIMIT_PID_MAX);
	/* 32,468 more at 1,000 a second, from the reading on */
	assert_in_range(w.leak.hit - w.leak.limits.ts, (32768 - w.leak.limits.of[LIMIT_PID_MAX].used) * 9 / 10 * NS_PER_MS,
			(32768 - w.leak.limits.of[LIMIT_PID_MAX].used) * 11 / 10 * NS_PER_MS);
}

static void a_crowd_that_stands_is_none(void **state)
{
	(void)state;
	tell(limits_of(PARENT, 32768, 300));
	leave(PARENT, 200);
	idle(3 * HOUR);
	assert_int_equal(told(), 0);
}

/* It had come together within a stretch or two; one more in each of the next makes no leak of it. */
static void nor_is_one_that_is_a_little_larger_now_and_then(void **state)
{
	static const uint32_t more[][3] = { { 198, 1, 1 }, { 100, 100, 1 }, { 1, 198, 1 } };
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(more); i++) {
		there_are(20 + (uint32_t)i);
		for (k = 0; k < 3; k++) {
			leave(20 + (uint32_t)i, more[i][k]);
			idle(5 * MINUTE - NS_PER_S);
		}
		idle(3 * HOUR);
		assert_int_equal(told(), 0);
	}
}

static void nor_is_one_that_gathers_for_some_seconds(void **state)
{
	int i;

	(void)state;
	tell(limits_of(PARENT, 32768, 300));
	for (i = 0; i < 10; i++)
		leave(PARENT, 20);
	idle(3 * HOUR);
	assert_int_equal(told(), 0);
}

/* Two hundred that are renewed all the time: each minute some go and as many come. */
static void nor_is_one_that_comes_and_goes(void **state)
{
	uint32_t oldest = next_pid;
	int i, n;

	(void)state;
	leave(PARENT, 200);
	for (i = 0; i < 180; i++) {
		for (n = 0; n < 10 + i % 7; n++)
			reap_one(oldest++, PARENT);
		leave(PARENT, 10 + (uint32_t)(i % 7));
		idle(MINUTE - NS_PER_S);
	}
	assert_int_equal(told(), 0);
}

/* A parent that collects everything every ten minutes, and lets them lie until then. */
static void nor_is_a_parent_that_collects_now_and_then(void **state)
{
	int round, i;

	(void)state;
	for (round = 0; round < 12; round++) {
		uint32_t first = next_pid;

		for (i = 0; i < 3; i++) {
			leave(PARENT, 10);
			idle(MINUTE);
		}
		while (first < next_pid)
			reap_one(first++, PARENT);
		idle(MINUTE);
	}
	assert_int_equal(told(), 0);
}

static void it_is_told_again_when_it_has_doubled(void **state)
{
	uint32_t first = 0;
	int i;

	(void)state;
	for (i = 0; i < 120; i++) {
		leave_one(PARENT);
		idle(MINUTE - NS_PER_S);
		if (told() && !first)
			first = w.leak.count;
	}
	assert_in_range(first, 15, 25); /* one a minute shows in five minutes' stretches */
	assert_in_range(leaks, 3, 4); /* doubling from there to 120 */
	assert_true(w.leak.count >= 2 * first);
}

static void one_that_ended_can_begin_again(void **state)
{
	uint32_t pid;
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		leave(PARENT, 2);
		idle(MINUTE - NS_PER_S);
	}
	assert_in_range(told(), 1, 2); /* and once more, as it doubled */
	for (pid = 1000; pid < next_pid; pid++)
		reap_one(pid, PARENT);
	idle(HOUR);
	assert_int_equal(told(), 0);
	for (i = 0; i < 10; i++) {
		leave(PARENT, 2);
		idle(MINUTE - NS_PER_S);
	}
	assert_in_range(told(), 1, 2); /* and once more, as it doubled */
}

static void each_parent_has_its_own(void **state)
{
	int i;

	(void)state;
	there_are(11);
	for (i = 0; i < 40; i++) { /* two parents, each of them steady: together they would grow */
		if (i < 20)
			leave_one(PARENT);
		else if (i == 20)
			leave(11, 20);
		idle(20 * NS_PER_S);
	}
	buf_byte(&w.log, 0);
	assert_null(strstr(w.log.data, "leak 11"));
}

static void what_came_and_went_is_counted_by_the_minute(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 30 && !leaks; i++) {
		uint32_t pid = leave_one(PARENT);

		leave_one(PARENT);
		leave_one(PARENT);
		reap_one(pid, PARENT);
		idle(MINUTE - 3 * NS_PER_S);
		told();
	}
	assert_int_equal(leaks, 1);
	assert_in_range(w.leak.created[0], 2, 4);
	assert_in_range(w.leak.reaped[0], 1, 1);
	assert_in_range(w.leak.minutes, 3, 6);
	assert_true(w.leak.oldest);
	assert_int_equal(w.leak.programs[0].count, 1); /* each has a name of its own in this story */
}

static void zombies_that_are_handed_on_count_with_who_has_them(void **state)
{
	uint32_t pid;
	struct event ev;

	(void)state;
	there_are(20);
	for (pid = 100; pid < 110; pid++) { /* ten parents die, one a minute, each with two zombies */
		tell(fork_of(pid, 20));
		leave(pid, 2);
		ev = exit_of(pid, 20, EXITED(0));
		ev.exit.adopter = id_of(20);
		tell(ev);
		tell(free_of(pid, 20));
		idle(MINUTE - NS_PER_S);
	}
	assert_int_equal(proc(20)->zombies, 20);
	assert_in_range(told(), 1, 2);
	for (pid = 1000; pid < 1020; pid++)
		reap_one(pid, 20);
	assert_int_equal(proc(20)->zombies, 0);
}

static void the_evidence_names_growth_and_limit(void **state)
{
	struct finding f = { .kind = FINDING_ZOMBIE_LEAK, .ts = 100 * NS_PER_S };

	(void)state;
	f.p = proc(PARENT);
	f.u.leak.count = 50;
	f.u.leak.growth = 30;
	f.u.leak.within = 180 * NS_PER_S;
	f.u.leak.minutes = 5;
	f.u.leak.created[0] = 12;
	f.u.leak.created[1] = 60;
	f.u.leak.reaped[1] = 10;
	f.u.leak.nearest = LIMIT_CGROUP;
	f.u.leak.limits.of[LIMIT_CGROUP] = (struct limit){ 100, 70 };
	f.u.leak.limits.up = 1;
	f.u.leak.limits.refused = 3;
	f.u.leak.hit = 160 * NS_PER_S;
	diagnose_leak(&f);
	w.evidence = f.evidence;
	assert_true(evidence_says("50 of its children stand as zombies, 30 more than 3m00s ago"));
	assert_true(evidence_says("in the last minute 12 became zombies and 0 were collected, "
				  "in 5 minutes 60 and 10"));
	assert_true(evidence_says("pids.max of a control group above its own is reached in 1m00s at this rate"));
	assert_true(evidence_says("70 of 100"));
	assert_true(evidence_says("refused 3 forks"));
	assert_int_equal(f.u.leak.cause, CAUSE_UNKNOWN);
	f.evidence.n = 0;
	f.u.leak.limits.up = 0;
	f.u.leak.limits.of[LIMIT_CGROUP].used = 100;
	diagnose_leak(&f);
	w.evidence = f.evidence;
	assert_true(evidence_says("pids.max of its control group is reached: 100 of 100"));
}

/* Of one look: how near it is, if it is near; when it is reached only growth can tell. */
static void a_limit_that_is_near_is_told_without_growth(void **state)
{
	struct finding f = { .kind = FINDING_ZOMBIE_LEAK, .ts = 100 * NS_PER_S };
	struct limits *l = &f.u.leak.limits;

	(void)state;
	f.u.leak.nearest = LIMIT_CGROUP;
	l->of[LIMIT_CGROUP] = (struct limit){ 100, 79 };
	diagnose_limits(&f);
	assert_int_equal(f.evidence.n, 0);
	l->of[LIMIT_CGROUP].used = 80;
	diagnose_limits(&f);
	assert_string_equal(f.evidence.s[0], "pids.max of its control group is near: 80 of 100 are "
					     "in use");
	l->of[LIMIT_CGROUP].used = 100;
	l->refused = 7;
	diagnose_limits(&f);
	assert_string_equal(f.evidence.s[1], "pids.max of its control group is reached: 100 of 100");
	assert_string_equal(f.evidence.s[2], "the limits of its control groups have refused 7 forks "
					     "(EAGAIN)");
	assert_int_equal(f.evidence.n, 3);
}

/* Before a minute is whole, there are seconds; and of a quarter of an hour all three are told. */
static void rates_are_told_as_far_back_as_it_was_watched(void **state)
{
	struct evidence e = { 0 };
	struct leak l = { .created = { 12, 60, 170 }, .reaped = { 1, 2, 3 }, .created_now = 7,
			  .reaped_now = 5, .now_for = NS_PER_S - 1 };

	(void)state;
	evidence_rates(&e, &l);
	assert_int_equal(e.n, 0);
	l.now_for = 9 * NS_PER_S;
	evidence_rates(&e, &l);
	assert_string_equal(e.s[0], "in the last 9 s 7 became zombies and 5 were collected");
	l.minutes = 1;
	evidence_rates(&e, &l);
	assert_string_equal(e.s[1], "in the last minute 12 became zombies and 1 were collected");
	l.minutes = 15;
	evidence_rates(&e, &l);
	assert_string_equal(e.s[2], "in the last minute 12 became zombies and 1 were collected, "
				    "in 5 minutes 60 and 2, in 15 minutes 170 and 3");
	assert_int_equal(e.n, 3);
}

/* RLIMIT_NPROC counts the tasks of a user, wherever they are, and root's not at all. */
static void the_users_limit_counts_the_users_tasks(void **state)
{
	static const uint32_t uids[] = { 1000, 0 };
	struct event other = sight_of(50, 1, 'S'), worker = sight_of(51, 1, 'S'), ev;
	size_t i;

	(void)state;
	other.facts.uid = 77;
	other.sight.threads = 90;
	tell(other);
	worker.sight.threads = 5;
	tell(worker);
	for (i = 0; i < COUNT(uids); i++) {
		for (leaks = 0; !leaks;) {
			leave(PARENT, 100);
			told();
			ev = limits_of(PARENT, 32768, 300);
			ev.facts.uid = uids[i];
			ev.sight.limits.of[LIMIT_NPROC] = (struct limit){ 2000, 0 };
			ev.sight.limits.of[LIMIT_THREADS_MAX] = (struct limit){ 60000, 400 };
			tell(ev);
		}
		if (uids[i]) { /* init, the parent, five threads, and all the dead */
			assert_int_equal(w.leak.nearest, LIMIT_NPROC);
			assert_int_equal(w.leak.limits.of[LIMIT_NPROC].used,
					 7 + next_pid - 1000);
		}
	}
	assert_int_equal(w.leak.limits.of[LIMIT_NPROC].max, 0);
	assert_int_equal(w.leak.nearest, LIMIT_PID_MAX);
}

static void the_dead_are_counted_by_their_programs(void **state)
{
	static const char *const names[] = { "rare", "most", "many", "most", "few",
					     "many", "most", "few",  "most", "many" };
	int i;

	(void)state;
	for (i = 0; i < 30 && !leaks; i++) {
		uint32_t pid = next_pid;
		struct event ev;

		leave(PARENT, 10);
		for (; pid < next_pid; pid++) {
			ev = sight_of(pid, PARENT, 'Z');
			memset(ev.facts.comm, 0, COMM_LEN);
			strcpy(ev.facts.comm, names[pid % 10]);
			w.now++;
			tell(ev);
		}
		idle(MINUTE - NS_PER_S);
		told();
	}
	assert_int_equal(leaks, 1);
	assert_int_equal(w.leak.count % 10, 0);
	assert_string_equal(w.leak.programs[0].comm, "most");
	assert_int_equal(w.leak.programs[0].count, 4 * (w.leak.count / 10));
	assert_string_equal(w.leak.programs[1].comm, "many");
	assert_int_equal(w.leak.programs[1].count, 3 * (w.leak.count / 10));
	assert_string_equal(w.leak.programs[2].comm, "few");
	assert_int_equal(w.leak.programs[2].count, 2 * (w.leak.count / 10));
}

/* A child each so many ms, and so much room: the limit itself ends it. When it was told and hit. */
struct run {
	uint64_t told, read, forecast, end;
};

static struct run until_full(uint64_t begin, uint64_t every_ms, uint32_t room)
{
	struct run run = { 0 };
	uint64_t end;
	uint32_t used = 0;

	w.now = BEGINNING + begin;
	for (end = w.now; used < room; end += every_ms * NS_PER_MS) {
		uint32_t pid = next_pid++;

		used++;
		tell(fork_of(pid, PARENT));
		tell(exit_of(pid, PARENT, EXITED(0)));
		while (w.now < end + every_ms * NS_PER_MS) {
			pass(every_ms * NS_PER_MS < NS_PER_S ? every_ms * NS_PER_MS : NS_PER_S);
			if (w.measured.pid)
				tell(limits_of(PARENT, room, used));
			memset(&w.measured, 0, sizeof(w.measured));
			if (told() && !run.told)
				run = (struct run){ w.now, w.leak.limits.ts, w.leak.hit, 0 };
		}
		if (every_ms >= NS_PER_S / NS_PER_MS)
			tell(sight_of(pid, PARENT, 'Z'));
		else if (pid >= 1000 + NS_PER_S / NS_PER_MS / every_ms)
			tell(sight_of(pid - (uint32_t)(NS_PER_S / NS_PER_MS / every_ms), PARENT, 'Z'));
	}
	run.end = end;
	return run;
}

static uint64_t told_ahead(uint64_t every_ms, uint32_t room)
{
	struct run run = until_full(7 * NS_PER_MS, every_ms, room);

	return run.told && run.told < run.end ? run.end - run.told : 0;
}

/* However fast: it is told before the limit is hit, if a quarter of a minute is left for it. */
static void a_small_room_is_watched_closely(void **state)
{
	(void)state;
	assert_in_range(told_ahead(400, 120) / NS_PER_S, 30, 42);
}

static void a_room_that_lasts_some_minutes_is_too(void **state)
{
	(void)state;
	assert_in_range(told_ahead(3000, 60) / NS_PER_S, 110, 160);
}

/* Wherever in a stretch it began: the first forecast is right, a child more or less. */
static void the_first_forecast_holds(uint64_t every_ms, uint32_t room, uint64_t stretch)
{
	void *state = NULL;
	int i;

	for (i = 0; i < 7; i++) {
		struct run run = until_full(stretch * (uint64_t)i / 7, every_ms, room);
		uint64_t real = run.end - run.read, off = real / 20 + every_ms * NS_PER_MS;

		assert_true(run.told);
		assert_in_range(run.forecast, run.end - off, run.end + off);
		finish(&state);
		begin(&state);
	}
}

static void a_forecast_from_seconds_holds(void **state)
{
	(void)state;
	the_first_forecast_holds(400, 120, 2 * NS_PER_S);
}

static void a_forecast_from_minutes_holds(void **state)
{
	(void)state;
	the_first_forecast_holds(3000, 60, MINUTE);
}

static void a_forecast_of_thirty_an_hour_holds(void **state)
{
	(void)state;
	the_first_forecast_holds(120 * 1000, 40, 15 * MINUTE);
}

/* Ten seconds of haste that would take an hour to hit anything are not worth an alarm. */
static void a_burst_far_from_any_limit_is_none(void **state)
{
	int second;

	(void)state;
	tell(limits_of(PARENT, 4194304, 300));
	for (second = 0; second < 20; second++) {
		leave(PARENT, 20);
		tell(limits_of(PARENT, 4194304, 300));
	}
	idle(HOUR);
	assert_int_equal(told(), 0);
}

/* What a look at all groups asks of each parent, whether it leaks or not. */
static struct leak looked_at(uint32_t parent)
{
	struct leak leak;

	assert_true(leak_of(&w.d, proc(parent), w.now, &leak));
	return leak;
}

static void of_one_that_never_had_any_nothing_is_known(void **state)
{
	struct leak leak = { .count = 7, .hit = 7 };

	(void)state;
	assert_false(leak_of(&w.d, proc(PARENT), w.now, &leak));
	assert_int_equal(leak.count, 0);
	assert_int_equal(leak.hit, 0);
}

static void of_a_crowd_it_is_known_how_long_it_has_stood(void **state)
{
	uint32_t first = next_pid;
	struct leak leak;
	uint64_t died = w.now;

	(void)state;
	leave(PARENT, 7);
	leak = looked_at(PARENT);
	assert_int_equal(leak.count, 7);
	assert_int_equal(leak.growth, 0);
	assert_int_equal(leak.within, 0); /* nobody has watched it for long enough */
	assert_true(leak.oldest == died);
	assert_int_equal(leak.created_now, 7);
	assert_int_equal(leak.minutes, 0);
	assert_int_equal(leak.now_for, 0);
	idle(5 * MINUTE);
	for (; first < 1003; first++)
		reap_one(first, PARENT);
	leak = looked_at(PARENT);
	assert_int_equal(leak.count, 4);
	assert_int_equal(leak.growth, 0);
	assert_int_equal(leak.within, 6 * NS_PER_S);
	assert_int_equal(leak.minutes, 5);
	assert_int_equal(leak.created[1], 7);
	assert_int_equal(leak.created[0] + leak.created_now, 0);
	assert_int_equal(leak.reaped[2], 0);
	assert_int_equal(leak.reaped_now, 3);
}

/* By the fastest measure at which there are more and more, until a leak is told: then by its own. */
static void of_a_growing_crowd_it_is_known_by_how_much_and_since_when(void **state)
{
	struct leak leak;
	int i;

	(void)state;
	for (i = 0; i < 30; i++) { /* long enough to show in stretches of ten seconds, too */
		leave(PARENT, 10);
		idle(NS_PER_S);
	}
	assert_int_equal(told(), 0); /* no limit is known */
	leak = looked_at(PARENT);
	assert_int_equal(leak.count, 300);
	assert_in_range(leak.growth, 20, 40);
	assert_in_range(leak.within, 5 * NS_PER_S, 7 * NS_PER_S);
	assert_int_equal(leak.nearest, LIMIT_KINDS);
	tell(limits_of(PARENT, 32768, 300));
	leak = looked_at(PARENT);
	assert_int_equal(leak.nearest, LIMIT_PID_MAX);
	assert_true(leak.hit > w.now);
	idle(2 * MINUTE); /* none came: at those measures it has stopped */
	leak = looked_at(PARENT);
	assert_int_equal(leak.count, 300);
	assert_int_equal(leak.growth, 0);
	for (i = 0; i < 8 && !leaks; i++) {
		leave(PARENT, 5);
		idle(MINUTE - NS_PER_S);
		told();
	}
	assert_int_equal(leaks, 1);
	for (i = 0; i < 5; i++) { /* and now for some seconds a lot faster */
		leave(PARENT, 10);
		idle(NS_PER_S);
	}
	leak = looked_at(PARENT);
	assert_int_equal(leak.growth, w.leak.growth);
	assert_true(leak.within == w.leak.within);
	assert_in_range(leak.within, 2 * MINUTE, 4 * MINUTE);
}

#define story(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_silence_of_ages_is_passed_at_once),
		story(thirty_an_hour_are_a_leak),
		story(a_thousand_a_second_are_a_leak_at_once),
		story(a_crowd_that_stands_is_none),
		story(nor_is_one_that_is_a_little_larger_now_and_then),
		story(nor_is_one_that_gathers_for_some_seconds),
		story(nor_is_one_that_comes_and_goes),
		story(nor_is_a_parent_that_collects_now_and_then),
		story(it_is_told_again_when_it_has_doubled),
		story(one_that_ended_can_begin_again),
		story(each_parent_has_its_own),
		story(what_came_and_went_is_counted_by_the_minute),
		story(zombies_that_are_handed_on_count_with_who_has_them),
		story(the_evidence_names_growth_and_limit),
		story(a_limit_that_is_near_is_told_without_growth),
		story(rates_are_told_as_far_back_as_it_was_watched),
		story(the_users_limit_counts_the_users_tasks),
		story(the_dead_are_counted_by_their_programs),
		story(a_burst_far_from_any_limit_is_none),
		story(a_small_room_is_watched_closely),
		story(a_room_that_lasts_some_minutes_is_too),
		story(a_forecast_from_seconds_holds),
		story(a_forecast_from_minutes_holds),
		story(a_forecast_of_thirty_an_hour_holds),
		story(of_one_that_never_had_any_nothing_is_known),
		story(of_a_crowd_it_is_known_how_long_it_has_stood),
		story(of_a_growing_crowd_it_is_known_by_how_much_and_since_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
