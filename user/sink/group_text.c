// SPDX-License-Identifier: GPL-2.0-only
#include "sink/group_text.h"

#include "diagnose/cause.h"
#include "sink/words.h"

#define LABEL 16 /* columns: where the text of a group begins */

/* "  label  text", the text in a column of its own behind a bullet. */
static void add_labelled(struct sink *s, struct buf *out, const char *label, const char *color,
			 const char *bullet, struct buf *text)
{
	size_t column = LABEL + strlen(bullet);

	if (s->color && color)
		buf_str(out, color);
	buf_printf(out, "%7s%-*s", "", LABEL - 7, label);
	if (s->color && color)
		buf_lit(out, RESET);
	buf_str(out, bullet);
	add_wrapped(s, out, text, column, column);
	text->len = 0;
}

static void add_parent(struct buf *b, const struct proc *p)
{
	char letters[5];

	if (!p) {
		buf_lit(b, "a parent that cannot be seen");
		return;
	}
	add_word(b, p->stub ? "?" : p->comm);
	buf_printf(b, "(%u)", p->id.pid);
	state_letters(p, letters);
	if (*letters)
		buf_printf(b, " [%s]", letters);
}

static void add_programs(struct buf *b, const struct group *g)
{
	int i;

	for (i = 0; i < g->nprograms; i++) {
		if (i)
			buf_lit(b, ", ");
		add_word(b, g->programs[i].comm);
		buf_printf(b, " %zu", g->programs[i].count);
	}
	if (g->other_programs)
		buf_printf(b, ", others %zu", g->other_programs);
}

static void add_causes(struct sink *s, struct buf *out, const struct group *g,
		       const struct advice *advice, uint64_t ts)
{
	struct buf text = { 0 };
	struct finding f;
	int i;

	for (i = 0; i < g->ncauses; i++) {
		const struct group_cause *cause = &g->causes[i];

		group_evidence(cause, ts, &f);
		buf_str(&text, cause_name(cause->cause));
		if (g->ncauses > 1)
			buf_printf(&text, " (%zu)", cause->count);
		if (!group_cause_certain(cause))
			buf_lit(&text, ", as far as the present shows");
		if (f.evidence.n)
			buf_lit(&text, ": ");
		add_evidence(&text, &f.evidence);
		add_labelled(s, out, i ? "and" : "cause", NULL, "", &text);
	}
	if (advice->watch) {
		buf_printf(&text, "%s: only watching can tell", advice->watch);
		add_labelled(s, out, "unknown", NULL, "", &text);
	}
	buf_free(&text);
}

static void add_list(struct sink *s, struct buf *out, const char *label, const char *color,
		     char (*sentences)[ADVICE_LEN], int n)
{
	struct buf text = { 0 };
	int i;

	for (i = 0; i < n; i++) {
		add_word(&text, sentences[i]);
		add_labelled(s, out, i ? "" : label, color, "- ", &text);
	}
	buf_free(&text);
}

static void add_container(struct buf *b, const struct container *c)
{
	if (!c->id.s && !c->name.s)
		return;
	buf_lit(b, " in ");
	container_words(b, c);
	if (*c->pod)
		buf_printf(b, ", pod %s", c->pod);
	buf_byte(b, ':');
}

/* What it was started as is known of those who were seen to run. */
static void add_oldest(struct buf *b, const struct proc *p, uint64_t ts)
{
	buf_lit(b, "; the oldest ");
	add_since(b, p, ts);
	if (!p->args)
		return;
	buf_lit(b, " and was: ");
	add_command(b, p);
}

static void add_creators(struct sink *s, struct buf *out, const struct group *g)
{
	struct buf text = { 0 };
	int i;

	for (i = 0; i < g->ncreators; i++) {
		if (i)
			buf_lit(&text, ", ");
		add_word(&text, g->creators[i].comm);
		buf_printf(&text, "(%u) %zu", g->creators[i].id.pid, g->creators[i].count);
	}
	if (g->ncreators)
		add_labelled(s, out, "made by", NULL, "", &text);
	buf_free(&text);
}

/* How many go out at once; whose they are begins a text that may be wrapped. */
static void begin_group(struct sink *s, struct buf *out, struct buf *text, const struct group *g)
{
	if (s->color)
		buf_lit(out, RED);
	buf_printf(out, "%6zu", g->count);
	if (s->color)
		buf_lit(out, RESET);
	add_parent(text, g->parent);
}

void text_group(struct sink *s, struct buf *out, const struct stream_groups *told, size_t at,
		const struct advice *advice)
{
	const struct finding *growth = told->growth ? &told->growth[at] : NULL;
	const struct group *g = &told->groups->at[at];
	struct buf text = { 0 };

	buf_byte(out, '\n');
	begin_group(s, out, &text, g);
	add_container(&text, &g->container);
	buf_byte(&text, ' ');
	add_command(&text, g->parent);
	buf_byte(out, ' ');
	add_wrapped(s, out, &text, 7, 7);
	text.len = 0;
	add_causes(s, out, g, advice, told->ts);
	add_programs(&text, g);
	add_oldest(&text, g->oldest, told->ts);
	add_labelled(s, out, "were", NULL, "", &text);
	add_creators(s, out, g);
	if (growth && growth->p && growth->evidence.n) {
		add_evidence(&text, &growth->evidence);
		add_labelled(s, out, told->since ? "growth" : "limits", NULL, "", &text);
	}
	add_list(s, out, "do", CYAN, (char (*)[ADVICE_LEN])advice->act, advice->nacts);
	add_list(s, out, "no help", DIM, (char (*)[ADVICE_LEN])advice->futile, advice->nfutile);
	buf_free(&text);
}

void text_group_row(struct sink *s, struct buf *out, const struct group *g,
		    const struct advice *advice, uint64_t ts)
{
	struct buf text = { 0 };

	begin_group(s, out, &text, g);
	buf_printf(&text, " %s%s, ", cause_name(g->causes[0].cause), g->ncauses > 1 ? " and more" : "");
	add_age(&text, age(g->oldest, ts));
	buf_lit(&text, ", ");
	add_word(&text, g->programs[0].comm);
	if (g->nprograms > 1)
		buf_lit(&text, " and more");
	buf_lit(&text, "; ");
	add_word(&text, advice->brief);
	buf_byte(out, ' ');
	add_wrapped(s, out, &text, 7, 7);
	buf_free(&text);
}
