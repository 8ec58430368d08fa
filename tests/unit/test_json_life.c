// SPDX-License-Identifier: GPL-2.0-only
/* What happens to a process after its exec, as JSON lines: session, threads, exit, reap. */
#include "lines.h"

static struct event ev;

static int begin(void **state)
{
	(void)state;
	ev = (struct event){ .ts = NOW, .id = { 4711, 4 * NS_PER_S } };
	return begin_lines(&json_sink);
}

/* A replay takes the class from that, as the live run did. */
static void an_exit_of_one_that_no_line_told_of_tells_its_session(void **state)
{
	(void)state;
	p.have = HAVE_SESSION;
	p.sid = 40;
	p.pgid = 41;
	write_about(CHANGE_EXIT, &ev);
	read_line();
	assert_num("process.session_leader.pid", 40);
	assert_num("process.group_leader.pid", 41);
	p.introduced = true;
	write_about(CHANGE_EXIT, &ev);
	read_line();
	assert_absent("process.session_leader");
}

static void an_exit_tells_its_code(void **state)
{
	(void)state;
	ev.exit.status = p.status = EXITED(3);
	ev.exit.utime = 1500000;
	ev.exit.stime = 20000000;
	ev.exit.maxrss = 1234;
	ev.exit.threads = 2;
	write_about(CHANGE_EXIT, &ev);
	read_line();
	assert_common("event", "exit", 1);
	assert_num("process.exit_code", 3);
	assert_absent("proctrace.exit.signal");
	assert_absent("proctrace.exit.killed_by");
	assert_num("proctrace.lifetime_ms", 6000);
	assert_num("proctrace.exit.cpu_user_ms", 1.5);
	assert_num("proctrace.exit.cpu_system_ms", 20);
	assert_num("proctrace.exit.max_rss_kb", 1234);
	assert_num("proctrace.exit.threads", 2);
}

static void a_death_by_a_signal_has_no_code(void **state)
{
	(void)state;
	ev.exit.status = p.status = KILLED(SIGSEGV) | 0x80;
	write_about(CHANGE_EXIT, &ev);
	read_line();
	assert_absent("process.exit_code");
	assert_str("proctrace.exit.signal", "SIGSEGV");
	assert_bool("proctrace.exit.core_dumped", true);
	assert_absent("proctrace.exit.killed_by"); /* not known */
	ev.exit.status = p.status = KILLED(SIGKILL);
	ev.exit.killer_known = true;
	ev.exit.killer = (struct ident){ 50, 2 * NS_PER_S };
	strcpy(ev.exit.killer_comm, "kil\"ler");
	write_about(CHANGE_EXIT, &ev);
	read_line();
	assert_str("proctrace.exit.signal", "SIGKILL");
	assert_bool("proctrace.exit.core_dumped", false);
	assert_num("proctrace.exit.killed_by.pid", 50);
	assert_str("proctrace.exit.killed_by.name", "kil\"ler");
	ev.exit.killer.pid = 0;
	write_about(CHANGE_EXIT, &ev);
	read_line();
	assert_str("proctrace.exit.killed_by.name", "kernel");
	ev.exit.oom = true;
	write_about(CHANGE_EXIT, &ev);
	read_line();
	assert_str("proctrace.exit.killed_by.name", "oom");
}

static void a_reap_tells_who_how_and_after_what_time(void **state)
{
	struct change c = { .kind = CHANGE_REAP, .ts = NOW, .p = &p, .event = &ev };

	(void)state;
	c.u.reap.reaper = parent.id;
	c.u.reap.reaper_comm = "shell";
	c.u.reap.how = REAP_WAIT;
	c.u.reap.precision = REAP_RCU;
	c.u.reap.has_zombie = true;
	c.u.reap.zombie = 12345678;
	s.ops->change(&s, &c);
	read_line();
	assert_num("proctrace.reap.reaper.pid", 42);
	assert_str("proctrace.reap.reaper.name", "shell");
	assert_str("proctrace.reap.how", "wait");
	assert_str("proctrace.reap.precision", "rcu");
	assert_num("proctrace.reap.zombie_ms", 12.345);
	assert_absent("proctrace.inferred");
	c.u.reap.how = REAP_AUTO;
	c.u.reap.precision = REAP_AUDIT;
	c.u.reap.has_zombie = false;
	c.inferred = true;
	s.ops->change(&s, &c);
	read_line();
	assert_str("proctrace.reap.how", "auto");
	assert_str("proctrace.reap.precision", "audit");
	assert_absent("proctrace.reap.zombie_ms");
	assert_bool("proctrace.inferred", true);
}

static void a_session_tells_old_and_new(void **state)
{
	struct change c = { .kind = CHANGE_SESSION, .ts = NOW, .p = &p, .event = &ev };

	(void)state;
	p.have |= HAVE_SESSION;
	p.sid = p.pgid = 4711;
	c.u.session.sid = 40;
	c.u.session.tty = 0x8801;
	s.ops->change(&s, &c);
	read_line();
	assert_num("proctrace.session.old_sid", 40);
	assert_num("proctrace.session.new_sid", 4711);
	assert_num("proctrace.session.old_tty", 0x8801);
	assert_num("proctrace.session.new_tty", 0);
}

