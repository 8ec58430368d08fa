// SPDX-License-Identifier: GPL-2.0-only
/* floor: holds the programs of floor.bpf.c, attached, until its stdin ends. */
#include <stdio.h>

#include "floor.skel.h"

int main(void)
{
	struct bench_floor *skel = bench_floor__open_and_load();
	int err = skel ? bench_floor__attach(skel) : -1;

	puts(err ? "failed" : "ready");
	fflush(stdout);
	getchar();
	bench_floor__destroy(skel);
	return err != 0;
}
