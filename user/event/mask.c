// SPDX-License-Identifier: GPL-2.0-only
#include "event/mask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/mask_reading.h"

/* "-c" and the like, of shells and of others that take a whole command line. */
static bool wants_command(const char *arg, size_t len)
{
	return len >= 2 && len <= 5 && arg[0] == '-' && arg[1] != '-' && arg[len - 1] == 'c';
}

static bool wants_header(const char *arg, size_t len)
{
	return (len == 2 && !memcmp(arg, "-H", 2)) || (len == 8 && !memcmp(arg, "--header", 8));
}

/* Steps to the next argument; false: there is none. */
static bool next_arg(struct reading *r)
{
	r->arg = r->end ? r->end + 1 : r->args;
	if (r->arg >= r->args_end)
		return false;
	r->end = r->arg + strnlen(r->arg, (size_t)(r->args_end - r->arg));
	return true;
}

static void find_secrets(struct reading r)
{
	while (next_arg(&r)) {
		size_t len = (size_t)(r.end - r.arg);

		if (!mask_due(&r))
			mask_text(&r);
		r.command = wants_command(r.arg, len);
		r.header = wants_header(r.arg, len);
	}
}

/* All that the pattern matches in one argument; one that matches no byte hides none. */
static void find_pattern(struct reading *r, const regex_t *pattern)
{
	regoff_t at = 0, len = (regoff_t)(r->end - r->arg);

	while (at < len) {
		regmatch_t match[2] = { { at, len } }, *what = &match[pattern->re_nsub > 0];

		if (regexec(pattern, r->arg, 2, match, REG_STARTEND))
			return;
		if (what->rm_so >= 0)
			hide(r, r->arg + what->rm_so, r->arg + what->rm_eo);
		at = match[0].rm_eo > at ? match[0].rm_eo : at + 1;
	}
}

static void find_patterns(struct reading r, const struct mask *m)
{
	unsigned int i;

	while (next_arg(&r))
		for (i = 0; i < m->patterns; i++)
			find_pattern(&r, &m->pattern[i]);
}

static int by_begin(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* Spans that meet are one. */
static void write_masked(struct mask *m, const struct slice *args)
{
	struct span *span = (struct span *)m->spans.data;
	size_t n = m->spans.len / sizeof(*span), i;
	uint32_t at = 0;

	qsort(span, n, sizeof(*span), by_begin);
	m->args.len = 0;
	for (i = 0; i < n; i++) {
		if (!i || span[i].from > at) {
			buf_add(&m->args, args->s + at, span[i].from - at);
			buf_lit(&m->args, "***");
		}
		if (span[i].to > at)
			at = span[i].to;
	}
	buf_add(&m->args, args->s + at, args->len - at);
}

bool mask_args(struct mask *m, struct slice *args, bool cut)
{
	struct reading r = { .spans = &m->spans, .args = args->s, .cut = cut };

	if (!args->s)
		return false;
	r.args_end = args->s + args->len;
	m->spans.len = 0;
	if (!m->patterns_only)
		find_secrets(r);
	find_patterns(r, m);
	if (!m->spans.len)
		return false;
	write_masked(m, args);
	*args = (struct slice){ m->args.data, (uint32_t)m->args.len };
	return true;
}

int mask_pattern(struct mask *m, const char *regex, char *why, size_t size)
{
	regex_t *pattern = &m->pattern[m->patterns];
	int err;

	if (m->patterns == MASK_PATTERNS) {
		snprintf(why, size, "at most %d patterns can be given", MASK_PATTERNS);
		return -E2BIG;
	}
	err = regcomp(pattern, regex, REG_EXTENDED);
	if (err) {
		regerror(err, pattern, why, size);
		return -EINVAL;
	}
	if (!regexec(pattern, "", 0, NULL, 0)) {
		snprintf(why, size, "it matches where nothing stands");
		regfree(pattern);
		return -EINVAL;
	}
	m->patterns++;
	return 0;
}

void mask_free(struct mask *m)
{
	while (m->patterns)
		regfree(&m->pattern[--m->patterns]);
	buf_free(&m->spans);
	buf_free(&m->args);
}
