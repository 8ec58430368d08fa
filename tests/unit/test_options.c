// SPDX-License-Identifier: GPL-2.0-only
/* The command line: what each option takes, what it refuses, and with which status. */
#include "command_line.h"
#include "detect/finding.h"
#include "engine/engine.h"

static void without_options_the_machine_is_traced_as_documented(void **state)
{
	(void)state;
	assert_good("");
	assert_false(o.json);
	assert_null(o.output);
	assert_null(o.command);
	assert_true(o.duration == 0);
	assert_true(o.zombie_after == NS_PER_S);
	assert_true(o.grace == NS_PER_S);
	assert_int_equal(o.args_max, 4096);
	assert_int_equal(o.selection.kinds, 0);
	assert_int_equal(o.fail_on, 0);
	assert_int_equal(o.color, COLOR_AUTO);
	assert_false(o.no_snapshot);
	assert_false(o.threads);
}

static void formats_are_text_and_json(void **state)
{
	(void)state;
	assert_good("--format json");
	assert_true(o.json);
	assert_good("--format=text");
	assert_false(o.json);
	assert_good("--format json --format text"); /* the last one counts */
	assert_false(o.json);
	assert_wrong("--format yaml");
	assert_wrong("--format JSON");
	assert_wrong("--format=");
	assert_wrong("--format");
}

static void the_output_is_a_file_name(void **state)
{
	(void)state;
	assert_good("-o x.json");
	assert_string_equal(o.output, "x.json");
	assert_good("-ox.json");
	assert_string_equal(o.output, "x.json");
	assert_good("--output x");
	assert_string_equal(o.output, "x");
	assert_wrong("--output=");
	assert_wrong("-o");
}

static void durations_are_seconds(void **state)
{
	(void)state;
	assert_good("--duration 10");
	assert_true(o.duration == 10 * NS_PER_S);
	assert_good("--duration 0.25");
	assert_true(o.duration == NS_PER_S / 4);
	assert_wrong("--duration 0");
	assert_wrong("--duration -1");
	assert_wrong("--duration 1s");
	assert_wrong("--duration x");
	assert_wrong("--duration 99999999999999999999");
	assert_good("--grace 0");
	assert_true(o.grace == 0);
	assert_good("--grace 2.5");
	assert_true(o.grace == 5 * NS_PER_S / 2);
	assert_wrong("--grace x");
	assert_wrong("--grace -1");
}

static void the_threshold_is_in_milliseconds(void **state)
{
	(void)state;
	assert_good("--zombie-after 250");
	assert_true(o.zombie_after == 250 * NS_PER_MS);
	assert_good("--zombie-after 86400000");
	assert_wrong("--zombie-after 86400001");
	assert_wrong("--zombie-after 1.5");
	assert_wrong("--zombie-after -1");
	assert_wrong("--zombie-after=");
	assert_wrong("--zombie-after 1s");
}

static void events_are_the_actions_of_the_stream(void **state)
{
	(void)state;
	assert_good("--events fork,exit");
	assert_int_equal(o.changes, 1u << CHANGE_FORK | 1u << CHANGE_EXIT);
	assert_int_equal(o.findings, 0);
	assert_good("--events orphan,zombie,zombie_cleared,daemon,zombie_leak");
	assert_int_equal(o.changes, 0);
	assert_int_equal(o.findings, FINDING_ORPHAN | FINDING_ZOMBIE | FINDING_ZOMBIE_CLEARED |
					     FINDING_DAEMON | FINDING_ZOMBIE_LEAK);
	assert_good("--events snapshot,fork,exec,session,exit,reap,thread_start,thread_exit");
	assert_int_equal(o.changes,
			 1u << CHANGE_SNAPSHOT | 1u << CHANGE_FORK | 1u << CHANGE_EXEC |
				 1u << CHANGE_SESSION | 1u << CHANGE_EXIT | 1u << CHANGE_REAP |
				 1u << CHANGE_THREAD_START | 1u << CHANGE_THREAD_EXIT);
	assert_good("--events start,stop,lost,resync,clock"); /* always told: named, they do no harm */
	assert_good("--events fork --events exec"); /* both */
	assert_int_equal(o.changes, 1u << CHANGE_FORK | 1u << CHANGE_EXEC);
	assert_wrong("--events frok");
	assert_wrong("--events fork,");
	assert_wrong("--events ,fork");
	assert_wrong("--events fork,,exec");
	assert_wrong("--events=");
	assert_wrong("--events FORK");
	assert_wrong("--events class");
	assert_wrong("--events sight");
}

