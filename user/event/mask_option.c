// SPDX-License-Identifier: GPL-2.0-only
/* Options that take a secret, by their own name or by that of the program. */
#include "event/mask_reading.h"

struct word {
	const char *s;
	size_t len;
};

#define WORD(literal) { literal, sizeof(literal) - 1 }

static const struct {
	struct word begin; /* of the program's name */
	enum program program;
} programs[] = {
	{ WORD("mysql"), MYSQL }, { WORD("mariadb"), MYSQL },	{ WORD("sshpass"), SSHPASS },
	{ WORD("curl"), CURL },	  { WORD("redis-cli"), REDIS }, { WORD("ldap"), LDAP },
};

enum how {
	JOINED = 1, /* -pSECRET */
	APART = 2,  /* -p SECRET */
	LOGIN = 4,  /* the secret stands behind a colon */
	ONCE = 8,   /* what follows is another program's */
};

static const struct taker {
	enum program program;
	struct word option;
	unsigned int how;
} takers[] = {
	{ MYSQL, WORD("-p"), JOINED },
	{ SSHPASS, WORD("-p"), JOINED | APART | ONCE },
	{ CURL, WORD("-u"), JOINED | APART | LOGIN },
	{ CURL, WORD("-U"), JOINED | APART | LOGIN },
	{ CURL, WORD("--user"), APART | LOGIN },
	{ CURL, WORD("--proxy-user"), APART | LOGIN },
	{ REDIS, WORD("-a"), APART },
	{ LDAP, WORD("-w"), JOINED | APART },
};

/* Where the option's value may begin, joined to it or not. NULL: it is another option. */
static const char *behind_option(const struct taker *t, const char *run, const char *stop)
{
	size_t len = (size_t)(stop - run), n = t->option.len;

	if (len == n && !memcmp(run, t->option.s, n))
		return stop;
	if (n > 2 || run[1] == '-')
		return NULL;
	if (run[1] == t->option.s[1])
		return t->how & JOINED ? run + n : NULL;
	/* -sSu is -s -S -u */
	return (t->how & APART) && len < 8 && stop[-1] == t->option.s[1] ? stop : NULL;
}

/* The value of a program's option, in the same argument or in the next. */
static const char *take(struct reading *r, const struct taker *t, const char *run, const char *from)
{
	const char *to;
	bool quoted;

	if (t->how & ONCE)
		r->program = ANY;
	if (from == r->end && (t->how & APART))
		r->due = t->how & LOGIN ? BEHIND_COLON : WHOLE;
	if (from == r->end || (is_space(*from) && !(t->how & APART)))
		return from;
	from = skip_spaces(from, r->end);
	from += from < r->end && *from == '=';
	to = run == r->arg && !r->command ? r->end : mask_word_end(r, from, "");
	quoted = to - from >= 2 && is_quote(*from) && to[-1] == *from;
	if (t->how & LOGIN)
		hide_login(r, from + quoted, to - quoted);
	else
		hide(r, from + quoted, to - quoted);
	return to;
}

const char *mask_option(struct reading *r, const char *run, const char *stop)
{
	size_t len = (size_t)(stop - run), i;
	enum secret kind;
	const char *from;

	for (i = 0; r->program != ANY && i < sizeof(takers) / sizeof(takers[0]); i++) {
		if (takers[i].program != r->program)
			continue;
		from = behind_option(&takers[i], run, stop);
		if (from)
			return take(r, &takers[i], run, from);
	}
	if (len < 5 || (stop < r->end && !is_space(*stop)))
		return NULL;
	kind = secret_name(run, len, true);
	if (!kind || secret_switch(run, len))
		return NULL;
	if (stop == r->end) {
		r->due = kind == SECRET_OR_FILE ? VALUE_OR_FILE : VALUE;
		return stop;
	}
	from = skip_spaces(stop, r->end);
	if (from < r->end && *from == '-')
		return NULL;
	return mask_value(r, kind, from, (struct place){ ' ', false });
}

/* A bare word, or in a directory of programs; the first argument in any directory. */
void mask_program(struct reading *r, const char *run, const char *stop)
{
	size_t len = (size_t)(stop - run), i;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const struct word *begin = &programs[i].begin;

		if (*run != *begin->s || len < begin->len || memcmp(run, begin->s, begin->len))
			continue;
		if (begins_word(r, run) || kind_of(run[-1]) == BREAK ||
		    (run[-1] == '/' && (r->arg == r->args || (run - r->arg >= 4 &&
							      !memcmp(run - 4, "bin/", 4)))))
			r->program = programs[i].program;
	}
}

bool mask_due(struct reading *r)
{
	size_t len = (size_t)(r->end - r->arg);
	enum due due = r->due;
	enum secret kind = due == VALUE_OR_FILE ? SECRET_OR_FILE : SECRET_YES;

	r->due = NOTHING;
	switch (due) {
	case NOTHING:
		return false;
	case WHOLE:
		hide(r, r->arg, r->end);
		return true;
	case BEHIND_COLON:
		hide_login(r, r->arg, r->end);
		return true;
	default:
		/* another option: the one before takes no value, or asks for it */
		if ((len == 2 ? *r->arg == '-' : len > 2 && !memcmp(r->arg, "--", 2)) &&
		    !(r->cut && r->end == r->args_end))
			return false;
		if (secret_value(kind, r->arg, len))
			hide(r, r->arg, r->end);
		return true;
	}
}
