// SPDX-License-Identifier: GPL-2.0-only
#include "source/cgroup.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/text.h"

struct cgroup_name {
	uint64_t id; /* 0: a free slot */
	struct text *path; /* NULL: looked for and not found */
	uint64_t heard; /* when this was last, by the count of all news */
};

#define FORGET 65536 /* places: with fewer nothing is forgotten */
#define RECENT 8192  /* groups that are not, though they are gone */

static struct cgroup_name *slot(const struct cgroups *c, uint64_t id)
{
	size_t i = (size_t)(id * 0x9e3779b97f4a7c15ULL >> 32) & (c->nbuckets - 1);

	while (c->names[i].id && c->names[i].id != id)
		i = (i + 1) & (c->nbuckets - 1);
	return &c->names[i];
}

/* Into a table of n places; what was not heard of since then is left out. */
static void move(struct cgroups *c, size_t n, uint64_t since)
{
	struct cgroup_name *old = c->names;
	size_t i, places = c->nbuckets;

	c->nbuckets = n;
	c->names = xcalloc(n, sizeof(*c->names));
	c->count = 0;
	for (i = 0; i < places; i++) {
		if (old[i].id && old[i].heard >= since) {
			*slot(c, old[i].id) = old[i];
			c->count++;
		} else {
			text_put(old[i].path);
		}
	}
	free(old);
}

static void learn_all(struct cgroups *c);

/*
 * Groups that are gone are forgotten, or they would add up; but not the latest ones: records of who
 * was in them may be on their way.
 */
static void make_room(struct cgroups *c)
{
	uint64_t since = c->news > RECENT ? c->news - RECENT : 0;

	if (c->nbuckets >= FORGET && !c->walking) {
		learn_all(c);
		move(c, c->nbuckets, since);
		if (c->count * 4 < c->nbuckets)
			return;
	}
	move(c, c->nbuckets * 2, 0);
}

void cgroups_learn(struct cgroups *c, uint64_t id, struct slice path)
{
	struct cgroup_name *name;

	if (!id)
		return;
	/* full enough; more so while those that are there are being told from those that are gone */
	if (c->count * 4 >= c->nbuckets * (c->walking ? 3 : 2))
		make_room(c);
	name = slot(c, id);
	if (!name->id) {
		name->id = id;
		c->count++;
	}
	name->heard = c->news++;
	if (path.s)
		text_set(&name->path, path.s, path.len);
}

/* Every directory below the mount is a group, its inode number the group's id (kernfs). */
static void learn_all(struct cgroups *c)
{
	char *paths[] = { c->mount, NULL };
	size_t prefix = strlen(c->mount);
	FTSENT *entry;
	FTS *fts;

	if (!prefix)
		return;
	c->walking = true;
	fts = fts_open(paths, FTS_PHYSICAL | FTS_XDEV, NULL);
	while (fts && (entry = fts_read(fts))) {
		const char *path = entry->fts_path + prefix;

		if (entry->fts_info != FTS_D)
			continue;
		if (!*path)
			path = "/";
		cgroups_learn(c, entry->fts_statp->st_ino,
			      (struct slice){ path, (uint32_t)strlen(path) });
	}
	if (fts)
		fts_close(fts);
	c->walking = false;
}

struct slice cgroups_path(struct cgroups *c, uint64_t id)
{
	struct cgroup_name *name = slot(c, id);

	if (!id)
		return (struct slice){ 0 };
	if (!name->id) {
		learn_all(c);
		cgroups_learn(c, id, (struct slice){ 0 }); /* not to look for it again and again */
		name = slot(c, id);
	}
	return name->path ? (struct slice){ name->path->s, name->path->len } : (struct slice){ 0 };
}

/* Does the comma separated list of mount options name this controller? */
static bool has_option(const char *options, const char *controller)
{
	size_t len = strlen(controller);
	const char *at = options;

	while ((at = strstr(at, controller))) {
		bool starts = at == options || at[-1] == ',';

		if (starts && (at[len] == ',' || at[len] == '\n' || !at[len]))
			return true;
		at += len;
	}
	return false;
}

