/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said once: what is on and off when tracing is live, and the totals when it ends. */
#ifndef PROCTRACE_CLI_PREAMBLE_H
#define PROCTRACE_CLI_PREAMBLE_H

#include <sys/utsname.h>

#include "cli/options.h"
#include "sink/sink.h"
#include "source/live.h"

#define BOOT_ID 40

struct preamble {
	struct stream_start start; /* points into the rest */
	struct utsname kernel;
	char boot_id[BOOT_ID];
};

/* This boot's id, "" if it cannot be read; sink gets its part of entity ids from it. */
void boot_id_read(char boot_id[BOOT_ID], struct sink *sink);
/* Gathers it; sink gets its part of entity ids from the boot id. */
void preamble_fill(struct preamble *p, const struct options *o, const struct live_features *f,
		   struct sink *sink);
/* The line "tracing …" on stderr. */
void preamble_announce(const struct preamble *p, const struct options *o);
/* The summary on stderr. */
void summary_say(const struct stream_stop *s);

#endif
