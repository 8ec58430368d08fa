// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"
#include "cli/replay.h"
#include "cli/trace.h"

int main(int argc, char **argv)
{
	struct options options;
	int status = options_parse(&options, argc, argv);

	if (status != OPTIONS_GO_ON)
		return status;
	return options.mode == MODE_REPLAY ? replay_run(&options) : trace_run(&options);
}
