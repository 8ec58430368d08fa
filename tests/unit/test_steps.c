// SPDX-License-Identifier: GPL-2.0-only
/* The steps of daemon(7): done, not done, not known; and what kind of daemon that makes. */
#include "diagnose/steps.h"
#include "story.h"

#define REAPER 10
#define R_SESSION 900

static int begin(void **state)
{
	struct event reaper;

	(void)state;
	begin_with(~0u);
	tell(sight_of(INIT, 0, 'S'));
	tell(sight_of(3, INIT, 'S')); /* so that the reaper is no service manager */
	reaper = sight_of(REAPER, 3, 'S');
	reaper.facts.subreaper = true;
	reaper.facts.sid = reaper.facts.pgid = R_SESSION;
	tell(reaper);
	return 0;
}

static const struct proc *is_there(uint32_t pid, uint32_t parent, uint32_t sid, uint32_t tty)
{
	struct event ev = sight_of(pid, parent, 'S');

	ev.facts.sid = ev.facts.pgid = sid;
	ev.facts.parent_subreaper = parent == REAPER;
	ev.facts.tty = tty;
	tell(ev);
	return proc(pid);
}

static struct daemon judged(const struct proc *p, struct standing s)
{
	struct daemon d = { .p = p, .adoption = adoption_of(w.e, p, NULL), .standing = s };

	daemon_judge(&d);
	return d;
}

static const struct standing careful = {
	.fd = { DESCRIPTOR_NULL, DESCRIPTOR_NULL, DESCRIPTOR_JOURNAL },
	.at_root = YES, .ignores_hup = NO, .pid_file = YES, .has_umask = true,
};
static const struct standing careless = {
	.fd = { DESCRIPTOR_NULL, DESCRIPTOR_NULL, DESCRIPTOR_TTY },
	.at_root = NO, .ignores_hup = NO, .pid_file = NO, .has_umask = true, .umask = 022,
};

static void assert_steps(const struct daemon *d, const char *want)
{
	static const char letters[] = { [NOT_KNOWN] = '?', [NO] = '-', [YES] = '+' };
	char is[STEPS + 1] = "";
	int i;

	for (i = 0; i < STEPS; i++)
		is[i] = letters[d->step[i]];
	assert_string_equal(is, want);
}

static void who_has_done_all_is_a_daemon_of_the_old_kind(void **state)
{
	struct daemon d = judged(is_there(50, REAPER, 40, 0), careful);

	(void)state;
	assert_steps(&d, "++++++++");
	assert_true(d.has_kind && d.kind == DAEMON_SYSV);
}

static void who_kept_what_it_was_started_with_has_no_kind(void **state)
{
	struct daemon d = judged(is_there(50, REAPER, 40, 0), careless);

	(void)state;
	assert_steps(&d, "++++----");
	assert_false(d.has_kind); /* a careless daemon, or a worker's child */
	d.standing.ignores_hup = YES;
	daemon_judge(&d);
	assert_true(d.has_kind && d.kind == DAEMON_BACKGROUND);
}

static void what_cannot_be_read_is_not_known(void **state)
{
	struct daemon d = judged(is_there(50, REAPER, 40, 0), (struct standing){ 0 });

	(void)state;
	assert_steps(&d, "++++????");
	d.standing = careless;
	d.standing.fd[0] = DESCRIPTOR_UNKNOWN; /* the terminal tells already */
	daemon_judge(&d);
	assert_int_equal(d.step[STEP_DESCRIPTORS], NO);
	d.standing = careful;
	d.standing.fd[2] = DESCRIPTOR_UNKNOWN;
	daemon_judge(&d);
	assert_int_equal(d.step[STEP_DESCRIPTORS], NOT_KNOWN);
}

