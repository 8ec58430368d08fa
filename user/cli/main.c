// SPDX-License-Identifier: GPL-2.0-only
#include "cli/harden.h"
#include "cli/now.h"
#include "cli/options.h"
#include "cli/replay.h"
#include "cli/trace.h"

int main(int argc, char **argv)
{
	struct options options;
	int status;

	fill_standard_streams();
	status = options_parse(&options, argc, argv);
	if (status != OPTIONS_GO_ON)
		return status;
	switch (options.mode) {
	case MODE_TRACE:
		return trace_run(&options);
	case MODE_ZOMBIES:
		return options.watch ? trace_run(&options) : now_run(&options);
	case MODE_REPLAY:
		return replay_run(&options);
	default:
		return now_run(&options);
	}
}
