// SPDX-License-Identifier: GPL-2.0-only
/* The first picture merged with the records, and pids that are used again. */
#include "event/event.h"
#include "story.h"

static int begin(void **state)
{
	(void)state;
	return begin_with(1u << CHANGE_CLASS | 1u << CHANGE_SIGHT | FINDINGS);
}

static void one_that_the_picture_shows_is_not_told_twice(void **state)
{
	(void)state;
	tell(sight_of(1, 0, 'S'));
	tell(sight_of(10, 1, 'S'));
	tell(sight_of(10, 1, 'S'));
	assert_told("snapshot 1\nsnapshot 10\n");
	assert_true(proc(10)->from_snapshot);
	tell(fork_of(10, 1)); /* the record of how it began comes behind the picture */
	assert_told("");
	assert_int_equal(proc(10)->creator.pid, 1);
	tell(exec_of(10, 1));
	assert_told("exec 10\n");
}

static void one_that_the_records_told_is_not_told_by_the_picture(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(sight_of(11, 10, 'R'));
	assert_told("fork 11 of 10\n");
	assert_false(proc(11)->from_snapshot);
}

static void a_parent_that_comes_later_in_the_picture_is_told_once(void **state)
{
	(void)state;
	tell(sight_of(11, 10, 'S'));
	tell(sight_of(10, 1, 'S'));
	tell(sight_of(1, 0, 'S'));
	assert_told("snapshot 11\nsnapshot 10\nsnapshot 1\n");
	assert_true(proc(11)->parent == proc(10));
	assert_true(proc(10)->parent == proc(1));
	assert_null(proc(1)->parent);
	assert_int_equal(engine_count(w.e), 3);
}

static void one_that_the_picture_found_dead_tells_its_exit_once(void **state)
{
	(void)state;
	there_are(10);
	tell(sight_of(11, 10, 'Z'));
	tell(exit_of(11, 10, EXITED(7))); /* it died between the hooks and the picture */
	tell(exit_of(11, 10, EXITED(7)));
	tell(free_of(11, 10));
	assert_told("snapshot 11\nexit 11\nreap 11 by 10 wait rcu\n");
	assert_true(w.reap.u.reap.has_zombie);
}

static void one_that_died_before_the_hooks_is_reaped_after_an_unknown_time(void **state)
{
	(void)state;
	there_are(10);
	tell(sight_of(11, 10, 'Z'));
	tell(free_of(11, 10));
	assert_told("snapshot 11\nreap 11 by 10 wait rcu\n");
	assert_false(w.reap.u.reap.has_zombie);
}

/* It forked before the picture was taken, and its record comes behind a stub of it. */
static void a_fork_behind_a_stub_is_told(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(12, 11));
	tell(fork_of(11, 10));
	assert_told("fork 12 of 11\nfork 11 of 10\n");
	assert_true(proc(12)->parent == proc(11));
	assert_int_equal(engine_count(w.e), 4);
}

