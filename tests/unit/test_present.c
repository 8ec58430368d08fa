// SPDX-License-Identifier: GPL-2.0-only
/* Orphans and daemons of now, as they are told to people and to machines. */
#include "diagnose/steps.h"
#include "story.h"
#include "lines.h"

#define REAPER 10
#define R_SESSION 900

static struct leftover left[4];
static struct daemon daemons_of_now[4];
static struct leftovers orphans;
static struct daemons background;
static size_t taken; /* of the output */

static const struct standing idle = {
	.fd = { DESCRIPTOR_NULL, DESCRIPTOR_NULL, DESCRIPTOR_JOURNAL }, .at_root = YES,
	.ignores_hup = NO, .pid_file = YES, .pid_file_path = "/run/x.pid", .has_umask = true,
	.umask = 022, .has_cpu = true, .cpu = 1500 * NS_PER_MS, .moment = 200 * NS_PER_MS,
};
static const struct standing busy = {
	.fd = { DESCRIPTOR_PIPE, DESCRIPTOR_TTY, DESCRIPTOR_FILE }, .at_root = NO,
	.has_cpu = true, .cpu = 2000 * NS_PER_MS, .used = 80 * NS_PER_MS,
	.moment = 200 * NS_PER_MS,
};

static const struct proc *is_there(uint32_t pid, uint32_t parent_of, uint32_t sid, const char *comm)
{
	struct event ev = sight_of(pid, parent_of, 'S');

	ev.facts.sid = ev.facts.pgid = sid;
	ev.facts.parent_subreaper = parent_of == REAPER;
	ev.facts.subreaper = pid == REAPER;
	memset(ev.facts.comm, 0, COMM_LEN);
	memcpy(ev.facts.comm, comm, strlen(comm));
	tell(ev);
	return proc(pid);
}

static int begin(void **state)
{
	(void)state;
	begin_with(~0u);
	tell(sight_of(INIT, 0, 'S'));
	is_there(3, INIT, 3, "starter");
	is_there(REAPER, 3, R_SESSION, "reaper");
	memset(&orphans, 0, sizeof(orphans));
	memset(&background, 0, sizeof(background));
	taken = 0;
	return begin_lines(&text_sink);
}

static int end(void **state)
{
	free(orphans.groups);
	end_lines(state);
	return finish(state);
}

static void is_left(uint32_t pid, uint32_t sid, const char *comm, const struct standing *st)
{
	struct leftover *l = &left[orphans.count++];

	*l = (struct leftover){ .p = is_there(pid, REAPER, sid, comm), .standing = *st };
	l->adoption = adoption_of(w.e, l->p, NULL);
	l->kind = leftover_judge(l);
	orphans.at = left;
	orphans.processes = 7;
}

static void runs(uint32_t pid, uint32_t sid, const char *comm, const struct standing *st)
{
	struct daemon *d = &daemons_of_now[background.count++];

	*d = (struct daemon){ .p = is_there(pid, REAPER, sid, comm), .standing = *st };
	d->adoption = adoption_of(w.e, d->p, NULL);
	daemon_judge(d);
	background.at = daemons_of_now;
	background.processes = 9;
}

static const char *shown(void)
{
	buf_byte(&s.out, 0);
	return s.out.data;
}

static const char *orphans_shown(size_t limit, bool from_proc)
{
	struct stream_leftovers told = { .ts = w.now, .leftovers = &orphans, .limit = limit,
					 .from_proc = from_proc };

	leftovers_group(&orphans);
	s.ops->leftovers(&s, &told);
	return shown();
}

static const char *daemons_shown(size_t limit, bool from_proc)
{
	struct stream_daemons told = { .ts = w.now, .daemons = &background, .limit = limit,
				       .from_proc = from_proc };

	daemons_order(&background);
	s.ops->daemons(&s, &told);
	return shown();
}

static void assert_says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void next_line(void)
{
	char *from = s.out.data + taken, *stop = strchr(from, '\n');
	json_error_t error;

	assert_non_null(stop);
	json_decref(line);
	line = json_loadb(from, (size_t)(stop - from), JSON_REJECT_DUPLICATES, &error);
	if (!line)
		fail_msg("%s: %s", error.text, from);
	taken = (size_t)(stop + 1 - s.out.data);
}

static void where_nobody_is_left_that_is_said(void **state)
{
	(void)state;
	assert_says(orphans_shown(0, false), "no orphans that the present shows (of 0 processes)\n");
	s.out.len = 0;
	assert_says(daemons_shown(0, false), "no daemons (of 0 processes)\n");
}

