// SPDX-License-Identifier: GPL-2.0-only
/* What is known of a process: session, class, program, who is followed. */
#include "story.h"

static int begin(void **state)
{
	(void)state;
	return begin_with(~(1u << CHANGE_SESSION | 1u << CHANGE_CLASS | 1u << CHANGE_EXIT));
}

static struct event in_session(struct event ev, uint32_t sid, uint32_t tty)
{
	ev.facts.sid = ev.facts.pgid = sid;
	ev.facts.tty = tty;
	return ev;
}

static void assert_text(const struct text *t, const char *want, size_t len)
{
	assert_non_null(t);
	assert_int_equal(t->len, len);
	assert_memory_equal(t->s, want, len);
}

static void a_new_session_is_told_when_it_is_seen(void **state)
{
	(void)state;
	there_are(10);
	tell(in_session(fork_of(11, 10), 10, TTY));
	forget();
	tell(in_session(exec_of(11, 10), 11, 0));
	assert_told("session 11: 10 to 11\nclass 11 batch\n");
	assert_int_equal(w.session.u.session.tty, TTY);
	assert_int_equal(proc(11)->tty, 0);
	tell(in_session(exec_of(11, 10), 11, 0));
	assert_told("");
	tell(in_session(sight_of(11, 10, 'S'), 11, TTY)); /* it opened a terminal */
	assert_told("session 11: 11 to 11\nclass 11 interactive\n");
}

static void a_change_of_the_process_group_is_no_change_of_session(void **state)
{
	struct event ev = exec_of(11, 10);

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	forget();
	ev.facts.pgid = 11;
	tell(ev);
	assert_told("");
	assert_int_equal(proc(11)->pgid, 11);
}

/* The middle one of a double fork: setsid, fork, exit; only its exit shows what it did. */
static void a_session_that_shows_at_the_exit_is_told_before_it(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	forget();
	tell(in_session(exit_of(11, 10, EXITED(0)), 11, 0));
	assert_told("session 11: 5 to 11\nexit 11\n");
}

/* When a session's leader dies, the kernel takes the terminal from all of them. */
static void a_terminal_that_went_with_its_leader_is_no_step_of_the_others(void **state)
{
	(void)state;
	there_are(10);
	tell(in_session(fork_of(11, 10), 10, TTY));
	forget();
	tell(in_session(exit_of(11, 10, EXITED(0)), 10, 0));
	assert_told("exit 11\n");
	assert_int_equal(proc(11)->class, CLASS_INTERACTIVE);
}

static void who_left_the_terminal_by_itself_died_as_what_it_was_then(void **state)
{
	(void)state;
	there_are(10);
	tell(in_session(fork_of(11, 10), 10, TTY));
	forget();
	tell(in_session(exit_of(11, 10, EXITED(0)), 11, 0));
	assert_told("session 11: 10 to 11\nclass 11 batch\nexit 11\n");
}

static void what_a_look_did_not_see_stays_as_it_was(void **state)
{
	struct event ev = sight_of(10, 1, 'T');

	(void)state;
	there_are(10);
	ev.sight.locked = true;
	tell(ev);
	ev = sight_of(10, 1, 0);
	ev.sight.has_accounts = true;
	ev.sight.children_died = 7;
	ev.sight.children_reaped = 3;
	w.now++;
	tell(ev);
	assert_int_equal(proc(10)->letter, 'T');
	assert_true(proc(10)->locked);
	assert_int_equal(proc(10)->children_died, 7);
	assert_int_equal(proc(10)->children_reaped, 3);
}

static void classes_are_what_they_are_defined_to_be(void **state)
{
	struct event ev = fork_of(15, 10);

	(void)state;
	there_are(10);
	tell(in_session(fork_of(11, 10), 10, TTY));
	assert_told("class 11 interactive\n");
	tell(fork_of(12, 10));
	assert_told("class 12 batch\n");
	tell(fork_of(13, 1)); /* started by init, without a terminal */
	assert_told("class 13 daemon\n");
	tell(in_session(fork_of(14, 1), 14, TTY)); /* a getty */
	assert_told("class 14 interactive\n");
	ev.facts.kthread = true;
	tell(ev);
	assert_told("class 15 kernel\n");
}

