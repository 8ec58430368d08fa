// SPDX-License-Identifier: GPL-2.0-only
/* Parents and children: who gets whom when somebody dies, as find_new_reaper() has it. */
#include "story.h"

#define SUBREAPER 20

static int begin(void **state)
{
	(void)state;
	return begin_with(1u << CHANGE_CLASS | 1u << CHANGE_SIGHT | FINDINGS);
}

static void die(uint32_t pid, uint32_t parent, uint32_t adopter)
{
	struct event ev = exit_of(pid, parent, EXITED(0));

	ev.exit.adopter = id_of(adopter);
	tell(ev);
}

static void a_parents_death_makes_its_children_orphans(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(fork_of(12, 10));
	die(10, 1, 1);
	assert_told("fork 11 of 10\nfork 12 of 10\nexit 10\norphan 11 from 10 to 1\n"
		    "orphan 12 from 10 to 1\n");
	assert_int_equal(proc(11)->parent->id.pid, 1);
	assert_true(proc(11)->adopted);
	assert_int_equal(proc(11)->creator.pid, 10);
}

static void a_childs_death_makes_nobody_an_orphan(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	die(11, 10, 1);
	tell(free_of(11, 10));
	assert_told("fork 11 of 10\nexit 11\nreap 11 by 10 wait rcu\n");
}

static void the_adopter_that_the_kernel_chose_gets_them(void **state)
{
	(void)state;
	there_are(SUBREAPER);
	tell(fork_of(10, SUBREAPER));
	tell(fork_of(11, 10));
	forget();
	die(10, SUBREAPER, SUBREAPER);
	assert_told("exit 10\norphan 11 from 10 to 20\n");
	assert_int_equal(proc(11)->parent->id.pid, SUBREAPER);
}

static void generations_fall_one_after_the_other(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(fork_of(12, 11));
	tell(fork_of(13, 12));
	forget();
	die(11, 10, 1);
	assert_told("exit 11\norphan 12 from 11 to 1\n");
	assert_int_equal(proc(13)->parent->id.pid, 12); /* a grandchild keeps its parent */
	assert_false(proc(13)->adopted);
	die(12, 1, 1);
	assert_told("exit 12\norphan 13 from 12 to 1\n");
	die(13, 1, 1);
	tell(free_of(13, 1));
	assert_told("exit 13\nreap 13 by 1 init rcu\n");
}

static void an_adopters_death_orphans_them_again(void **state)
{
	(void)state;
	there_are(SUBREAPER);
	tell(fork_of(10, SUBREAPER));
	tell(fork_of(11, 10));
	forget();
	die(10, SUBREAPER, SUBREAPER);
	tell(free_of(10, SUBREAPER));
	die(SUBREAPER, 1, 1);
	assert_told("exit 10\norphan 11 from 10 to 20\nreap 10 by 20 wait rcu\nexit 20\n"
		    "orphan 11 from 20 to 1\n");
}

static void the_dead_are_handed_on_but_are_no_orphans(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	die(11, 10, 1);
	forget();
	die(10, 1, 1);
	assert_told("exit 10\n");
	assert_int_equal(proc(11)->parent->id.pid, 1);
	assert_false(proc(11)->adopted);
	tell(free_of(11, 1));
	assert_told("reap 11 by 1 init rcu\n");
}

static void the_death_of_a_namespaces_init_orphans_nobody(void **state)
{
	struct event init = fork_of(30, 10);

	(void)state;
	there_are(10);
	init.facts.ns_init = true;
	init.facts.nspid = 1;
	tell(init);
	tell(fork_of(31, 30));
	tell(fork_of(32, 30));
	forget();
	init = exit_of(30, 10, KILLED(SIGKILL));
	init.facts.ns_init = true;
	tell(init);
	assert_told("exit 30\n");
	/* the kernel kills them and the init collects them, before it is gone itself */
	tell(exit_of(31, 30, KILLED(SIGKILL)));
	tell(exit_of(32, 30, KILLED(SIGKILL)));
	tell(free_of(31, 30));
	tell(free_of(32, 30));
	tell(free_of(30, 10));
	assert_told("exit 31\nexit 32\nreap 31 by 30 init rcu\nreap 32 by 30 init rcu\n"
		    "reap 30 by 10 wait rcu\n");
	assert_int_equal(engine_count(w.e), 2);
}

