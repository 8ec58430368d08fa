// SPDX-License-Identifier: GPL-2.0-only
/* The way of the data: what of the changes and findings is counted, written and asked for. */
#include "cli/pipeline.h"
#include "diagnose/cause.h"

/* the builders; its world is not used here */
#include "story.h"

static struct options o;
static struct pipeline pipe_line;
static struct sink sink;
static struct buf seen;
static const struct proc *handed_on;
static struct proc told; /* as it was then */

static void on_change(struct sink *s, const struct change *c)
{
	(void)s;
	told = *c->p;
	buf_printf(&seen, "%s %u\n", change_action(c->kind), c->p->id.pid);
}

static void on_finding(struct sink *s, const struct finding *f)
{
	(void)s;
	buf_printf(&seen, "%s %u", finding_action(f->kind), f->p->id.pid);
	if (f->kind == FINDING_ZOMBIE)
		buf_printf(&seen, " %s", cause_name(f->u.zombie.cause));
	buf_str(&seen, "\n");
}

static void on_lost(struct sink *s, const struct stream_lost *lost)
{
	(void)s;
	buf_printf(&seen, "lost %s\n", lost->kind);
}

static void on_resync(struct sink *s, const struct stream_resync *resync)
{
	(void)s;
	buf_printf(&seen, "resync %s, %d exits\n", resync->reason,
		   (int)resync->inferred[CHANGE_EXIT]);
}

static const struct sink_ops ops = { .change = on_change, .finding = on_finding, .lost = on_lost,
				     .resync = on_resync };

static int begin(void **state)
{
	(void)state;
	o = (struct options){ .zombie_after = NS_PER_S, .changes = UINT32_MAX,
			      .findings = UINT32_MAX };
	sink = (struct sink){ .ops = &ops };
	w.now = BEGINNING;
	handed_on = NULL;
	pipeline_open(&pipe_line, &o, &sink);
	engine_began(pipe_line.engine, BEGINNING);
	return 0;
}

static int end(void **state)
{
	(void)state;
	pipeline_close(&pipe_line);
	pipeline_close(&pipe_line); /* twice is fine */
	buf_free(&seen);
	return 0;
}

static void apply(struct event ev)
{
	ev.ts = w.now;
	pipeline_apply(&pipe_line, &ev);
}

static void go_on(uint64_t ns)
{
	w.now += ns;
	pipeline_tick(&pipe_line, w.now);
}

static int times_asked(uint32_t pid)
{
	const struct question *questions = (const struct question *)pipe_line.asked.data;
	size_t i;
	int n = 0;

	for (i = 0; i < pipe_line.asked.len / sizeof(*questions); i++)
		n += questions[i].id.pid == pid;
	return n;
}

/* init, a parent that leaves, a child that stays, and a zombie. */
static void a_story(void)
{
	apply(sight_of(1, 0, 'S'));
	apply(sight_of(9, 1, 'S'));
	apply(fork_of(10, 9));
	apply(fork_of(11, 10));
	apply(exit_of(10, 9, KILLED(SIGKILL)));
	go_on(20 * NS_PER_MS);
	go_on(980 * NS_PER_MS);
	apply(sight_of(10, 9, 'Z'));
	apply(free_of(10, 9));
}

static void everything_goes_through_in_order(void **state)
{
	(void)state;
	a_story();
	assert_buf(&seen, "snapshot 1\nsnapshot 9\nfork 10\nfork 11\nexit 10\norphan 11\n"
			  "zombie 10 never_waits\nreap 10\nzombie_cleared 10\n");
	assert_int_equal(pipe_line.totals.counts[CHANGE_FORK], 2);
	assert_int_equal(pipe_line.totals.counts[CHANGE_EXIT], 1);
	assert_int_equal(pipe_line.totals.counts[CHANGE_REAP], 1);
	assert_int_equal(pipe_line.totals.findings[__builtin_ctz(FINDING_ORPHAN)], 1);
	assert_int_equal(pipe_line.totals.findings[__builtin_ctz(FINDING_ZOMBIE)], 1);
	assert_int_equal(pipe_line.seen,
			 FINDING_ORPHAN | FINDING_ZOMBIE | FINDING_ZOMBIE_CLEARED);
}

