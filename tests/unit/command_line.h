/* SPDX-License-Identifier: GPL-2.0-only */
/* A command line parsed, and what it made the program say. */
#ifndef PROCTRACE_UNIT_COMMAND_LINE_H
#define PROCTRACE_UNIT_COMMAND_LINE_H

#include <getopt.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/options.h"
#include "unit.h"

static struct options o;
static char words[4096]; /* the command line's, by then cut up */
static char said[8192], printed[16384]; /* on stderr, on stdout */

static inline void take_back(int fd, int saved, int file, char *text, size_t size)
{
	ssize_t n;

	dup2(saved, fd);
	close(saved);
	n = pread(file, text, size - 1, 0);
	text[n > 0 ? n : 0] = 0;
	close(file);
}

/* The words of line, after the program's name; they are parted by one space each. */
static inline int parse(const char *line)
{
	char *argv[64] = { "proctrace" }, *rest = words, *word;
	int err = memfd_create("stderr", 0), out = memfd_create("stdout", 0);
	int argc = 1, status, was_err, was_out;

	snprintf(words, sizeof(words), "%s", line);
	while (*line && (word = strsep(&rest, " ")))
		argv[argc++] = word;
	optind = 0; /* getopt begins anew */
	fflush(stdout);
	was_err = dup(STDERR_FILENO);
	was_out = dup(STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	dup2(out, STDOUT_FILENO);
	status = options_parse(&o, argc, argv);
	fflush(stdout);
	take_back(STDERR_FILENO, was_err, err, said, sizeof(said));
	take_back(STDOUT_FILENO, was_out, out, printed, sizeof(printed));
	return status;
}

/* Taken, without a word. */
static inline void assert_good(const char *line)
{
	if (parse(line) != OPTIONS_GO_ON)
		fail_msg("%s: %s", line, said);
	assert_string_equal(said, "");
	assert_string_equal(printed, "");
}

/* Refused with status 2 and one line on stderr. */
static inline void assert_wrong(const char *line)
{
	if (parse(line) != STATUS_USAGE)
		fail_msg("'%s' was taken", line);
	assert_int_equal(strncmp(said, "proctrace: ", 11), 0);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	assert_string_equal(printed, "");
}

#endif
