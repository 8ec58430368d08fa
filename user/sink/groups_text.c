// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of zombies for people, on one screen: the containers with the most, then the worst groups
 * in full, as many as fit, more of them in a row each. Lines are broken here, so that they can be
 * counted.
 */
#include "base/num.h"
#include "diagnose/leak.h"
#include "sink/group_text.h"
#include "sink/words.h"

#define SCREEN 50    /* lines, where there is no terminal */
#define GROUPS 20    /* unless --limit says otherwise */
#define ROWS 4	     /* at least, with the empty line before them */
#define LEFT_OUT 2   /* lines that tell of others */
#define NAMES 5	     /* of dead leaders */
#define CONTAINERS 5 /* on such a screen */

/* What stands behind so many bytes. */
static size_t lines_of(const struct buf *b, size_t from)
{
	size_t i, n = 0;

	for (i = from; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static size_t screen(const struct sink *s)
{
	return s->height ? s->height - 1 : SCREEN; /* the prompt has a line, too */
}

/* Of all that are shown, those from the i-th on in brief. How many there was room for. */
static size_t add_rows(struct sink *s, const struct stream_groups *told, size_t i, size_t shown,
		       size_t room)
{
	struct advice advice;
	struct buf text = { 0 };

	if (i < shown)
		buf_byte(&text, '\n');
	for (; i < shown; i++) {
		advise(&advice, &told->groups->at[i]);
		text_group_row(s, &text, &told->groups->at[i], &advice, told->ts);
		if (lines_of(&text, 0) > room)
			break; /* rows of strange names may be long */
		room -= lines_of(&text, 0);
		buf_add(&s->out, text.data, text.len);
		text.len = 0;
	}
	buf_free(&text);
	return i;
}

/*
 * With a limit all are in full. Else the first is, and each that follows as long as the room, in
 * lines, is enough for it and for a row for each of the others. On a small screen the first goes
 * without what does not help, so that there are some rows. How many were shown.
 */
static size_t add_groups(struct sink *s, const struct stream_groups *told, size_t room)
{
	const struct groups *g = told->groups;
	size_t shown = told->limit ? told->limit : GROUPS, i, n, rows;
	struct advice advice;
	struct buf text = { 0 };

	if (shown > g->n)
		shown = g->n;
	for (i = 0; i < shown; i++) {
		advise(&advice, &g->at[i]);
		text.len = 0;
		text_group(s, &text, told, i, &advice);
		n = lines_of(&text, 0);
		rows = shown - i > 1 ? shown - i : 0;
		if (!i && rows > ROWS)
			rows = ROWS;
		if (!told->limit && n + rows > room && i)
			break;
		if (!told->limit && n + rows > room) {
			advice.nfutile = 0;
			text.len = 0;
			text_group(s, &text, told, i, &advice);
			n = lines_of(&text, 0);
		}
		room -= n < room ? n : room;
		buf_add(&s->out, text.data, text.len);
	}
	buf_free(&text);
	return add_rows(s, told, i, shown, room);
}

static void add_left_out(struct sink *s, const struct groups *g, size_t shown)
{
	size_t i, zombies = 0;
	struct buf text = { 0 };

	for (i = shown; i < g->n; i++)
		zombies += g->at[i].count;
	if (!zombies)
		return;
	buf_printf(&text, "%zu more parent%s with %zu zombie%s %s left out (--limit %zu shows all)",
		   g->n - shown, plural(g->n - shown), zombies, plural(zombies),
		   g->n - shown > 1 ? "are" : "is", g->n);
	buf_byte(&s->out, '\n');
	add_wrapped(s, &s->out, &text, 0, 0);
	buf_free(&text);
}

static void add_leaders(struct sink *s, struct buf *out, const struct groups *g)
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
	buf_byte(out, '\n');
	add_wrapped(s, out, &text, 0, 0);
	buf_free(&text);
}

static void add_head(struct sink *s, const struct stream_groups *told)
{
	const struct groups *g = told->groups;
	struct buf text = { 0 };

	if (g->zombies)
		buf_printf(&text, "%zu zombie%s under %zu parent%s%s", g->zombies,
			   plural(g->zombies), g->n, plural(g->n),
			   g->n > 1 ? ", the worst first" : "");
	else
		buf_lit(&text, "no zombies");
	buf_printf(&text, " (of %zu process%s", g->processes,
		   g->processes == 1 ? "" : "es");
	if (g->fresh)
		buf_printf(&text, "; just died: %zu", g->fresh);
	if (told->since) {
		buf_lit(&text, "; watched for ");
		add_age(&text, told->ts - told->since);
	}
	buf_lit(&text, ")");
	add_wrapped(s, &s->out, &text, 0, 0);
	buf_free(&text);
}

static void add_container(struct sink *s, const struct stream_groups *told, size_t at)
{
	const struct group_container *c = &told->groups->containers[at];
	struct evidence rates = { 0 };
	struct buf text = { 0 };
	struct leak sum;

	container_words(&text, &c->container);
	if (*c->container.pod)
		buf_printf(&text, ", pod %s", c->container.pod);
	buf_printf(&text, ": under %zu parent%s, the oldest ", c->parents,
		   c->parents > 1 ? "s" : "");
	add_since(&text, c->oldest, told->ts);
	if (told->since && told->growth &&
	    container_growth(told->groups, told->growth, at, &sum))
		evidence_rates(&rates, &sum);
	if (rates.n)
		buf_lit(&text, "; ");
	add_evidence(&text, &rates);
	if (s->color)
		buf_lit(&s->out, RED);
	buf_printf(&s->out, "%6zu", c->count);
	if (s->color)
		buf_lit(&s->out, RESET);
	buf_byte(&s->out, ' ');
	add_wrapped(s, &s->out, &text, 7, 7);
	buf_free(&text);
}

/* What lies dead in each, if anything lies in one. */
static void add_containers(struct sink *s, const struct stream_groups *told)
{
	const struct groups *g = told->groups;
	size_t shown = told->limit ? told->limit : CONTAINERS * screen(s) / SCREEN, zombies = 0, i;

	if (!g->ncontainers)
		return;
	buf_lit(&s->out, "\nIn containers:\n");
	for (i = 0; i < g->ncontainers && i < shown; i++)
		add_container(s, told, i);
	for (; i < g->ncontainers; i++)
		zombies += g->containers[i].count;
	if (zombies)
		buf_printf(&s->out, "%6zu in %zu more\n", zombies, g->ncontainers - shown);
}

static void add_foot(struct sink *s, struct buf *out, const struct stream_groups *told)
{
	static const char unseen[] =
		"Read from /proc: whether others' processes wait, who is a subreaper and how "
		"the dead ended cannot be seen that way.";
	static const char unknown[] =
		"Only watching can tell when they died, what they were started as, who created "
		"them and how fast they grow: proctrace zombies --watch";
	struct buf text = { 0 };

	if (!told->groups->zombies || (told->since && !told->from_proc))
		return;
	buf_byte(out, '\n');
	if (told->from_proc) {
		buf_str(&text, unseen);
		add_wrapped(s, out, &text, 0, 0);
		text.len = 0;
	}
	if (!told->since)
		buf_str(&text, unknown);
	add_wrapped(s, out, &text, 0, 0);
	buf_free(&text);
}

void text_groups(struct sink *s, const struct stream_groups *told)
{
	size_t begun = s->out.len, used, shown;
	struct buf behind = { 0 };

	s->sequence++;
	add_head(s, told);
	add_containers(s, told);
	add_leaders(s, &behind, told->groups);
	add_foot(s, &behind, told);
	used = lines_of(&s->out, begun) + lines_of(&behind, 0) + LEFT_OUT;
	shown = add_groups(s, told, screen(s) > used ? screen(s) - used : 0);
	add_left_out(s, told->groups, shown);
	buf_add(&s->out, behind.data, behind.len);
	buf_free(&behind);
}
