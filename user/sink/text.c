// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream for people: one line an event, columns TIME ACTION PID PPID NAME DETAIL. All that a
 * stranger may have written goes through the escaper.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/num.h"
#include "diagnose/cause.h"
#include "sink/words.h"

static void pad_to(struct buf *b, size_t from, size_t width)
{
	while (b->len - from < width)
		buf_byte(b, ' ');
	buf_byte(b, ' ');
}

static void begin(struct sink *s, uint64_t ts, const char *action, const struct proc *p,
		  const char *color)
{
	struct buf *b = &s->out;
	size_t at;

	s->sequence++;
	clock_hms(b, ts + (uint64_t)s->wall_offset);
	buf_byte(b, ' ');
	if (s->color && color)
		buf_str(b, color);
	at = b->len;
	buf_str(b, action);
	pad_to(b, at, 14);
	if (s->color && color)
		buf_lit(b, RESET);
	if (!p) {
		buf_printf(b, "%7s %7s %-15s ", "-", "-", "-");
		return;
	}
	buf_printf(b, "%7u ", p->id.pid);
	if (p->parent)
		buf_printf(b, "%7u ", p->parent->id.pid);
	else
		buf_printf(b, "%7s ", p->id.pid == 1 || p->kthread ? "0" : "?");
	at = b->len;
	add_word(b, p->comm);
	pad_to(b, at, 15);
}

static void end(struct sink *s)
{
	struct buf *b = &s->out;

	while (b->len && b->data[b->len - 1] == ' ')
		b->len--;
	buf_byte(b, '\n');
}

/* As a shell shows it, near enough: spaces inside an argument are escaped. */
static void add_args(struct buf *b, const struct proc *p)
{
	const char *at, *stop;

	if (!p->args) {
		if (p->exe)
			escape_text(b, p->exe->s, p->exe->len, false);
		return;
	}
	at = p->args->s;
	stop = at + p->args->len;
	while (at < stop) {
		size_t len = strnlen(at, (size_t)(stop - at));

		if (!len)
			buf_lit(b, "''");
		escape_text(b, at, len, true);
		buf_byte(b, ' ');
		at += len + 1;
	}
	if (p->args_cut)
		buf_printf(b, "… (%u bytes) ", p->args_bytes);
}

static void add_duration(struct buf *b, uint64_t ns)
{
	if (ns < 10 * NS_PER_S)
		buf_printf(b, "%" PRIu64 ".%03u s", ns / NS_PER_S,
			   (unsigned int)(ns % NS_PER_S / NS_PER_MS));
	else if (ns < 3600 * NS_PER_S)
		buf_printf(b, "%" PRIu64 "m%02us", ns / NS_PER_S / 60,
			   (unsigned int)(ns / NS_PER_S % 60));
	else
		buf_printf(b, "%" PRIu64 "h%02um", ns / NS_PER_S / 3600,
			   (unsigned int)(ns / NS_PER_S / 60 % 60));
}

static void add_peer(struct buf *b, struct ident id, const char *comm)
{
	if (comm)
		add_word(b, comm);
	buf_printf(b, "(%u)", id.pid);
}

static void add_class(struct buf *b, const struct proc *p)
{
	char letters[5];

	state_letters(p, letters);
	if (*letters)
		buf_printf(b, "%s ", letters);
	if (p->class != CLASS_UNKNOWN)
		buf_printf(b, "[%s] ", class_name(p->class));
}

static void add_session(struct buf *b, uint32_t sid, uint32_t tty)
{
	buf_printf(b, "sid %u ", sid);
	if (tty)
		buf_printf(b, "tty %u:%u ", tty >> 8 & 0xfff, (tty & 0xff) | (tty >> 12 & 0xfff00));
	else
		buf_lit(b, "no tty ");
}

static void add_killer(struct buf *b, const struct exit_facts *x)
{
	if (x->oom)
		buf_lit(b, " by the OOM killer");
	else if (x->killer_known && !x->killer.pid)
		buf_lit(b, " by the kernel");
	else if (x->killer_known) {
		buf_lit(b, " by ");
		add_peer(b, x->killer, x->killer_comm);
	}
}

