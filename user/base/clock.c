// SPDX-License-Identifier: GPL-2.0-only
#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/get.h"
#include "base/put.h"

static uint64_t now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t clock_boot(void)
{
	return now(CLOCK_BOOTTIME);
}

uint64_t clock_cpu(void)
{
	return now(CLOCK_PROCESS_CPUTIME_ID);
}

/*
 * Between two readings the program may lose the processor: of a few tries the quickest is believed.
 */
int64_t clock_wall_offset(void)
{
	uint64_t best = NEVER;
	int64_t offset = 0;
	int i;

	for (i = 0; i < 3; i++) {
		uint64_t before = clock_boot(), wall = now(CLOCK_REALTIME),
			 took = clock_boot() - before;

		if (took >= best)
			continue;
		best = took;
		offset = (int64_t)(wall - before - took / 2);
	}
	return offset;
}

static void digits(char *at, int n, uint64_t value)
{
	for (; n > 1; n -= 2) {
		memcpy(at + n - 2, buf_pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (n)
		*at = (char)('0' + value % 10);
}

#define SECOND_LEN 20

struct second {
	uint64_t since; /* 1970, and one more: 0 is none */
	char shown[SECOND_LEN + 1];
};

static void show_second(struct second *s, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	memcpy(s->shown, "YYYY-MM-DDTHH:MM:SS.", SECOND_LEN);
	digits(s->shown, 4, (uint64_t)tm.tm_year + 1900);
	digits(s->shown + 5, 2, (uint64_t)tm.tm_mon + 1);
	digits(s->shown + 8, 2, (uint64_t)tm.tm_mday);
	digits(s->shown + 11, 2, (uint64_t)tm.tm_hour);
	digits(s->shown + 14, 2, (uint64_t)tm.tm_min);
	digits(s->shown + 17, 2, (uint64_t)tm.tm_sec);
	s->since = seconds + 1;
}

/* A second changes once a second, and lines come by the million: those of late are kept. */
char *clock_put_rfc3339(char *at, uint64_t wall)
{
	static struct second kept[64];
	uint64_t seconds = wall / NS_PER_S;
	uint32_t ns = (uint32_t)(wall % NS_PER_S);
	struct second *s = &kept[seconds % 64];

	if (s->since != seconds + 1)
		show_second(s, seconds);
	at = put(at, s->shown, SECOND_LEN);
	*at++ = (char)('0' + ns / 100000000);
	at = put_eight(at, put_split(ns % 100000000));
	*at++ = 'Z';
	return at;
}

void clock_rfc3339(struct buf *b, uint64_t wall)
{
	buf_end(b, clock_put_rfc3339(buf_at(b, CLOCK_RFC3339), wall));
}

/* n digits; -1: there is something else */
static int64_t number(const char *at, int n)
{
	int64_t value = 0;

	while (n--) {
		if (*at < '0' || *at > '9')
			return -1;
		value = value * 10 + *at++ - '0';
	}
	return value;
}

/* The day's beginning in seconds, or -1. Worked out once a day, as lines come by the million. */
static int64_t day_of(const char *s)
{
	static char date[11] = "";
	static int64_t seconds;
	struct tm tm = { 0 };
	int64_t year = number(s, 4), month = number(s + 5, 2), day = number(s + 8, 2);

	if (*date && !memcmp(date, s, sizeof(date)))
		return seconds;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || s[4] != '-' ||
	    s[7] != '-' || s[10] != 'T')
		return -1;
	tm.tm_year = (int)year - 1900;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)day;
	seconds = timegm(&tm);
	memcpy(date, s, sizeof(date));
	return seconds;
}

/* Up to the point, in seconds, or -1. The last one is kept: the next line's is mostly the same. */
static int64_t second_of(const char *s)
{
	static struct second kept;
	int64_t day, hour, minute, second;

	if (kept.since && !memcmp(kept.shown, s, SECOND_LEN))
		return (int64_t)kept.since - 1;
	day = day_of(s);
	hour = number(s + 11, 2);
	minute = number(s + 14, 2);
	second = number(s + 17, 2);
	if (day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 60 || s[13] != ':' || s[16] != ':' || s[19] != '.')
		return -1;
	second += day + hour * 3600 + minute * 60;
	memcpy(kept.shown, s, SECOND_LEN);
	kept.since = (uint64_t)second + 1;
	return second;
}

int clock_parse_rfc3339(const char *s, uint64_t *wall)
{
	int64_t second;
	uint64_t ns;

	if (strlen(s) != 30)
		return -EBADMSG;
	second = second_of(s);
	ns = get_eight(s + 21);
	if (second < 0 || number(s + 20, 1) < 0 || get_digits(ns) < 8 || s[29] != 'Z')
		return -EBADMSG;
	*wall = (uint64_t)second * NS_PER_S + (uint64_t)(s[20] - '0') * 100000000 + get_decimal(ns, 8);
	return 0;
}

void clock_hms(struct buf *b, uint64_t wall)
{
	time_t t = (time_t)(wall / NS_PER_S);
	char s[] = "HH:MM:SS.mmm";
	struct tm tm;

	localtime_r(&t, &tm);
	digits(s, 2, (uint64_t)tm.tm_hour);
	digits(s + 3, 2, (uint64_t)tm.tm_min);
	digits(s + 6, 2, (uint64_t)tm.tm_sec);
	digits(s + 9, 3, wall % NS_PER_S / NS_PER_MS);
	buf_add(b, s, sizeof(s) - 1);
}

void clock_span(char span[SPAN_LEN], uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (s < 60)
		snprintf(span, SPAN_LEN, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(span, SPAN_LEN, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(span, SPAN_LEN, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(span, SPAN_LEN, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
}
