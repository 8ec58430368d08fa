// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"
#include "cli/trace.h"

int main(int argc, char **argv)
{
	struct options options;
	int status = options_parse(&options, argc, argv);

	return status == OPTIONS_GO_ON ? trace_run(&options) : status;
}
