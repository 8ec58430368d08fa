/* SPDX-License-Identifier: GPL-2.0-only */
/* What lines say of processes. What is not there, or is of another type, is not known. */
#ifndef PROCTRACE_SOURCE_LINE_JSON_H
#define PROCTRACE_SOURCE_LINE_JSON_H

#include "source/line.h"
#include "source/line_path.h"

/* A number of up to 32 bits; 0: not known. */
uint32_t line_u32(const struct line_room *room, enum line_path path);
/* Milliseconds into ns; 0: not known. */
uint64_t line_ms(const struct line_room *room, enum line_path path);
/* The line's process, and somebody else whom it names: pid and entity id; pid 0: not known. */
struct ident line_ident(const struct line_room *room);
struct ident line_peer(const struct line_room *room, enum line_path peer);

/* Who the line is about and where it stands: id and facts. 0, or -EBADMSG: it names nobody. */
int line_process(struct line_room *room, struct event *ev);
/* Its program, as a sight or an exec has it. */
struct line_image {
	struct slice args, exe, cwd;
	uint32_t args_bytes;
	bool args_cut;
	int argc;
};
void line_image(struct line_room *room, struct line_image *image);
/* The file named to execve, where an interpreter runs it. */
struct slice line_script(struct line_room *room);
/* A state such as "S<L"; NULL, or one that ps does not know: not known. */
void line_letters(const char *letters, struct sight_facts *s);
/* What a look would have found; the program too. */
void line_sight(struct line_room *room, struct event *ev);
/* The wait status, from process.exit_code or proctrace.exit.signal; false: not known. */
bool line_status(const struct line_room *room, uint32_t *status);

#endif
