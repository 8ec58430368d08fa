// SPDX-License-Identifier: GPL-2.0-only
#include "event/secret.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define NAME_MOST 96 /* of a longer name the end counts */

struct word {
	const char *s;
	uint8_t len;
};

#define WORD(literal) { literal, sizeof(literal) - 1 }

static inline bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_one_of(const struct word *list, size_t n, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].len == len && !strncasecmp(list[i].s, s, len))
			return true;
	return false;
}

#define IS_ONE_OF(list, s, len) is_one_of(list, sizeof(list) / sizeof((list)[0]), s, len)

/* Small letters only, and nothing between the words: so names are compared. */
static const struct {
	struct word word;
	enum secret kind;
	bool last; /* too common a word to count in the middle of a name */
} names[] = {
	{ WORD("password"), SECRET_YES, false },
	{ WORD("passwd"), SECRET_YES, false },
	{ WORD("passphrase"), SECRET_YES, false },
	{ WORD("passcode"), SECRET_YES, false },
	{ WORD("pwd"), SECRET_YES, true },
	{ WORD("pass"), SECRET_YES, true },
	{ WORD("secret"), SECRET_YES, false },
	{ WORD("token"), SECRET_YES, false },
	{ WORD("apikey"), SECRET_YES, false },
	{ WORD("accesskey"), SECRET_YES, true }, /* AWS_ACCESS_KEY_ID is public */
	{ WORD("secretkey"), SECRET_YES, false },
	{ WORD("authkey"), SECRET_YES, false },
	{ WORD("accountkey"), SECRET_YES, true },
	{ WORD("masterkey"), SECRET_YES, true },
	{ WORD("signingkey"), SECRET_YES, true },
	{ WORD("encryptionkey"), SECRET_YES, true },
	{ WORD("privatekey"), SECRET_OR_FILE, true },
	{ WORD("credential"), SECRET_OR_FILE, true },
	{ WORD("credentials"), SECRET_OR_FILE, true },
	{ WORD("authorization"), SECRET_YES, true },
	{ WORD("bearer"), SECRET_YES, true },
};

/* They end like "pass" and are none. */
static const struct word harmless[] = {
	WORD("askpass"), WORD("bypass"), WORD("compass"), WORD("encompass"), WORD("multipass"),
	WORD("overpass"), WORD("rpass"), WORD("surpass"), WORD("trespass"), WORD("underpass"),
};

/* As the last word of a variable's name: it is about a secret. */
static const struct word about[] = {
	WORD("age"), WORD("algorithm"), WORD("arn"), WORD("audience"), WORD("cache"), WORD("check"),
	WORD("cmd"), WORD("command"), WORD("count"), WORD("days"), WORD("dir"), WORD("directory"),
	WORD("disabled"), WORD("enabled"), WORD("endpoint"), WORD("env"), WORD("expiration"),
	WORD("expires"), WORD("expiry"), WORD("fd"), WORD("field"), WORD("file"), WORD("format"),
	WORD("header"), WORD("helper"), WORD("hint"), WORD("host"), WORD("id"), WORD("ids"),
	WORD("issuer"), WORD("length"), WORD("lifetime"), WORD("limit"), WORD("manager"),
	WORD("max"), WORD("min"), WORD("mode"), WORD("name"), WORD("namespace"), WORD("param"),
	WORD("path"), WORD("policy"), WORD("port"), WORD("prompt"), WORD("provider"), WORD("ref"),
	WORD("required"), WORD("script"), WORD("server"), WORD("size"), WORD("source"),
	WORD("stdin"), WORD("store"), WORD("timeout"), WORD("ttl"), WORD("type"), WORD("uri"),
	WORD("url"), WORD("user"), WORD("username"), WORD("version"),
};

/* As the first word of an option's name: the secret is not on the command line. */
static const struct word verbs[] = {
	WORD("allow"), WORD("ask"), WORD("change"), WORD("check"), WORD("create"), WORD("delete"),
	WORD("disable"), WORD("disabled"), WORD("enable"), WORD("gen"), WORD("generate"),
	WORD("hide"), WORD("list"), WORD("no"), WORD("print"), WORD("prompt"), WORD("random"),
	WORD("require"), WORD("reset"), WORD("show"), WORD("skip"), WORD("use"), WORD("verify"),
	WORD("with"), WORD("without"),
};

static const struct word trivial[] = {
	WORD("yes"), WORD("no"), WORD("true"), WORD("false"), WORD("on"), WORD("off"),
	WORD("none"), WORD("null"),
};

/* What the letters of a name up to some word's end say; word: that word. */
static enum secret ends_secret(const char *low, size_t n, struct word word, bool last)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct word *w = &names[i].word;

		if (w->len > n || low[n - 1] != w->s[w->len - 1] ||
		    memcmp(low + n - w->len, w->s, w->len))
			continue;
		if ((names[i].last && !last) || IS_ONE_OF(harmless, word.s, word.len))
			return SECRET_NO;
		return names[i].kind;
	}
	return SECRET_NO;
}

