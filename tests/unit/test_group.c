// SPDX-License-Identifier: GPL-2.0-only
/* Zombies by the parent that must collect them: counts, causes, programs, who is the worst. */
#include "crowd.h"

static int begin(void **state)
{
	(void)state;
	memset(&g, 0, sizeof(g));
	begin_with(~0u);
	there_are(10);
	return 0;
}

static int end(void **state)
{
	groups_free(&g);
	return finish(state);
}

static void groups_come_with_the_worst_first(void **state)
{
	(void)state;
	tell(sight_of(20, INIT, 'S'));
	tell(sight_of(30, INIT, 'S'));
	crowd(20, 21, 22, "few");
	crowd(10, 11, 15, "many");
	crowd(30, 31, 32, "few");
	make();
	assert_int_equal(g.n, 3);
	assert_int_equal(g.zombies, 9);
	assert_int_equal(g.processes, 13);
	assert_int_equal(g.at[0].parent->id.pid, 10);
	assert_int_equal(g.at[0].count, 5);
	assert_int_equal(g.at[1].parent->id.pid, 20); /* as many, but older */
	assert_int_equal(g.at[2].parent->id.pid, 30);
	assert_int_equal(g.at[2].count, 2);
}

static void a_group_knows_its_oldest(void **state)
{
	(void)state;
	crowd(10, 12, 18, "b");
	crowd(10, 11, 11, "z");
	make();
	assert_int_equal(g.n, 1);
	assert_int_equal(g.at[0].count, 8);
	assert_int_equal(g.at[0].oldest->id.pid, 11);
	assert_int_equal(g.at[0].npids, GROUP_PIDS);
	assert_int_equal(g.at[0].pids[0], 11);
	assert_int_equal(g.at[0].pids[4], 15);
}

static void programs_come_by_their_number(void **state)
{
	static const char *const names[] = { "e", "d", "c", "b", "a" };
	uint32_t pid = 11;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(names); i++) /* e once, a five times */
		for (k = 0; k <= i; k++, pid++)
			crowd(10, pid, pid, names[i]);
	make();
	assert_int_equal(g.at[0].nprograms, GROUP_PROGRAMS);
	for (i = 0; i < GROUP_PROGRAMS; i++) {
		assert_string_equal(g.at[0].programs[i].comm, names[4 - i]);
		assert_int_equal(g.at[0].programs[i].count, 5 - i);
	}
	assert_int_equal(g.at[0].other_programs, 1);
}

static void causes_that_differ_are_told_each_with_its_count(void **state)
{
	struct event ev = sight_of(11, 10, 'Z');
	int round;

	(void)state;
	crowd(10, 12, 14, "plain");
	for (round = 0; round < 2; round++) {
		ev.sight.exit_signal = 0;
		see(ev, "cloned");
		pass(2 * NS_PER_S);
	}
	make();
	assert_int_equal(g.n, 1);
	assert_int_equal(g.at[0].ncauses, 2);
	assert_int_equal(g.at[0].causes[0].cause, CAUSE_NEVER_WAITS);
	assert_int_equal(g.at[0].causes[0].count, 3);
	assert_int_equal(g.at[0].causes[0].example->id.pid, 12);
	assert_int_equal(g.at[0].causes[1].cause, CAUSE_CLONE_CHILD);
	assert_int_equal(g.at[0].causes[1].count, 1);
	assert_true(group_cause_certain(&g.at[0].causes[1]));
	assert_false(group_cause_certain(&g.at[0].causes[0]));
}

/* Of those that were dead before less is known than of one that was seen to die. */
static void the_example_is_one_that_was_seen_to_die(void **state)
{
	(void)state;
	crowd(10, 11, 13, "before");
	tell(fork_of(20, 10));
	tell(exit_of(20, 10, EXITED(0)));
	crowd(10, 20, 20, "seen");
	make();
	assert_int_equal(g.at[0].ncauses, 1);
	assert_int_equal(g.at[0].causes[0].count, 4);
	assert_int_equal(g.at[0].causes[0].example->id.pid, 20);
	assert_true(group_cause_certain(&g.at[0].causes[0]));
	assert_int_equal(g.at[0].oldest->id.pid, 11);
}