static void an_orphan_without_a_terminal_is_a_daemon(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(in_session(fork_of(12, 10), 10, TTY));
	forget();
	tell(exit_of(10, 1, EXITED(0)));
	assert_told("exit 10\nclass 11 daemon\n");
	assert_int_equal(proc(12)->class, CLASS_INTERACTIVE);
	tell(in_session(sight_of(12, 1, 'S'), 12, 0)); /* setsid after its parent left */
	assert_told("session 12: 10 to 12\nclass 12 daemon\n");
}

static void what_a_service_manager_starts_is_a_daemon(void **state)
{
	struct event manager = sight_of(20, 1, 'S'), shell = sight_of(30, 10, 'S');
	struct event child = fork_of(21, 20), other = fork_of(31, 30);

	(void)state;
	there_are(10);
	manager.facts.subreaper = true; /* of a user's services: a daemon and a subreaper */
	tell(manager);
	assert_true(proc_is_manager(proc(20)));
	shell.facts.subreaper = true; /* a subreaper alone is none */
	shell.facts.tty = TTY;
	tell(shell);
	assert_false(proc_is_manager(proc(30)));
	assert_true(proc_is_manager(proc(1)));
	assert_false(proc_is_manager(proc(10)));
	forget();
	child.facts.parent_subreaper = other.facts.parent_subreaper = true;
	tell(child);
	tell(other);
	assert_told("class 21 daemon\nclass 31 batch\n");
}

static void a_forks_image_is_its_creators(void **state)
{
	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exec_of(11, 10));
	tell(fork_of(12, 11));
	assert_text(proc(12)->args, "sleep\0" "9", 8);
	assert_text(proc(12)->exe, "/bin/sleep", 10);
	assert_text(proc(12)->cwd, "/tmp", 4);
	assert_int_equal(proc(12)->argc, 2);
	assert_true(proc(11)->execed);
	assert_false(proc(12)->execed);
	tell(exit_of(11, 10, EXITED(0)));
	tell(free_of(11, 10));
	assert_text(proc(12)->args, "sleep\0" "9", 8);
}

/* Whether they were cut goes with the arguments: to a fork, and not to the next program. */
static void that_arguments_were_cut_goes_with_them(void **state)
{
	struct event ev = exec_of(11, 10);

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	ev.exec.args_cut = true;
	tell(ev);
	tell(fork_of(12, 11));
	assert_true(proc(11)->args_cut && proc(12)->args_cut);
	tell(exec_of(12, 11));
	assert_true(proc(11)->args_cut);
	assert_false(proc(12)->args_cut);
}

static void an_exec_replaces_all_that_was_known_of_the_image(void **state)
{
	struct event ev = exec_of(11, 10);

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	tell(exec_of(11, 10));
	ev.exec.args = ev.exec.cwd = (struct slice){ 0 }; /* could not be read */
	ev.exec.exe = (struct slice){ "/bin/x", 6 };
	ev.exec.args_bytes = 0;
	tell(ev);
	assert_null(proc(11)->args); /* nothing stale */
	assert_null(proc(11)->cwd);
	assert_text(proc(11)->exe, "/bin/x", 6);
}

static void a_state_is_that_of_a_look_until_the_next_exec(void **state)
{
	(void)state;
	tell(fork_of(11, 10));
	tell(sight_of(11, 10, 'S'));
	assert_int_equal(proc(11)->letter, 'S');
	tell(exec_of(11, 10)); /* it does not sleep, and nobody has looked */
	assert_int_equal(proc(11)->letter, 0);
}

static void the_creators_program_stays_when_the_child_execs(void **state)
{
	struct event ev = exec_of(11, 10);

	(void)state;
	there_are(10);
	tell(exec_of(10, 1));
	tell(fork_of(11, 10));
	ev.exec.args = (struct slice){ "other", 6 };
	tell(ev);
	assert_text(proc(10)->args, "sleep\0" "9", 8);
	assert_text(proc(11)->args, "other", 6);
}

