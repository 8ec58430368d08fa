/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Secrets in the arguments of a program: told by the names, places and shapes that secrets have, or
 * by patterns of the user's, and replaced by "***". The names and shapes stand in secret.c, the
 * places here. Pure.
 */
#ifndef PROCTRACE_EVENT_MASK_H
#define PROCTRACE_EVENT_MASK_H

#include <regex.h>

#include "base/buf.h"
#include "event/event.h"

#define MASK_PATTERNS 16
#define MASK_WHY 128 /* room for a reason */

/* All zeros: the names, places and shapes, and no pattern. */
struct mask {
	bool patterns_only;
	unsigned int patterns;
	regex_t pattern[MASK_PATTERNS];
	struct buf spans, args; /* room that is used again */
};

/*
 * One more pattern, an extended regular expression; of what it matches in an argument, its first
 * group is masked if it has one, else all. 0, or -errno with the reason in why.
 */
int mask_pattern(struct mask *m, const char *regex, char *why, size_t size);

/*
 * Puts a masked copy, good until the next call, in the place of arguments (NUL between) that hold a
 * secret. cut: the last of them once went on. False: they hold none, and are left alone.
 */
bool mask_args(struct mask *m, struct slice *args, bool cut);

void mask_free(struct mask *m);

#endif
