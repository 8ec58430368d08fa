// SPDX-License-Identifier: GPL-2.0-only
#include "cli/values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "cli/say.h"
#include "sink/sink.h"

#define INTERVAL_MIN (NS_PER_S / 10)

int option_bad(const char *option, const char *value, const char *want)
{
	say("%s: '%s' is no good: give %s", option, value, want);
	return -EINVAL;
}

int take_format(struct options *o, const char *value)
{
	o->json = !strcmp(value, "json");
	return o->json || !strcmp(value, "text") ? 0
						 : option_bad("--format", value, "text or json");
}

int take_output(struct options *o, const char *value)
{
	o->output = value;
	return *value ? 0 : option_bad("--output", value, "a file name");
}

int take_duration(struct options *o, const char *value)
{
	if (num_seconds(value, &o->duration) || !o->duration)
		return option_bad("--duration", value, "seconds, such as 10 or 0.5");
	return 0;
}

int take_watch(struct options *o, const char *value)
{
	(void)value;
	o->watch = true;
	return 0;
}

int take_interval(struct options *o, const char *value)
{
	if (num_seconds(value, &o->interval) || o->interval < INTERVAL_MIN)
		return option_bad("--interval", value, "seconds, such as 2 or 0.5, 0.1 at least");
	return 0;
}

int take_zombie_after(struct options *o, const char *value)
{
	uint64_t ms;

	if (num_u64(value, 86400000, &ms))
		return option_bad("--zombie-after", value, "milliseconds, at most a day");
	o->zombie_after = ms * NS_PER_MS;
	return 0;
}

int take_grace(struct options *o, const char *value)
{
	return num_seconds(value, &o->grace) ? option_bad("--grace", value, "seconds") : 0;
}

int take_args_max(struct options *o, const char *value)
{
	uint64_t n;

	if (num_u64(value, RECORD_ARGS_MAX, &n))
		return option_bad("--args-max", value, "bytes, at most 20480");
	o->args_max = (uint32_t)n;
	return 0;
}

int take_ring_size(struct options *o, const char *value)
{
	uint64_t kib;

	if (num_u64(value, 1 << 20, &kib) || kib < 4 || (kib & (kib - 1)))
		return option_bad("--ring-size", value, "KiB: a power of two from 4 to 1048576");
	o->ring_bytes = (uint32_t)(kib << 10);
	return 0;
}

int take_max_processes(struct options *o, const char *value)
{
	uint64_t n;

	if (num_u64(value, UINT32_MAX, &n) || n < 16)
		return option_bad("--max-processes", value, "a number, 16 at least");
	o->max_procs = n;
	return 0;
}

int take_limit(struct options *o, const char *value)
{
	uint64_t n;

	if (num_u64(value, UINT32_MAX, &n) || !n)
		return option_bad("--limit", value, "a number of groups, 1 at least");
	o->limit = n;
	return 0;
}

int take_color(struct options *o, const char *value)
{
	static const char *const names[] = { "auto", "always", "never" };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!strcmp(value, names[i])) {
			o->color = (enum color)i;
			return 0;
		}
	}
	return option_bad("--color", value, "auto, always or never");
}

int take_no_mask(struct options *o, const char *value)
{
	(void)value;
	o->no_mask = true;
	return 0;
}

int take_mask(struct options *o, const char *value)
{
	struct mask trial = { .patterns = o->masks };
	char why[MASK_WHY];
	int err = mask_pattern(&trial, value, why, sizeof(why));

	if (err) {
		say("--mask: '%s' is no good: %s", value, why);
		return err;
	}
	regfree(&trial.pattern[o->masks]);
	o->mask[o->masks++] = value;
	return 0;
}

int take_no_snapshot(struct options *o, const char *value)
{
	(void)value;
	o->no_snapshot = true;
	return 0;
}

int take_threads(struct options *o, const char *value)
{
	(void)value;
	o->threads = true;
	return 0;
}

int take_low_latency(struct options *o, const char *value)
{
	(void)value;
	o->low_latency = true;
	return 0;
}

/* Goes through a comma separated list; each() gives 0 or -errno with the complaint made. */
int option_each(const char *list, int (*each)(struct options *o, const char *item),
		struct options *o, const char *option)
{
	char *copy = strdup(list), *rest = copy, *item;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	while (!err && (item = strsep(&rest, ",")))
		err = *item ? each(o, item)
			    : option_bad(option, list, "a list without empty places");
	free(copy);
	return err;
}

static int one_event(struct options *o, const char *item)
{
	static const char *const always[] = { "start", "stop", "lost", "resync", "clock" };
	unsigned int i;

	for (i = 0; i < CHANGES; i++) {
		const char *name = change_action((enum change_kind)i);

		if (name && !strcmp(name, item)) {
			o->changes |= 1u << i;
			return 0;
		}
	}
	for (i = 1; i <= FINDING_ZOMBIE_CLEARED; i <<= 1) {
		if (!strcmp(finding_action((enum finding_kind)i), item)) {
			o->findings |= i;
			return 0;
		}
	}
	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (!strcmp(always[i], item))
			return 0;
	return option_bad("--events", item,
			  "actions such as fork,exec,exit,reap,orphan,zombie,daemon");
}

int take_events(struct options *o, const char *value)
{
	if (o->changes == UINT32_MAX)
		o->changes = o->findings = 0;
	return option_each(value, one_event, o, "--events");
}

static int one_failure(struct options *o, const char *item)
{
	static const enum finding_kind kinds[] = {
		FINDING_ORPHAN, FINDING_ZOMBIE, FINDING_ZOMBIE_LEAK, FINDING_DAEMON, FINDING_LOST,
	};
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(finding_action(kinds[i]), item)) {
			o->fail_on |= kinds[i];
			return 0;
		}
	}
	return option_bad("--fail-on", item, "findings: orphan, zombie, zombie_leak, daemon, lost");
}

int take_fail_on(struct options *o, const char *value)
{
	return option_each(value, one_failure, o, "--fail-on");
}
