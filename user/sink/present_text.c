// SPDX-License-Identifier: GPL-2.0-only
/* Orphans and daemons of now for people. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/num.h"
#include "sink/words.h"

#define GROUPS 20 /* unless --limit says otherwise */
#define MEMBERS 5 /* of a group, the same */
#define INDENT 12
#define DEEP 19

static void add_colored(struct sink *s, const char *color, const char *word, int width)
{
	if (s->color && color)
		buf_str(&s->out, color);
	buf_printf(&s->out, "%-*s", width, word);
	if (s->color && color)
		buf_lit(&s->out, RESET);
}

static void add_state(struct buf *b, const struct proc *p)
{
	char letters[5];

	state_letters(p, letters);
	if (*letters)
		buf_printf(b, "[%s] ", letters);
}

static void add_who(struct buf *b, const struct proc *p)
{
	add_word(b, p->comm);
	buf_printf(b, "(%u) ", p->id.pid);
	add_state(b, p);
}

static void add_ms(struct buf *b, uint64_t ns)
{
	buf_printf(b, "%" PRIu64 ".%" PRIu64 " ms", ns / NS_PER_MS, ns % NS_PER_MS / 100000);
}

/* The rest (directory, terminal, descriptors, CPU so far) is in the lines for machines. */
static void add_use(struct buf *b, const struct leftover *l)
{
	if (!l->standing.moment) {
		buf_lit(b, "whether it works is not known");
	} else if (!leftover_works(l)) {
		buf_lit(b, "idle");
	} else {
		buf_lit(b, "works (");
		add_ms(b, l->standing.used);
		buf_lit(b, " CPU in ");
		add_ms(b, l->standing.moment);
		buf_byte(b, ')');
	}
}

static void add_orphan(struct sink *s, const struct leftover *l, uint64_t ts)
{
	struct buf text = { 0 };

	add_who(&text, l->p);
	add_use(&text, l);
	buf_lit(&text, ", began ");
	add_age(&text, age(l->p, ts));
	buf_lit(&text, " ago");
	if (l->p->args) {
		buf_lit(&text, ": ");
		add_command(&text, l->p);
	}
	buf_printf(&s->out, "%*s", INDENT, "");
	add_wrapped(s, &s->out, &text, INDENT, DEEP);
	buf_free(&text);
}

/* What they have in common, and the evidence of the first. */
static void add_orphans(struct sink *s, const struct leftover_group *g,
			const struct stream_leftovers *told)
{
	const struct leftover *first = g->at;
	const struct adoption *a = &first->adoption;
	const char *kind = leftover_kind_name(g->kind);
	size_t shown = told->limit || g->count <= MEMBERS ? g->count : MEMBERS, i;
	struct evidence evidence = { 0 };
	struct buf text = { 0 };

	buf_byte(&s->out, '\n');
	add_colored(s, g->kind == LEFTOVER_STRAY ? RED : NULL, kind ? kind : "not known",
		    INDENT - 1);
	buf_printf(&text, "%zu under ", g->count);
	add_word(&text, a->reaper->comm);
	buf_printf(&text, "(%u), %s%s", a->reaper->id.pid,
		   a->reaper->ns_init ? "an init" : "a subreaper",
		   a->certain ? "" : ", as far as the present shows");
	buf_byte(&s->out, ' ');
	add_wrapped(s, &s->out, &text, INDENT, INDENT);
	text.len = 0;
	leftover_evidence(first, &evidence);
	add_evidence(&text, &evidence);
	buf_printf(&s->out, "%*s", INDENT, "");
	add_wrapped(s, &s->out, &text, INDENT, INDENT);
	for (i = 0; i < shown; i++)
		add_orphan(s, &g->at[i], told->ts);
	if (shown < g->count)
		buf_printf(&s->out, "%*sand %zu more of this origin\n", INDENT, "",
			   g->count - shown);
	buf_free(&text);
}

static void add_sentence(struct sink *s, const char *sentence)
{
	struct buf text = { 0 };

	buf_str(&text, sentence);
	add_wrapped(s, &s->out, &text, 0, 0);
	buf_free(&text);
}

