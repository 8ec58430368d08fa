// SPDX-License-Identifier: GPL-2.0-only
/* What is asked of JSON that was read. */
#include "base/json.h"

/* The member that the path begins with; *path is then behind its name. */
static const struct json *member(const struct json *object, const char **path)
{
	const struct json *value;

	json_each(value, object) {
		const char *name = *path, *key = value->key;

		while (*key && *key == *name)
			key++, name++;
		if (*key || (*name && *name != '.'))
			continue;
		*path = name;
		return value;
	}
	return NULL;
}

const struct json *json_at(const struct json *object, const char *path)
{
	while (object && *path) {
		if (object->type != JSON_TYPE_OBJECT)
			return NULL;
		object = member(object, &path);
		path += *path == '.';
	}
	return object;
}

const char *json_text(const struct json *object, const char *path)
{
	const struct json *value = json_at(object, path);

	return value && value->type == JSON_TYPE_STRING ? value->u.s : NULL;
}

bool json_flag(const struct json *object, const char *path)
{
	const struct json *value = json_at(object, path);

	return value && value->type == JSON_TYPE_TRUE;
}

bool json_signed(const struct json *object, const char *path, int64_t *value)
{
	const struct json *found = json_at(object, path);

	if (!found || found->type != JSON_TYPE_INTEGER)
		return false;
	*value = found->u.integer;
	return true;
}

bool json_number(const struct json *object, const char *path, uint64_t *value)
{
	int64_t n;

	if (!json_signed(object, path, &n) || n < 0)
		return false;
	*value = (uint64_t)n;
	return true;
}
