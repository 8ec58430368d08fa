/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of a line, by their path. What is not there, or is of another type, is not known. */
#ifndef PROCTRACE_SOURCE_LINE_JSON_H
#define PROCTRACE_SOURCE_LINE_JSON_H

#include <jansson.h>

#include "source/line.h"

/* "process.parent.pid"; NULL: it is not there. */
const json_t *json_at(const json_t *object, const char *path);
/* NULL: not known */
const char *json_text(const json_t *object, const char *path);
bool json_number(const json_t *object, const char *path, uint64_t *value);
/* Milliseconds into ns; 0: not known. */
uint64_t json_ms(const json_t *object, const char *path);
bool json_flag(const json_t *object, const char *path);
/* pid and entity id; pid 0: not known. */
struct ident json_ident(const json_t *process);

/* Who the line is about and where it stands: id and facts. 0, or -EBADMSG: it names nobody. */
int line_process(struct line_room *room, const json_t *root, struct event *ev);
/* Its program, as a sight or an exec has it. */
struct line_image {
	struct slice args, exe, cwd;
	uint32_t args_bytes;
	bool args_cut;
	int argc;
};
void line_image(struct line_room *room, const json_t *root, struct line_image *image);
/* The file named to execve, where an interpreter runs it. */
struct slice line_script(struct line_room *room, const json_t *root);
/* A state such as "S<L"; NULL, or one that ps does not know: not known. */
void line_letters(const char *letters, struct sight_facts *s);
/* What a look would have found; the program too. */
void line_sight(struct line_room *room, const json_t *root, struct event *ev);
/* The wait status, from process.exit_code or proctrace.exit.signal; false: not known. */
bool line_status(const json_t *root, uint32_t *status);

#endif
