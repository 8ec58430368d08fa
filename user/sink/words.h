/* SPDX-License-Identifier: GPL-2.0-only */
/* For people: words through the escaper, in lines that are broken here, and their colours. */
#ifndef PROCTRACE_SINK_WORDS_H
#define PROCTRACE_SINK_WORDS_H

#include "sink/sink.h"

#define RED "\033[1;31m"
#define YELLOW "\033[1;33m"
#define CYAN "\033[1;36m"
#define DIM "\033[2m"
#define RESET "\033[0m"

void add_word(struct buf *b, const char *s);
/* How many columns of a terminal a text takes, a character each. */
size_t columns(const char *s, size_t len);
/* Words of text, broken at the width; column: where the line stands; further lines begin at indent. */
void add_wrapped(const struct sink *s, struct buf *out, const struct buf *text, size_t column,
		 size_t indent);
void add_age(struct buf *b, uint64_t ns);
/* How old it is, in ns; 0: not known. */
uint64_t age(const struct proc *p, uint64_t now);
/* "(4711) died 3s ago", of one whose death was seen; else when it began. */
void add_since(struct buf *b, const struct proc *p, uint64_t now);
/* The beginning of its command line, as a shell shows it, near enough. */
void add_command(struct buf *b, const struct proc *p);
/* All of it, in one line. */
void add_evidence(struct buf *b, const struct evidence *e);

#endif