static void add_foot(struct sink *s, const struct leftovers *g, bool from_proc)
{
	char line[160];

	if (g->count || g->unclear)
		buf_byte(&s->out, '\n');
	if (g->unclear) {
		snprintf(line, sizeof(line), "%zu more under reapers show no sign that another had "
			 "started them; a daemon that leads its own session may be among them.",
			 g->unclear);
		add_sentence(s, line);
	}
	if (from_proc)
		add_sentence(s, "Read from /proc: who is a subreaper cannot be seen that way.");
	if (g->count)
		add_sentence(s, "Only watching can tell who had started them, how that one died "
				"and when: proctrace --events orphan");
}

void text_leftovers(struct sink *s, const struct stream_leftovers *told)
{
	const struct leftovers *g = told->leftovers;
	size_t shown = told->limit ? told->limit : GROUPS, i;
	struct buf *b = &s->out;

	s->sequence++;
	if (shown > g->ngroups)
		shown = g->ngroups;
	if (g->count)
		buf_printf(b, "%zu orphan%s of %zu origin%s%s", g->count, plural(g->count),
			   g->ngroups, plural(g->ngroups),
			   g->ngroups > 1 ? ", the most suspicious first" : "");
	else
		buf_lit(b, "no orphans that the present shows");
	buf_printf(b, " (of %zu processes)\n", g->processes);
	for (i = 0; i < shown; i++)
		add_orphans(s, &g->groups[i], told);
	if (shown < g->ngroups)
		buf_printf(b, "\n%zu more origin%s left out (--limit %zu shows all)\n",
			   g->ngroups - shown, g->ngroups - shown > 1 ? "s are" : " is",
			   g->ngroups);
	add_foot(s, g, told->from_proc);
}

static const char *cell(enum answer answer)
{
	static const char *const words[] = { [NOT_KNOWN] = "?", [NO] = "no", [YES] = "yes" };

	return words[answer];
}

static void add_daemon(struct sink *s, const struct daemon *d, uint64_t ts)
{
	static const int widths[STEPS] = { 4, 6, 5, 5, 3, 5, 3, 7 };
	struct evidence evidence = { 0 };
	struct buf text = { 0 }, *b = &s->out;
	int i;

	buf_printf(b, "%7u ", d->p->id.pid);
	add_colored(s, NULL, d->has_kind ? daemon_kind_name(d->kind) : "?", 10);
	for (i = 0; i < STEPS; i++) {
		buf_byte(b, ' ');
		add_colored(s, d->step[i] == YES ? NULL : DIM, cell(d->step[i]), widths[i]);
	}
	buf_byte(b, ' ');
	add_word(b, d->p->comm); /* with 15 bytes it ends in the 80th column */
	buf_byte(b, '\n');
	add_state(&text, d->p);
	if (d->unit.s) {
		escape_text(&text, d->unit.s, d->unit.len, false);
		buf_lit(&text, "; ");
	}
	buf_lit(&text, "began ");
	add_age(&text, age(d->p, ts));
	buf_lit(&text, " ago; ");
	daemon_evidence(d, &evidence);
	add_evidence(&text, &evidence);
	if (d->p->args) {
		buf_lit(&text, ": ");
		add_command(&text, d->p);
	}
	buf_printf(b, "%8s", "");
	add_wrapped(s, b, &text, 8, 8);
	buf_free(&text);
}

void text_daemons(struct sink *s, const struct stream_daemons *told)
{
	const struct daemons *g = told->daemons;
	size_t shown = told->limit && told->limit < g->count ? told->limit : g->count, i;
	struct buf *b = &s->out;

	s->sequence++;
	if (!g->count) {
		buf_printf(b, "no daemons (of %zu processes)\n", g->processes);
		return;
	}
	buf_printf(b, "%zu daemon%s or background process%s, the oldest first (of %zu "
		   "processes)\n\n", g->count, g->count > 1 ? "s" : "",
		   g->count > 1 ? "es" : "", g->processes);
	buf_lit(b, "    PID KIND       FORK SETSID FORK2 NOTTY CWD UMASK FDS PIDFILE NAME\n");
	for (i = 0; i < shown; i++)
		add_daemon(s, &g->at[i], told->ts);
	if (shown < g->count)
		buf_printf(b, "\n%zu more %s left out (--limit %zu shows all)\n", g->count - shown,
			   g->count - shown > 1 ? "are" : "is", g->count);
	buf_byte(b, '\n');
	add_sentence(s, "yes: this step of daemon(7) shows to have been done; no: it does not; ?: "
			"not to be seen. Who started them only watching can tell: proctrace "
			"--events daemon");
	if (told->from_proc)
		add_sentence(s, "Read from /proc: who is a subreaper cannot be seen that way.");
}
