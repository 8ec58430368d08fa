// SPDX-License-Identifier: GPL-2.0-only
#include "source/freezer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "source/procfs.h"

/* A controller among those of "N:CONTROLLER,...:PATH". */
static bool has_freezer(const char *controllers, size_t len)
{
	static const char name[] = "freezer";
	size_t n = sizeof(name) - 1, i;

	for (i = 0; i + n <= len; i += strcspn(controllers + i, ",:") + 1)
		if (!strncmp(controllers + i, name, n) &&
		    (i + n == len || controllers[i + n] == ','))
			return true;
	return false;
}

const char *freezer_of(const char *line, char *path, size_t size)
{
	const char *first = strchr(line, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;
	int len, n;

	if (!second)
		return NULL;
	len = (int)strcspn(second + 1, "\n");
	if (second == first + 1 && !strncmp(line, "0:", 2)) {
		n = snprintf(path, size, "/sys/fs/cgroup%.*s/cgroup.events", len, second + 1);
		return (size_t)n < size ? "do_freezer_trap" : NULL;
	}
	if (!has_freezer(first + 1, (size_t)(second - first - 1)))
		return NULL;
	n = snprintf(path, size, "/sys/fs/cgroup/freezer%.*s/freezer.state", len, second + 1);
	return (size_t)n < size ? "__refrigerator" : NULL;
}

bool freezer_says_frozen(const char *text)
{
	return strstr(text, "frozen 1") || !strncmp(text, "FROZEN", 6);
}

const char *freezer_sleep(int dir, const char *thread)
{
	struct buf groups = { 0 }, state = { 0 };
	const char *found = "", *line, *where;
	char path[4096];

	snprintf(path, sizeof(path), "%s/cgroup", thread);
	if (proc_slurp(dir, path, 65536, &groups))
		goto cleanup;
	for (line = groups.data; !*found && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		where = freezer_of(line, path, sizeof(path));
		if (where && !proc_slurp(AT_FDCWD, path, 256, &state) &&
		    freezer_says_frozen(state.data))
			found = where;
	}
cleanup:
	buf_free(&groups);
	buf_free(&state);
	return found;
}
