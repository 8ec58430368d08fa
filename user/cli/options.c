// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/filter.h"
#include "cli/say.h"
#include "cli/values.h"
#include "sink/sink.h"

/* One row an option: what getopt reads, what --help shows, and who takes the value. */
struct option_row {
	const char *name;
	char letter; /* 0: none */
	const char *value; /* NULL: it has none */
	const char *help;
	uint32_t modes; /* enum mode, or'ed: where it makes sense */
	/* 0, or -errno with the complaint made */
	int (*take)(struct options *o, const char *value);
};

#define TRACE MODE_TRACE
#define NOW (MODE_ZOMBIES | MODE_ORPHANS | MODE_DAEMONS)
#define STREAM (MODE_TRACE | MODE_REPLAY)
#define ANY (STREAM | NOW)

static const struct option_row rows[] = {
	{"format", 0, "text|json", "text for people (default), json for pipelines", ANY,
	 take_format},
	{"output", 'o', "FILE", "write there (mode 0600), reopened on SIGHUP; else stdout", ANY,
	 take_output},
	{"duration", 0, "SECONDS", "stop by itself", TRACE | MODE_ZOMBIES, take_duration},
	{"zombie-after", 0, "MS",
	 "how long a dead process may stand before it is a finding (default 1000)", TRACE,
	 take_zombie_after},
	{"events", 0, "LIST", "only these actions, comma separated", STREAM, take_events},
	{"pid", 0, "PID", "only this process", ANY, filter_pid},
	{"tree", 0, "PID", "only this process and what descends from it", STREAM, filter_tree},
	{"comm", 0, "NAME", "only processes of this name (the first 15 bytes count)", ANY,
	 filter_comm},
	{"uid", 0, "USER", "only this user's processes, by number or name", ANY, filter_uid},
	{"cgroup", 0, "PATH", "only processes in this control group or below it", TRACE,
	 filter_cgroup},
	{"container", 0, "ID", "only this container's processes; the first digits will do", ANY,
	 filter_container},
	{"no-snapshot", 0, NULL, "do not print the processes that were already there", STREAM,
	 take_no_snapshot},
	{"threads", 0, NULL, "thread starts and ends as well", TRACE, take_threads},
	{"fail-on", 0, "LIST",
	 "exit status 3 if one of these was seen: orphan, zombie, zombie_leak, daemon, lost", ANY,
	 take_fail_on},
	{"grace", 0, "SECONDS",
	 "with COMMAND: how long to go on after it ended, to see what it left (default 1)", TRACE,
	 take_grace},
	{"limit", 0, "N", "how many groups or daemons to show (default: text 20 groups, json all)",
	 NOW, take_limit},
	{"watch", 0, NULL, "go on, and tell what only watching can: ages, rates, creators",
	 MODE_ZOMBIES, take_watch},
	{"interval", 0, "SECONDS", "with --watch: how often to tell (default 2)", MODE_ZOMBIES,
	 take_interval},
	{"args-max", 0, "BYTES", "how much of argv to keep (default 4096, at most 20480)", TRACE | NOW,
	 take_args_max},
	{"no-mask", 0, NULL, "show arguments as they are, secrets too", ANY, take_no_mask},
	{"mask", 0, "REGEX", "mask what matches in arguments, its first group if it has one", ANY,
	 take_mask},
	{"ring-size", 0, "KIB", "room between kernel and tracer (default 8192)", TRACE,
	 take_ring_size},
	{"max-processes", 0, "N", "how many processes to keep at the most (default 1048576)", ANY,
	 take_max_processes},
	{"low-latency", 0, NULL, "lines within a millisecond, for more CPU", TRACE,
	 take_low_latency},
	{"color", 0, "WHEN", "auto (default), always or never; NO_COLOR is heeded", ANY,
	 take_color},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define OPT_HELP 1000
#define OPT_VERSION 1001

static void help(void)
{
	char left[64];
	size_t i;

	printf("Usage: proctrace [OPTIONS]\n"
	       "       proctrace [OPTIONS] -- COMMAND [ARG...]\n"
	       "       proctrace zombies|orphans|daemons [OPTIONS]\n"
	       "       proctrace replay [OPTIONS] FILE|-\n\n"
	       "Traces the lives of processes, from fork to reap, and tells orphans, zombies and\n"
	       "daemons as they come to be. Without COMMAND it traces the machine until "
	       "interrupted;\n"
	       "with it, COMMAND and all that descends from it. zombies, orphans and daemons tell, "
	       "once,\n"
	       "those of now. replay runs a recorded stream (JSON) through the same rules; it needs "
	       "no\n"
	       "root.\n\nOptions:\n");
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

/* What was asked for is an answer like every other: it must arrive. */
static int printed(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return STATUS_DONE;
	say("stdout: %s", strerror(errno));
	return STATUS_FAILED;
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

/* What getopt made nothing of; a cluster like -Zx it has not passed yet. */
static void complain_of(const char *word)
{
	if (optopt > UCHAR_MAX)
		say("%.*s takes no value: see proctrace --help", (int)strcspn(word, "="), word);
	else if (optopt)
		say("unknown option '-%c': see proctrace --help", optopt);
	else
		say("unknown option '%s': see proctrace --help", word);
}

/* The options up to the next word that is none, or up to "--". given: rows that were seen, as bits. */
static int parse_options(struct options *o, int argc, char **argv, uint64_t *given)
{
	struct option longs[ROWS + 3];
	char shorts[2 * ROWS + 8];
	int found;

	getopt_tables(longs, shorts);
	while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = row_of(found);

		if (found == 'h' || found == OPT_HELP) {
			help();
			return printed();
		}
		if (found == 'V' || found == OPT_VERSION) {
			printf("proctrace %s (stream %s)\n", PROCTRACE_VERSION, STREAM_VERSION);
			return printed();
		}
		if (found == ':') {
			say("%s needs a value: see proctrace --help", argv[optind - 1]);
			return STATUS_USAGE;
		}
		if (!row) {
			complain_of(argv[optind - 1]);
			return STATUS_USAGE;
		}
		if (row->take(o, optarg))
			return STATUS_USAGE;
		*given |= 1ull << (row - rows);
	}
	return OPTIONS_GO_ON;
}

static const struct {
	const char *word;
	enum mode mode;
} commands[] = {
	{ "replay", MODE_REPLAY },
	{ "zombies", MODE_ZOMBIES },
	{ "orphans", MODE_ORPHANS },
	{ "daemons", MODE_DAEMONS },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char *command_word(enum mode mode)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (commands[i].mode == mode)
			return commands[i].word;
	return NULL;
}

/* A word that is no option: what to do, and then what to do it with. */
static int take_word(struct options *o, const char *word)
{
	size_t i;

	if (o->mode == MODE_REPLAY && !o->recording) {
		o->recording = word;
		return OPTIONS_GO_ON;
	}
	for (i = 0; o->mode == MODE_TRACE && i < COMMANDS; i++) {
		if (strcmp(word, commands[i].word))
			continue;
		o->mode = commands[i].mode;
		return OPTIONS_GO_ON;
	}
	if (o->mode == MODE_TRACE)
		say("unknown command '%s': see proctrace --help; a program to trace stands behind "
		    "--: proctrace -- %s", word, word);
	else
		say("'%s' is one word too many for %s: see proctrace --help", word,
		    command_word(o->mode));
	return STATUS_USAGE;
}

/* Where "--" ended the options, what stands behind it is COMMAND. */
static int take_command(struct options *o, char **rest)
{
	if (!*rest) {
		say("-- must be followed by a command");
		return STATUS_USAGE;
	}
	if (o->mode != MODE_TRACE) {
		say("%s runs no command: leave out '-- %s'", command_word(o->mode), *rest);
		return STATUS_USAGE;
	}
	o->command = rest;
	o->selection.kinds |= SELECT_TREE;
	return OPTIONS_GO_ON;
}

/* Without a command's word the option's own commands are what is missing. */
static void complain_of_mode(const struct option_row *row, enum mode mode)
{
	struct buf words = { 0 };
	size_t i;

	if (mode != MODE_TRACE) {
		say("--%s cannot be used with %s", row->name, command_word(mode));
		return;
	}
	for (i = 0; i < COMMANDS; i++)
		if (row->modes & commands[i].mode)
			buf_printf(&words, "%s%s", words.len ? "|" : "", commands[i].word);
	buf_byte(&words, 0);
	say("--%s is for proctrace %s", row->name, words.data);
	buf_free(&words);
}

static int check(const struct options *o, uint64_t given)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (!(given & 1ull << i) || (rows[i].modes & o->mode))
			continue;
		complain_of_mode(&rows[i], o->mode);
		return STATUS_USAGE;
	}
	if (o->mode == MODE_ZOMBIES && !o->watch && (o->interval || o->duration)) {
		say("--%s goes with --watch", o->interval ? "interval" : "duration");
		return STATUS_USAGE;
	}
	if (o->mode == MODE_REPLAY && !o->recording) {
		say("replay needs a recorded stream: give its FILE, or - for stdin");
		return STATUS_USAGE;
	}
	return OPTIONS_GO_ON;
}

static int parse_all(struct options *o, int argc, char **argv)
{
	uint64_t given = 0;
	int status;

	optind = 0; /* from the beginning, and with a "+" that counts */
	opterr = 0;
	do {
		int before = optind;

		status = parse_options(o, argc, argv, &given);
		if (status != OPTIONS_GO_ON)
			return status;
		if (optind > before && !strcmp(argv[optind - 1], "--"))
			status = take_command(o, argv + optind);
		else if (optind < argc)
			status = take_word(o, argv[optind++]);
		else
			return check(o, given);
	} while (status == OPTIONS_GO_ON && !o->command);
	return status == OPTIONS_GO_ON ? check(o, given) : status;
}

bool options_partial(const struct options *o)
{
	return o->partial || (o->selection.kinds & ~(uint32_t)SELECT_TREE && o->mode == MODE_TRACE);
}

int options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){
		.mode = MODE_TRACE,
		.zombie_after = NS_PER_S,
		.grace = NS_PER_S,
		.args_max = 4096,
		.ring_bytes = 8 << 20,
		.max_procs = 1 << 20,
		.changes = UINT32_MAX,
		.findings = UINT32_MAX,
	};
	return parse_all(o, argc, argv);
}
