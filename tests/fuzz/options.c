// SPDX-License-Identifier: GPL-2.0-only
/* The command line: words of a few bytes each, parted by newlines. What is taken is in range. */
#include "cli/options.h"

#include <getopt.h>

#include "base/clock.h"
#include "fuzz.h"
#include "quiet.h"

#define WORDS 32

static void check_taken(const struct options *o)
{
	const struct selection *s = &o->selection;
	uint32_t i;

	CHECK(o->args_max <= RECORD_ARGS_MAX && o->max_procs >= 16);
	CHECK(o->ring_bytes >= 4096 && !(o->ring_bytes & (o->ring_bytes - 1)));
	CHECK(o->zombie_after <= 86400 * NS_PER_S && o->grace <= NS_PER_S * NS_PER_S);
	CHECK(s->pids <= SELECT_MAX && s->uids <= SELECT_MAX && s->comms <= SELECT_MAX);
	CHECK(s->cgroups <= SELECT_MAX && o->trees <= SELECT_MAX && o->containers <= SELECT_MAX);
	CHECK(!s->pids == !(s->kinds & SELECT_PID) && !s->comms == !(s->kinds & SELECT_COMM));
	CHECK(!s->uids == !(s->kinds & SELECT_UID) && !s->cgroups == !(s->kinds & SELECT_CGROUP));
	for (i = 0; i < s->pids; i++)
		CHECK(s->pid[i] && s->pid[i] <= 1 << 22);
	for (i = 0; i < o->trees; i++)
		CHECK(o->tree[i] && o->tree[i] <= 1 << 22);
	for (i = 0; i < s->comms; i++)
		CHECK(s->comm[i][0] && strnlen(s->comm[i], RECORD_COMM) < RECORD_COMM);
	CHECK(!o->command || *o->command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_copy(data, size), *rest = text, *argv[WORDS + 2] = { "proctrace" };
	struct options o;
	int argc = 1, status;

	if (memchr(text, '{', size)) /* a pattern that repeats repeats takes regcomp() for ever */
		goto out;

	while (argc <= WORDS && rest && *rest)
		argv[argc++] = strsep(&rest, "\n");
	optind = 0; /* getopt begins anew */
	status = options_parse(&o, argc, argv);
	CHECK(status == OPTIONS_GO_ON || status == STATUS_DONE || status == STATUS_USAGE);
	if (status == OPTIONS_GO_ON)
		check_taken(&o);
out:
	free(text);
	return 0;
}