static void add_exit(struct buf *b, const struct change *c)
{
	const struct exit_facts *x = &c->event->exit;
	char words[64];

	if (c->p->has_status) {
		status_words(c->p->status, words, sizeof(words));
		buf_str(b, words);
	}
	if (c->event->kind != EVENT_EXIT) {
		buf_str(b, c->p->has_status ? " unseen" : "unseen");
		return;
	}
	if (WIFSIGNALED((int)x->status))
		add_killer(b, x);
	if (c->p->id.start && c->ts >= c->p->id.start) {
		buf_lit(b, " after ");
		add_duration(b, c->ts - c->p->id.start);
	}
}

/* A release that is told late bounds the time: it is none for which the process stood as a zombie. */
static void add_reap(struct buf *b, const struct change *c)
{
	bool stood = c->u.reap.was_zombie || c->u.reap.precision == REAP_EXACT;

	if (c->u.reap.how == REAP_AUTO)
		buf_lit(b, "by itself (its parent ignores SIGCHLD)");
	else if (c->u.reap.reaper.pid) {
		buf_lit(b, "by ");
		add_peer(b, c->u.reap.reaper, c->u.reap.reaper_comm);
	}
	if (c->u.reap.has_zombie && c->u.reap.how != REAP_AUTO) {
		buf_str(b, stood ? " after " : " within ");
		add_duration(b, c->u.reap.zombie);
		buf_str(b, stood ? " as a zombie" : " of its death");
	}
}

static void write_change(struct sink *s, const struct change *c)
{
	struct buf *b = &s->out;

	begin(s, c->ts, change_action(c->kind), c->p, c->kind == CHANGE_SNAPSHOT ? DIM : NULL);
	switch (c->kind) {
	case CHANGE_SNAPSHOT:
		add_class(b, c->p);
		add_args(b, c->p);
		break;
	case CHANGE_EXEC:
		add_args(b, c->p);
		break;
	case CHANGE_FORK:
		if (c->p->creator.pid && c->p->parent &&
		    !ident_same(c->p->creator, c->p->parent->id)) {
			buf_lit(b, "created by ");
			add_peer(b, c->p->creator, c->p->creator_comm);
		}
		break;
	case CHANGE_SESSION:
		add_session(b, c->u.session.sid, c->u.session.tty);
		buf_lit(b, "-> ");
		add_session(b, c->p->sid, c->p->tty);
		break;
	case CHANGE_EXIT:
		add_exit(b, c);
		break;
	case CHANGE_REAP:
		add_reap(b, c);
		break;
	case CHANGE_THREAD_START:
	case CHANGE_THREAD_EXIT:
		buf_printf(b, "tid %u", c->event->thread.tid);
		break;
	default:
		break;
	}
	if (c->inferred)
		buf_lit(b, " (inferred)");
	end(s);
}

static void write_zombie(struct sink *s, const struct finding *f)
{
	const struct proc *parent = f->u.zombie.responsible;
	struct buf *b = &s->out;
	int cause;

	if (f->p->died) {
		buf_lit(b, "for ");
		add_duration(b, f->ts - f->p->died);
	} else if (f->p->death_told) {
		buf_lit(b, "since nobody knows when");
	} else {
		buf_lit(b, "since before tracing began");
	}
	if (parent) {
		buf_lit(b, ", must be reaped by ");
		add_peer(b, parent->id, parent->comm);
	}
	buf_printf(b, ", cause: %s", cause_name(f->u.zombie.cause));
	for (cause = 0; cause < CAUSES; cause++)
		if (f->u.zombie.also & 1u << cause)
			buf_printf(b, ", also %s", cause_name(cause));
	buf_lit(b, " (");
	add_evidence(b, &f->evidence);
	buf_byte(b, ')');
	if (!f->p->args)
		return; /* it was dead already when it was first seen */
	buf_lit(b, " was: ");
	add_args(b, f->p);
}

static void add_container(struct buf *b, const struct proc *p)
{
	struct container c;

	if (!proc_container(p, &c))
		return;
	buf_lit(b, "in ");
	container_words(b, &c);
	buf_lit(b, ": ");
}