static void a_look_brings_what_only_a_look_can_see(void **state)
{
	struct event ev = sight_of(10, 1, 'S');

	(void)state;
	there_are(10);
	ev.sight.has_nice = true;
	ev.sight.nice = -20;
	ev.sight.locked = true;
	ev.sight.threads = 7;
	ev.sight.args = (struct slice){ "a\0b", 4 };
	ev.sight.args_bytes = 100;
	ev.sight.args_cut = true;
	ev.sight.argc = 9;
	ev.sight.exe = (struct slice){ "/bin/a", 6 };
	ev.sight.cwd = (struct slice){ "/home", 5 };
	tell(ev);
	assert_int_equal(proc(10)->letter, 'S');
	assert_int_equal(proc(10)->nice, -20);
	assert_true(proc(10)->locked);
	assert_int_equal(proc(10)->threads, 7);
	assert_text(proc(10)->args, "a\0b", 4);
	assert_int_equal(proc(10)->args_bytes, 100);
	assert_true(proc(10)->args_cut);
	assert_int_equal(proc(10)->argc, 9);
	assert_text(proc(10)->exe, "/bin/a", 6);
	assert_text(proc(10)->cwd, "/home", 5);
	/* not read this time: what is known stays */
	ev.sight.args = ev.sight.exe = ev.sight.cwd = (struct slice){ 0 };
	ev.sight.letter = 'T';
	tell(ev);
	assert_int_equal(proc(10)->letter, 'T');
	assert_text(proc(10)->args, "a\0b", 4);
	assert_text(proc(10)->exe, "/bin/a", 6);
	assert_text(proc(10)->cwd, "/home", 5);
}

static void a_childs_record_tells_what_its_parent_does_with_sigchld(void **state)
{
	struct event ev = fork_of(11, 10);

	(void)state;
	there_are(10);
	ev.facts.parent_catches = true;
	tell(ev);
	assert_int_equal(proc(10)->sigchld, SIGCHLD_CAUGHT);
	assert_false(proc(10)->in_wait);
	ev = exit_of(11, 10, EXITED(0));
	ev.facts.parent_waits = true;
	tell(ev);
	assert_int_equal(proc(10)->sigchld, SIGCHLD_DEFAULT);
	assert_true(proc(10)->in_wait);
}

/* The first picture does not read a parent's signals: a death from before it may have. */
static void an_older_record_tells_of_a_parent_only_what_is_not_known(void **state)
{
	struct event ev = fork_of(11, 10);

	(void)state;
	ev.facts.parent_catches = true;
	pass(NS_PER_S);
	tell(sight_of(10, 1, 'S'));
	tell(ev);
	assert_int_equal(proc(10)->sigchld, SIGCHLD_CAUGHT);
	ev = fork_of(12, 10);
	ev.ts = proc(10)->heard - 1;
	tell(ev);
	assert_int_equal(proc(10)->sigchld, SIGCHLD_CAUGHT);
}

/* What was read of another parent says nothing of this one. */
static void facts_of_a_parent_go_to_the_one_they_were_read_of(void **state)
{
	struct event ev = sight_of(11, 1, 'S');

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	ev.facts.parent_catches = ev.facts.parent_subreaper = true;
	tell(ev);
	assert_int_equal(proc(10)->sigchld, SIGCHLD_DEFAULT);
	assert_false(proc(10)->subreaper);
}

static void a_move_to_another_control_group_is_known(void **state)
{
	struct event ev = { .kind = EVENT_CGROUP, .id = id_of(10) };

	(void)state;
	there_are(10);
	ev.facts.have = HAVE_CGROUP;
	ev.facts.cgroup = 77;
	ev.facts.cgroup_path = (struct slice){ "/a/b", 4 };
	tell(ev);
	assert_true(proc(10)->cgroup == 77);
	assert_text(proc(10)->cgroup_path, "/a/b", 4);
	assert_int_equal(proc(10)->sid, SESSION); /* and nothing else is touched */
	assert_string_equal(proc(10)->comm, "p10");
	ev.facts.cgroup_path = (struct slice){ 0 };
	tell(ev);
	assert_text(proc(10)->cgroup_path, "/a/b", 4);
	ev.facts.cgroup = 78; /* nobody knows where that is: not where it was */
	tell(ev);
	assert_null(proc(10)->cgroup_path);
}

static void a_followed_tree_keeps_what_escapes_from_it(void **state)
{
	(void)state;
	there_are(9);
	engine_follow(w.e, 10);
	tell(fork_of(10, 9));
	tell(fork_of(11, 10));
	tell(fork_of(12, 11));
	tell(fork_of(13, 9));
	tell(exit_of(11, 10, EXITED(0)));
	tell(fork_of(14, 12)); /* of a daemon that got away */
	assert_true(proc(10)->followed);
	assert_true(proc(11)->followed);
	assert_true(proc(12)->followed);
	assert_true(proc(14)->followed);
	assert_false(proc(9)->followed);
	assert_false(proc(13)->followed);
	assert_false(proc(1)->followed);
}