static void only_the_wanted_actions_are_written(void **state)
{
	(void)state;
	o.changes = 1u << CHANGE_EXIT;
	o.findings = FINDING_ZOMBIE;
	a_story();
	assert_buf(&seen, "exit 10\nzombie 10 never_waits\n");
	/* what is not written has been found all the same: --fail-on goes by it */
	assert_true(pipe_line.seen & FINDING_ORPHAN);
}

static void the_first_picture_is_known_even_if_it_is_not_printed(void **state)
{
	(void)state;
	o.no_snapshot = true;
	apply(sight_of(1, 0, 'S'));
	apply(sight_of(9, 1, 'S'));
	apply(sight_of(10, 9, 'S'));
	apply(exit_of(9, 1, KILLED(SIGKILL)));
	go_on(20 * NS_PER_MS);
	assert_buf(&seen, "exit 9\norphan 10\n");
}

static void a_filter_drops_lines_and_findings_of_others(void **state)
{
	(void)state;
	o.selection.kinds = SELECT_PID;
	o.selection.pids = 1;
	o.selection.pid[0] = 10;
	a_story();
	assert_buf(&seen, "fork 10\nexit 10\nzombie 10 never_waits\nreap 10\nzombie_cleared 10\n");
	assert_false(pipe_line.seen & FINDING_ORPHAN);
	assert_int_equal(pipe_line.totals.counts[CHANGE_FORK], 1);
}

static void an_orphan_in_a_followed_tree_is_found_though_its_parent_is_outside(void **state)
{
	(void)state;
	o.selection.kinds = SELECT_TREE;
	engine_follow(pipe_line.engine, 11);
	a_story();
	assert_buf(&seen, "fork 11\norphan 11\n");
}

static void what_is_asked_for_waits_once(void **state)
{
	uint32_t pid;

	(void)state;
	apply(sight_of(1, 0, 'S'));
	apply(sight_of(9, 1, 'S'));
	for (pid = 20; pid < 30; pid++)
		apply(fork_of(pid, 9));
	for (pid = 20; pid < 30; pid++)
		apply(exit_of(pid, 9, EXITED(0)));
	assert_true(pipeline_deadline(&pipe_line) == w.now + NS_PER_S);
	go_on(NS_PER_S);
	for (pid = 20; pid < 30; pid++)
		assert_int_equal(times_asked(pid), 1);
	assert_true(times_asked(9) >= 1);
	assert_true(times_asked(9) <= 5); /* and not for each of its children */
}

static void a_loss_is_counted_and_seen(void **state)
{
	const struct stream_lost lost = { .kind = "fork", .cause = "ring_full", .count = 5 };

	(void)state;
	pipeline_lost(&pipe_line, &lost);
	pipeline_lost(&pipe_line, &lost);
	assert_true(pipe_line.totals.lost == 10);
	assert_true(pipe_line.seen & FINDING_LOST);
	assert_buf(&seen, "lost fork\nlost fork\n");
}

static void losses_are_summed_by_kind_and_cause(void **state)
{
	const struct stream_lost lost[] = {
		{ .kind = "fork", .cause = "ring_full", .count = 5 },
		{ .kind = "exit", .cause = "ring_full", .count = 6 },
		{ .kind = "fork", .cause = "recursion", .count = 1 },
		{ .kind = "fork", .cause = "ring_full", .count = 2 },
	};
	const struct stream_count *sums = pipe_line.totals.losses;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lost); i++)
		pipeline_lost(&pipe_line, &lost[i]);
	assert_int_equal(pipe_line.totals.nlosses, 3);
	for (i = 0; i < 3; i++) {
		assert_string_equal(sums[i].kind, lost[i].kind);
		assert_string_equal(sums[i].cause, lost[i].cause);
	}
	assert_true(sums[0].count == 7 && sums[1].count == 6 && sums[2].count == 1);
	assert_true(pipe_line.totals.lost == 14);
}

