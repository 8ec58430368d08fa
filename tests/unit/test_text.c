// SPDX-License-Identifier: GPL-2.0-only
/* The stream for people: columns in their order, and no byte that a terminal would act on. */
#include <time.h>

#include "lines.h"

static struct event ev;

static int begin(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	ev = (struct event){ .ts = NOW + 5 * NS_PER_MS, .id = { 4711, 4 * NS_PER_S } };
	return begin_lines(&text_sink);
}

/* One line, harmless bytes only; without its newline it stands in the buffer. */
static const char *text_line(void)
{
	size_t i;

	assert_true(s.out.len > 0);
	assert_int_equal(s.out.data[s.out.len - 1], '\n');
	s.out.data[--s.out.len] = 0;
	for (i = 0; i < s.out.len; i++) {
		unsigned char c = (unsigned char)s.out.data[i];

		assert_true(c >= 0x20 && c != 0x7f);
		/* C1 is c2 80 to c2 9f; what turns text round is e2 80 8e/8f/aa-ae, e2 81 a6-a9 */
		if (c == 0xc2)
			assert_true((unsigned char)s.out.data[i + 1] >= 0xa0);
		assert_null(strstr(s.out.data, "\xe2\x80\xae"));
	}
	s.out.len = 0;
	return s.out.data;
}

/* The words that stand first, by spaces. */
static void assert_columns(const char *shown, const char *time, const char *action,
			   const char *pid, const char *ppid, const char *name)
{
	char words[5][64];

	assert_int_equal(sscanf(shown, "%63s %63s %63s %63s %63s", words[0], words[1], words[2],
				words[3], words[4]), 5);
	assert_string_equal(words[0], time);
	assert_string_equal(words[1], action);
	assert_string_equal(words[2], pid);
	assert_string_equal(words[3], ppid);
	assert_string_equal(words[4], name);
}

static void assert_says(const char *shown, const char *words)
{
	if (!strstr(shown, words))
		fail_msg("\"%s\" does not say \"%s\"", shown, words);
}

static void assert_ends(const char *shown, const char *words)
{
	size_t len = strlen(shown), n = strlen(words);

	if (len < n || strcmp(shown + len - n, words))
		fail_msg("\"%s\" does not end with \"%s\"", shown, words);
}

