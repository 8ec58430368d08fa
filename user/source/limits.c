// SPDX-License-Identifier: GPL-2.0-only
#include "source/limits.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "source/cgroup.h"

#define LEVELS 16 /* the deepest group that is looked at */

/* The file's beginning as a string without its last newline. False: it cannot be read. */
static bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = 0;
	if (n && text[n - 1] == '\n')
		text[n - 1] = 0;
	return true;
}

/* "max", and what is no number, is no limit. */
static uint64_t read_number(const char *path)
{
	char text[32];
	uint64_t n;

	return read_text(path, text, sizeof(text)) && !num_u64(text, INT64_MAX, &n) ? n : 0;
}

/* The controller's own hierarchy if it has one, else the unified one. */
void limits_find_mount(struct pids_mount *mount)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool own = false;
	struct pids_mount found;
	char *line = NULL;
	size_t size = 0;

	mount->path[0] = 0;
	while (f && !own && getline(&line, &size, f) > 0) {
		own = cgroup_parse_mount(line, "pids", found.path, sizeof(found.path));
		if (own || cgroup_parse_mount(line, "", found.path, sizeof(found.path)))
			*mount = found;
	}
	if (f)
		fclose(f);
	free(line);
}

static bool names_pids(const char *controllers, size_t len)
{
	size_t i;

	for (i = 0; i + 4 <= len; i++)
		if (!memcmp(controllers + i, "pids", 4) && (!i || controllers[i - 1] == ',') &&
		    (i + 4 == len || controllers[i + 4] == ','))
			return true;
	return false;
}

const char *limits_group(const char *text, size_t *len)
{
	const char *unified = NULL, *line, *end, *controllers, *path;
	size_t unified_len = 0;

	for (line = text; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		controllers = memchr(line, ':', (size_t)(end - line));
		path = controllers ? memchr(controllers + 1, ':', (size_t)(end - controllers - 1))
				   : NULL;
		if (!path)
			continue;
		*len = (size_t)(end - path - 1);
		if (names_pids(controllers + 1, (size_t)(path - controllers - 1)))
			return path + 1;
		if (path == controllers + 1) {
			unified = path + 1;
			unified_len = *len;
		}
	}
	*len = unified_len;
	return unified;
}

static uint64_t refused_in(const char *directory)
{
	char path[4096 + 300], text[256];
	const char *max;

	snprintf(path, sizeof(path), "%s/pids.events", directory);
	if (!read_text(path, text, sizeof(text)))
		return 0;
	max = strstr(text, "max ");
	return max ? strtoull(max + 4, NULL, 10) : 0;
}

/* Up from that group: the one with the least room counts. */
static void read_group(const struct pids_mount *mount, const char *group, size_t len,
		       struct limits *l)
{
	char directory[4096 + 256], path[4096 + 256 + 32];
	uint32_t up;

	snprintf(directory, sizeof(directory), "%s%.*s", mount->path, (int)len, group);
	for (up = 0; up < LEVELS && strlen(directory) >= strlen(mount->path); up++) {
		struct limit *least = &l->of[LIMIT_CGROUP], here;

		snprintf(path, sizeof(path), "%s/pids.max", directory);
		here.max = read_number(path);
		snprintf(path, sizeof(path), "%s/pids.current", directory);
		here.used = read_number(path);
		l->refused += refused_in(directory);
		if (here.max && (!least->max || limit_room(here) < limit_room(*least))) {
			*least = here;
			l->up = up;
		}
		*strrchr(directory, '/') = 0;
	}
}

static void read_its_group(const struct pids_mount *mount, uint32_t pid,
			   struct limits_moment *moment, struct limits *l)
{
	char text[4096], name[64];
	const char *group;
	size_t len;

	snprintf(name, sizeof(name), "/proc/%u/cgroup", pid);
	if (!*mount->path || !read_text(name, text, sizeof(text)))
		return;
	group = limits_group(text, &len);
	if (!group || len >= sizeof(moment->group)) {
		if (group)
			read_group(mount, group, len, l);
		return;
	}
	if (strncmp(moment->group, group, len) || moment->group[len]) {
		moment->of_group = (struct limits){ 0 };
		read_group(mount, group, len, &moment->of_group);
		snprintf(moment->group, sizeof(moment->group), "%.*s", (int)len, group);
	}
	l->of[LIMIT_CGROUP] = moment->of_group.of[LIMIT_CGROUP];
	l->up = moment->of_group.up;
	l->refused = moment->of_group.refused;
}

/* All tasks of the machine, dead ones that nobody has collected included (nr_threads). */
static uint64_t read_tasks(void)
{
	char text[128];
	const char *slash;

	if (!read_text("/proc/loadavg", text, sizeof(text)))
		return 0;
	slash = strchr(text, '/');
	return slash ? strtoull(slash + 1, NULL, 10) : 0;
}

static uint64_t read_nproc(uint32_t pid)
{
	char name[64], text[4096];
	const char *row;

	snprintf(name, sizeof(name), "/proc/%u/limits", pid);
	if (!read_text(name, text, sizeof(text)))
		return 0;
	row = strstr(text, "Max processes");
	return row ? strtoull(row + strlen("Max processes"), NULL, 10) : 0;
}

static void read_machine(struct limits *l)
{
	uint64_t tasks = read_tasks(), pid_max = read_number("/proc/sys/kernel/pid_max");

	l->ts = clock_boot();
	l->of[LIMIT_PID_MAX] = (struct limit){
		pid_max > NS_RESERVED ? pid_max - NS_RESERVED : pid_max, tasks };
	l->of[LIMIT_THREADS_MAX] = (struct limit){ read_number("/proc/sys/kernel/threads-max"),
						   tasks };
}

void limits_read(const struct pids_mount *mount, uint32_t pid, struct limits_moment *moment,
		 struct limits *l)
{
	struct limits_moment alone = { 0 };

	if (!moment)
		moment = &alone;
	if (!moment->machine.ts)
		read_machine(&moment->machine);
	*l = moment->machine;
	read_its_group(mount, pid, moment, l);
	l->of[LIMIT_NPROC].max = read_nproc(pid);
}

/* Of the first numbers: those that are taken, and those that are not given out for the first time yet. */
static uint32_t low_pids(const struct ns_pids *ns)
{
	uint32_t n = ns->next < NS_RESERVED ? NS_RESERVED - ns->next : 0, nr;

	for (nr = 1; nr < NS_RESERVED; nr++)
		n += ns->taken[nr / 64] >> nr % 64 & 1;
	return n;
}

void limits_narrow(struct limits *l, const struct ns_pids *namespaces, size_t n)
{
	struct limit *least = &l->of[LIMIT_PID_MAX];
	size_t i;

	for (i = 0; i < n; i++) {
		const struct ns_pids *ns = &namespaces[i];
		struct limit here = { .used = ns->used };

		if (ns->pid_max <= NS_RESERVED) /* the kernel takes no less */
			continue;
		here.max = ns->pid_max - NS_RESERVED + low_pids(ns);
		if (least->max && limit_room(here) > limit_room(*least))
			continue;
		*least = here;
		l->of_namespace = true;
		l->ns_up = (uint32_t)(n - 1 - i);
	}
}
