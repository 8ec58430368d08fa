// SPDX-License-Identifier: GPL-2.0-only
#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

void clock_rfc3339(struct buf *b, uint64_t wall)
{
	/* the date changes once a day, and lines come by the million: it is worked out once */
	static char date[] = "YYYY-MM-DDT";
	static uint64_t date_of = NEVER;
	uint64_t seconds = wall / NS_PER_S, day = seconds / 86400;
	uint32_t second = (uint32_t)(seconds % 86400);
	char *s;

	if (day != date_of) {
		time_t t = (time_t)(day * 86400);
		struct tm tm;

		gmtime_r(&t, &tm);
		digits(date, 4, (uint64_t)tm.tm_year + 1900);
		digits(date + 5, 2, (uint64_t)tm.tm_mon + 1);
		digits(date + 8, 2, (uint64_t)tm.tm_mday);
		date_of = day;
	}
	s = buf_take(b, sizeof(date) - 1 + sizeof("HH:MM:SS.nnnnnnnnnZ") - 1);
	memcpy(s, date, sizeof(date) - 1);
	s += sizeof(date) - 1;
	memcpy(s, "HH:MM:SS.nnnnnnnnnZ", sizeof("HH:MM:SS.nnnnnnnnnZ") - 1);
	digits(s, 2, second / 3600);
	digits(s + 3, 2, second / 60 % 60);
	digits(s + 6, 2, second % 60);
	digits(s + 9, 9, wall % NS_PER_S);
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

int clock_parse_rfc3339(const char *s, uint64_t *wall)
{
	int64_t day, hour, minute, second, ns;

	if (strlen(s) != 30)
		return -EBADMSG;
	day = day_of(s);
	hour = number(s + 11, 2);
	minute = number(s + 14, 2);
	second = number(s + 17, 2);
	ns = number(s + 20, 9);
	if (day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 60 || ns < 0 || s[13] != ':' || s[16] != ':' || s[19] != '.' || s[29] != 'Z')
		return -EBADMSG;
	*wall = (uint64_t)(day + hour * 3600 + minute * 60 + second) * NS_PER_S + (uint64_t)ns;
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
