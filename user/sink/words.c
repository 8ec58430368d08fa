// SPDX-License-Identifier: GPL-2.0-only
#include "sink/words.h"

#include "base/clock.h"
#include "base/escape.h"

#define WIDTH 100 /* where there is no terminal */
#define ARGS 60 /* columns of a command line */

void add_word(struct buf *b, const char *s)
{
	escape_text(b, s, strlen(s), false);
}

size_t columns(const char *s, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

void add_wrapped(const struct sink *s, struct buf *out, const struct buf *text, size_t column,
		 size_t indent)
{
	const char *at = text->data, *end = at + text->len;
	size_t most = s->width ? s->width : WIDTH;

	while (at < end) {
		const char *space = memchr(at, ' ', (size_t)(end - at));
		const char *stop = space ? space : end;
		size_t width = columns(at, (size_t)(stop - at));

		if (column > indent && column + 1 + width > most) {
			buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buf_byte(out, ' ');
			column++;
		}
		buf_add(out, at, (size_t)(stop - at));
		column += width;
		at = stop + 1;
	}
	buf_byte(out, '\n');
}

void add_age(struct buf *b, uint64_t ns)
{
	char span[SPAN_LEN];

	clock_span(span, ns);
	buf_str(b, span);
}

uint64_t age(const struct proc *p, uint64_t now)
{
	return p->id.start && p->id.start < now ? now - p->id.start : 0;
}

void add_since(struct buf *b, const struct proc *p, uint64_t now)
{
	buf_printf(b, "(%u) %s ", p->id.pid, p->died ? "died" : "began");
	add_age(b, p->died ? (p->died < now ? now - p->died : 0) : age(p, now));
	buf_lit(b, " ago");
}

void add_command(struct buf *b, const struct proc *p)
{
	const char *at, *end;
	size_t from = b->len;

	if (!p || !p->args)
		return;
	at = p->args->s;
	end = at + p->args->len;
	while (at < end && columns(b->data + from, b->len - from) < ARGS) {
		uint32_t cp;
		size_t len = utf8_next(at, (size_t)(end - at), &cp);

		len = len ? len : 1;
		if (*at)
			escape_text(b, at, len, true);
		else if (at + 1 < end)
			buf_byte(b, ' ');
		at += len;
	}
	if (at < end)
		buf_lit(b, "…");
}

void add_evidence(struct buf *b, const struct evidence *e)
{
	int i;

	for (i = 0; i < e->n; i++) {
		if (i)
			buf_lit(b, "; ");
		add_word(b, e->s[i]);
	}
}