static void the_releases_of_a_namespace_come_in_any_order(void **state)
{
	struct event init = fork_of(30, 10);

	(void)state;
	there_are(10);
	init.facts.ns_init = true;
	tell(init);
	tell(fork_of(31, 30));
	tell(fork_of(32, 30));
	init = exit_of(30, 10, KILLED(SIGKILL));
	init.facts.ns_init = true;
	tell(init);
	tell(exit_of(31, 30, KILLED(SIGKILL)));
	tell(exit_of(32, 30, KILLED(SIGKILL)));
	forget();
	tell(free_of(31, 30));
	tell(free_of(30, 10));
	assert_told("reap 31 by 30 init rcu\nreap 30 by 10 wait rcu\n");
	tell(free_of(32, 30));
	assert_int_equal(w.reap.u.reap.reaper.pid, 30);
	assert_string_equal(w.reaper_comm, "p30");
	assert_int_equal(engine_count(w.e), 2);
}

static void under_clone_parent_the_parent_is_the_callers_parent(void **state)
{
	struct event ev = fork_of(12, 10);

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	ev.fork.creator = id_of(11);
	tell(ev);
	assert_int_equal(proc(12)->parent->id.pid, 10);
	assert_int_equal(proc(12)->creator.pid, 11);
	assert_string_equal(proc(12)->creator_comm, "p11");
	forget();
	die(11, 10, 1); /* its creator is not its parent */
	assert_told("exit 11\n");
	die(10, 1, 1);
	assert_told("exit 10\norphan 12 from 10 to 1\n");
}

static void an_orphans_exit_signal_is_sigchld_again(void **state)
{
	struct event ev = fork_of(11, 10);

	(void)state;
	there_are(10);
	ev.fork.exit_signal = SIGUSR1;
	tell(ev);
	assert_int_equal(proc(11)->exit_signal, SIGUSR1);
	die(10, 1, 1);
	assert_int_equal(proc(11)->exit_signal, SIGCHLD);
}

static void a_threads_death_gives_no_children_away(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	forget();
	tell(thread_of(EVENT_THREAD_EXIT, 10, 10));
	tell(thread_of(EVENT_THREAD_EXIT, 10, 14));
	assert_told("thread 10 ends in 10\nthread 14 ends in 10\n");
	assert_int_equal(proc(11)->parent->id.pid, 10);
}

static void an_unknown_parent_is_looked_at_and_not_told(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(51, 50));
	assert_told("fork 51 of 50\n");
	assert_int_equal(asked(50), 1);
	assert_int_equal(proc(51)->parent->id.pid, 50);
	tell(fork_of(52, 50));
	assert_int_equal(asked(50), 1);
	forget();
	tell(sight_of(50, 1, 'S'));
	assert_told("snapshot 50\n");
	assert_int_equal(proc(52)->parent, proc(50));
	die(50, 1, 1);
	assert_told("exit 50\norphan 51 from 50 to 1\norphan 52 from 50 to 1\n");
}

static void an_unknown_parents_death_orphans_too(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(51, 50));
	forget();
	die(50, 1, 1);
	assert_told("exit 50\norphan 51 from 50 to 1\n");
}

static void an_unknown_parent_is_kept_no_longer_than_its_children(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(51, 50));
	tell(exit_of(51, 50, EXITED(0)));
	tell(free_of(51, 50));
	assert_int_equal(engine_count(w.e), 2);
	tell(fork_of(52, 60));
	tell(free_of(60, 1)); /* it went before anybody could look: its child is an orphan */
	assert_told("fork 51 of 50\nexit 51\nreap 51 by 50 wait rcu\nfork 52 of 60\n"
		    "inferred orphan 52 from 60 to 0\n");
	assert_null(proc(60));
	assert_null(proc(52)->parent);
}

static void an_adopter_that_is_not_known_is_looked_at(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	forget();
	die(10, 1, 70);
	assert_told("exit 10\norphan 11 from 10 to 70\n");
	assert_int_equal(asked(70), 1);
}

