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
	enum json_type type;
};

/* Where values are kept; reused from text to text, {0} to begin with. */
struct json_room {
	struct json *at;
	uint32_t n, room;
};

void json_room_free(struct json_room *room);

/*
 * The values of text, whose text[len] is a NUL, and which is written over: strings stay in it,
 * without their escapes. NULL if it is no JSON, with *why saying what is wrong (a constant). As
 * strict as jansson: an array or an object, all UTF-8, no \u0000, integers of 64 bits. Of a name that
 * stands twice in an object, the first counts.
 */
const struct json *json_read(struct json_room *room, char *text, size_t len, const char **why);

/* Every value in an array or an object; in NULL, or another value: none. */
#define json_each(value, in)                                                                       \
	for ((value) = (in) ? (in) + 1 : NULL; (value) && (value) < (in) + (in)->span;             \
	     (value) += (value)->span)

/* "parent.pid": that member of that member. NULL: it is not there; object may be NULL. */
const struct json *json_at(const struct json *object, const char *path);

/* NULL or false where there is no such value, or one of another type. */
const char *json_text(const struct json *object, const char *path);
bool json_flag(const struct json *object, const char *path);
/* An integer from 0 up. */
bool json_number(const struct json *object, const char *path, uint64_t *value);
bool json_signed(const struct json *object, const char *path, int64_t *value);

#endif
