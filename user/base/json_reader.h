/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that read JSON have of each other. */
#ifndef PROCTRACE_BASE_JSON_READER_H
#define PROCTRACE_BASE_JSON_READER_H

#include <endian.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

/*
 * Each function that reads takes where it begins and gives where it has ended; NULL: refused. There
 * is a NUL at the end: nobody reads past it, one byte at a time.
 */
struct reader {
	char *begin;
	const char *end;
	struct json_room room; /* the caller's, as long as it is read */
	const char *why;
};

/* Room for n values: they move when there was less. */
static inline void json_reserve(struct json_room *room, uint32_t n)
{
	if (n <= room->room)
		return;
	while (n > room->room)
		room->room = room->room ? 2 * room->room : 128;
	room->at = xrealloc(room->at, room->room * sizeof(*room->at));
}

/* One by itself: what was kept there before has a name, and maybe others behind it. */
static inline struct json *json_clear(struct json *value)
{
	value->key = NULL;
	value->type = JSON_TYPE_NULL;
	value->span = 1;
	return value;
}

/* A new value, number room->n before. */
static inline struct json *json_add(struct json_room *room, const char *key)
{
	struct json *value;

	json_reserve(room, room->n + 1);
	value = json_clear(&room->at[room->n++]);
	value->key = key;
	return value;
}

typedef signed char json_bytes __attribute__((vector_size(16)));
typedef uint64_t json_marks __attribute__((vector_size(16)));

/* Behind a run of plain bytes: up to a control, a quote, a backslash, or what is no ASCII. */
static inline const char *json_skip_plain(const char *at, const char *end)
{
	for (; end - at >= 16; at += 16) {
		json_bytes bytes;
		json_marks marks;

		memcpy(&bytes, at, 16);
		marks = (json_marks)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
		if (marks[0])
			return at + __builtin_ctzll(le64toh(marks[0])) / 8;
		if (marks[1])
			return at + 8 + __builtin_ctzll(le64toh(marks[1])) / 8;
	}
	while ((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
		at++;
	return at;
}

char *json_read_number(struct reader *r, char *at, struct json *value);

#endif
