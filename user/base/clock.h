/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two clocks: boot time (ns, what the kernel stamps) and wall time (ns since 1970, what is shown).
 */
#ifndef PROCTRACE_BASE_CLOCK_H
#define PROCTRACE_BASE_CLOCK_H

#include <stdint.h>

#include "base/buf.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define NEVER UINT64_MAX

uint64_t clock_boot(void);
/* The processor time that this process has used, in ns. */
uint64_t clock_cpu(void);
/* What to add to a boot time to get wall time now. */
int64_t clock_wall_offset(void);
/* RFC 3339, UTC, nanoseconds: CLOCK_RFC3339 bytes. The first writes where there is room for them. */
#define CLOCK_RFC3339 30
char *clock_put_rfc3339(char *at, uint64_t wall);
void clock_rfc3339(struct buf *b, uint64_t wall);
/* The time that clock_rfc3339() wrote. 0, or -EBADMSG if s is none, or not between 1970 and 9999. */
int clock_parse_rfc3339(const char *s, uint64_t *wall);
/* HH:MM:SS.mmm, local time */
void clock_hms(struct buf *b, uint64_t wall);

/* How long, for people, in its two largest units: 59s, 3m00s, 1h05m, 55d02h. */
#define SPAN_LEN 32
void clock_span(char span[SPAN_LEN], uint64_t ns);

#endif