static void failures_are_findings(void **state)
{
	(void)state;
	assert_good("--fail-on orphan");
	assert_int_equal(o.fail_on, FINDING_ORPHAN);
	assert_good("--fail-on orphan,zombie,zombie_leak,daemon,lost");
	assert_int_equal(o.fail_on, FINDING_ORPHAN | FINDING_ZOMBIE | FINDING_ZOMBIE_LEAK |
					    FINDING_DAEMON | FINDING_LOST);
	assert_good("--fail-on orphan --fail-on zombie");
	assert_int_equal(o.fail_on, FINDING_ORPHAN | FINDING_ZOMBIE);
	assert_wrong("--fail-on fork");
	assert_wrong("--fail-on zombie_cleared");
	assert_wrong("--fail-on=");
	assert_wrong("--fail-on orphan,");
}

static void switches_take_no_value(void **state)
{
	(void)state;
	assert_good("--no-snapshot --threads --low-latency");
	assert_true(o.no_snapshot && o.threads && o.low_latency);
	assert_wrong("--threads=1");
	assert_wrong("--no-snapshot=yes");
}

static void masks_are_patterns_that_hold(void **state)
{
	char line[512] = "";
	int i;

	(void)state;
	assert_good("");
	assert_false(o.no_mask);
	assert_int_equal(o.masks, 0);
	assert_good("--no-mask");
	assert_true(o.no_mask);
	assert_wrong("--no-mask=1");
	assert_good("--mask pin:([0-9]+) --mask=x|y");
	assert_int_equal(o.masks, 2);
	assert_string_equal(o.mask[0], "pin:([0-9]+)");
	assert_string_equal(o.mask[1], "x|y");
	assert_good("--no-mask --mask x");
	assert_wrong("--mask");
	assert_wrong("--mask=");
	assert_wrong("--mask (");
	assert_wrong("--mask x --mask [");
	assert_non_null(strstr(said, "'['"));
	assert_wrong("--mask x*"); /* it would match everywhere */
	for (i = 0; i < MASK_PATTERNS; i++)
		strcat(line, i ? " --mask x" : "--mask x");
	assert_good(line);
	strcat(line, " --mask x");
	assert_wrong(line);
}

static void sizes_have_bounds(void **state)
{
	(void)state;
	assert_good("--args-max 20480");
	assert_int_equal(o.args_max, 20480);
	assert_good("--args-max 0");
	assert_wrong("--args-max 20481");
	assert_wrong("--args-max x");
	assert_good("--ring-size 4");
	assert_int_equal(o.ring_bytes, 4096);
	assert_good("--ring-size 1048576");
	assert_int_equal(o.ring_bytes, 1 << 30);
	assert_wrong("--ring-size 2");
	assert_wrong("--ring-size 0");
	assert_wrong("--ring-size 12"); /* a ring buffer's size is a power of two */
	assert_wrong("--ring-size 2097152");
}

static void the_number_of_processes_has_a_floor(void **state)
{
	(void)state;
	assert_good("");
	assert_int_equal(o.max_procs, 1048576);
	assert_good("--max-processes 16");
	assert_int_equal(o.max_procs, 16);
	assert_wrong("--max-processes 15");
	assert_wrong("--max-processes 0");
	assert_wrong("--max-processes x");
}

static void colours_are_three(void **state)
{
	(void)state;
	assert_good("--color always");
	assert_int_equal(o.color, COLOR_ALWAYS);
	assert_good("--color=never");
	assert_int_equal(o.color, COLOR_NEVER);
	assert_good("--color auto");
	assert_int_equal(o.color, COLOR_AUTO);
	assert_wrong("--color red");
	assert_wrong("--color=");
}

static void a_command_stands_behind_two_dashes(void **state)
{
	(void)state;
	assert_good("--format json -- ls -l --format text");
	assert_true(o.json);
	assert_non_null(o.command);
	assert_string_equal(o.command[0], "ls");
	assert_string_equal(o.command[1], "-l");
	assert_string_equal(o.command[2], "--format");
	assert_string_equal(o.command[3], "text");
	assert_null(o.command[4]);
	assert_true(o.selection.kinds & SELECT_TREE);
	assert_good("-- -- x"); /* the first one parts; the second one is a word */
	assert_string_equal(o.command[0], "--");
	assert_wrong("--");
	assert_wrong("--format json --");
}