static void a_check_is_told_if_it_found_something(void **state)
{
	(void)state;
	apply(sight_of(1, 0, 'S'));
	apply(sight_of(9, 1, 'S'));
	apply(fork_of(10, 9));
	seen.len = 0;
	pipeline_resync(&pipe_line, w.now, false);
	assert_buf(&seen, "");
	pipeline_resync(&pipe_line, w.now, true); /* made for a loss: told in any case */
	assert_buf(&seen, "resync lost, 0 exits\n");
	apply(missing_of(10));
	pipeline_resync(&pipe_line, w.now, false);
	assert_buf(&seen, "exit 10\nreap 10\nresync audit, 1 exits\n");
	pipeline_resync(&pipe_line, w.now, false);
	assert_buf(&seen, "");
}

/* Time is the events': what was due before this one comes before it. */
static void what_is_due_before_an_event_is_told_before_it(void **state)
{
	(void)state;
	apply(sight_of(1, 0, 'S'));
	apply(sight_of(9, 1, 'S'));
	apply(fork_of(10, 9));
	apply(fork_of(11, 10));
	apply(exit_of(10, 9, KILLED(SIGKILL)));
	seen.len = 0;
	w.now += 30 * NS_PER_MS;
	apply(exec_of(11, 1));
	assert_buf(&seen, "orphan 11\nexec 11\n");
}

static void remember(void *ctx, const struct proc *p)
{
	assert_ptr_equal(ctx, &o);
	handed_on = p;
}

/* Who was handed on last, once this one was seen; 0: nobody. */
static uint32_t last_handed_on(uint32_t pid, uint32_t ppid)
{
	apply(sight_of(pid, ppid, 'S'));
	return handed_on ? handed_on->id.pid : 0;
}

static void the_members_of_a_tree_in_the_first_picture_are_handed_on(void **state)
{
	(void)state;
	o.selection.kinds = SELECT_TREE;
	pipe_line.on_selected = remember;
	pipe_line.ctx = &o;
	engine_follow(pipe_line.engine, 9);
	assert_int_equal(last_handed_on(1, 0), 0);
	assert_int_equal(last_handed_on(9, 1), 9);
	assert_int_equal(last_handed_on(10, 9), 10);
	assert_int_equal(last_handed_on(11, 1), 10);
}

static void who_matches_in_the_first_picture_is_handed_on(void **state)
{
	(void)state;
	o.selection = (struct selection){ .kinds = SELECT_PID, .pids = 1, .pid = { 9 } };
	pipe_line.on_selected = remember;
	pipe_line.ctx = &o;
	assert_int_equal(last_handed_on(1, 0), 0);
	assert_int_equal(last_handed_on(9, 1), 9);
	assert_int_equal(last_handed_on(10, 9), 9);
}

/* An orphan that keeps its terminal is looked at four times a second, and in a replay by nobody. */
static void a_long_silence_is_passed_at_once(void **state)
{
	struct event sh = fork_of(10, 9), child = fork_of(11, 10);

	(void)state;
	apply(sight_of(1, 0, 'S'));
	apply(sight_of(9, 1, 'S'));
	sh.facts.tty = child.facts.tty = TTY;
	apply(sh);
	apply(child);
	apply(exit_of(10, 9, EXITED(0)));
	seen.len = 0;
	w.now += 100 * (365 * 86400 * NS_PER_S);
	pipeline_pass(&pipe_line, w.now);
	assert_buf(&seen, "orphan 11\n");
	assert_true(pipeline_deadline(&pipe_line) > w.now);
	assert_true(pipeline_deadline(&pipe_line) <= w.now + NS_PER_S);
	/* and what it was waiting for is still seen */
	child = sight_of(11, 1, 'S');
	apply(child);
	pipeline_pass(&pipe_line, w.now += NS_PER_S);
	if (!strstr((buf_byte(&seen, 0), seen.data), "daemon 11\n"))
		fail_msg("%s", seen.data);
}