static void one_that_has_just_died_is_none(void **state)
{
	(void)state;
	lies_dead(11, 10, "p11");
	make();
	assert_int_equal(g.zombies, 0);
	assert_int_equal(g.n, 0);
	assert_int_equal(g.fresh, 1);
}

static void a_leader_of_living_threads_stands_apart(void **state)
{
	struct event ev = sight_of(11, 10, 'Z');

	(void)state;
	ev.sight.dead = false;
	ev.sight.threads = 3;
	tell(ev);
	pass(2 * NS_PER_S);
	tell(ev);
	make();
	assert_int_equal(g.zombies, 0);
	assert_int_equal(g.nleaders, 1);
	assert_int_equal(g.leaders[0]->id.pid, 11);
}

static void leaders_that_began_at_once_come_by_their_pids(void **state)
{
	static const uint32_t pids[] = { 13, 11, 14, 12 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pids); i++) {
		struct event ev = sight_of(pids[i], 10, 'Z');

		ev.id.start = 7 * NS_PER_S;
		ev.sight.dead = false;
		ev.sight.threads = 3;
		see(ev, "x");
	}
	make();
	assert_int_equal(g.nleaders, 4);
	for (i = 0; i < g.nleaders; i++)
		assert_int_equal(g.leaders[i]->id.pid, 11 + i);
}

static bool is_even(void *ctx, const struct proc *p)
{
	(void)ctx;
	return p->id.pid % 2 == 0;
}

static void only_the_wanted_are_counted(void **state)
{
	(void)state;
	crowd(10, 11, 15, "x");
	groups_make(&g, w.e, is_even, NULL);
	assert_int_equal(g.zombies, 2);
	assert_int_equal(g.at[0].pids[0], 12);
}

static void the_container_is_the_one_that_all_were_in(void **state)
{
	(void)state;
	lies_in("/docker/" ID_A, 11, 10);
	lies_in("/docker/" ID_A, 12, 10);
	make();
	assert_int_equal(g.at[0].container.runtime, RUNTIME_DOCKER);
	assert_non_null(g.at[0].container.id.s);
	assert_int_equal(g.at[0].container.id.len, CONTAINER_ID);
	lies_in("/docker/" ID_B, 13, 10);
	make();
	assert_null(g.at[0].container.id.s);
	assert_null(g.at[0].container.name.s);
}

static void containers_come_with_the_most_first(void **state)
{
	(void)state;
	tell(sight_of(20, INIT, 'S'));
	make();
	assert_int_equal(g.ncontainers, 0);
	crowd(10, 50, 59, "outside");
	lies_in("/docker/" ID_A, 18, 10);
	lies_in("/docker/" ID_B, 17, 20);
	lies_in("/docker/" ID_B, 16, 20);
	lies_in("/docker/" ID_B, 15, 10);
	lies_in("/docker/" ID_C, 14, 20);
	lies_in("/docker/" ID_B, 13, 10); /* one parent's come together, wherever they lie */
	make();
	assert_int_equal(g.ncontainers, 3);
	assert_memory_equal(g.containers[0].container.id.s, ID_B, CONTAINER_ID);
	assert_int_equal(g.containers[0].count, 4);
	assert_int_equal(g.containers[0].parents, 2);
	assert_int_equal(g.containers[0].oldest->id.pid, 13);
	assert_memory_equal(g.containers[1].container.id.s, ID_C, CONTAINER_ID); /* as many, but older */
	assert_memory_equal(g.containers[2].container.id.s, ID_A, CONTAINER_ID);
	assert_int_equal(g.containers[2].parents, 1);
}

static struct finding growth[3];

