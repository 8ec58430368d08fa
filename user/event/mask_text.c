// SPDX-License-Identifier: GPL-2.0-only
/* Where secrets stand in an argument's text: behind keys, in URLs, in headers, by themselves. */
#include <strings.h>

#include "event/mask_reading.h"

#define TOKEN_LEAST 16	/* no run of letters is looked at for tokens that is shorter */
#define LOGIN_MOST 256	/* how far a login in a URL is looked for behind a slash */

const uint8_t mask_kinds[256] = {
	['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER, ['0' ... '9'] = LETTER,
	['_'] = LETTER,		['-'] = LETTER,		['.'] = LETTER,
	['"'] = QUOTE,		['\''] = QUOTE,		[';'] = BREAK,
	['|'] = BREAK,		['&'] = BREAK,		['\n'] = BREAK,
};

static bool is_word(const char *at, const char *stop, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(stop - at) == len && !strncasecmp(at, word, len);
}

/* "-HAuthorization" and "X-Cookie" end with what they are. */
static bool ends_with(const char *run, const char *stop, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(stop - run) >= len && is_word(stop - len, stop, word);
}

/* Does the text before "at" end with these bytes? */
static bool stands_behind(const struct reading *r, const char *at, const char *bytes)
{
	size_t len = strlen(bytes);

	return (size_t)(at - r->arg) >= len && !memcmp(at - len, bytes, len);
}

static bool all_digits(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at == end;
}

/*
 * "://user:password@host". What stands behind the colon is no port if it is no number: then even a
 * slash is the password's.
 */
static void read_url(struct reading *r, const char *from)
{
	const char *most = r->end - from > LOGIN_MOST ? from + LOGIN_MOST : r->end;
	const char *at = from, *colon = NULL, *sign = NULL, *stop;

	for (; at < r->end && !is_space(*at) && !is_quote(*at) && !strchr("/?#", *at); at++) {
		if (*at == ':' && !colon)
			colon = at;
		if (*at == '@')
			sign = at;
	}
	if (!colon || *from == '[')
		return; /* no login, or an address of IPv6 */
	stop = at;
	if (!sign && !all_digits(colon + 1, at))
		for (; stop < most && !is_space(*stop) && !is_quote(*stop); stop++)
			if (*stop == '@')
				sign = stop;
	if (r->cut && stop == r->args_end && (!sign || sign > colon))
		sign = stop; /* a password or a port, all of it or not: nobody knows */
	if (sign)
		hide(r, colon + 1, sign);
}

static bool ends_host(const struct reading *r, const char *at)
{
	return at == r->end || is_space(*at) || is_quote(*at) || strchr(":/?", *at);
}

/* It is local, or has a dot and does not end like the number of a version. */
static bool is_host(const char *at, const char *end)
{
	const char *dot = memrchr(at, '.', (size_t)(end - at));
	int dots = 0;

	if (!dot)
		return is_word(at, end, "localhost");
	for (; at < end; at++)
		dots += *at == '.';
	return !all_digits(dot + 1, end) || dots == 3;
}

/* "user:password@host" without a scheme. */
static void read_login(struct reading *r, const char *user, const char *colon)
{
	static const char *const schemes[] = { "mailto", "sip", "sips", "xmpp", "acct", "npm" };
	const char *sign = colon + 1, *stop;
	size_t i;

	/* a single letter: u:name@domain of an access list */
	if (!begins_word(r, user) || colon - user < 2)
		return;
	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (is_word(user, colon, schemes[i]))
			return;
	while (sign < r->end && !is_space(*sign) && !is_quote(*sign) && !strchr("@:/", *sign))
		sign++;
	if (sign == r->end) {
		if (r->cut && sign == r->args_end && !all_digits(colon + 1, sign))
			hide(r, colon + 1, sign);
		return;
	}
	for (stop = sign + 1; stop < r->end && kind_of(*stop) == LETTER;)
		stop++;
	if (*sign == '@' && ((r->cut && stop == r->args_end) ||
			     (ends_host(r, stop) && is_host(sign + 1, stop))))
		hide(r, colon + 1, sign);
}

/* "Authorization: Bearer x": the scheme is no secret. */
static const char *skip_scheme(const struct reading *r, const char *at)
{
	static const char *const schemes[] = { "basic", "bearer", "digest", "token", "apikey",
					       "negotiate", "ntlm", "aws4-hmac-sha256" };
	const char *stop = at;
	size_t i;

	while (stop < r->end && kind_of(*stop) == LETTER)
		stop++;
	if (stop == r->end || !is_space(*stop))
		return at;
	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (is_word(at, stop, schemes[i]))
			return skip_spaces(stop, r->end);
	return at;
}

/* Behind -H or --header, in whatever way. */
static bool is_header(const struct reading *r, const char *run, struct place place)
{
	static const char *const options[] = { "-H", "-H ", "--header ", "--header=" };
	size_t i;

	if (r->header || (run[0] == '-' && run[1] == 'H'))
		return true;
	for (i = 0; is_quote(place.before) && i < sizeof(options) / sizeof(options[0]); i++)
		if (stands_behind(r, run - 1 - place.escaped, options[i]))
			return true;
	return false;
}

/*
 * A key with a colon. In prose that means nothing ("token: fix"): a key it is where its value is
 * quoted, in braces, or as the name of a header; and in openssl's "pass:x".
 */
static const char *read_colon(struct reading *r, const char *run, const char *stop,
			      const char *colon, struct place place)
{
	enum secret kind = secret_name(run, (size_t)(stop - run), false);
	const char *from = skip_spaces(colon + 1, r->end);
	bool spaced = from > colon + 1, header;

	if (ends_with(run, stop, "authorization"))
		return mask_value(r, SECRET_YES, skip_scheme(r, from), place);
	header = is_header(r, run, place);
	if (header && ends_with(run, stop, "cookie"))
		kind = SECRET_YES;
	if (!kind)
		return NULL;
	/* most headers' names have a dash */
	header |= spaced && *run != '-' && memchr(run, '-', (size_t)(stop - run));
	if (header || place.before == '{' || place.before == ',' ||
	    (from < r->end && (is_quote(*from) || *from == '\\')) ||
	    (!spaced && is_word(run, stop, "pass") && begins_word(r, run)))
		return mask_value(r, kind, from, place);
	return NULL;
}

static const char *read_equals(struct reading *r, const char *run, const char *stop,
			       const char *sign, struct place place)
{
	enum secret kind = secret_name(run, (size_t)(stop - run), run[0] == '-' && run[1] == '-');
	const char *from = sign + 1;

	if (!kind)
		return NULL;
	/* with spaces around it: an assignment, or a comparison, of some language */
	while (sign > stop && from < r->end && (*from == '=' || *from == '>' || is_space(*from)))
		from++;
	if (ends_with(run, stop, "authorization"))
		from = skip_scheme(r, from);
	return mask_value(r, kind, from, place);
}

/* A run that may be a key: "key=value", "key: value", "PASSWORD 'value'". NULL: it is none. */
static const char *read_key(struct reading *r, const char *run, const char *stop)
{
	struct place place = { .before = run > r->arg ? run[-1] : 0 };
	const char *at = stop, *sign, *next = NULL;
	uint8_t closed = 0;

	if (place.before == '/')
		return NULL; /* a file's name */
	if (place.before == '=')
		place.before = 0;
	if (is_quote(place.before)) {
		place.escaped = run - r->arg >= 2 && run[-2] == '\\';
		at += place.escaped && *at == '\\';
		if (at < r->end && *at == place.before) {
			closed = quote_bit(*at++);
			place = (struct place){ '{', false }; /* a key among others */
		}
	}
	sign = skip_spaces(at, r->end);
	if (sign == r->end)
		return NULL;
	if (*sign == ':')
		next = read_colon(r, run, stop, sign, place);
	else if (*sign == '=')
		next = read_equals(r, run, stop, sign, place);
	else if (*sign == '\'' && sign > stop && ends_with(run, stop, "password"))
		next = mask_value(r, SECRET_YES, sign, (struct place){ ' ', false }); /* SQL */
	if (next)
		r->open ^= closed;
	return next;
}

/* A key of a well-known kind, also as -tTOKEN. */
static void read_token(struct reading *r, const char *run, const char *stop)
{
	bool cut = r->cut && stop == r->args_end;
	size_t len;

	if (*run == '-' && stop - run > 2)
		run += 2;
	len = secret_token(run, (size_t)(stop - run), cut);
	hide(r, run, run + len);
}

/* A run of letters, and what stands around it. Gives where to go on. */
static const char *read_run(struct reading *r, const char *run, const char *stop)
{
	const char *next = NULL;

	if (stop - run >= TOKEN_LEAST || (r->cut && stop == r->args_end))
		read_token(r, run, stop);
	if (*run == '-' && stop - run > 1 && begins_word(r, run))
		next = mask_option(r, run, stop);
	else if (stop == r->end || is_space(*stop))
		mask_program(r, run, stop);
	if (next)
		return next;
	if (stop == r->end)
		return stop;
	if (r->end - stop > 3 && !memcmp(stop, "://", 3)) {
		read_url(r, stop + 3);
		return stop + 3;
	}
	next = read_key(r, run, stop);
	if (!next && *stop == ':')
		read_login(r, run, stop);
	return next ? next : stop;
}

void mask_text(struct reading *r)
{
	const char *at = r->arg, *run;

	r->open = 0;
	while (at < r->end) {
		switch (kind_of(*at)) {
		case LETTER:
			run = at;
			while (at < r->end && kind_of(*at) == LETTER)
				at++;
			at = read_run(r, run, at);
			break;
		case QUOTE:
			r->open ^= quote_bit(*at++);
			break;
		case BREAK:
			if (r->command && !r->open)
				r->program = ANY;
			at++;
			break;
		default:
			at++;
		}
	}
}