static void the_deadline_is_the_earliest(void **state)
{
	(void)state;
	assert_true(pipeline_deadline(&pipe_line) == NEVER);
	apply(sight_of(1, 0, 'S'));
	apply(sight_of(9, 1, 'S'));
	apply(fork_of(10, 9));
	apply(fork_of(11, 10));
	apply(exit_of(10, 9, EXITED(0)));
	/* the orphan's hold ends before anything else */
	assert_true(pipeline_deadline(&pipe_line) == w.now + 20 * NS_PER_MS);
}

static struct event with_args(struct event ev, const char *args, uint32_t len, bool cut)
{
	bool exec = ev.kind == EVENT_EXEC;

	*(exec ? &ev.exec.args : &ev.sight.args) = (struct slice){ args, len };
	*(exec ? &ev.exec.args_bytes : &ev.sight.args_bytes) = cut ? 1000 : len;
	*(exec ? &ev.exec.args_cut : &ev.sight.args_cut) = cut;
	return ev;
}

static void assert_args(const char *want, uint32_t len, uint32_t bytes, bool cut)
{
	assert_non_null(told.args);
	assert_int_equal(told.args->len, len);
	assert_memory_equal(told.args->s, want, len);
	assert_int_equal(told.args_bytes, bytes);
	assert_int_equal(told.args_cut, cut);
}

/* Before the engine knows them; the ring's own bytes, which nobody may write, stay. */
static void secrets_are_masked_in_records_and_looks(void **state)
{
	static const char args[] = "x\0--token=abcdef", more[] = "x\0--token=a";

	(void)state;
	apply(with_args(sight_of(1, 0, 'S'), args, sizeof(args), false));
	assert_args("x\0--token=***", 14, sizeof(args), false);
	apply(with_args(exec_of(1, 0), args, sizeof(args), false));
	assert_args("x\0--token=***", 14, sizeof(args), false);
	apply(with_args(exec_of(1, 0), more, sizeof(more), false)); /* longer than it was */
	assert_args("x\0--token=***", 14, sizeof(more), false);
	apply(with_args(exec_of(1, 0), args, 14, true));
	assert_args("x\0--token=***", 13, 1000, true);
	apply(with_args(exec_of(1, 0), "x\0--to", 6, true));
	assert_args("x\0--to", 6, 1000, true);
	apply(fork_of(2, 1)); /* a fork shows its creator's */
	assert_args("x\0--to", 6, 1000, true);
}

static void without_masking_they_are_as_they_were(void **state)
{
	static const char args[] = "x\0--token=abcdef";

	pipeline_close(&pipe_line);
	o.no_mask = true;
	pipeline_open(&pipe_line, &o, &sink);
	apply(with_args(exec_of(1, 0), args, sizeof(args), false));
	assert_args(args, sizeof(args), sizeof(args), false);
	end(state);
	o.mask[o.masks++] = "c.e"; /* but for what a pattern says */
	pipeline_open(&pipe_line, &o, &sink);
	apply(with_args(exec_of(1, 0), args, sizeof(args), false));
	assert_args("x\0--token=ab***f", 17, sizeof(args), false);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(everything_goes_through_in_order),
		story(only_the_wanted_actions_are_written),
		story(the_first_picture_is_known_even_if_it_is_not_printed),
		story(a_filter_drops_lines_and_findings_of_others),
		story(an_orphan_in_a_followed_tree_is_found_though_its_parent_is_outside),
		story(what_is_asked_for_waits_once),
		story(a_loss_is_counted_and_seen),
		story(losses_are_summed_by_kind_and_cause),
		story(a_check_is_told_if_it_found_something),
		story(what_is_due_before_an_event_is_told_before_it),
		story(the_members_of_a_tree_in_the_first_picture_are_handed_on),
		story(who_matches_in_the_first_picture_is_handed_on),
		story(a_long_silence_is_passed_at_once),
		story(the_deadline_is_the_earliest),
		story(secrets_are_masked_in_records_and_looks),
		story(without_masking_they_are_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