static void a_coarse_start_is_the_same_process(void **state)
{
	struct event coarse = sight_of(11, 10, 'S');

	(void)state;
	there_are(10);
	coarse.id.start -= coarse.id.start % START_TICK; /* as /proc tells it */
	tell(coarse);
	tell(exec_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(free_of(11, 10));
	assert_told("snapshot 11\nexec 11\nexit 11\nreap 11 by 10 wait rcu\n");
}

static void starts_are_compared_as_finely_as_they_are_known(void **state)
{
	const uint64_t t = 123 * START_TICK;
	static const struct { uint64_t a, b; bool same; } pairs[] = {
		{ 123 * START_TICK + 5, 123 * START_TICK + 5, true },
		{ 123 * START_TICK + 5, 123 * START_TICK + 6, false }, /* both fine: two */
		{ 123 * START_TICK + 5, 123 * START_TICK, true },
		{ 124 * START_TICK - 1, 123 * START_TICK, true },
		{ 124 * START_TICK + 1, 123 * START_TICK, false },
		{ 123 * START_TICK, 124 * START_TICK, false },
		{ 123 * START_TICK, 0, false }, /* not known is not the same */
		{ 123 * START_TICK + 5, 0, false },
		{ 5, 0, false }, /* in the first tick after boot as well */
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		struct ident a = { 7, pairs[i].a }, b = { 7, pairs[i].b };

		assert_int_equal(ident_same(a, b), pairs[i].same);
		assert_int_equal(ident_same(b, a), pairs[i].same);
		b.pid = 8;
		assert_false(ident_same(a, b));
	}
	assert_true(ident_names((struct ident){ 7, 0 }, (struct ident){ 7, t }));
	assert_false(ident_names((struct ident){ 8, 0 }, (struct ident){ 7, t }));
	assert_false(ident_names((struct ident){ 7, t + START_TICK }, (struct ident){ 7, t }));
}

static struct event again(struct event ev, uint32_t pid)
{
	ev.id = next_of(pid);
	return ev;
}

static void a_late_release_does_not_touch_the_next_one_of_that_pid(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(again(fork_of(11, 10), 11));
	assert_int_equal(engine_count(w.e), 4);
	tell(free_of(11, 10));
	assert_told("fork 11 of 10\nexit 11\nfork 11 of 10\nreap 11 by 10 wait rcu\n");
	assert_null(engine_find(w.e, id_of(11)));
	assert_non_null(engine_find(w.e, next_of(11)));
	assert_int_equal(engine_find(w.e, next_of(11))->life, LIFE_RUNNING);
	tell(again(exit_of(11, 10, EXITED(0)), 11));
	tell(free_of(11, 10)); /* once more for the old one */
	assert_int_equal(engine_find(w.e, next_of(11))->life, LIFE_DEAD);
	tell(again(free_of(11, 10), 11));
	assert_told("exit 11\nreap 11 by 10 wait rcu\n");
}

static void a_bare_pid_means_the_process_that_has_it_now(void **state)
{
	const struct ident bare = { 11, 0 };

	(void)state;
	there_are(10);
	assert_null(engine_find(w.e, bare));
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(again(fork_of(11, 10), 11));
	assert_true(engine_find(w.e, bare)->id.start == next_of(11).start);
}

static void the_next_ones_children_are_not_the_old_ones(void **state)
{
	struct event ev = fork_of(12, 11);

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(again(fork_of(11, 10), 11));
	ev.facts.parent = ev.fork.creator = next_of(11);
	tell(ev);
	tell(free_of(11, 10));
	assert_true(proc(12)->parent == engine_find(w.e, next_of(11)));
}

static void a_look_at_the_old_one_finds_it_missing_and_not_the_next(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	tell(again(fork_of(11, 10), 11));
	pass(2 * NS_PER_S);
	forget();
	tell(missing_of(11));
	assert_told("reap 11 by 10 wait audit\n");
	assert_non_null(engine_find(w.e, next_of(11)));
}

/*
 * Two of one pid within one tick of /proc's clock: a look asked for the old one shows the next, and
 * cannot know it.
 */
static void a_look_that_shows_the_next_one_of_its_pid_finds_the_old_one_gone(void **state)
{
	struct event ev = fork_of(11, 10);
	const struct ident next = { 11, id_of(11).start + NS_PER_MS };

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(3)));
	ev.id = next;
	tell(ev);
	pass(NS_PER_S);
	forget();
	tell(sight_of(11, 10, 'Z'));
	assert_told("reap 11 by 10 wait audit\n");
	assert_int_equal(engine_find(w.e, next)->life, LIFE_RUNNING);
	ev = sight_of(11, 10, 'S'); /* of the next one it is good */
	ev.id = next;
	tell(ev);
	assert_int_equal(engine_find(w.e, next)->letter, 'S');
}

/* Everybody is read at once, and told afterwards: some have gone by then. */
static void a_look_from_before_its_end_does_not_bring_one_back(void **state)
{
	struct event ev = sight_of(11, 10, 'S');

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	pass(NS_PER_MS);
	ev.ts = w.now;
	pass(NS_PER_MS);
	tell(exit_of(11, 10, EXITED(0)));
	tell(free_of(11, 10));
	forget();
	tell(ev);
	assert_told("");
	assert_null(proc(11));
}

/* "The process that is next heard of under this pid": that one, not every later one. */
static void the_next_one_of_a_followed_pid_is_not_followed(void **state)
{
	(void)state;
	there_are(9);
	engine_follow(w.e, 11);
	tell(fork_of(11, 9));
	assert_true(proc(11)->followed);
	tell(exit_of(11, 9, EXITED(0)));
	tell(free_of(11, 9));
	tell(again(fork_of(11, 9), 11));
	assert_false(engine_find(w.e, next_of(11))->followed);
}

static void a_child_heard_of_before_its_followed_parent_is_followed(void **state)
{
	(void)state;
	there_are(9);
	engine_follow(w.e, 10);
	tell(fork_of(11, 10));
	tell(sight_of(10, 9, 'S'));
	assert_true(proc(10)->followed);
	assert_true(proc(11)->followed);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(one_that_the_picture_shows_is_not_told_twice),
		story(one_that_the_records_told_is_not_told_by_the_picture),
		story(a_parent_that_comes_later_in_the_picture_is_told_once),
		story(one_that_the_picture_found_dead_tells_its_exit_once),
		story(one_that_died_before_the_hooks_is_reaped_after_an_unknown_time),
		story(a_fork_behind_a_stub_is_told),
		story(a_coarse_start_is_the_same_process),
		story(starts_are_compared_as_finely_as_they_are_known),
		story(a_late_release_does_not_touch_the_next_one_of_that_pid),
		story(a_bare_pid_means_the_process_that_has_it_now),
		story(the_next_ones_children_are_not_the_old_ones),
		story(a_look_at_the_old_one_finds_it_missing_and_not_the_next),
		story(a_look_that_shows_the_next_one_of_its_pid_finds_the_old_one_gone),
		story(a_look_from_before_its_end_does_not_bring_one_back),
		story(the_next_one_of_a_followed_pid_is_not_followed),
		story(a_child_heard_of_before_its_followed_parent_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