static void write_finding(struct sink *s, const struct finding *f)
{
	static const struct {
		enum finding_kind kind;
		const char *color;
	} colors[] = {
		{ FINDING_ORPHAN, YELLOW }, { FINDING_ZOMBIE, RED }, { FINDING_DAEMON, CYAN },
		{ FINDING_ZOMBIE_LEAK, RED },
	};
	struct buf *b = &s->out;
	const char *color = NULL;
	size_t i;

	for (i = 0; i < sizeof(colors) / sizeof(colors[0]); i++)
		if (colors[i].kind == f->kind)
			color = colors[i].color;
	begin(s, f->ts, finding_action(f->kind), f->p, color);
	add_container(b, f->p);
	switch (f->kind) {
	case FINDING_ORPHAN:
		if (f->u.orphan.kind != ORPHAN_UNKNOWN)
			buf_printf(b, "%s, ", orphan_kind_name(f->u.orphan.kind));
		buf_lit(b, "adopted by ");
		add_peer(b, f->u.orphan.adopter, f->u.orphan.adopter_comm);
		buf_lit(b, ": ");
		add_evidence(b, &f->evidence);
		break;
	case FINDING_ZOMBIE:
		write_zombie(s, f);
		break;
	case FINDING_DAEMON:
		buf_printf(b, "%s: ", daemon_kind_name(f->u.daemon.kind));
		add_evidence(b, &f->evidence);
		buf_lit(b, ": ");
		add_args(b, f->p);
		break;
	case FINDING_ZOMBIE_LEAK:
		buf_printf(b, "cause: %s: ", cause_name(f->u.leak.cause));
		add_evidence(b, &f->evidence);
		break;
	case FINDING_ZOMBIE_CLEARED:
		buf_lit(b, "reaped ");
		add_reap(b, f->u.reap);
		break;
	default:
		break;
	}
	end(s);
}

/* stderr says what is on; stdout says what the columns are. */
static void write_start(struct sink *s, const struct stream_start *start)
{
	(void)start;
	buf_printf(&s->out, "%-12s %-14s %7s %7s %-15s %s\n", "TIME", "ACTION", "PID", "PPID",
		   "NAME", "DETAIL");
}

static void write_lost(struct sink *s, const struct stream_lost *lost)
{
	struct buf *b = &s->out;

	begin(s, lost->ts, "lost", NULL, RED);
	buf_u64(b, lost->count);
	buf_byte(b, ' ');
	add_word(b, lost->kind);
	buf_printf(b, " record%s (", plural(lost->count));
	add_word(b, lost->cause);
	buf_byte(b, ')');
	end(s);
}

static void write_resync(struct sink *s, const struct stream_resync *resync)
{
	struct buf *b = &s->out;
	int i;

	begin(s, resync->ts, "resync", NULL, YELLOW);
	add_word(b, resync->reason);
	buf_printf(b, ": %" PRIu64 " process%s checked; inferred:", resync->checked,
		   resync->checked == 1 ? "" : "es");
	for (i = next_inferred(resync, 0); i < CHANGES; i = next_inferred(resync, i + 1))
		buf_printf(b, " %" PRIu64 " %s", resync->inferred[i], change_action(i));
	end(s);
}

static void write_clock(struct sink *s, const struct stream_clock *clock)
{
	uint64_t by = clock->step < 0 ? 0 - (uint64_t)clock->step : (uint64_t)clock->step;

	begin(s, clock->ts, "clock", NULL, YELLOW);
	buf_printf(&s->out, "the wall clock was set %s by ", clock->step < 0 ? "back" : "forward");
	add_duration(&s->out, by);
	end(s);
}

static void write_stop(struct sink *s, const struct stream_stop *stop)
{
	(void)s;
	(void)stop;
}

const struct sink_ops text_sink = {
	.start = write_start,
	.change = write_change,
	.finding = write_finding,
	.lost = write_lost,
	.resync = write_resync,
	.clock = write_clock,
	.stop = write_stop,
	.groups = text_groups,
	.leftovers = text_leftovers,
	.daemons = text_daemons,
};
