/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */
#ifndef PROCTRACE_CLI_OPTIONS_H
#define PROCTRACE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/mask.h"
#include "proctrace/select.h"

/* documented in the man page */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_FOUND = 3,
	STATUS_CANNOT_EXECUTE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* and the signal's number */
};

/* What to do. */
enum mode {
	MODE_TRACE = 1 << 0,
	MODE_REPLAY = 1 << 1,
	MODE_ZOMBIES = 1 << 2, /* the present, once; or watched */
	MODE_ORPHANS = 1 << 3,
	MODE_DAEMONS = 1 << 4,
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	enum mode mode;
	bool partial; /* of a recording: filters had left processes out */
	const char *recording; /* to be replayed; "-": stdin */
	bool json, no_snapshot, threads, low_latency, no_mask;
	enum color color;
	const char *output; /* NULL: stdout */
	uint64_t duration; /* ns, 0: without end */
	uint64_t interval; /* ns, between two looks of a watch; 0: not given */
	bool watch;
	uint64_t zombie_after; /* ns */
	uint64_t grace; /* ns */
	uint32_t args_max, ring_bytes;
	size_t limit; /* how many groups or daemons are shown; 0: as the format likes it */
	size_t max_procs; /* how many processes are kept at the most */
	uint32_t changes; /* which enum change_kind are told, as bits */
	uint32_t findings; /* which enum finding_kind are told, or'ed */
	uint32_t fail_on; /* enum finding_kind, or'ed */
	struct selection selection;
	const char *cgroup[SELECT_MAX]; /* as given */
	const char *cgroup_below[SELECT_MAX]; /* once looked up: the path below the mount */
	const char *container[SELECT_MAX]; /* ids or their beginnings */
	const char *mask[MASK_PATTERNS]; /* patterns, each tried */
	uint32_t trees, containers, masks;
	uint32_t tree[SELECT_MAX]; /* pids */
	char **command; /* NULL: trace the machine */
};

/* What the command line asks for: go on, or the program's end with that status (told already). */
int options_parse(struct options *o, int argc, char **argv);
#define OPTIONS_GO_ON (-1)

/* True if filters leave processes out before they are known. */
bool options_partial(const struct options *o);

#endif
