// SPDX-License-Identifier: GPL-2.0-only
/* The reader of JSON against another program's (jansson): both refuse a text, or find the same. */
#include "base/json.h"

#include <jansson.h>

#include "fuzz.h"

static const struct json *check_same(const struct json *ours, const json_t *theirs)
{
	const struct json *value = ours + 1;
	uint32_t i;

	switch (json_typeof(theirs)) {
	case JSON_OBJECT:
		CHECK(ours->type == JSON_TYPE_OBJECT && ours->len == json_object_size(theirs));
		for (i = 0; i < ours->len; i++) {
			value = check_same(value, json_object_get(theirs, value->key));
		}
		break;
	case JSON_ARRAY:
		CHECK(ours->type == JSON_TYPE_ARRAY && ours->len == json_array_size(theirs));
		for (i = 0; i < ours->len; i++) {
			CHECK(!value->key);
			value = check_same(value, json_array_get(theirs, i));
		}
		break;
	case JSON_STRING:
		CHECK(ours->type == JSON_TYPE_STRING && ours->len == json_string_length(theirs));
		CHECK(!memcmp(ours->u.s, json_string_value(theirs), ours->len + 1));
		break;
	case JSON_INTEGER:
		CHECK(ours->type == JSON_TYPE_INTEGER &&
		      ours->u.integer == json_integer_value(theirs));
		break;
	case JSON_REAL:
		CHECK(ours->type == JSON_TYPE_REAL && ours->u.real == json_real_value(theirs));
		break;
	case JSON_TRUE:
		CHECK(ours->type == JSON_TYPE_TRUE);
		break;
	case JSON_FALSE:
		CHECK(ours->type == JSON_TYPE_FALSE);
		break;
	case JSON_NULL:
		CHECK(ours->type == JSON_TYPE_NULL);
		break;
	}
	CHECK(value == ours + ours->span);
	return value;
}

static const char *const paths[] = { "", "a", "a.b", "a.b.c", "b", "process", "process.pid",
				     "process.parent", "process.parent.pid", "user" };
#define PATHS (sizeof(paths) / sizeof(paths[0]))

/* What is found at the path among ours is what leads there among theirs. */
static void check_found(const struct json_room *room, const json_t *theirs, uint32_t path)
{
	const char *at = paths[path];

	while (theirs && *at) {
		size_t n = strcspn(at, ".");

		theirs = json_object_getn(theirs, at, n);
		at += n + (at[n] == '.');
	}
	CHECK(!json_at(room, path) == !theirs);
	if (theirs)
		check_same(json_at(room, path), theirs);
}

/* A text is found as it is read, whatever is known of those before it. */
static void find_same(struct json_room *known, const char *data, size_t size)
{
	char *text = input_copy((const uint8_t *)data, size), *again = input_copy((const uint8_t *)data, size);
	struct json_room room = { 0 };
	const char *why;
	bool read;
	uint32_t path;

	json_paths(&room, paths, PATHS);
	read = json_read(&room, text, size, &why);
	CHECK(json_find(known, again, size, &why) == read);
	for (path = 1; read && path < PATHS; path++) {
		const struct json *a = json_at(&room, path), *b = json_at(known, path), *x, *y = b;

		CHECK(!a == !b);
		if (!a)
			continue;
		CHECK(a->type == b->type);
		if (a->type == JSON_TYPE_INTEGER || a->type == JSON_TYPE_REAL)
			CHECK(a->u.integer == b->u.integer);
		if (a->type == JSON_TYPE_STRING)
			CHECK(a->len == b->len && !memcmp(a->u.s, b->u.s, a->len + 1));
		if (a->type == JSON_TYPE_ARRAY)
			CHECK(a->len == b->len && a->span == b->span);
		if (a->type != JSON_TYPE_OBJECT)
			CHECK(a->span == b->span);
		if (a->type != JSON_TYPE_ARRAY)
			continue;
		json_each(x, a) {
			y += y == b ? 1 : y->span;
			CHECK(x->type == y->type && x->span == y->span && !x->key && !y->key);
			if (x->type == JSON_TYPE_STRING)
				CHECK(x->len == y->len && !memcmp(x->u.s, y->u.s, x->len + 1));
		}
	}
	json_room_free(&room);
	free(text);
	free(again);
}

/* Line for line, each twice: the first reading may be what the second one is done by. */
static void find_lines(const char *data, size_t size)
{
	struct json_room known = { 0 };
	const char *end;

	json_paths(&known, paths, PATHS);
	for (; size; size -= (size_t)(end - data), data = end) {
		end = memchr(data, '\n', size);
		end = end ? end + 1 : data + size;
		find_same(&known, data, (size_t)(end - data));
		find_same(&known, data, (size_t)(end - data));
	}
	json_room_free(&known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_copy(data, size);
	struct json_room room = { 0 };
	const struct json *ours;
	const char *why;
	json_t *theirs = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	uint32_t path;

	json_paths(&room, paths, PATHS);
	ours = json_read(&room, text, size, &why);
	CHECK(ours || (why && *why));
	if (memchr(data, 0, size)) /* jansson overlooks one behind a number */
		CHECK(!ours);
	else if (theirs && ours)
		check_same(ours, theirs);
	else if (theirs)
		CHECK(strstr(why, "nested"));
	for (path = 1; ours && theirs && path < PATHS; path++)
		check_found(&room, theirs, path);
	json_decref(theirs);
	theirs = json_loadb((const char *)data, size, 0, NULL); /* a name may stand twice */
	CHECK(theirs || !ours);
	json_decref(theirs);
	json_room_free(&room);
	free(text);
	find_lines((const char *)data, size);
	return 0;
}
