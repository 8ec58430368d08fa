// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of a stream are alike but for their values. What stood before each value of a line is kept,
 * in a tree, where lines that begin alike have the same branch. A line for which there is a branch
 * needs no more than to be compared with it from value to value. What nobody asks for is mostly the
 * same in all lines as well (a version, a category), and is compared with the rest until it is not.
 */
#include "base/json_reader.h"

#include <stdlib.h>

#define MOST_PIECES 4096
#define MOST_OTHERS 16 /* that may stand in one place */
#define FEW_OTHERS 8   /* where so many stand, what nobody asks for differs from line to line */
#define MOST_TEXT (1 << 18)

/* What stands before a value, its quote or bracket with it, and the value. */
struct piece {
	uint32_t text, len;	    /* in the texts; a word such as true is part of it */
	uint32_t next;		    /* the first that may follow; 0: none */
	uint32_t other;		    /* another one that may stand here instead; 0: none */
	uint32_t opened, nopened;   /* objects that begin there and are asked for: their paths */
	uint32_t path;		    /* 0: the value is not asked for */
	enum json_type type;	    /* INTEGER: any number; ARRAY: of strings; OBJECT: the text ends */
};

#define AN_OBJECT 1 /* the value that stands for all that are asked for: nobody looks inside */

struct json_layouts {
	struct buf pieces, texts, opened; /* the first piece is the root */
	struct buf copy, paths;		  /* of the line that is learned from: paths by value */
};

static struct piece *piece_at(const struct json_layouts *l, uint32_t i)
{
	return (struct piece *)l->pieces.data + i;
}

/* len bytes are the same; in both as many can be read. */
static inline bool is_same(const char *a, const char *b, size_t len)
{
	const char *last = a + len - 8;
	uint64_t x, y;

	if (len < 8) {
		for (; len && *a == *b; len--, a++, b++)
			;
		return !len;
	}
	for (; a < last; a += 8, b += 8) {
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		if (x != y)
			return false;
	}
	b -= a - last; /* the last eight, some of them once more */
	memcpy(&x, last, 8);
	memcpy(&y, b, 8);
	return x == y;
}

static inline bool fits(const struct reader *r, const char *texts, const struct piece *p,
			const char *at)
{
	size_t left = (size_t)(r->end - at);

	if (p->type == JSON_TYPE_OBJECT ? left != p->len : left <= p->len)
		return false;
	if (p->type == JSON_TYPE_INTEGER && (unsigned char)(at[p->len] - '0') > 9 &&
	    at[p->len] != '-')
		return false;
	return is_same(at, texts + p->text, p->len);
}

/* Behind its opening quote, if it has no escapes and is ASCII; gives what is behind the other. */
static inline char *follow_string(const struct reader *r, char *at, struct json *value)
{
	char *end = (char *)json_skip_plain(at, r->end);

	if (*end != '"')
		return NULL;
	if (value) {
		value->type = JSON_TYPE_STRING;
		value->u.s = at;
		value->len = (uint32_t)(end - at);
		*end = 0;
	}
	return end + 1;
}

/* Behind an opening bracket. array: its value; 0: it is not asked for. */
static char *follow_strings(struct reader *r, char *at, uint32_t array)
{
	struct json *value = NULL;
	uint32_t n = 0;

	for (; *at != ']'; n++) {
		if (n && *at++ != ',')
			return NULL;
		if (*at != '"')
			return NULL;
		if (array)
			value = json_add(&r->room, NULL);
		at = follow_string(r, at + 1, value);
		if (!at)
			return NULL;
	}
	if (array) {
		value = &r->room.at[array];
		value->type = JSON_TYPE_ARRAY;
		value->len = n;
		value->span = n + 1;
	}
	return at + 1;
}

static inline __attribute__((always_inline)) char *
follow_value(struct reader *r, const struct piece *p, char *at)
{
	struct json ignored, *value = NULL;
	uint32_t self = 0;

	if (p->path) {
		self = r->room.n;
		value = json_add(&r->room, NULL);
		r->room.found[p->path] = self;
	}
	switch (p->type) {
	case JSON_TYPE_STRING:
		return follow_string(r, at, value);
	case JSON_TYPE_INTEGER:
		return json_read_number(r, at, value ? value : &ignored);
	case JSON_TYPE_ARRAY:
		return follow_strings(r, at, self);
	default:
		if (value)
			value->type = p->type;
		return at;
	}
}

static bool follow(struct reader *r, const struct json_layouts *l)
{
	const struct piece *pieces = piece_at(l, 0), *p = pieces;
	const uint32_t *opened = (const uint32_t *)l->opened.data;
	const char *texts = l->texts.data;
	char *at = r->begin;
	uint32_t i;

	while (at) {
		for (p = &pieces[p->next]; p != pieces && !fits(r, texts, p, at);)
			p = &pieces[p->other];
		if (p == pieces)
			return false;
		for (i = p->opened; i < p->opened + p->nopened; i++)
			r->room.found[opened[i]] = AN_OBJECT;
		if (p->type == JSON_TYPE_OBJECT)
			return true;
		at = follow_value(r, p, at + p->len);
	}
	return false;
}

