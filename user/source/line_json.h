/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of a line, by their path. What is not there, or is of another type, is not known. */
#ifndef PROCTRACE_SOURCE_LINE_JSON_H
#define PROCTRACE_SOURCE_LINE_JSON_H

#include "base/json.h"
#include "source/line.h"

/* The line, and those of its members that most is asked of, found once. NULL: it has none such. */
struct members {
	const struct json *root, *event, *process, *proctrace, *user;
	const struct json *raw; /* proctrace.raw: exact bytes, in base64 */
};

/* Milliseconds into ns; 0: not known. */
uint64_t json_ms(const struct json *object, const char *path);
/* pid and entity id; pid 0: not known. */
struct ident json_ident(const struct json *process);

/* Who the line is about and where it stands: id and facts. 0, or -EBADMSG: it names nobody. */
int line_process(struct line_room *room, const struct members *in, struct event *ev);
/* Its program, as a sight or an exec has it. */
struct line_image {
	struct slice args, exe, cwd;
	uint32_t args_bytes;
	bool args_cut;
	int argc;
};
void line_image(struct line_room *room, const struct members *in, struct line_image *image);
/* The file named to execve, where an interpreter runs it. */
struct slice line_script(struct line_room *room, const struct members *in);
/* A state such as "S<L"; NULL, or one that ps does not know: not known. */
void line_letters(const char *letters, struct sight_facts *s);
/* What a look would have found; the program too. */
void line_sight(struct line_room *room, const struct members *in, struct event *ev);
/* The wait status, from process.exit_code or proctrace.exit.signal; false: not known. */
bool line_status(const struct members *in, uint32_t *status);

#endif
