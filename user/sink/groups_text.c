// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of zombies for people, on one screen: the worst in full, as many as fit, more of them in a
 * row each. Lines are broken here, so that they can be counted.
 */
#include "diagnose/advice.h"
#include "diagnose/cause.h"
#include "sink/wrap.h"

#define SCREEN 50 /* lines */
#define GROUPS 20 /* unless --limit says otherwise */
#define AROUND 12 /* lines before the first group and behind the last */
#define LABEL 16  /* columns: where the text of a group begins */
#define NAMES 5	  /* of dead leaders */

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
	add_wrapped(out, text, column, column);
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

/* When it died is known of those whose death was seen, and so is what they were started as. */
static void add_oldest(struct buf *b, const struct proc *p, uint64_t ts)
{
	buf_printf(b, "; the oldest (%u) ", p->id.pid);
	buf_str(b, p->died ? "died " : "began ");
	add_age(b, p->died ? (p->died < ts ? ts - p->died : 0) : age(p, ts));
	buf_lit(b, " ago");
	if (!p->args)
		return;
	buf_lit(b, " and was: ");
	add_args(b, p);
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

static void add_full(struct sink *s, struct buf *out, const struct stream_groups *told, size_t at,
		     const struct advice *advice)
{
	const struct finding *growth = told->growth ? &told->growth[at] : NULL;
	const struct group *g = &told->groups->at[at];
	struct buf text = { 0 };

	buf_byte(out, '\n');
	if (s->color)
		buf_lit(out, RED);
	buf_printf(out, "%6zu", g->count);
	if (s->color)
		buf_lit(out, RESET);
	add_parent(&text, g->parent);
	add_container(&text, &g->container);
	buf_byte(&text, ' ');
	add_args(&text, g->parent);
	buf_byte(out, ' ');
	add_wrapped(out, &text, 7, 7);
	text.len = 0;
	add_causes(s, out, g, advice, told->ts);
	add_programs(&text, g);
	add_oldest(&text, g->oldest, told->ts);
	add_labelled(s, out, "were", NULL, "", &text);
	add_creators(s, out, g);
	if (growth && growth->p) {
		add_evidence(&text, &growth->evidence);
		add_labelled(s, out, "growth", NULL, "", &text);
	}
	add_list(s, out, "do", CYAN, (char (*)[ADVICE_LEN])advice->act, advice->nacts);
	add_list(s, out, "no help", DIM, (char (*)[ADVICE_LEN])advice->futile, advice->nfutile);
	buf_free(&text);
}

/* One that is in full above, in brief. */
static void add_row(struct sink *s, struct buf *out, const struct group *g,
		    const struct advice *advice, uint64_t ts)
{
	struct buf text = { 0 };

	if (s->color)
		buf_lit(out, RED);
	buf_printf(out, "%6zu", g->count);
	if (s->color)
		buf_lit(out, RESET);
	add_parent(&text, g->parent);
	buf_printf(&text, " %s%s, ", cause_name(g->causes[0].cause), g->ncauses > 1 ? " and more" : "");
	add_age(&text, age(g->oldest, ts));
	buf_lit(&text, ", ");
	add_word(&text, g->programs[0].comm);
	if (g->nprograms > 1)
		buf_lit(&text, " and more");
	buf_lit(&text, "; ");
	add_word(&text, advice->brief);
	buf_byte(out, ' ');
	add_wrapped(out, &text, 7, 7);
	buf_free(&text);
}

static size_t lines_of(const struct buf *b)
{
	size_t i, n = 0;

	for (i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

/*
 * With a limit all are in full. Else the first is, and each that follows as long as the screen has
 * room for it and for a row for each of the others. How many were shown.
 */
static size_t add_groups(struct sink *s, const struct stream_groups *told)
{
	const struct groups *g = told->groups;
	size_t shown = told->limit ? told->limit : GROUPS, used = AROUND, i, n;
	bool full = true, screen = !told->limit;
	struct advice advice;
	struct buf text = { 0 };

	if (shown > g->n)
		shown = g->n;
	for (i = 0; i < shown; i++) {
		advise(&advice, &g->at[i]);
		text.len = 0;
		if (full)
			add_full(s, &text, told, i, &advice);
		n = lines_of(&text);
		if (full && screen && i && used + n + (shown - i - 1) > SCREEN) {
			full = false;
			buf_byte(&s->out, '\n');
		}
		if (!full) {
			text.len = 0;
			add_row(s, &text, &g->at[i], &advice, told->ts);
			n = lines_of(&text);
			if (used + n > SCREEN)
				break; /* rows of strange names may be long */
		}
		used += n;
		buf_add(&s->out, text.data, text.len);
	}
	buf_free(&text);
	return i;
}

static void add_left_out(struct sink *s, const struct groups *g, size_t shown)
{
	size_t i, zombies = 0;

	for (i = shown; i < g->n; i++)
		zombies += g->at[i].count;
	if (zombies)
		buf_printf(&s->out, "\n%zu more parents with %zu zombies are left out (--limit %zu "
			   "shows all)\n", g->n - shown, zombies, g->n);
}

static void add_leaders(struct sink *s, const struct groups *g)
{
	struct buf text = { 0 };
	size_t i;

	if (!g->nleaders)
		return;
	buf_printf(&text, "No zombies, though in state Z: the main thread alone has ended, and "
		   "others run, in %zu: ", g->nleaders);
	for (i = 0; i < g->nleaders && i < NAMES; i++) {
		if (i)
			buf_lit(&text, ", ");
		add_word(&text, g->leaders[i]->comm);
		buf_printf(&text, "(%u)", g->leaders[i]->id.pid);
	}
	if (i < g->nleaders)
		buf_lit(&text, " and more");
	buf_byte(&s->out, '\n');
	add_wrapped(&s->out, &text, 0, 0);
	buf_free(&text);
}

static void add_head(struct sink *s, const struct stream_groups *told)
{
	const struct groups *g = told->groups;
	struct buf *b = &s->out;

	if (g->zombies)
		buf_printf(b, "%zu zombie%s under %zu parent%s%s", g->zombies,
			   g->zombies > 1 ? "s" : "", g->n, g->n > 1 ? "s" : "",
			   g->n > 1 ? ", the worst first" : "");
	else
		buf_lit(b, "no zombies");
	buf_printf(b, " (of %zu processes", g->processes);
	if (g->fresh)
		buf_printf(b, "; just died: %zu", g->fresh);
	if (told->since) {
		buf_lit(b, "; watched for ");
		add_age(b, told->ts - told->since);
	}
	buf_lit(b, ")\n");
}

static void add_foot(struct sink *s, const struct stream_groups *told)
{
	static const char unseen[] =
		"Read from /proc: whether others' processes wait, who is a subreaper and how "
		"the dead ended cannot be seen that way.";
	static const char unknown[] =
		"Only watching can tell when they died, what they were started as, who created "
		"them and how fast they grow: proctrace zombies --watch";
	struct buf text = { 0 };

	buf_byte(&s->out, '\n');
	if (told->from_proc) {
		buf_str(&text, unseen);
		add_wrapped(&s->out, &text, 0, 0);
		text.len = 0;
	}
	if (!told->since)
		buf_str(&text, unknown);
	add_wrapped(&s->out, &text, 0, 0);
	buf_free(&text);
}

void text_groups(struct sink *s, const struct stream_groups *told)
{
	size_t shown;

	s->sequence++;
	add_head(s, told);
	shown = add_groups(s, told);
	add_left_out(s, told->groups, shown);
	add_leaders(s, told->groups);
	if (told->groups->zombies)
		add_foot(s, told);
}
