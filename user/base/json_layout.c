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
#define MOST_TABLES (1 << 18) /* numbers in them: those of 1,000 layouts */

/* What stands before a value, its quote or bracket with it, and the value. */
struct piece {
	uint32_t text, len;  /* in the texts; a word such as true is part of it */
	uint32_t next;	     /* the first that may follow; 0: none */
	uint32_t other;	     /* another one that may stand here instead; 0: none */
	bool asked;	     /* somebody asks for the value */
	enum json_type type; /* INTEGER: any number; ARRAY: of strings; OBJECT: the text ends */
	uint32_t table;	     /* of that: where the table is in which its values are found by path */
};

/*
 * Where the values of a text are that is followed. Each one has the same place in all texts of a
 * layout; but for what is in an array, which comes last.
 */
enum { AN_OBJECT = 1, FIRST_VALUE }; /* one stands for all: nobody looks inside */

static uint32_t place_of_array(const struct json_room *room)
{
	return room->npaths + 1; /* each path leads to one value at the most */
}

struct json_layouts {
	struct buf pieces, texts, tables; /* the first piece is the root */
	struct buf copy, paths, table;	  /* of the line that is learned from: paths by value */
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

/* Behind an opening bracket. */
static char *follow_strings(struct reader *r, char *at, bool asked)
{
	uint32_t self = place_of_array(&r->room), n = 0;
	struct json *value = NULL;

	for (; at && *at != ']'; n++) {
		if ((n && *at++ != ',') || *at != '"') {
			at = NULL;
			break;
		}
		if (asked) {
			json_reserve(&r->room, self + n + 2);
			value = json_clear(&r->room.at[self + n + 1]);
		}
		at = follow_string(r, at + 1, value);
	}
	if (asked) {
		value = &r->room.at[self];
		value->type = JSON_TYPE_ARRAY;
		value->len = n;
		value->span = n + 1;
	}
	return at ? at + 1 : NULL;
}

static inline __attribute__((always_inline)) char *
follow_value(struct reader *r, const struct piece *p, char *at)
{
	struct json ignored, *value = p->asked ? json_clear(&r->room.at[r->room.n]) : NULL;

	if (p->type == JSON_TYPE_ARRAY)
		return follow_strings(r, at, p->asked);
	if (p->type == JSON_TYPE_STRING)
		at = follow_string(r, at, value);
	else if (p->type == JSON_TYPE_INTEGER)
		at = json_read_number(r, at, value ? value : &ignored);
	else if (value)
		value->type = p->type;
	r->room.n += value && at;
	return at;
}

static bool follow(struct reader *r, const struct json_layouts *l)
{
	const struct piece *pieces = piece_at(l, 0), *p = pieces;
	const char *texts = l->texts.data;
	char *at = r->begin;

	while (at) {
		for (p = &pieces[p->next]; p != pieces && !fits(r, texts, p, at);)
			p = &pieces[p->other];
		if (p == pieces)
			return false;
		if (p->type == JSON_TYPE_OBJECT) {
			r->room.found = (uint32_t *)l->tables.data + p->table;
			return true;
		}
		at = follow_value(r, p, at + p->len);
	}
	return false;
}

static void give_back(char *text, const struct json *value, uint32_t n)
{
	for (; n; n--, value++)
		if (value->type == JSON_TYPE_STRING)
			text[value->u.s - text + value->len] = '"';
}

/* False: nothing has been changed in the text. */
static bool read_known(struct json_room *room, char *text, size_t len)
{
	struct reader r = { .begin = text, .end = text + len };
	struct json *array;
	bool known;

	json_reserve(room, place_of_array(room) + 1);
	array = &room->at[place_of_array(room)];
	json_clear(array)->len = 0;
	json_clear(&room->at[AN_OBJECT])->type = JSON_TYPE_OBJECT;
	room->n = FIRST_VALUE;
	r.room = *room;
	known = follow(&r, room->layouts);
	*room = r.room;
	if (!known) {
		array = &room->at[place_of_array(room)];
		give_back(text, &room->at[FIRST_VALUE], room->n - FIRST_VALUE);
		give_back(text, array + 1, array->len);
	}
	return known;
}

/* The piece that follows another one; made if there was none. 0: there are too many. */
static uint32_t branch(struct json_layouts *l, uint32_t from, struct piece piece, const char *text)
{
	uint32_t i, n = 0, made = (uint32_t)(l->pieces.len / sizeof(piece));

	for (i = piece_at(l, from)->next; i; i = piece_at(l, i)->other, n++) {
		const struct piece *p = piece_at(l, i);

		if (p->type == piece.type && p->asked == piece.asked && p->len == piece.len &&
		    !memcmp(l->texts.data + p->text, text, p->len))
			break;
	}
	if (i || n == MOST_OTHERS || made == MOST_PIECES || l->texts.len + piece.len > MOST_TEXT)
		return i;
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

static uint32_t *empty_table(struct json_layouts *l, const struct json_room *room)
{
	size_t size = room->npaths * sizeof(uint32_t);

	l->table.len = 0;
	return memset(buf_take(&l->table, size), 0, size);
}

static bool few_stand_behind(const struct json_layouts *l, uint32_t place)
{
	uint32_t i, n = 0;

	for (i = piece_at(l, place)->next; i; i = piece_at(l, i)->other)
		n++;
	return n < FEW_OTHERS;
}

/* The end of a text whose values are found by that table. */
static void branch_ends(struct json_layouts *l, uint32_t from, const char *text, size_t len,
			const uint32_t *table, uint32_t npaths)
{
	struct piece piece = { .type = JSON_TYPE_OBJECT, .len = (uint32_t)len };
	size_t pieces = l->pieces.len;

	piece.table = (uint32_t)(l->tables.len / sizeof(*table));
	if (piece.table + npaths > MOST_TABLES)
		return;
	branch(l, from, piece, text);
	if (l->pieces.len > pieces)
		buf_add(&l->tables, table, npaths * sizeof(*table));
}

/* From a text that has just been read: as far as it can be followed. */
static void learn(struct json_layouts *l, const struct json_room *room)
{
	struct reader r = { .begin = l->copy.data, .end = l->copy.data + l->copy.len };
	const uint32_t *paths = paths_of_values(l, room);
	uint32_t i, place = 0, n = FIRST_VALUE, *table = empty_table(l, room);
	struct piece piece = { 0 };
	char *at = r.begin, *value;
	bool array = false;

	for (i = 1; i < room->n; i += piece.type == JSON_TYPE_ARRAY ? room->at[i].span : 1) {
		piece.type = room->at[i].type;
		piece.asked = paths[i];
		value = r.begin + room->at[i].begin;
		if (piece.type == JSON_TYPE_OBJECT) {
			if (piece.asked && !room->paths[paths[i]].child)
				return; /* it is gone through: each of its members counts */
			table[paths[i]] = AN_OBJECT;
			continue;
		}
		if (piece.type == JSON_TYPE_REAL)
			piece.type = JSON_TYPE_INTEGER;
		if (!piece.asked && piece.type != JSON_TYPE_INTEGER && few_stand_behind(l, place))
			continue;
		if (piece.type == JSON_TYPE_STRING || piece.type == JSON_TYPE_ARRAY)
			value++;
		else if (piece.type != JSON_TYPE_INTEGER)
			value += piece.type == JSON_TYPE_FALSE ? 5 : 4;
		if (piece.asked && piece.type == JSON_TYPE_ARRAY && array)
			return; /* there is room for one */
		array |= piece.asked && piece.type == JSON_TYPE_ARRAY;
		table[paths[i]] = piece.type == JSON_TYPE_ARRAY ? place_of_array(room) : n;
		n += piece.asked && piece.type != JSON_TYPE_ARRAY;
		piece.len = (uint32_t)(value - at);
		place = branch(l, place, piece, at);
		piece.asked = false;
		at = place ? follow_value(&r, &piece, value) : NULL;
		if (!at)
			return;
	}
	table[0] = 0; /* of all that nobody asks for */
	branch_ends(l, place, at, (size_t)(r.end - at), table, room->npaths);
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
	buf_free(&l->tables);
	buf_free(&l->copy);
	buf_free(&l->paths);
	buf_free(&l->table);
	free(l);
}