static void the_columns_come_in_their_order(void **state)
{
	static const struct { enum change_kind kind; const char *action; } changes[] = {
		{ CHANGE_SNAPSHOT, "snapshot" }, { CHANGE_FORK, "fork" }, { CHANGE_EXEC, "exec" },
		{ CHANGE_SESSION, "session" }, { CHANGE_EXIT, "exit" }, { CHANGE_REAP, "reap" },
		{ CHANGE_THREAD_START, "thread_start" }, { CHANGE_THREAD_EXIT, "thread_exit" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(changes); i++) {
		write_about(changes[i].kind, &ev);
		assert_columns(text_line(), "23:31:40.000", changes[i].action, "4711", "42",
			       "worker");
	}
	assert_int_equal(s.sequence, COUNT(changes));
}

static void the_first_line_says_what_the_columns_are(void **state)
{
	const struct stream_start start = { .ts = NOW };
	char words[6][16];

	(void)state;
	s.ops->start(&s, &start);
	assert_int_equal(sscanf(text_line(), "%15s %15s %15s %15s %15s %15s", words[0], words[1],
				words[2], words[3], words[4], words[5]), 6);
	assert_string_equal(words[0], "TIME");
	assert_string_equal(words[1], "ACTION");
	assert_string_equal(words[2], "PID");
	assert_string_equal(words[3], "PPID");
	assert_string_equal(words[4], "NAME");
	assert_string_equal(words[5], "DETAIL");
}

static void details_tell_what_matters(void **state)
{
	struct change reap = { .kind = CHANGE_REAP, .ts = NOW, .p = &p, .event = &ev };
	const char *shown;

	(void)state;
	p.args = text_new("grep\0two words\0\0", 16);
	p.args_bytes = 1234;
	write_about(CHANGE_EXEC, &ev);
	shown = text_line();
	assert_says(shown, "grep two\\ words ''");
	assert_null(strstr(shown, "bytes"));
	p.args_cut = true;
	write_about(CHANGE_EXEC, &ev);
	assert_says(text_line(), "… (1234 bytes)");

	ev.exit.status = EXITED(3);
	write_about(CHANGE_EXIT, &ev);
	shown = text_line();
	assert_says(shown, "exited 3");
	assert_says(shown, "6.000 s");

	ev.exit.status = KILLED(SIGKILL);
	ev.exit.killer_known = true;
	ev.exit.killer = (struct ident){ 77, 1 };
	strcpy(ev.exit.killer_comm, "bash");
	write_about(CHANGE_EXIT, &ev);
	shown = text_line();
	assert_says(shown, "killed by SIGKILL");
	assert_says(shown, "bash(77)");

	reap.u.reap.reaper = parent.id;
	reap.u.reap.reaper_comm = "shell";
	reap.u.reap.has_zombie = true;
	reap.u.reap.zombie = 61 * NS_PER_S;
	s.ops->change(&s, &reap);
	shown = text_line();
	assert_says(shown, "shell(42)");
	assert_says(shown, "1m01s");
}

/* A signal that was sent and did not kill has no part in how it ended. */
static void one_that_exited_was_killed_by_nobody(void **state)
{
	(void)state;
	ev.exit.status = EXITED(0);
	ev.exit.killer_known = true;
	ev.exit.killer = (struct ident){ 77, 1 };
	strcpy(ev.exit.killer_comm, "bash");
	write_about(CHANGE_EXIT, &ev);
	assert_null(strstr(text_line(), "bash"));
}

static void hostile_bytes_do_not_reach_the_terminal(void **state)
{
	struct finding f = { .kind = FINDING_ORPHAN, .ts = NOW, .p = &p };
	struct bygone dead = { .id = { 43, 1 }, .comm = "\x1b[2J" };
	char bytes[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	strcpy(p.comm, "\x1b[31m\n\xc2\x9b");
	strcpy(parent.comm, "\x07\xff\xe2\x80\xae");
	p.args = text_new(bytes, sizeof(bytes));
	p.exe = text_new("\xe2\x80\xae\x9b", 4);
	write_about(CHANGE_EXEC, &ev);
	text_line();
	write_about(CHANGE_SNAPSHOT, &ev);
	text_line();
	ev.exit.status = KILLED(SIGTERM);
	ev.exit.killer_known = true;
	ev.exit.killer.pid = 3;
	strcpy(ev.exit.killer_comm, "\x1b]0;x\x07");
	write_about(CHANGE_EXIT, &ev);
	text_line();
	evidence_add(&f.evidence, "it is %s", "\x1b[1m\n\x80");
	f.u.orphan.parent = &dead;
	f.u.orphan.adopter = parent.id;
	f.u.orphan.adopter_comm = parent.comm;
	s.ops->finding(&s, &f);
	text_line();
	f = (struct finding){ .kind = FINDING_ZOMBIE, .ts = NOW, .p = &p };
	f.u.zombie.cause = CAUSE_UNKNOWN;
	f.u.zombie.responsible = &parent;
	s.ops->finding(&s, &f);
	text_line();
}

static void a_parent_that_is_not_known_is_a_question_mark(void **state)
{
	(void)state;
	p.parent = NULL;
	write_about(CHANGE_FORK, &ev);
	assert_columns(text_line(), "23:31:40.000", "fork", "4711", "?", "worker");
	p.id.pid = 1;
	write_about(CHANGE_SNAPSHOT, &ev);
	assert_columns(text_line(), "23:31:40.000", "snapshot", "1", "0", "worker");
}

static void colour_comes_only_when_it_is_wanted(void **state)
{
	struct finding f = { .kind = FINDING_DAEMON, .ts = NOW, .p = &p };

	(void)state;
	s.ops->finding(&s, &f);
	assert_null(memchr(s.out.data, '\033', s.out.len));
	s.out.len = 0;
	s.color = true;
	s.ops->finding(&s, &f);
	assert_non_null(memchr(s.out.data, '\033', s.out.len));
}

static void findings_are_lines_like_the_others(void **state)
{
	struct bygone dead = { .id = { 43, 1 }, .comm = "starter", .has_status = true };
	struct change reap = { .kind = CHANGE_REAP, .ts = NOW, .p = &p };
	struct finding f = { .ts = NOW, .p = &p };
	const char *shown;

	(void)state;
	f.kind = FINDING_ORPHAN;
	f.u.orphan.kind = ORPHAN_ABANDONED;
	f.u.orphan.parent = &dead;
	f.u.orphan.adopter = parent.id;
	f.u.orphan.adopter_comm = "shell";
	evidence_add(&f.evidence, "its parent went");
	s.ops->finding(&s, &f);
	shown = text_line();
	assert_columns(shown, "23:31:40.000", "orphan", "4711", "42", "worker");
	assert_says(shown, "abandoned");
	assert_says(shown, "shell(42)");
	assert_says(shown, "its parent went");

	f.kind = FINDING_ZOMBIE;
	f.u.zombie.cause = CAUSE_NEVER_WAITS;
	f.u.zombie.responsible = &parent;
	s.ops->finding(&s, &f);
	shown = text_line();
	assert_columns(shown, "23:31:40.000", "zombie", "4711", "42", "worker");
	assert_says(shown, "never_waits");

	f.kind = FINDING_ZOMBIE_CLEARED;
	reap.u.reap.reaper = parent.id;
	reap.u.reap.reaper_comm = "shell";
	f.u.reap = &reap;
	s.ops->finding(&s, &f);
	shown = text_line();
	assert_columns(shown, "23:31:40.000", "zombie_cleared", "4711", "42", "worker");
	assert_says(shown, "shell(42)");
}

static void a_word_for_each_change(void **state)
{
	struct change c = { .kind = CHANGE_SESSION, .ts = NOW, .p = &p, .event = &ev };

	(void)state;
	write_about(CHANGE_FORK, &ev);
	assert_ends(text_line(), " worker");
	p.creator = parent.id;
	write_about(CHANGE_FORK, &ev);
	assert_ends(text_line(), " worker");
	p.creator = (struct ident){ 43, 7 };
	strcpy(p.creator_comm, "cloner");
	write_about(CHANGE_FORK, &ev);
	assert_ends(text_line(), " worker          created by cloner(43)");

	p.sid = 4711;
	p.tty = 136 << 8 | 44 | 256 << 12; /* pts/300 */
	c.u.session.sid = 40;
	s.ops->change(&s, &c);
	assert_ends(text_line(), " sid 40 no tty -> sid 4711 tty 136:300");

	ev.thread.tid = 4712;
	write_about(CHANGE_THREAD_START, &ev);
	assert_ends(text_line(), " tid 4712");
	write_about(CHANGE_THREAD_EXIT, &ev);
	assert_ends(text_line(), " tid 4712");
}

static void a_snapshot_tells_state_class_and_program(void **state)
{
	(void)state;
	p.exe = text_of("/usr/bin/my prog");
	p.letter = 'S';
	p.has_nice = p.locked = true;
	p.nice = -5;
	p.class = CLASS_DAEMON;
	write_about(CHANGE_SNAPSHOT, &ev);
	assert_ends(text_line(), " S<L [daemon] /usr/bin/my prog");
	p.args = text_new("prog\0-d", 8);
	p.nice = 5;
	p.locked = false;
	p.class = CLASS_UNKNOWN;
	write_about(CHANGE_SNAPSHOT, &ev);
	assert_ends(text_line(), " SN prog -d");
	p.parent = NULL;
	p.kthread = true;
	write_about(CHANGE_SNAPSHOT, &ev);
	assert_columns(text_line(), "23:31:40.000", "snapshot", "4711", "0", "worker");
}

static void an_end_tells_what_is_known_of_it(void **state)
{
	struct change unseen = { .kind = CHANGE_EXIT, .ts = NOW, .p = &p, .event = &ev,
				 .inferred = true };

	(void)state;
	ev.exit.status = KILLED(SIGKILL);
	ev.exit.killer_known = true;
	write_about(CHANGE_EXIT, &ev);
	assert_ends(text_line(), " killed by SIGKILL by the kernel after 6.000 s");
	ev.exit.oom = true;
	p.id.start = 0;
	write_about(CHANGE_EXIT, &ev);
	assert_ends(text_line(), " killed by SIGKILL by the OOM killer");

	ev.kind = EVENT_MISSING; /* a look found it gone */
	s.ops->change(&s, &unseen);
	assert_ends(text_line(), " killed by SIGKILL unseen (inferred)");
	p.has_status = false;
	s.ops->change(&s, &unseen);
	assert_ends(text_line(), " worker          unseen (inferred)");
}

static void how_long_is_told_in_fitting_units(void **state)
{
	static const struct { uint64_t ns; const char *words; } times[] = {
		{ 0, "0.000 s" }, { 1999999, "0.001 s" }, { 10 * NS_PER_S - 1, "9.999 s" },
		{ 10 * NS_PER_S, "0m10s" }, { 3599 * NS_PER_S, "59m59s" },
		{ 3600 * NS_PER_S, "1h00m" }, { 90060 * NS_PER_S, "25h01m" },
	};
	struct change c = { .kind = CHANGE_REAP, .ts = NOW, .p = &p, .event = &ev };
	char want[64];
	size_t i;

	(void)state;
	c.u.reap.reaper = parent.id; /* that has no name any more */
	c.u.reap.has_zombie = true;
	for (i = 0; i < COUNT(times); i++) {
		c.u.reap.zombie = times[i].ns;
		s.ops->change(&s, &c);
		snprintf(want, sizeof(want), " by (42) after %s as a zombie", times[i].words);
		assert_ends(text_line(), want);
	}
	c.u.reap.precision = REAP_RCU; /* told late: not how long it stood, but how long at the most */
	s.ops->change(&s, &c);
	assert_ends(text_line(), " by (42) within 25h01m of its death");
	c.u.reap.was_zombie = true; /* a look confirmed that it did */
	s.ops->change(&s, &c);
	assert_ends(text_line(), " by (42) after 25h01m as a zombie");
	c.u.reap.how = REAP_AUTO; /* it was none for a moment only */
	s.ops->change(&s, &c);
	assert_ends(text_line(), " by itself (its parent ignores SIGCHLD)");
	c.u.reap.how = REAP_WAIT;
	c.u.reap.reaper.pid = 0;
	c.u.reap.has_zombie = false;
	s.ops->change(&s, &c);
	assert_ends(text_line(), " worker");
}

static void a_zombie_tells_since_when_and_all_causes(void **state)
{
	struct finding f = { .kind = FINDING_ZOMBIE, .ts = NOW, .p = &p };

	(void)state;
	p.args = text_new("sleep\0" "9", 8);
	p.died = NOW - 1500 * NS_PER_MS;
	f.u.zombie.cause = CAUSE_INIT_DOES_NOT_REAP;
	f.u.zombie.also = 1u << CAUSE_NEVER_WAITS;
	f.u.zombie.responsible = &parent;
	evidence_add(&f.evidence, "one");
	evidence_add(&f.evidence, "two");
	s.ops->finding(&s, &f);
	assert_ends(text_line(), " for 1.500 s, must be reaped by shell(42), cause: "
				 "init_does_not_reap, also never_waits (one; two) was: sleep 9");
	p.died = 0;
	f.u.zombie.also = 0;
	f.u.zombie.responsible = NULL;
	f.evidence.n = 0;
	s.ops->finding(&s, &f);
	assert_ends(text_line(), " since before tracing began, cause: init_does_not_reap () "
				 "was: sleep 9");
	text_put(p.args);
	p.args = NULL;
	s.ops->finding(&s, &f);
	assert_ends(text_line(), " cause: init_does_not_reap ()"); /* what it was is not known */
	p.death_told = true;
	s.ops->finding(&s, &f);
	assert_says(text_line(), " since nobody knows when, cause: ");
}

static void daemons_and_leaks_tell_their_evidence(void **state)
{
	struct finding f = { .kind = FINDING_DAEMON, .ts = NOW, .p = &p };

	(void)state;
	p.args = text_new("cron\0-f", 8);
	evidence_add(&f.evidence, "its own session");
	f.u.daemon.kind = DAEMON_SERVICE;
	s.ops->finding(&s, &f);
	assert_ends(text_line(), " service: its own session: cron -f");
	f = (struct finding){ .kind = FINDING_ZOMBIE_LEAK, .ts = NOW, .p = &p };
	f.u.leak.cause = CAUSE_WAITS_LATE;
	evidence_add(&f.evidence, "12 stand");
	s.ops->finding(&s, &f);
	assert_ends(text_line(), " cause: waits_late: 12 stand");
}

static void lines_about_nobody_have_dashes(void **state)
{
	const struct stream_lost lost = { .ts = NOW, .since = 0, .kind = "fork",
					  .cause = "ring_full", .count = 12345678901234 };
	struct stream_resync resync = { .ts = NOW, .reason = "audit", .checked = 321 };
	struct stream_clock clock = { .ts = NOW, .step = -90 * (int64_t)NS_PER_S };
	const struct stream_stop stop = { .ts = NOW, .reason = "SIGINT", .lost = 7 };
	const char *shown;

	(void)state;
	s.ops->lost(&s, &lost);
	shown = text_line();
	assert_columns(shown, "23:31:40.000", "lost", "-", "-", "-");
	assert_ends(shown, " 12345678901234 fork records (ring_full)");
	s.ops->resync(&s, &resync);
	shown = text_line();
	assert_columns(shown, "23:31:40.000", "resync", "-", "-", "-");
	assert_ends(shown, " audit: 321 processes checked; inferred:");
	resync.inferred[CHANGE_FORK] = 2;
	resync.inferred[CHANGE_EXIT] = 4;
	resync.inferred[CHANGE_CLASS] = 9; /* is not told in the stream */
	s.ops->resync(&s, &resync);
	assert_ends(text_line(), " inferred: 2 fork 4 exit");
	s.ops->clock(&s, &clock);
	shown = text_line();
	assert_columns(shown, "23:31:40.000", "clock", "-", "-", "-");
	assert_ends(shown, " the wall clock was set back by 1m30s");
	clock.step = 1500 * (int64_t)NS_PER_MS;
	s.ops->clock(&s, &clock);
	assert_ends(text_line(), " the wall clock was set forward by 1.500 s");
	s.ops->stop(&s, &stop); /* stderr has the totals */
	assert_int_equal(s.out.len, 0);
	assert_int_equal(s.sequence, 5);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end_lines)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(the_columns_come_in_their_order),
		story(the_first_line_says_what_the_columns_are),
		story(details_tell_what_matters),
		story(one_that_exited_was_killed_by_nobody),
		story(hostile_bytes_do_not_reach_the_terminal),
		story(a_parent_that_is_not_known_is_a_question_mark),
		story(colour_comes_only_when_it_is_wanted),
		story(findings_are_lines_like_the_others),
		story(a_word_for_each_change),
		story(a_snapshot_tells_state_class_and_program),
		story(an_end_tells_what_is_known_of_it),
		story(how_long_is_told_in_fitting_units),
		story(a_zombie_tells_since_when_and_all_causes),
		story(daemons_and_leaks_tell_their_evidence),
		story(lines_about_nobody_have_dashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