static void who_leads_its_session_has_not_forked_twice(void **state)
{
	struct daemon d = judged(is_there(50, REAPER, 50, 0), careful);

	(void)state;
	assert_steps(&d, "?+-+++++");
	assert_false(d.has_kind); /* no service manager, and no sign of another starter */
	d = judged(is_there(51, INIT, 51, 0), careful);
	assert_true(d.has_kind && d.kind == DAEMON_SERVICE);
}

static void a_session_that_has_a_leader_or_a_terminal_is_none_of_its_own(void **state)
{
	struct daemon d;

	(void)state;
	is_there(40, INIT, 40, 0);
	d = judged(is_there(50, REAPER, 40, 0), careless);
	assert_steps(&d, "+--+----");
	assert_true(d.has_kind && d.kind == DAEMON_BACKGROUND);
	d = judged(is_there(51, REAPER, 45, TTY), careless);
	assert_steps(&d, "+-------");
	assert_true(d.has_kind && d.kind == DAEMON_BACKGROUND);
}

static bool is_one(uint32_t pid)
{
	struct adoption a = adoption_of(w.e, proc(pid), NULL);

	return daemon_is_one(proc(pid), &a);
}

static void plain_children_and_who_has_a_living_parent_are_none(void **state)
{
	(void)state;
	is_there(50, REAPER, R_SESSION, 0); /* a plain child */
	is_there(51, 50, 51, 0);
	is_there(52, REAPER, 52, TTY); /* a login */
	is_there(53, REAPER, 53, 0);
	is_there(54, REAPER, 40, TTY); /* left behind */
	is_there(55, INIT, SESSION, 0); /* an init's child */
	assert_false(is_one(50) || is_one(51) || is_one(52));
	assert_true(is_one(53) && is_one(54) && is_one(55));
	assert_false(is_one(INIT));
}

static void assert_unit(const char *path, const char *want)
{
	char *copy = exact_copy(path, strlen(path));
	struct slice unit = unit_of(copy, strlen(path));

	assert_int_equal(unit.len, strlen(want));
	assert_memory_equal(unit.s ? unit.s : "", want, unit.len);
	free(copy);
}

static void the_unit_is_the_last_of_the_path(void **state)
{
	(void)state;
	assert_unit("/system.slice/ssh.service", "ssh.service");
	assert_unit("/user.slice/user-0.slice/session-3.scope", "session-3.scope");
	assert_unit("/user.slice/user@0.service/app.slice/x.service/sub", "x.service");
	assert_unit("/system.slice", "");
	assert_unit("/.service/x", "");
	assert_unit("/", "");
	assert_unit("", "");
}

static void daemons_come_with_the_oldest_first_and_are_counted(void **state)
{
	struct daemons g = { 0 };
	struct daemon made[3] = {
		judged(is_there(52, REAPER, 40, 0), careful),
		judged(is_there(51, INIT, 51, 0), careful),
		judged(is_there(50, REAPER, 41, 0), careless),
	};

	(void)state;
	g.at = exact_copy(made, sizeof(made));
	g.count = 3;
	daemons_order(&g);
	assert_int_equal(g.at[0].p->id.pid, 50);
	assert_int_equal(g.at[2].p->id.pid, 52);
	assert_int_equal(g.kinds[DAEMON_SYSV], 1);
	assert_int_equal(g.kinds[DAEMON_SERVICE], 1);
	assert_int_equal(g.kinds[DAEMON_BACKGROUND], 0);
	daemons_free(&g);
	daemons_order(&g);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_has_done_all_is_a_daemon_of_the_old_kind),
		TEST(who_kept_what_it_was_started_with_has_no_kind),
		TEST(what_cannot_be_read_is_not_known),
		TEST(who_leads_its_session_has_not_forked_twice),
		TEST(a_session_that_has_a_leader_or_a_terminal_is_none_of_its_own),
		TEST(plain_children_and_who_has_a_living_parent_are_none),
		TEST(the_unit_is_the_last_of_the_path),
		TEST(daemons_come_with_the_oldest_first_and_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
