// SPDX-License-Identifier: GPL-2.0-only
/* What is asked of JSON, found while it is read. */
#include "base/json.h"

#include <stdlib.h>

#include "base/buf.h"

/* The path that the first len bytes of text are, among the first n; NULL: it is not listed. */
static struct json_path *listed(struct json_path *paths, uint32_t n, const char *const *list,
				const char *text, size_t len)
{
	while (n--)
		if (strlen(list[n]) == len && !memcmp(list[n], text, len))
			return &paths[n];
	return NULL;
}

static void set_name(struct json_path *path, const char *s)
{
	char quoted[sizeof(path->written)] = "", mask[sizeof(path->mask)] = "";

	path->name = s;
	path->len = (uint32_t)strlen(s);
	if (path->len >= sizeof(quoted))
		abort(); /* JSON_NAME_WORDS are too few */
	memcpy(quoted, s, path->len);
	quoted[path->len] = '"';
	memset(mask, 0xff, path->len + 1);
	memcpy(path->written, quoted, sizeof(quoted));
	memcpy(path->mask, mask, sizeof(mask));
}

void json_paths(struct json_room *room, const char *const *list, uint32_t n)
{
	struct json_path *paths = xcalloc(n, sizeof(*paths)), **last, *parent;
	const char *dot;
	uint32_t i;

	for (i = 1; i < n; i++) {
		dot = strrchr(list[i], '.');
		parent = dot ? listed(paths, i, list, list[i], (size_t)(dot - list[i])) : paths;
		if (!parent)
			abort(); /* it stands before its members, or they are never found */
		paths[i].number = i;
		set_name(&paths[i], dot ? dot + 1 : list[i]);
		for (last = &parent->child; *last;)
			last = &(*last)->next;
		*last = &paths[i];
	}
	room->paths = paths;
	room->npaths = n;
	room->own = xcalloc(n, sizeof(*room->own));
}

void json_room_free(struct json_room *room)
{
	free(room->at);
	free(room->paths);
	free(room->own);
	json_layouts_free(room->layouts);
	*room = (struct json_room){ 0 };
}

const struct json_path *json_path_named(const struct json_path *parent, const char *name)
{
	const struct json_path *path = parent->child;

	while (path && strcmp(path->name, name))
		path = path->next;
	return path;
}

bool json_signed(const struct json_room *room, uint32_t path, int64_t *value)
{
	const struct json *found = json_at(room, path);

	if (!found || found->type != JSON_TYPE_INTEGER)
		return false;
	*value = found->u.integer;
	return true;
}

bool json_number(const struct json_room *room, uint32_t path, uint64_t *value)
{
	const struct json *found = json_at(room, path);

	if (!found || found->type != JSON_TYPE_INTEGER || found->u.integer < 0)
		return false;
	*value = (uint64_t)found->u.integer;
	return true;
}
