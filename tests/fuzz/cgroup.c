// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control groups: lines of /proc/self/mountinfo and /proc/cgroups, /proc/PID/cgroup, and the
 * container in a path. Any bytes, and then the bytes as a name in lines that are otherwise right.
 */
#include "source/cgroup.h"

#include "event/container.h"
#include "fuzz.h"
#include "source/limits.h"

static const char *const controllers[] = { "", "pids", "memory", "cpu" };

static void any_line(const char *line)
{
	size_t i;

	for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		char *mount = malloc(256); /* on the heap: its end is watched */

		CHECK(mount);
		if (cgroup_parse_mount(line, controllers[i], mount, 256))
			CHECK(strnlen(mount, 256) < 256);
		cgroup_parse_hierarchy(line, controllers[i]);
		free(mount);
	}
}

/* As show_mountinfo() writes a path: four bytes are escaped, all others stand as they are. */
static void mounted_at(const char *path, size_t n)
{
	char line[2048], *at = line, mount[256];
	size_t i;

	at += sprintf(at, "35 24 0:30 / /");
	for (i = 0; i < n; i++)
		if (strchr(" \t\n\\", path[i]))
			at += sprintf(at, "\\%03o", (unsigned char)path[i]);
		else
			*at++ = path[i];
	strcpy(at, " rw,nosuid shared:9 master:1 - cgroup pids rw,cpuset,xcpu,pids\n");
	CHECK(cgroup_parse_mount(line, "pids", mount, sizeof(mount)));
	CHECK(mount[0] == '/' && strlen(mount) == n + 1 && !memcmp(mount + 1, path, n));
	CHECK(!cgroup_parse_mount(line, "cpu", mount, sizeof(mount)));
	CHECK(!cgroup_parse_mount(line, "", mount, sizeof(mount)));
	CHECK(!cgroup_parse_mount(line, "pids", mount, n + 1));
	strcpy(strrchr(line, '-'), "- cgroup2  rw\n"); /* of no source */
	CHECK(cgroup_parse_mount(line, "", mount, sizeof(mount)));
	CHECK(!memcmp(mount + 1, path, n));
	CHECK(!cgroup_parse_mount(line, "pids", mount, sizeof(mount)));
}

/* The group that counts pids, in the three ways that /proc/PID/cgroup may show it. */
static void in_group(const char *name, size_t n)
{
	static const char *const texts[] = {
		"12:cpu,cpuacct:/a\n9:pids:/%.*s\n1:name=pids:/b\n0::/c\n",
		"0::/c\n9:rdma,pids,misc:/%.*s\n", "4:xpids,pidsx:/a\n0::/%.*s\n1:name=x:/b\n",
	};
	char text[512];
	size_t i, len;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *path;

		snprintf(text, sizeof(text), texts[i], (int)n, name);
		path = limits_group(text, &len);
		CHECK(path && len == n + 1 && *path == '/' && !memcmp(path + 1, name, n));
	}
}

static void any_groups(const char *text, size_t size)
{
	size_t len = 0;
	const char *path = limits_group(text, &len);

	if (path)
		CHECK(path > text && path + len <= text + size && !memchr(path, '\n', len));
}

static size_t digits_at(const char *s, size_t n)
{
	size_t run = 0;

	while (run < n && s[run] && strchr("0123456789abcdef", s[run]))
		run++;
	return run;
}

/* Of all runs of digits that are long enough, the last: its first 64. */
static void container_in(const char *path, size_t len)
{
	const char *found = container_id(path, len), *want = NULL;
	size_t i, run;

	for (i = 0; i < len; i += run + 1) {
		run = digits_at(path + i, len - i);
		if (run >= CONTAINER_ID)
			want = path + i;
	}
	CHECK(found == want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = input_copy(data, size);
	size_t n = strnlen(s, 250), line = strcspn(s, "\n");

	any_line(s);
	mounted_at(s, n);
	any_groups(s, size);
	in_group(s, n < line ? n : line);
	container_in(s, size);
	free(s);
	return 0;
}
