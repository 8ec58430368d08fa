/* SPDX-License-Identifier: GPL-2.0-only */
/* The reading of arguments in search of secrets: what mask.c and its helpers share. */
#ifndef PROCTRACE_EVENT_MASK_READING_H
#define PROCTRACE_EVENT_MASK_READING_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "event/secret.h"

/* Programs that take a secret by an option whose name does not tell. */
enum program { ANY, MYSQL, SSHPASS, CURL, REDIS, LDAP };

/* What the option before has made of an argument. */
enum due {
	NOTHING,
	VALUE, /* a secret, unless it is another option */
	VALUE_OR_FILE,
	WHOLE,
	BEHIND_COLON,
};

struct span {
	uint32_t from, to;
};

struct reading {
	struct buf *spans; /* struct span: what is to be hidden, in no order */
	const char *args, *args_end;
	const char *arg, *end; /* the argument that is read */
	bool cut;	       /* the last argument went on behind args_end */
	bool command;	       /* it is a command line of its own: sh -c '...' */
	bool header;	       /* it stands behind -H */
	uint8_t open;	       /* the quotes that are open at this place: 1 ', 2 " */
	enum program program;
	enum due due;
};

/* Where a key stands, which tells where its value ends. */
struct place {
	char before;  /* the byte before the key; 0: none, it begins the argument */
	bool escaped; /* that byte is a quote behind a backslash */
};

/* What a byte may be part of. */
enum kind {
	OTHER,
	LETTER, /* of an option, a name, a key, a token: they come in runs */
	QUOTE,
	BREAK, /* behind it, a shell begins another command */
};

extern const uint8_t mask_kinds[256];

static inline enum kind kind_of(char c)
{
	return (enum kind)mask_kinds[(unsigned char)c];
}

static inline bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool is_quote(char c)
{
	return kind_of(c) == QUOTE;
}

static inline uint8_t quote_bit(char c)
{
	return c == '"' ? 2 : 1;
}

static inline const char *skip_spaces(const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	return at;
}

/* A word of the argument's text begins here. */
static inline bool begins_word(const struct reading *r, const char *at)
{
	return at == r->arg || is_space(at[-1]) || is_quote(at[-1]);
}

static inline void hide(struct reading *r, const char *from, const char *to)
{
	struct span span = { (uint32_t)(from - r->args), (uint32_t)(to - r->args) };

	if (from < to)
		buf_add(r->spans, &span, sizeof(span));
}

/* "user:password" */
static inline void hide_login(struct reading *r, const char *from, const char *to)
{
	const char *colon = memchr(from, ':', (size_t)(to - from));

	if (colon)
		hide(r, colon + 1, to);
}

/*
 * mask_value.c: the end of a word of a command line; and the value that begins at "from", hidden.
 * Gives where to go on.
 */
const char *mask_word_end(const struct reading *r, const char *at, const char *stops);
const char *mask_value(struct reading *r, enum secret kind, const char *from, struct place place);

/*
 * mask_option.c: an option, from its dash to the end of its name; gives where to go on, NULL: it
 * says nothing. A word that may name a program. The argument behind an option: true if all of it
 * was done with.
 */
const char *mask_option(struct reading *r, const char *run, const char *stop);
void mask_program(struct reading *r, const char *run, const char *stop);
bool mask_due(struct reading *r);

/* mask_text.c: keys, URLs and tokens, wherever they stand in an argument; and options in it. */
void mask_text(struct reading *r);

#endif