static void threads_have_their_number(void **state)
{
	(void)state;
	ev.thread.tid = 4712;
	write_about(CHANGE_THREAD_START, &ev);
	read_line();
	assert_common("event", "thread_start", 1);
	assert_num("process.thread.id", 4712);
	write_about(CHANGE_THREAD_EXIT, &ev);
	read_line();
	assert_common("event", "thread_exit", 2);
	assert_num("process.thread.id", 4712);
}

static void an_end_that_nobody_saw_tells_no_more_than_is_known(void **state)
{
	struct change c = { .kind = CHANGE_EXIT, .ts = NOW, .p = &p, .event = &ev,
			    .inferred = true };

	(void)state;
	ev.kind = EVENT_MISSING; /* a look found it gone */
	s.ops->change(&s, &c);
	read_line();
	assert_common("event", "exit", 1);
	assert_worker();
	assert_bool("proctrace.inferred", true);
	assert_absent("process.exit_code");
	assert_absent("proctrace.exit.signal");
	assert_absent("proctrace.exit.cpu_user_ms");
	assert_absent("proctrace.lifetime_ms"); /* when it ended is not known */
	ev.kind = EVENT_SIGHT; /* a look found its corpse */
	p.has_status = true;
	p.status = EXITED(3);
	s.ops->change(&s, &c);
	read_line();
	assert_num("process.exit_code", 3);
	assert_absent("proctrace.lifetime_ms");
}

/* Who has its children from now on, and what its own parent was doing: a replay needs both. */
static void an_end_tells_who_gets_its_children(void **state)
{
	struct change c = { .kind = CHANGE_EXIT, .ts = NOW, .p = &p, .event = &ev };
	struct proc child = { .id = { 4712, 5 * NS_PER_S } };
	struct proc adopter = { .id = { 41, 2 * NS_PER_S }, .comm = "reaper", .subreaper = true };

	(void)state;
	ev.kind = EVENT_EXIT;
	p.has_status = true;
	ev.exit.adopter = adopter.id;
	list_init(&p.children);
	s.ops->change(&s, &c);
	read_line();
	assert_absent("proctrace.exit.adopter"); /* it has no children */
	assert_absent("proctrace.exit.parent");
	list_add_tail(&child.sibling, &p.children);
	ev.facts.have |= HAVE_PARENT | HAVE_PARENT_SIGNALS;
	ev.facts.parent = parent.id;
	ev.facts.parent_waits = true;
	s.ops->change(&s, &c);
	read_line();
	assert_num("proctrace.exit.adopter.pid", 41);
	assert_true(json_is_string(at("proctrace.exit.adopter.entity_id")));
	assert_absent("proctrace.exit.adopter.name"); /* it is not known */
	assert_absent("proctrace.exit.adopter.sigchld");
	assert_str("proctrace.exit.parent.sigchld", "default");
	assert_bool("proctrace.exit.parent.waits", true);
	assert_absent("proctrace.exit.parent.pid");
	ev.facts.parent.pid++; /* that one is dead, and this is its heir */
	c.u.exit.adopter = &adopter;
	ev.exit.adopter_autoreaps = true;
	s.ops->change(&s, &c);
	read_line();
	assert_num("proctrace.exit.parent.pid", ev.facts.parent.pid);
	assert_str("proctrace.exit.adopter.name", "reaper");
	assert_bool("proctrace.exit.adopter.subreaper", true);
	assert_absent("proctrace.exit.adopter.ns_init");
	assert_str("proctrace.exit.adopter.sigchld", "ignored");
	ev.exit.childless = true; /* they died with it */
	s.ops->change(&s, &c);
	read_line();
	assert_absent("proctrace.exit.adopter");
}

static void a_corpse_of_before_tells_that_it_is_one(void **state)
{
	(void)state;
	p.life = LIFE_DEAD;
	p.has_status = true;
	p.status = KILLED(SIGTERM);
	p.has_exit_signal = p.ns_init = p.subreaper = p.traced = parent.subreaper = true;
	p.exit_signal = SIGUSR1;
	p.tracer = (struct ident){ 77, 2 * NS_PER_S };
	write_about(CHANGE_SNAPSHOT, &ev);
	read_line();
	assert_bool("proctrace.dead", true);
	assert_str("proctrace.exit.signal", "SIGTERM");
	assert_absent("process.exit_code");
	assert_num("proctrace.exit_signal", SIGUSR1);
	assert_bool("proctrace.ns_init", true);
	assert_bool("proctrace.subreaper", true);
	assert_bool("proctrace.parent_subreaper", true);
	assert_bool("proctrace.traced", true);
	assert_num("proctrace.tracer.pid", 77);
	p.status = EXITED(3);
	p.exit_signal = SIGCHLD;
	write_about(CHANGE_SNAPSHOT, &ev);
	read_line();
	assert_num("process.exit_code", 3);
	assert_absent("proctrace.exit");
	assert_absent("proctrace.exit_signal"); /* the usual one */
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end_lines)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(an_exit_of_one_that_no_line_told_of_tells_its_session),
		story(an_exit_tells_its_code),
		story(a_death_by_a_signal_has_no_code),
		story(a_reap_tells_who_how_and_after_what_time),
		story(a_session_tells_old_and_new),
		story(threads_have_their_number),
		story(an_end_that_nobody_saw_tells_no_more_than_is_known),
		story(an_end_tells_who_gets_its_children),
		story(a_corpse_of_before_tells_that_it_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
