// SPDX-License-Identifier: GPL-2.0-only
/* Where a value ends. Where that is in doubt, rather too much is hidden than too little. */
#include "event/mask_reading.h"

static void hide_value(struct reading *r, enum secret kind, const char *from, const char *to)
{
	if (from < to && secret_value(kind, from, (size_t)(to - from)))
		hide(r, from, to);
}

/*
 * The quote that closes one (its backslash, if escaped: both stand behind one), or the end of the
 * argument. Only in double quotes a backslash means something.
 */
static const char *closing(const struct reading *r, const char *at, char quote, bool escaped)
{
	for (; at < r->end; at++) {
		if (*at == quote && !escaped)
			return at;
		if (*at != '\\' || at + 1 == r->end)
			continue;
		if (at[1] == quote && escaped)
			return at;
		at += quote == '"';
	}
	return r->end;
}

/* Quotes that open in the word belong to it; one that was open before it ends it. */
const char *mask_word_end(const struct reading *r, const char *at, const char *stops)
{
	bool breaks = r->command && !r->open;

	while (at < r->end && !is_space(*at) && !strchr(stops, *at)) {
		bool pair = *at == '\\' && at + 1 < r->end;

		if ((breaks && kind_of(*at) == BREAK) || (pair && is_quote(at[1])))
			return at; /* the command ends, or an escaped quote is closed */
		if (pair) {
			at += 2;
		} else if (!is_quote(*at)) {
			at++;
		} else if (r->open & quote_bit(*at)) {
			return at;
		} else {
			at = closing(r, at + 1, *at, false);
			at += at < r->end;
		}
	}
	return at;
}

/* What separates one value from the next. */
static const char *separators(char before)
{
	switch (before) {
	case '?':
	case '&':
		return "&#";
	case ';':
		return ";";
	case ',':
	case '(':
	case '{':
	case '[':
		return ",)}]";
	default:
		return "";
	}
}

/* A value in quotes; NULL: it is none, or goes on behind them. */
static const char *quoted_value(struct reading *r, enum secret kind, const char *from)
{
	bool escaped = r->end - from >= 2 && *from == '\\' && is_quote(from[1]);
	const char *to, *next;

	if (from == r->end || (!escaped && !is_quote(*from)))
		return NULL;
	to = closing(r, from + escaped + 1, from[escaped], escaped);
	next = to == r->end ? to : to + escaped + 1;
	if (next < r->end && (kind_of(*next) == LETTER || is_quote(*next)))
		return NULL;
	hide_value(r, kind, from + escaped + 1, to);
	return next;
}

const char *mask_value(struct reading *r, enum secret kind, const char *from, struct place place)
{
	const char *to;

	if (is_quote(place.before)) {
		to = closing(r, from, place.before, place.escaped);
	} else if (!place.before && !r->command) {
		to = r->end;
	} else {
		to = quoted_value(r, kind, from);
		if (to)
			return to;
		to = mask_word_end(r, from, separators(place.before));
	}
	hide_value(r, kind, from, to);
	return to;
}