static void orphans_are_told_with_what_they_hold_and_whether_they_work(void **state)
{
	const char *text;

	(void)state;
	is_left(20, 700, "busy", &busy);
	is_left(21, 800, "i\033dle", &idle);
	orphans.unclear = 2;
	text = orphans_shown(0, true);
	assert_says(text, "2 orphans of 2 origins, the most suspicious first (of 7 processes)\n");
	assert_says(text, "\nstray       1 under reaper(10), a subreaper\n");
	assert_says(text, "works (80.0 ms CPU in 200.0 ms), began");
	assert_says(text, "\ndaemon      1 under reaper(10), a subreaper\n");
	assert_says(text, "idle, began");
	assert_says(text, "i\\x1bdle(21)");
	assert_says(text, "2 more under reapers show no sign");
	assert_says(text, "Read from /proc");
	assert_null(strchr(text, '\033'));
}

static void orphans_that_the_limit_leaves_out_are_counted(void **state)
{
	(void)state;
	is_left(20, 700, "one", &busy);
	is_left(21, 800, "two", &idle);
	assert_says(orphans_shown(1, false), "--limit 2 shows all");
}

static void orphans_are_lines_for_machines(void **state)
{
	(void)state;
	s.ops = &json_sink;
	is_left(20, 700, "busy", &busy);
	orphans_shown(0, false);
	next_line();
	assert_str("event.action", "orphans");
	assert_num("process.pid", 20);
	assert_str("proctrace.orphan.kind", "stray");
	assert_num("proctrace.orphan.adopter.pid", REAPER);
	assert_num("proctrace.orphan.cpu_used_ms", 80);
	assert_num("proctrace.orphan.within_ms", 200);
	assert_true(json_is_true(at("proctrace.orphan.works")));
	assert_true(json_array_size(at("proctrace.orphan.evidence")) > 0);
	next_line();
	assert_str("event.action", "orphans_total");
	assert_num("proctrace.orphans_total.orphans", 1);
	assert_num("proctrace.orphans_total.processes", 7);
	assert_str("proctrace.orphans_total.source", "task_iterator");
	assert_int_equal(taken + 1, s.out.len);
}

static void daemons_are_told_step_by_step(void **state)
{
	const char *text;

	(void)state;
	runs(20, 700, "careful", &idle);
	runs(21, 21, "care\033less", &busy);
	text = daemons_shown(0, true);
	assert_says(text, "2 daemons or background processes, the oldest first (of 9 processes)\n");
	assert_says(text, "\n     20 sysv       yes  yes    yes   yes   yes no    yes yes     careful\n");
	assert_says(text, "\n     21 ?          ?    yes    no    yes   no  ?     no  ?       care");
	assert_says(text, "/run/x.pid has its pid");
	assert_says(text, "its umask is 022");
	assert_says(text, "care\\x1bless\n");
	assert_says(text, "Read from /proc");
	assert_null(strchr(text, '\033'));
}

static void a_row_of_a_daemon_fits_a_terminal(void **state)
{
	const char *at, *end;

	(void)state;
	s.width = 80;
	runs(1234567, 700, "fifteen-bytes-x", &idle);
	for (at = daemons_shown(0, true); (end = strchr(at, '\n')); at = end + 1)
		assert_in_range(end - at, 0, 80);
	assert_non_null(strstr(shown(), "fifteen-bytes-x\n"));
}

static void daemons_that_the_limit_leaves_out_are_counted(void **state)
{
	(void)state;
	runs(20, 700, "one", &idle);
	runs(21, 21, "two", &busy);
	assert_says(daemons_shown(1, false), "1 more is left out (--limit 2 shows all)");
}

static void daemons_are_lines_for_machines(void **state)
{
	(void)state;
	s.ops = &json_sink;
	runs(20, 700, "careful", &idle);
	daemons_shown(0, true);
	next_line();
	assert_str("event.action", "daemons");
	assert_num("process.pid", 20);
	assert_str("proctrace.daemon.steps.session", "done");
	assert_str("proctrace.daemon.steps.umask", "not_done");
	assert_str("proctrace.daemon.steps.descriptors", "done");
	assert_str("proctrace.daemon.steps.pid_file", "done");
	next_line();
	assert_str("event.action", "daemons_total");
	assert_num("proctrace.daemons_total.daemons", 1);
	assert_str("proctrace.daemons_total.source", "proc");
	assert_int_equal(taken + 1, s.out.len);
}

#define present(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		present(where_nobody_is_left_that_is_said),
		present(orphans_are_told_with_what_they_hold_and_whether_they_work),
		present(orphans_that_the_limit_leaves_out_are_counted),
		present(orphans_are_lines_for_machines),
		present(daemons_are_told_step_by_step),
		present(a_row_of_a_daemon_fits_a_terminal),
		present(daemons_that_the_limit_leaves_out_are_counted),
		present(daemons_are_lines_for_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