/* False: nothing has been changed in the text. */
static bool read_known(struct json_room *room, char *text, size_t len)
{
	struct reader r = { .begin = text, .end = text + len, .room = *room };
	bool known;
	uint32_t i;

	r.room.n = 0;
	memset(room->found, 0, room->npaths * sizeof(*room->found));
	json_add(&r.room, NULL); /* no path leads to a value of number 0 */
	json_add(&r.room, NULL)->type = JSON_TYPE_OBJECT;
	known = follow(&r, room->layouts);
	*room = r.room;
	for (i = 0; !known && i < room->n; i++)
		if (room->at[i].type == JSON_TYPE_STRING)
			text[room->at[i].u.s - text + room->at[i].len] = '"';
	return known;
}

/* The piece that follows another one; made if there was none. 0: there are too many. */
static uint32_t branch(struct json_layouts *l, uint32_t from, struct piece piece, const char *text)
{
	uint32_t i, n = 0, made = (uint32_t)(l->pieces.len / sizeof(piece));

	for (i = piece_at(l, from)->next; i; i = piece_at(l, i)->other, n++) {
		const struct piece *p = piece_at(l, i);

		if (p->type == piece.type && p->path == piece.path && p->len == piece.len &&
		    !memcmp(l->texts.data + p->text, text, p->len))
			break;
	}
	if (i || n == MOST_OTHERS || made == MOST_PIECES || l->texts.len + piece.len > MOST_TEXT) {
		l->opened.len = piece.opened * sizeof(uint32_t); /* the same begin there already */
		return i;
	}
	piece.text = (uint32_t)l->texts.len;
	piece.other = piece_at(l, from)->next;
	buf_add(&l->texts, text, piece.len);
	buf_add(&l->pieces, &piece, sizeof(piece));
	piece_at(l, from)->next = made;
	return made;
}

/* The path of each value, by its number; 0: it is not asked for. */
static const uint32_t *paths_of_values(struct json_layouts *l, const struct json_room *room)
{
	uint32_t i, *paths;

	l->paths.len = 0;
	paths = memset(buf_take(&l->paths, room->n * sizeof(*paths)), 0, room->n * sizeof(*paths));
	for (i = 1; i < room->npaths; i++)
		if (room->found[i])
			paths[room->found[i]] = i;
	return paths;
}

static bool few_stand_behind(const struct json_layouts *l, uint32_t place)
{
	uint32_t i, n = 0;

	for (i = piece_at(l, place)->next; i; i = piece_at(l, i)->other)
		n++;
	return n < FEW_OTHERS;
}

static uint32_t opened_so_far(const struct json_layouts *l)
{
	return (uint32_t)(l->opened.len / sizeof(uint32_t));
}

/* From a text that has just been read: as far as it can be followed. */
static void learn(struct json_layouts *l, const struct json_room *room)
{
	struct reader r = { .begin = l->copy.data, .end = l->copy.data + l->copy.len };
	const uint32_t *paths = paths_of_values(l, room);
	struct piece piece = { .opened = opened_so_far(l) };
	char *at = r.begin, *value;
	uint32_t i, place = 0;

	for (i = 1; i < room->n; i += piece.type == JSON_TYPE_ARRAY ? room->at[i].span : 1) {
		piece.type = room->at[i].type;
		piece.path = paths[i];
		value = r.begin + room->at[i].begin;
		if (piece.type == JSON_TYPE_OBJECT) {
			if (piece.path && !room->paths[piece.path].child)
				goto unfit; /* it is gone through: each of its members counts */
			if (piece.path)
				buf_add(&l->opened, &piece.path, sizeof(piece.path));
			continue;
		}
		if (piece.type == JSON_TYPE_REAL)
			piece.type = JSON_TYPE_INTEGER;
		if (!piece.path && piece.type != JSON_TYPE_INTEGER && few_stand_behind(l, place))
			continue;
		if (piece.type == JSON_TYPE_STRING || piece.type == JSON_TYPE_ARRAY)
			value++;
		else if (piece.type != JSON_TYPE_INTEGER)
			value += piece.type == JSON_TYPE_FALSE ? 5 : 4;
		piece.len = (uint32_t)(value - at);
		piece.nopened = opened_so_far(l) - piece.opened;
		place = branch(l, place, piece, at);
		piece.path = 0;
		at = place ? follow_value(&r, &piece, value) : NULL;
		if (!at)
			return;
		piece.opened = opened_so_far(l);
	}
	piece.type = JSON_TYPE_OBJECT;
	piece.path = 0;
	piece.len = (uint32_t)(r.end - at);
	piece.nopened = opened_so_far(l) - piece.opened;
	branch(l, place, piece, at);
	return;
unfit:
	l->opened.len = piece.opened * sizeof(uint32_t);
}

static struct json_layouts *layouts_new(void)
{
	struct json_layouts *l = xcalloc(1, sizeof(*l));
	const struct piece root = { 0 };

	buf_add(&l->pieces, &root, sizeof(root));
	return l;
}

bool json_find(struct json_room *room, char *text, size_t len, const char **why)
{
	if (!room->layouts)
		room->layouts = layouts_new();
	if (len <= UINT32_MAX && read_known(room, text, len))
		return true;
	room->layouts->copy.len = 0;
	buf_add(&room->layouts->copy, text, len + 1); /* with its NUL */
	room->layouts->copy.len--;
	if (!json_read(room, text, len, why))
		return false;
	if (room->at->type == JSON_TYPE_OBJECT)
		learn(room->layouts, room);
	return true;
}

void json_layouts_free(struct json_layouts *l)
{
	if (!l)
		return;
	buf_free(&l->pieces);
	buf_free(&l->texts);
	buf_free(&l->opened);
	buf_free(&l->copy);
	buf_free(&l->paths);
	free(l);
}