static bool is_sound(char c)
{
	return is_lower(c) || is_upper(c) || is_digit(c);
}

/* PASSWORD2 and token_1 are called like the first. */
static size_t without_number(const char *name, size_t len)
{
	while (len && is_digit(name[len - 1]))
		len--;
	while (len && !is_sound(name[len - 1]))
		len--;
	return len;
}

enum secret secret_name(const char *name, size_t len, bool option)
{
	struct word word = { NULL, 0 };
	enum secret found = SECRET_NO;
	char low[NAME_MOST];
	size_t n = 0, i;

	len = without_number(name, len);
	if (len > NAME_MOST) {
		name += len - NAME_MOST;
		len = NAME_MOST;
	}
	/* where the shell is, and where it was */
	if ((len == 3 && !memcmp(name, "PWD", 3)) || (len == 6 && !memcmp(name, "OLDPWD", 6)))
		return SECRET_NO;
	for (i = 0; i < len; i++) {
		bool last = i + 1 == len;

		if (!is_sound(name[i]))
			continue;
		if (!word.s)
			word.s = low + n;
		low[n++] = is_upper(name[i]) ? (char)(name[i] | 0x20) : name[i];
		if (!last && is_sound(name[i + 1]) && !(is_lower(name[i]) && is_upper(name[i + 1])))
			continue;
		word.len = (uint8_t)(low + n - word.s);
		if (last || (!option && !found)) {
			enum secret here = ends_secret(low, n, word, last);

			if (here || !last)
				found = here;
			else if (found && IS_ONE_OF(about, word.s, word.len))
				found = SECRET_NO;
		}
		if (!last)
			word.s = NULL;
	}
	return found;
}

bool secret_switch(const char *name, size_t len)
{
	size_t n = 0;

	while (len && *name == '-') {
		name++;
		len--;
	}
	while (n < len && is_sound(name[n]))
		n++;
	return n < len && IS_ONE_OF(verbs, name, n);
}

static bool is_path(const char *s, size_t len)
{
	return *s == '/' || (len > 1 && (!memcmp(s, "./", 2) || !memcmp(s, "~/", 2))) ||
	       (len > 2 && !memcmp(s, "../", 3));
}

bool secret_value(enum secret kind, const char *value, size_t len)
{
	if (!len || (len == 1 && is_digit(*value)) || IS_ONE_OF(trivial, value, len))
		return false;
	if (len > 3 && !memcmp(value, "id=", 3))
		return false; /* docker build --secret id=x,src=y */
	return kind != SECRET_OR_FILE || !is_path(value, len);
}

enum shape {
	LONG,	/* least letters at the least */
	MIXED,	/* and both digits and letters among them: the beginning alone is no proof */
	SHOUTED, /* exactly least, capitals and digits only */
	DOTTED, /* three parts */
};

static const struct {
	struct word begin;
	uint8_t least; /* with its beginning */
	enum shape shape;
} tokens[] = {
	{ WORD("ghp_"), 20, LONG },	   { WORD("gho_"), 20, LONG },
	{ WORD("ghu_"), 20, LONG },	   { WORD("ghs_"), 20, LONG },
	{ WORD("ghr_"), 20, LONG },	   { WORD("github_pat_"), 30, LONG },
	{ WORD("glpat-"), 20, LONG },	   { WORD("xoxb-"), 20, LONG },
	{ WORD("xoxp-"), 20, LONG },	   { WORD("xoxa-"), 20, LONG },
	{ WORD("xoxs-"), 20, LONG },	   { WORD("AKIA"), 20, SHOUTED },
	{ WORD("ASIA"), 20, SHOUTED },	   { WORD("AIza"), 39, MIXED },
	{ WORD("eyJ"), 30, DOTTED },	   { WORD("sk-"), 20, MIXED },
	{ WORD("sk_live_"), 20, LONG },	   { WORD("rk_live_"), 20, LONG },
	{ WORD("npm_"), 36, MIXED },	   { WORD("hvs."), 24, LONG },
};

static bool has_shape(enum shape shape, const char *s, size_t len)
{
	size_t digits = 0, capitals = 0, dots = 0, i;

	for (i = 0; i < len; i++) {
		digits += is_digit(s[i]);
		capitals += is_upper(s[i]);
		dots += s[i] == '.';
	}
	switch (shape) {
	case MIXED:
		return digits && digits < len;
	case SHOUTED:
		return digits + capitals == len;
	case DOTTED:
		return dots >= 2;
	default:
		return true;
	}
}

size_t secret_token(const char *s, size_t len, bool cut)
{
	size_t i;

	for (i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		const struct word *begin = &tokens[i].begin;
		size_t least = tokens[i].least;

		if (*s != *begin->s || len <= begin->len || memcmp(s, begin->s, begin->len))
			continue;
		if (cut && (len < least || tokens[i].shape == DOTTED))
			return len;
		if (len < least || (tokens[i].shape == SHOUTED && len > least))
			return 0;
		return has_shape(tokens[i].shape, s, len) ? len : 0;
	}
	return 0;
}
