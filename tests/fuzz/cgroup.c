// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control groups: lines of /proc/self/mountinfo and /proc/cgroups, /proc/PID/cgroup, and what a
 * path says of containers. Any bytes, and then the bytes as a name in lines that are otherwise right.
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

static void lies_in(struct slice part, const char *path, size_t len)
{
	CHECK(!part.s == !part.len);
	if (part.s)
		CHECK(part.s >= path && part.s + part.len <= path + len &&
		      !memchr(part.s, '/', part.len));
}

static bool has_id(const struct container *c, const char *id)
{
	return c->id.len == CONTAINER_ID && !memcmp(c->id.s, id, CONTAINER_ID) && !c->name.s;
}

/* Whatever a path says, it is in bounds. */
static void any_path(const char *path, size_t len)
{
	char unit[UNIT_NAME];
	struct container c;
	bool found = container_read(&c, path, len);
	size_t i;

	CHECK(found == (c.id.s || c.name.s) && !(c.id.s && c.name.s));
	lies_in(c.id, path, len);
	lies_in(c.name, path, len);
	lies_in(c.unit, path, len);
	CHECK(!c.id.s || c.id.len == CONTAINER_ID);
	for (i = 0; i < c.id.len; i++)
		CHECK(strchr("0123456789abcdef", c.id.s[i]));
	CHECK(!*c.pod || strspn(c.pod, "0123456789abcdef-") == strlen(c.pod));
	CHECK(!*c.pod || strlen(c.pod) == POD_UID || strlen(c.pod) == 32);
	CHECK(!c.runtime == !runtime_name(c.runtime) && (found || !c.runtime));
	CHECK(unit_name(c.unit, unit) <= c.unit.len);
	CHECK(unit_name(c.name, unit) <= c.name.len);
}

/* A container is one wherever it is; another in it takes its place. */
static void containers_at(const char *above, size_t n)
{
	static const char a[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			  b[] = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210",
			  uid[] = "2c48913c-b29f-11e7-9350-020968147796";
	char path[1024];
	struct container c;
	size_t len;

	len = (size_t)snprintf(path, sizeof(path), "/%.*s/x/docker/%s", (int)n, above, a);
	CHECK(container_read(&c, path, len) && c.runtime == RUNTIME_DOCKER && has_id(&c, a));
	len = (size_t)snprintf(path, sizeof(path), "/%.*s/x/docker/%s/crio-%s.scope", (int)n, above, b, a);
	CHECK(container_read(&c, path, len) && c.runtime == RUNTIME_CRIO && has_id(&c, a));
	len = (size_t)snprintf(path, sizeof(path), "/%.*s/x/kubepods/pod%s/%s", (int)n, above, uid, a);
	CHECK(container_read(&c, path, len) && !c.runtime && has_id(&c, a) && !strcmp(c.pod, uid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = input_copy(data, size);
	size_t n = strnlen(s, 250), line = strcspn(s, "\n");

	any_line(s);
	mounted_at(s, n);
	any_groups(s, size);
	in_group(s, n < line ? n : line);
	any_path(s, size);
	containers_at(s, n);
	free(s);
	return 0;
}