/* Behind the next n spaces: other blanks are not escaped in mountinfo. NULL: there are fewer. */
static const char *skip_fields(const char *s, int n)
{
	while (s && n--) {
		s = strchr(s, ' ');
		if (s)
			s++;
	}
	return s;
}

static bool field_is(const char *s, const char *want)
{
	size_t len = strlen(want);

	return !strncmp(s, want, len) && s[len] == ' ';
}

/* A path from s to end, where a space is written as \040. False if it is longer than size. */
static bool read_escaped(const char *s, const char *end, char *path, size_t size)
{
	for (; s < end && size > 1; path++, size--) {
		*path = *s++;
		if (*path == '\\' && strspn(s, "01234567") >= 3) {
			*path = (char)((s[0] - '0') << 6 | (s[1] - '0') << 3 | (s[2] - '0'));
			s += 3;
		}
	}
	*path = 0;
	return s == end;
}

bool cgroup_parse_mount(const char *line, const char *controller, char *mount, size_t size)
{
	const char *rest = strstr(line, " - "), *options = skip_fields(rest, 4);
	const char *path = skip_fields(line, 4), *end = path ? strchr(path, ' ') : NULL;

	if (!end || !options || end > rest)
		return false;
	if (!field_is(rest + 3, *controller ? "cgroup" : "cgroup2"))
		return false;
	if (*controller && !has_option(options, controller))
		return false;
	return read_escaped(path, end, mount, size);
}

int cgroup_parse_hierarchy(const char *line, const char *controller)
{
	int hierarchy;
	char name[64];

	if (sscanf(line, "%63s %d", name, &hierarchy) != 2 || strcmp(name, controller))
		return 0;
	return hierarchy;
}

/* The mount of a controller ("" : the unified hierarchy). */
static bool find_mount(const char *controller, char *mount, size_t room)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0)
		found = cgroup_parse_mount(line, controller, mount, room);
	if (f)
		fclose(f);
	free(line);
	return found;
}

/* The number of a controller's hierarchy, 0 if it is the unified one or unknown. */
static int hierarchy_of(const char *controller)
{
	FILE *f = fopen("/proc/cgroups", "re");
	char line[256];
	int found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		found = cgroup_parse_hierarchy(line, controller);
	if (f)
		fclose(f);
	return found;
}

static bool lies_in(const char *path, const char *mount)
{
	size_t len = strlen(mount);

	return !strncmp(path, mount, len) && (path[len] == '/' || !path[len]);
}

static bool choose(struct cgroups *c, const char *controller, const char *wanted)
{
	char mount[256];

	if (*controller && !hierarchy_of(controller))
		return false;
	if (!find_mount(controller, mount, sizeof(mount)) || (wanted && !lies_in(wanted, mount)))
		return false;
	snprintf(c->mount, sizeof(c->mount), "%s", mount);
	snprintf(c->controller, sizeof(c->controller), "%s", controller);
	c->hierarchy = *controller ? hierarchy_of(controller) : 0;
	return true;
}

void cgroups_open(struct cgroups *c, const char *wanted)
{
	static const char *const controllers[] = { "pids", "memory", "cpu", "devices", "freezer" };
	size_t i;

	*c = (struct cgroups){ .nbuckets = 256 };
	c->names = xcalloc(c->nbuckets, sizeof(*c->names));
	if (wanted && *wanted == '/' && choose(c, "", wanted))
		goto chosen;
	for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++)
		if (wanted && *wanted == '/' && choose(c, controllers[i], wanted))
			goto chosen;
	for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++)
		if (choose(c, controllers[i], NULL))
			goto chosen;
	if (!choose(c, "", NULL))
		return;
chosen:
	learn_all(c);
}

void cgroups_close(struct cgroups *c)
{
	size_t i;

	for (i = 0; i < c->nbuckets; i++)
		text_put(c->names[i].path);
	free(c->names);
	*c = (struct cgroups){ 0 };
}

int cgroups_id(const struct cgroups *c, const char *path, uint64_t *id, const char **below)
{
	char full[4096];
	struct stat st;

	*below = *c->mount && lies_in(path, c->mount) ? path + strlen(c->mount) : path;
	snprintf(full, sizeof(full), "%s/%s", c->mount, *below);
	if (stat(full, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	*id = st.st_ino;
	return 0;
}
