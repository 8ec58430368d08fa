/* SPDX-License-Identifier: GPL-2.0-only */
/* What secrets are called and look like: words and shapes, wherever they stand. Pure. */
#ifndef PROCTRACE_EVENT_SECRET_H
#define PROCTRACE_EVENT_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* What a name says of its value. */
enum secret {
	SECRET_NO,
	SECRET_YES,
	SECRET_OR_FILE, /* a secret, unless it is the path of a file that has it */
};

/*
 * The name of an option or a variable, in any case, with or without dashes in front:
 * "--db-password", "apiKey", "PGPASSWORD". An option's name must end with what is secret
 * ("--token-path" does not); in that of a variable it may stand anywhere, unless the last word says
 * that it is about a secret and none itself (TOKEN_URL).
 */
enum secret secret_name(const char *name, size_t len, bool option);

/* "--ask-password", "--no-token": these take no value. */
bool secret_switch(const char *name, size_t len);

/* Nothing to hide, though it stands in a secret's place: nothing at all, a digit, "yes", a path. */
bool secret_value(enum secret kind, const char *value, size_t len);

/*
 * How long the token is that s begins with: a key of a well-known kind, by its first letters; 0:
 * none. cut: s was cut at its end, so that a token may be shorter than any is.
 */
size_t secret_token(const char *s, size_t len, bool cut);

#endif