static void grows(size_t at, uint32_t created, uint32_t reaped, uint32_t minutes)
{
	struct leak *l = &growth[at].u.leak;
	int i;

	growth[at].p = g.at[at].parent;
	for (i = 0; i < LEAK_WINDOWS; i++) {
		l->created[i] = created;
		l->reaped[i] = reaped;
	}
	l->created_now = l->reaped_now = 1;
	l->minutes = minutes;
	l->now_for = minutes * NS_PER_S;
}

/* What goes on in a container is what goes on under the parents of those in there. */
static void a_containers_growth_is_its_parents(void **state)
{
	struct leak sum;

	(void)state;
	memset(growth, 0, sizeof(growth));
	tell(sight_of(20, INIT, 'S'));
	tell(sight_of(30, INIT, 'S'));
	lies_in("/docker/" ID_A, 11, 10);
	lies_in("/docker/" ID_A, 21, 20);
	lies_in("/docker/" ID_B, 31, 30);
	make();
	assert_int_equal(g.n, 3);
	assert_int_equal(g.ncontainers, 2);
	assert_false(container_growth(&g, growth, 0, &sum));
	grows(0, 5, 2, 1);
	grows(1, 30, 20, 5);
	grows(2, 100, 100, 9);
	assert_true(container_growth(&g, growth, 0, &sum));
	assert_int_equal(sum.created[0], 35);
	assert_int_equal(sum.reaped[2], 22);
	assert_int_equal(sum.created_now, 2);
	assert_int_equal(sum.minutes, 5);
	assert_int_equal(sum.now_for, 5 * NS_PER_S);
	assert_true(container_growth(&g, growth, 1, &sum));
	assert_int_equal(sum.created[0], 100);
	lies_in("/docker/" ID_C, 32, 30); /* whose it is now cannot be told */
	make();
	assert_int_equal(g.ncontainers, 3);
	grows(0, 100, 100, 9);
	assert_null(g.at[0].container.id.s);
	assert_memory_equal(g.containers[1].container.id.s, ID_B, CONTAINER_ID);
	assert_false(container_growth(&g, growth, 1, &sum));
}

static void the_heir_is_the_nearest_that_adopts(void **state)
{
	struct event reaper = sight_of(20, INIT, 'S'), inside = sight_of(40, 20, 'S'),
		     below = sight_of(30, 20, 'S');

	(void)state;
	reaper.facts.subreaper = true;
	tell(reaper);
	below.facts.parent_subreaper = inside.facts.parent_subreaper = true;
	tell(below);
	assert_int_equal(group_heir(proc(10))->id.pid, INIT);
	assert_int_equal(group_heir(proc(30))->id.pid, 20);
	assert_null(group_heir(proc(INIT)));
	assert_null(group_heir(NULL));
	inside.facts.nspid = 7; /* entered a pid namespace: its init is elsewhere */
	tell(inside);
	assert_null(group_heir(proc(40)));
}

static void an_heir_with_zombies_of_its_own_is_bad(void **state)
{
	(void)state;
	assert_false(group_heir_is_bad(proc(INIT)));
	crowd(INIT, 11, 11, "x");
	assert_true(group_heir_is_bad(proc(INIT)));
	tell(sight_of(20, 10, 'T'));
	assert_true(group_heir_is_bad(proc(20)));
}

/* They come by their names: one that is frequent takes the place of one that is not. */
static void a_frequent_program_has_its_place(void **state)
{
	(void)state;
	crowd(10, 11, 12, "a");
	crowd(10, 13, 14, "b");
	crowd(10, 15, 16, "c");
	crowd(10, 17, 17, "d");
	crowd(10, 18, 25, "e");
	crowd(10, 26, 26, "f");
	make();
	assert_int_equal(g.at[0].nprograms, GROUP_PROGRAMS);
	assert_string_equal(g.at[0].programs[0].comm, "e");
	assert_int_equal(g.at[0].programs[0].count, 8);
	assert_string_equal(g.at[0].programs[1].comm, "a");
	assert_string_equal(g.at[0].programs[3].comm, "c");
	assert_int_equal(g.at[0].other_programs, 2);
}