static void a_replay_has_one_recording(void **state)
{
	(void)state;
	assert_good("replay rec.json");
	assert_int_equal(o.mode, MODE_REPLAY);
	assert_string_equal(o.recording, "rec.json");
	assert_good("replay -");
	assert_string_equal(o.recording, "-");
	assert_good("--format json replay --events zombie rec.json -o out --fail-on zombie");
	assert_true(o.json);
	assert_int_equal(o.findings, FINDING_ZOMBIE);
	assert_string_equal(o.recording, "rec.json");
	assert_string_equal(o.output, "out");
	assert_good("replay rec.json --pid 4194303 --tree 5"); /* they lived elsewhere */
	assert_false(options_partial(&o));
	assert_wrong("replay");
	assert_wrong("replay a b");
	assert_wrong("replay a replay");
	assert_wrong("replay a -- ls");
	assert_wrong("replay --nonsense a");
	assert_wrong("replay a --duration 5");
	assert_wrong("--duration 5 replay a"); /* wherever it stands */
	assert_wrong("replay a --zombie-after 5");
	assert_wrong("replay a --ring-size 4");
	assert_wrong("replay a --threads");
}

static void words_that_are_no_options_are_refused(void **state)
{
	(void)state;
	assert_wrong("ls");
	assert_wrong("--format json ls -l");
	assert_wrong("--unknown");
	assert_wrong("--unknown=1");
	assert_wrong("-x");
	assert_wrong("-");
	assert_wrong("zombie");
	assert_wrong("ls --help"); /* options end at the first word that is none */
	assert_true(strlen(said) < 200);
}

/* What somebody typed may hold anything; it is shown all the same. */
static void complaints_are_harmless(void **state)
{
	const char *at;

	(void)state;
	assert_wrong("--format \x1b[31m\n\x9b");
	for (at = said; at[1]; at++)
		assert_true((unsigned char)*at >= 0x20 && *at != 0x7f &&
			    (unsigned char)*at < 0x80);
	assert_wrong("--\x1b[2J\n");
	assert_null(strchr(said, '\033'));
}

static void help_and_version_are_asked_for_and_no_failure(void **state)
{
	static const char *const options[] = {
		"--format", "--output", "-o", "--duration", "--zombie-after", "--events", "--pid",
		"--tree", "--comm", "--uid", "--cgroup", "--container", "--no-snapshot",
		"--threads", "--no-mask", "--mask", "--fail-on", "--grace", "COMMAND", "--help",
		"--version",
	};
	size_t i;

	(void)state;
	assert_int_equal(parse("--help"), STATUS_DONE);
	assert_string_equal(said, "");
	for (i = 0; i < COUNT(options); i++)
		if (!strstr(printed, options[i]))
			fail_msg("--help does not tell %s", options[i]);
	assert_int_equal(parse("-h"), STATUS_DONE);
	assert_int_equal(parse("--version"), STATUS_DONE);
	assert_int_equal(strncmp(printed, "proctrace ", 10), 0);
	assert_int_equal(parse("-V"), STATUS_DONE);
	assert_int_equal(parse("--format json --help"), STATUS_DONE);
}

static void statuses_are_those_of_the_manual(void **state)
{
	(void)state;
	assert_int_equal(STATUS_DONE, 0);
	assert_int_equal(STATUS_FAILED, 1);
	assert_int_equal(STATUS_USAGE, 2);
	assert_int_equal(STATUS_FOUND, 3);
	assert_int_equal(STATUS_CANNOT_EXECUTE, 126);
	assert_int_equal(STATUS_NOT_FOUND, 127);
	assert_int_equal(STATUS_SIGNAL, 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_the_machine_is_traced_as_documented),
		cmocka_unit_test(formats_are_text_and_json),
		cmocka_unit_test(the_output_is_a_file_name),
		cmocka_unit_test(durations_are_seconds),
		cmocka_unit_test(the_threshold_is_in_milliseconds),
		cmocka_unit_test(events_are_the_actions_of_the_stream),
		cmocka_unit_test(failures_are_findings),
		cmocka_unit_test(switches_take_no_value),
		cmocka_unit_test(masks_are_patterns_that_hold),
		cmocka_unit_test(sizes_have_bounds),
		cmocka_unit_test(the_number_of_processes_has_a_floor),
		cmocka_unit_test(colours_are_three),
		cmocka_unit_test(a_command_stands_behind_two_dashes),
		cmocka_unit_test(a_replay_has_one_recording),
		cmocka_unit_test(words_that_are_no_options_are_refused),
		cmocka_unit_test(complaints_are_harmless),
		cmocka_unit_test(help_and_version_are_asked_for_and_no_failure),
		cmocka_unit_test(statuses_are_those_of_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