/* A look runs ahead of the records: the parent's death is on its way, and tells it in order. */
static void a_look_does_not_take_a_child_from_a_living_parent(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	forget();
	tell(sight_of(11, 1, 'S'));
	assert_int_equal(proc(11)->parent->id.pid, 10);
	die(10, 1, 1);
	assert_told("exit 10\norphan 11 from 10 to 1\n");
}

/* It names a parent that is gone: what was told since is newer. */
static void a_look_from_before_an_adoption_does_not_undo_it(void **state)
{
	static const char letters[] = { 'S', 'Z' };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(letters); i++) {
		struct event ev = sight_of(11, 10, letters[i]);

		there_are(10);
		tell(fork_of(11, 10));
		if (letters[i] == 'Z')
			tell(exit_of(11, 10, EXITED(0)));
		pass(NS_PER_S);
		ev.ts = w.now;
		pass(NS_PER_MS);
		die(10, 1, 1);
		tell(free_of(10, 1));
		forget();
		tell(ev);
		assert_told("");
		assert_int_equal(asked(10), 0);
		assert_int_equal(proc(11)->parent->id.pid, 1);
		tell(free_of(11, 1));
		pass(NS_PER_MS);
	}
}

/* The look fell between the parent's exit and its children's adoption, and is told late. */
static void a_look_that_names_somebody_gone_since_is_taken_again(void **state)
{
	struct event ev = sight_of(11, 10, 'S');

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	die(10, 1, 1);
	pass(NS_PER_MS);
	ev.ts = w.now;
	pass(NS_PER_MS);
	tell(free_of(10, 1));
	forget();
	tell(ev);
	assert_told("");
	assert_int_equal(proc(11)->parent->id.pid, 1);
	assert_int_equal(asked(10), 0);
	assert_int_equal(asked(11), 1);
}

/* It is kept for its name until all releases of its children were told; but gone it is. */
static void even_if_it_is_still_spoken_of(void **state)
{
	struct event init = exit_of(10, 1, KILLED(SIGKILL)), look = sight_of(11, 10, 'Z');

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exit_of(11, 10, EXITED(0)));
	pass(NS_PER_S);
	look.ts = w.now;
	pass(NS_PER_MS);
	init.facts.ns_init = true;
	tell(init);
	tell(free_of(10, 1));
	forget();
	tell(look);
	assert_told("");
	assert_int_equal(asked(11), 1);
}

/* The adopter was reckoned; where the kernel shows another one, that is the truth. */
static void a_look_corrects_an_adopter_that_was_reckoned(void **state)
{
	(void)state;
	there_are(SUBREAPER);
	tell(fork_of(10, SUBREAPER));
	tell(fork_of(11, 10));
	die(10, SUBREAPER, 1);
	forget();
	tell(sight_of(11, SUBREAPER, 'S'));
	assert_int_equal(proc(11)->parent->id.pid, SUBREAPER);
	assert_told("");
}

/* From /proc a parent is a bare pid, and in one clock tick a child may come before its parent. */
static void a_parent_named_without_its_start_is_the_one_seen_later(void **state)
{
	struct event child = sight_of(41, 40, 'S');

	(void)state;
	there_are(10);
	child.facts.parent.start = 0;
	tell(child);
	tell(sight_of(40, 1, 'S'));
	assert_int_equal(engine_count(w.e), 4);
	assert_true(proc(41)->parent == proc(40));
	forget();
	die(40, 1, 1);
	assert_told("exit 40\norphan 41 from 40 to 1\n");
}

/* From the parent on upwards, each is another one, until nobody is known. */
static void assert_ancestry_ends(const struct proc *p)
{
	int n = 0;

	for (; p; p = p->parent)
		assert_true(n++ < 20);
}

/* No kernel tells this; what was recorded by others might. */
static void nobody_is_an_ancestor_of_its_own(void **state)
{
	struct event dead = sight_of(20, 10, 'Z'), end = exit_of(10, 20, EXITED(0));

	(void)state;
	tell(sight_of(INIT, 0, 'S'));
	tell(fork_of(10, 20)); /* 20 is heard of as a parent only, and then as this one's child */
	dead.facts.ns_init = true;
	tell(dead);
	assert_ancestry_ends(proc(10));
	end.exit.childless = true;
	tell(end);
	tell(free_of(10, INIT));
	tell(free_of(20, 1));
	assert_null(proc(10));
	assert_null(proc(20));
}

