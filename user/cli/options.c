// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "cli/filter.h"
#include "cli/say.h"
#include "sink/sink.h"

/* One row an option: what getopt reads, what --help shows, and who takes the value. */
struct option_row {
	const char *name;
	char letter; /* 0: none */
	const char *value; /* NULL: it has none */
	const char *help;
	/* 0, or -errno with the complaint made */
	int (*take)(struct options *o, const char *value);
};

int option_bad(const char *option, const char *value, const char *want)
{
	say("%s: '%s' is no good: give %s", option, value, want);
	return -EINVAL;
}

static int take_format(struct options *o, const char *value)
{
	o->json = !strcmp(value, "json");
	return o->json || !strcmp(value, "text") ? 0
						 : option_bad("--format", value, "text or json");
}

static int take_output(struct options *o, const char *value)
{
	o->output = value;
	return *value ? 0 : option_bad("--output", value, "a file name");
}

static int take_duration(struct options *o, const char *value)
{
	if (num_seconds(value, &o->duration) || !o->duration)
		return option_bad("--duration", value, "seconds, such as 10 or 0.5");
	return 0;
}

static int take_zombie_after(struct options *o, const char *value)
{
	uint64_t ms;

	if (num_u64(value, 86400000, &ms))
		return option_bad("--zombie-after", value, "milliseconds, at most a day");
	o->zombie_after = ms * NS_PER_MS;
	return 0;
}

static int take_grace(struct options *o, const char *value)
{
	return num_seconds(value, &o->grace) ? option_bad("--grace", value, "seconds") : 0;
}

static int take_args_max(struct options *o, const char *value)
{
	uint64_t n;

	if (num_u64(value, RECORD_ARGS_MAX, &n))
		return option_bad("--args-max", value, "bytes, at most 20480");
	o->args_max = (uint32_t)n;
	return 0;
}

static int take_ring_size(struct options *o, const char *value)
{
	uint64_t kib;

	if (num_u64(value, 1 << 20, &kib) || kib < 4 || (kib & (kib - 1)))
		return option_bad("--ring-size", value, "KiB: a power of two from 4 to 1048576");
	o->ring_bytes = (uint32_t)(kib << 10);
	return 0;
}

static int take_max_processes(struct options *o, const char *value)
{
	uint64_t n;

	if (num_u64(value, UINT32_MAX, &n) || n < 16)
		return option_bad("--max-processes", value, "a number, 16 at least");
	o->max_procs = n;
	return 0;
}

static int take_color(struct options *o, const char *value)
{
	static const char *const names[] = { "auto", "always", "never" };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!strcmp(value, names[i])) {
			o->color = (enum color)i;
			return 0;
		}
	}
	return option_bad("--color", value, "auto, always or never");
}

static int take_no_snapshot(struct options *o, const char *value)
{
	(void)value;
	o->no_snapshot = true;
	return 0;
}

static int take_threads(struct options *o, const char *value)
{
	(void)value;
	o->threads = true;
	return 0;
}

static int take_low_latency(struct options *o, const char *value)
{
	(void)value;
	o->low_latency = true;
	return 0;
}

/* Goes through a comma separated list; each() gives 0 or -errno with the complaint made. */
int option_each(const char *list, int (*each)(struct options *o, const char *item),
		     struct options *o, const char *option)
{
	char *copy = strdup(list), *rest = copy, *item;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	while (!err && (item = strsep(&rest, ",")))
		err = *item ? each(o, item)
			    : option_bad(option, list, "a list without empty places");
	free(copy);
	return err;
}

static int one_event(struct options *o, const char *item)
{
	static const char *const always[] = { "start", "stop", "lost", "resync" };
	unsigned int i;

	for (i = 0; i < CHANGES; i++) {
		const char *name = change_action((enum change_kind)i);

		if (name && !strcmp(name, item)) {
			o->changes |= 1u << i;
			return 0;
		}
	}
	for (i = 1; i <= FINDING_ZOMBIE_CLEARED; i <<= 1) {
		if (!strcmp(finding_action((enum finding_kind)i), item)) {
			o->findings |= i;
			return 0;
		}
	}
	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (!strcmp(always[i], item))
			return 0;
	return option_bad("--events", item,
			  "actions such as fork,exec,exit,reap,orphan,zombie,daemon");
}

static int take_events(struct options *o, const char *value)
{
	if (o->changes == UINT32_MAX)
		o->changes = o->findings = 0;
	return option_each(value, one_event, o, "--events");
}

static int one_failure(struct options *o, const char *item)
{
	static const enum finding_kind kinds[] = {
		FINDING_ORPHAN, FINDING_ZOMBIE, FINDING_ZOMBIE_LEAK, FINDING_DAEMON, FINDING_LOST,
	};
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(finding_action(kinds[i]), item)) {
			o->fail_on |= kinds[i];
			return 0;
		}
	}
	return option_bad("--fail-on", item, "findings: orphan, zombie, zombie_leak, daemon, lost");
}

static int take_fail_on(struct options *o, const char *value)
{
	return option_each(value, one_failure, o, "--fail-on");
}

