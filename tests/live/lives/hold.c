// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold ROLE FD CODE [ready=FD] [WORD...]: a program of its own that says that it is there (in the
 * ledger, and by a byte to whoever waits for that), waits at a gate, then ends.
 */
#include "lives.h"

int main(int argc, char **argv)
{
	if (argc < 4)
		die("usage: hold ROLE FD CODE");
	born(argv[1]);
	if (argc > 4 && !strncmp(argv[4], "ready=", 6))
		must(write(atoi(argv[4] + 6), "", 1));
	wait_at(atoi(argv[2]));
	return atoi(argv[3]);
}
