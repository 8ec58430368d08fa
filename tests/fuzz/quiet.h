/* SPDX-License-Identifier: GPL-2.0-only */
/* For targets that speak: stdout and stderr lead nowhere, but for what the fuzzer itself says. */
#ifndef PROCTRACE_FUZZ_QUIET_H
#define PROCTRACE_FUZZ_QUIET_H

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char *longer[64], mask[] = "-close_fd_mask=3";

	CHECK(*argc < 62);
	memcpy(longer, *argv, (size_t)*argc * sizeof(**argv));
	longer[(*argc)++] = mask;
	*argv = longer;
	return 0;
}

#endif