/* On a clock that is too coarse many begin at once: then by their pids, at every run the same. */
static void those_that_began_at_once_come_by_their_pids(void **state)
{
	static const uint32_t pids[] = { 25, 22, 21, 24, 35, 32, 31 }, sorted[] = { 21, 22, 24, 25 };
	struct event ev;
	size_t i, round;

	(void)state;
	tell(sight_of(20, INIT, 'S'));
	for (round = 0; round < 2; round++) {
		for (i = 0; i < COUNT(pids); i++) {
			ev = sight_of(pids[i], pids[i] < 30 ? 20 : 10, 'Z');
			ev.id.start = 7 * NS_PER_S;
			see(ev, pids[i] % 10 < 3 ? "two" : pids[i] % 10 == 4 ? "one" : "a");
		}
		pass(2 * NS_PER_S);
	}
	make();
	assert_int_equal(g.n, 2);
	assert_int_equal(g.at[0].parent->id.pid, 20);
	assert_int_equal(g.at[0].oldest->id.pid, 21);
	assert_int_equal(g.at[0].causes[0].example->id.pid, 21);
	for (i = 0; i < COUNT(sorted); i++)
		assert_int_equal(g.at[0].pids[i], sorted[i]);
	assert_int_equal(g.at[1].oldest->id.pid, 31);
}

/* Whether one in between adopts is not known: then neither is who gets them. */
static void an_heir_that_is_not_known_is_none(void **state)
{
	struct event middle = sight_of(20, INIT, 'S'), below = sight_of(30, 20, 'S');

	(void)state;
	middle.facts.have &= ~HAVE_SUBREAPER;
	below.facts.have &= ~HAVE_PARENT_BITS;
	tell(below); /* of 20 nothing is known but that it is a parent */
	assert_null(group_heir(proc(30)));
	tell(middle);
	assert_null(group_heir(proc(30)));
	tell(sight_of(20, INIT, 'S'));
	assert_int_equal(group_heir(proc(30))->id.pid, INIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(groups_come_with_the_worst_first, begin, end),
		cmocka_unit_test_setup_teardown(a_group_knows_its_oldest, begin, end),
		cmocka_unit_test_setup_teardown(programs_come_by_their_number, begin, end),
		cmocka_unit_test_setup_teardown(causes_that_differ_are_told_each_with_its_count,
						begin, end),
		cmocka_unit_test_setup_teardown(the_example_is_one_that_was_seen_to_die, begin, end),
		cmocka_unit_test_setup_teardown(one_that_has_just_died_is_none, begin, end),
		cmocka_unit_test_setup_teardown(a_leader_of_living_threads_stands_apart, begin,
						end),
		cmocka_unit_test_setup_teardown(leaders_that_began_at_once_come_by_their_pids,
						begin, end),
		cmocka_unit_test_setup_teardown(only_the_wanted_are_counted, begin, end),
		cmocka_unit_test_setup_teardown(the_container_is_the_one_that_all_were_in, begin,
						end),
		cmocka_unit_test_setup_teardown(containers_come_with_the_most_first, begin, end),
		cmocka_unit_test_setup_teardown(a_containers_growth_is_its_parents, begin, end),
		cmocka_unit_test_setup_teardown(the_heir_is_the_nearest_that_adopts, begin, end),
		cmocka_unit_test_setup_teardown(an_heir_with_zombies_of_its_own_is_bad, begin, end),
		cmocka_unit_test_setup_teardown(a_frequent_program_has_its_place, begin, end),
		cmocka_unit_test_setup_teardown(those_that_began_at_once_come_by_their_pids, begin, end),
		cmocka_unit_test_setup_teardown(an_heir_that_is_not_known_is_none, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