static void nobody_is_adopted_by_a_descendant(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(fork_of(12, 11));
	tell(fork_of(13, 12));
	die(10, 1, 13);
	assert_ancestry_ends(proc(13));
	assert_null(proc(11)->parent);
	assert_int_equal(proc(13)->parent->id.pid, 12);
}

/* The pid was used again between the look and now: a parent is never younger than its child. */
static void a_parent_named_without_its_start_is_not_a_younger_one(void **state)
{
	struct event look = sight_of(11, 10, 'S'), other = fork_of(10, 1);

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	die(10, 1, 1);
	other.id = next_of(10);
	tell(other);
	look.facts.parent.start = 0;
	tell(look);
	assert_int_equal(proc(11)->parent->id.pid, 1);
}

/* 40 is known by its bare pid, as the parent of 41, and others had that pid or will have it. */
static void a_bare_pid_is_not_named_by_others_that_had_it(void **state)
{
	struct event child = sight_of(41, 40, 'S'), other = free_of(40, 1);

	(void)state;
	there_are(10);
	child.facts.parent.start = 0;
	tell(child);
	forget();
	tell(other); /* told late, of one before */
	other = missing_of(40);
	tell(other); /* this too */
	other = fork_of(40, 10);
	other.id = next_of(40);
	tell(other); /* it is not known yet that the older one is gone */
	assert_told("fork 40 of 10\n");
	assert_int_equal(proc(41)->parent->id.start, 0);
	other = missing_of(40);
	other.id.start = 0;
	tell(other); /* what was asked: it is gone, and the younger one lives */
	assert_told("inferred orphan 41 from 40 to 0\n");
	assert_int_equal(engine_find(w.e, next_of(40))->life, LIFE_RUNNING);
	tell(other);
	assert_told("");
}

/* Whatever went wrong: the kernel has the last word, and the questions end. */
static void a_look_that_insists_on_another_parent_is_believed(void **state)
{
	int i;

	(void)state;
	there_are(20);
	tell(fork_of(10, 1));
	tell(fork_of(11, 10));
	forget();
	for (i = 0; i < 10; i++) { /* looks that were taken before anybody asked */
		tell(sight_of(11, 20, 'S'));
		assert_int_equal(proc(11)->parent->id.pid, 10);
	}
	forget();
	w.now++;
	tell(sight_of(10, 1, 'S'));
	tell(sight_of(11, 20, 'S'));
	assert_told("");
	assert_int_equal(proc(11)->parent->id.pid, 20);
	assert_int_equal(asked(11), 0);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(a_parents_death_makes_its_children_orphans),
		story(a_childs_death_makes_nobody_an_orphan),
		story(the_adopter_that_the_kernel_chose_gets_them),
		story(generations_fall_one_after_the_other),
		story(an_adopters_death_orphans_them_again),
		story(the_dead_are_handed_on_but_are_no_orphans),
		story(the_death_of_a_namespaces_init_orphans_nobody),
		story(the_releases_of_a_namespace_come_in_any_order),
		story(under_clone_parent_the_parent_is_the_callers_parent),
		story(an_orphans_exit_signal_is_sigchld_again),
		story(a_threads_death_gives_no_children_away),
		story(an_unknown_parent_is_looked_at_and_not_told),
		story(an_unknown_parents_death_orphans_too),
		story(an_unknown_parent_is_kept_no_longer_than_its_children),
		story(an_adopter_that_is_not_known_is_looked_at),
		story(a_look_does_not_take_a_child_from_a_living_parent),
		story(a_look_from_before_an_adoption_does_not_undo_it),
		story(a_look_that_names_somebody_gone_since_is_taken_again),
		story(even_if_it_is_still_spoken_of),
		story(a_look_corrects_an_adopter_that_was_reckoned),
		story(nobody_is_an_ancestor_of_its_own),
		story(nobody_is_adopted_by_a_descendant),
		story(a_parent_named_without_its_start_is_the_one_seen_later),
		story(a_parent_named_without_its_start_is_not_a_younger_one),
		story(a_bare_pid_is_not_named_by_others_that_had_it),
		story(a_look_that_insists_on_another_parent_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