static void a_tree_that_was_there_before_is_followed(void **state)
{
	(void)state;
	engine_follow(w.e, 10);
	there_are(10);
	tell(sight_of(11, 10, 'S'));
	tell(sight_of(12, 11, 'S'));
	tell(sight_of(13, 1, 'S'));
	assert_true(proc(10)->followed);
	assert_true(proc(11)->followed);
	assert_true(proc(12)->followed);
	assert_false(proc(13)->followed);
}

static void one_adopted_by_a_followed_process_does_not_become_followed(void **state)
{
	struct event ev = exit_of(30, 10, EXITED(0));

	(void)state;
	engine_follow(w.e, 20);
	there_are(10);
	tell(fork_of(20, 10));
	tell(fork_of(30, 10));
	tell(fork_of(31, 30));
	ev.exit.adopter = id_of(20);
	tell(ev);
	assert_int_equal(proc(31)->parent->id.pid, 20);
	assert_false(proc(31)->followed);
}

static void nor_does_one_that_a_look_finds_adopted_by_it(void **state)
{
	(void)state;
	engine_follow(w.e, 20);
	there_are(10);
	tell(fork_of(20, 10));
	tell(fork_of(30, 10));
	tell(fork_of(31, 30));
	tell(exit_of(30, 10, EXITED(0)));
	tell(sight_of(31, 20, 'S'));
	assert_int_equal(proc(31)->parent->id.pid, 20);
	assert_false(proc(31)->followed);
}

/* CLONE_PARENT: what a followed process makes is followed, whoever its parent is. */
static void the_creators_tree_counts_and_not_the_parents(void **state)
{
	struct event ev = fork_of(12, 9);

	(void)state;
	engine_follow(w.e, 10);
	there_are(9);
	tell(fork_of(10, 9));
	ev.fork.creator = id_of(10);
	tell(ev);
	assert_int_equal(proc(12)->parent->id.pid, 9);
	assert_true(proc(12)->followed);
}

/* What a look at a child shows of its parent is no newer than the look. */
static void an_old_look_at_a_child_does_not_undo_what_its_parent_told(void **state)
{
	struct event look = sight_of(11, 10, 'S'), exec = exec_of(10, 1);

	(void)state;
	there_are(10);
	tell(fork_of(11, 10));
	pass(NS_PER_MS);
	look.ts = w.now;
	look.facts.parent_autoreaps = true;
	pass(NS_PER_MS);
	exec.facts.subreaper = true;
	tell(exec);
	tell(look);
	assert_true(proc(10)->subreaper);
	assert_int_equal(proc(10)->sigchld, SIGCHLD_DEFAULT);
	look.ts = w.now;
	look.facts.parent_subreaper = true;
	tell(look);
	assert_int_equal(proc(10)->sigchld, SIGCHLD_AUTOREAPS);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(an_old_look_at_a_child_does_not_undo_what_its_parent_told),
		story(a_new_session_is_told_when_it_is_seen),
		story(a_change_of_the_process_group_is_no_change_of_session),
		story(a_session_that_shows_at_the_exit_is_told_before_it),
		story(a_terminal_that_went_with_its_leader_is_no_step_of_the_others),
		story(who_left_the_terminal_by_itself_died_as_what_it_was_then),
		story(what_a_look_did_not_see_stays_as_it_was),
		story(classes_are_what_they_are_defined_to_be),
		story(an_orphan_without_a_terminal_is_a_daemon),
		story(what_a_service_manager_starts_is_a_daemon),
		story(a_forks_image_is_its_creators),
		story(that_arguments_were_cut_goes_with_them),
		story(an_exec_replaces_all_that_was_known_of_the_image),
		story(a_state_is_that_of_a_look_until_the_next_exec),
		story(the_creators_program_stays_when_the_child_execs),
		story(a_look_brings_what_only_a_look_can_see),
		story(a_childs_record_tells_what_its_parent_does_with_sigchld),
		story(an_older_record_tells_of_a_parent_only_what_is_not_known),
		story(facts_of_a_parent_go_to_the_one_they_were_read_of),
		story(a_move_to_another_control_group_is_known),
		story(a_followed_tree_keeps_what_escapes_from_it),
		story(a_tree_that_was_there_before_is_followed),
		story(one_adopted_by_a_followed_process_does_not_become_followed),
		story(nor_does_one_that_a_look_finds_adopted_by_it),
		story(the_creators_tree_counts_and_not_the_parents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
