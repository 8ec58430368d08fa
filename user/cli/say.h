/* SPDX-License-Identifier: GPL-2.0-only */
/* What the program says to people, on stderr: one line each, nothing a terminal would act on. */
#ifndef PROCTRACE_CLI_SAY_H
#define PROCTRACE_CLI_SAY_H

/* "proctrace: …" */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Without the name in front. */
void say_plain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
