/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads one JSON text (RFC 8259), in place and without an allocation a value: recordings have lines
 * by the million, and a library that builds a tree of objects took 20 of the 26 us a line.
 */
#ifndef PROCTRACE_BASE_JSON_H
#define PROCTRACE_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 64 /* arrays and objects within each other */
#define JSON_NAME_WORDS 3 /* as many hold the longest name in a path */

enum json_type {
	JSON_TYPE_NULL,
	JSON_TYPE_FALSE,
	JSON_TYPE_TRUE,
	JSON_TYPE_INTEGER,
	JSON_TYPE_REAL,
	JSON_TYPE_STRING,
	JSON_TYPE_ARRAY,
	JSON_TYPE_OBJECT,
};

/* A value. What an array or an object holds follows it, each value with all that is in it. */
struct json {
	const char *key; /* in an object: its name there, NUL-terminated; else NULL */
	union {
		const char *s; /* len bytes and a NUL */
		int64_t integer;
		double real;
	} u;
	uint32_t len;  /* of a string in bytes; of an array or an object in values */
	uint32_t span; /* how many values this is, with all that are in it */
	uint32_t begin; /* where in the text */
	enum json_type type;
};

/* A member that is asked for. Its siblings stand in a list, in the order in which they were listed. */
struct json_path {
	const char *name; /* within its object */
	uint32_t len;
	uint32_t number; /* the place in the list */
	/* the name and its closing quote as they stand in a text, and which bytes of that count */
	uint64_t written[JSON_NAME_WORDS], mask[JSON_NAME_WORDS];
	struct json_path *child, *next;
};

/* Where values are kept; reused from text to text, {0} to begin with. */
struct json_room {
	struct json *at;
	uint32_t n, room;
	struct json_path *paths; /* NULL: nothing is asked for by its path */
	uint32_t npaths;
	uint32_t *found; /* by path: where the value is; 0: there is none */
	uint32_t *own;	 /* owned: that is found after json_read() */
	struct json_layouts *layouts; /* of texts that json_find() has read */
};

/*
 * What is to be found in every text that is read from now on: list[1] to list[n - 1] are paths like
 * "parent.pid", borrowed; list[0] is the text itself. An object stands before its members. They are
 * found in any order, and at once where they follow each other as in the list.
 */
void json_paths(struct json_room *room, const char *const *list, uint32_t n);
void json_room_free(struct json_room *room);

/*
 * The values of text, whose text[len] is a NUL, and which is written over: strings stay in it,
 * without their escapes. NULL if it is no JSON, with *why saying what is wrong (a constant). As
 * strict as jansson: an array or an object, all UTF-8, no \u0000, integers of 64 bits. Of a name that
 * stands twice in an object, the first counts.
 */
const struct json *json_read(struct json_room *room, char *text, size_t len, const char **why);

/*
 * The same for whoever asks by path alone, which json_paths() tells: of other values there need not
 * be any, nor of what is in an object of which members are listed. Texts that are alike but for their
 * values, as the lines of a stream are, are read several times as fast. False: it is no JSON.
 */
bool json_find(struct json_room *room, char *text, size_t len, const char **why);

/* Every value in an array or an object; in NULL, or another value: none. */
#define json_each(value, in)                                                                       \
	for ((value) = (in) ? (in) + 1 : NULL; (value) && (value) < (in) + (in)->span;             \
	     (value) += (value)->span)

/* What was found at that path; NULL: nothing. */
static inline const struct json *json_at(const struct json_room *room, uint32_t path)
{
	return room->found[path] ? &room->at[room->found[path]] : NULL;
}

/* NULL or false where there is no such value, or one of another type. */
static inline const char *json_text(const struct json_room *room, uint32_t path)
{
	const struct json *value = json_at(room, path);

	return value && value->type == JSON_TYPE_STRING ? value->u.s : NULL;
}

static inline bool json_flag(const struct json_room *room, uint32_t path)
{
	const struct json *value = json_at(room, path);

	return value && value->type == JSON_TYPE_TRUE;
}

/* An integer from 0 up. */
bool json_number(const struct json_room *room, uint32_t path, uint64_t *value);
bool json_signed(const struct json_room *room, uint32_t path, int64_t *value);

void json_layouts_free(struct json_layouts *l);

/* For the reader: parent's member of that name; NULL: none. */
const struct json_path *json_path_named(const struct json_path *parent, const char *name);

#endif