static const struct option_row rows[] = {
	{"format", 0, "text|json", "text for people (default), json for pipelines", take_format},
	{"output", 'o', "FILE", "write there (mode 0600), reopened on SIGHUP; else stdout",
	 take_output},
	{"duration", 0, "SECONDS", "stop by itself", take_duration},
	{"zombie-after", 0, "MS",
	 "how long a dead process may stand before it is a finding (default 1000)",
	 take_zombie_after},
	{"events", 0, "LIST", "only these actions, comma separated", take_events},
	{"pid", 0, "PID", "only this process", filter_pid},
	{"tree", 0, "PID", "only this process and what descends from it", filter_tree},
	{"comm", 0, "NAME", "only processes of this name (the first 15 bytes count)", filter_comm},
	{"uid", 0, "USER", "only this user's processes, by number or name", filter_uid},
	{"cgroup", 0, "PATH", "only processes in this control group or below it", filter_cgroup},
	{"container", 0, "ID", "only this container's processes; the first digits will do",
	 filter_container},
	{"no-snapshot", 0, NULL, "do not print the processes that were already there",
	 take_no_snapshot},
	{"threads", 0, NULL, "thread starts and ends as well", take_threads},
	{"fail-on", 0, "LIST",
	 "exit status 3 if one of these was seen: orphan, zombie, zombie_leak, daemon, lost",
	 take_fail_on},
	{"grace", 0, "SECONDS",
	 "with COMMAND: how long to go on after it ended, to see what it left (default 1)",
	 take_grace},
	{"args-max", 0, "BYTES", "how much of argv to keep (default 4096, at most 20480)",
	 take_args_max},
	{"ring-size", 0, "KIB", "room between kernel and tracer (default 8192)", take_ring_size},
	{"max-processes", 0, "N", "how many processes to keep at the most (default 1048576)",
	 take_max_processes},
	{"low-latency", 0, NULL, "lines within a millisecond, for more CPU", take_low_latency},
	{"color", 0, "WHEN", "auto (default), always or never; NO_COLOR is heeded", take_color},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define OPT_HELP 1000
#define OPT_VERSION 1001

static void help(void)
{
	char left[64];
	size_t i;

	printf("Usage: proctrace [OPTIONS]\n"
	       "       proctrace [OPTIONS] -- COMMAND [ARG...]\n\n"
	       "Traces the lives of processes, from fork to reap, and tells orphans, zombies and\n"
	       "daemons as they come to be. Without COMMAND it traces the machine until "
	       "interrupted;\n"
	       "with it, COMMAND and all that descends from it.\n\nOptions:\n");
	for (i = 0; i < ROWS; i++) {
		char letter[8] = "    ";

		if (rows[i].letter)
			snprintf(letter, sizeof(letter), "-%c, ", rows[i].letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, rows[i].name,
			 rows[i].value ? " " : "", rows[i].value ? rows[i].value : "");
		printf("  %-28s %s\n", left, rows[i].help);
	}
	printf("  -h, --help                   this\n"
	       "  -V, --version                the version\n\n"
	       "Exit status: 0 done; 1 it failed while running; 2 the command line is wrong; 3 a\n"
	       "--fail-on finding was seen; with COMMAND else its own, 128 and the signal that "
	       "killed\n"
	       "it, 126 or 127 if it could not be run. The manual is proctrace(8).\n");
}

static void getopt_tables(struct option *longs, char *shorts)
{
	size_t i;

	*shorts++ = '+'; /* options end at the first word that is none */
	*shorts++ = ':';
	for (i = 0; i < ROWS; i++) {
		longs[i] = (struct option){ rows[i].name,
					    rows[i].value ? required_argument : no_argument, NULL,
					    (int)i + 256 };
		if (rows[i].letter) {
			*shorts++ = rows[i].letter;
			if (rows[i].value)
				*shorts++ = ':';
		}
	}
	longs[i++] = (struct option){ "help", no_argument, NULL, OPT_HELP };
	longs[i++] = (struct option){ "version", no_argument, NULL, OPT_VERSION };
	longs[i] = (struct option){ 0 };
	strcpy(shorts, "hV");
}

static const struct option_row *row_of(int found)
{
	size_t i;

	if (found >= 256 && found < 256 + (int)ROWS)
		return &rows[found - 256];
	for (i = 0; i < ROWS; i++)
		if (rows[i].letter && rows[i].letter == found)
			return &rows[i];
	return NULL;
}

static int parse_all(struct options *o, int argc, char **argv)
{
	struct option longs[ROWS + 3];
	char shorts[2 * ROWS + 8];
	int found;

	getopt_tables(longs, shorts);
	opterr = 0;
	while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = row_of(found);

		if (found == 'h' || found == OPT_HELP) {
			help();
			return STATUS_DONE;
		}
		if (found == 'V' || found == OPT_VERSION) {
			printf("proctrace %s (stream %s)\n", PROCTRACE_VERSION, STREAM_VERSION);
			return STATUS_DONE;
		}
		if (found == ':') {
			say("%s needs a value: see proctrace --help", argv[optind - 1]);
			return STATUS_USAGE;
		}
		if (!row) {
			say("unknown option '%s': see proctrace --help", argv[optind - 1]);
			return STATUS_USAGE;
		}
		if (row->take(o, optarg))
			return STATUS_USAGE;
	}
	return OPTIONS_GO_ON;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int status;

	*o = (struct options){
		.zombie_after = NS_PER_S,
		.grace = NS_PER_S,
		.args_max = 4096,
		.ring_bytes = 8 << 20,
		.max_procs = 1 << 20,
		.changes = UINT32_MAX,
		.findings = UINT32_MAX,
	};
	status = parse_all(o, argc, argv);
	if (status != OPTIONS_GO_ON)
		return status;
	if (optind < argc && strcmp(argv[optind - 1], "--")) {
		say("unknown command '%s': see proctrace --help", argv[optind]);
		return STATUS_USAGE;
	}
	if (optind < argc) {
		o->command = argv + optind;
		o->selection.kinds |= SELECT_TREE;
	} else if (!strcmp(argv[argc - 1], "--")) {
		say("-- must be followed by a command");
		return STATUS_USAGE;
	}
	return OPTIONS_GO_ON;
}
