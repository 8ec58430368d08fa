// SPDX-License-Identifier: GPL-2.0-only
/* Control groups by id: what was learned, what is below what. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/cgroup.h"
#include "unit.h"

static struct cgroups c;
static char dir[] = "/tmp/proctrace-unit-XXXXXX";

/* No real hierarchy: a directory of our own takes its place. */
static int begin(void **state)
{
	(void)state;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	cgroups_open(&c, NULL);
	snprintf(c.mount, sizeof(c.mount), "%s", dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	cgroups_close(&c);
	cgroups_close(&c); /* twice is fine */
	return rmdir(dir);
}

static void learn(uint64_t id, const char *path)
{
	cgroups_learn(&c, id, (struct slice){ path, (uint32_t)strlen(path) });
}

static void assert_path(uint64_t id, const char *want)
{
	struct slice path = cgroups_path(&c, id);

	if (!want) {
		assert_null(path.s);
		return;
	}
	assert_non_null(path.s);
	assert_int_equal(path.len, strlen(want));
	assert_memory_equal(path.s, want, path.len);
}

#define BIG (UINT64_C(1) << 40) /* no inode number here */

static void what_was_learned_is_known(void **state)
{
	(void)state;
	learn(BIG + 1, "/a");
	learn(BIG + 2, "/a/b");
	learn(UINT64_MAX, "/end");
	assert_path(BIG + 1, "/a");
	assert_path(BIG + 2, "/a/b");
	assert_path(UINT64_MAX, "/end");
	learn(BIG + 1, "/new name"); /* an id that is used again */
	assert_path(BIG + 1, "/new name");
	assert_path(0, NULL);
	learn(0, "/x");
	assert_path(0, NULL);
}

static void many_groups_are_kept_apart(void **state)
{
	char path[32];
	uint64_t i;

	(void)state;
	for (i = 1; i <= 5000; i++) {
		snprintf(path, sizeof(path), "/group/%d", (int)i);
		learn(BIG + i * 4096, path);
	}
	for (i = 1; i <= 5000; i++) {
		snprintf(path, sizeof(path), "/group/%d", (int)i);
		assert_path(BIG + i * 4096, path);
	}
}

/* On a machine that starts containers all day. */
static void groups_that_are_gone_are_forgotten(void **state)
{
	char path[64];
	struct stat st;
	uint64_t i;

	(void)state;
	snprintf(path, sizeof(path), "%s/stays", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(stat(path, &st), 0);
	learn(st.st_ino, "/stays");
	for (i = 1; i <= 200000; i++) {
		snprintf(path, sizeof(path), "/group/%d", (int)i);
		learn(BIG + i * 4096, path);
		if (i > 1000 && i % 7 == 0) {
			snprintf(path, sizeof(path), "/group/%d", (int)i - 1000);
			assert_path(BIG + (i - 1000) * 4096, path);
		}
	}
	assert_in_range(c.count, 1000, 33000);
	assert_int_equal(c.nbuckets, 65536);
	snprintf(path, sizeof(path), "%s/stays", dir);
	rmdir(path); /* it is not looked for: it was never forgotten */
	assert_path(st.st_ino, "/stays");
	assert_path(BIG + 4096, NULL);
}

static void one_that_was_not_found_is_learned_later(void **state)
{
	(void)state;
	assert_path(BIG + 7, NULL);
	assert_path(BIG + 7, NULL);
	learn(BIG + 7, "/late");
	assert_path(BIG + 7, "/late");
	cgroups_learn(&c, BIG + 7, (struct slice){ 0 }); /* no news */
	assert_path(BIG + 7, "/late");
}

/* One that came to be behind our back is looked for below the mount. */
static void an_unknown_group_is_looked_for(void **state)
{
	char path[64];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/born", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(stat(path, &st), 0);
	/* the number may be one that a real group has */
	cgroups_close(&c);
	cgroups_open(&c, "relative/and/nowhere");
	snprintf(c.mount, sizeof(c.mount), "%s", dir);
	if (!cgroups_path(&c, st.st_ino).s)
		fail_msg("it was not found");
	rmdir(path);
}

static void a_group_is_named_by_its_directory_or_below_the_mount(void **state)
{
	char path[64], nowhere[80];
	const char *below;
	struct stat st;
	uint64_t id = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/g", dir);
	snprintf(nowhere, sizeof(nowhere), "%s/none", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(cgroups_id(&c, path, &id, &below), 0);
	assert_true(id == st.st_ino);
	assert_string_equal(below, "/g");
	assert_ptr_equal(below, path + strlen(dir));
	id = 0;
	assert_int_equal(cgroups_id(&c, "/g", &id, &below), 0);
	assert_true(id == st.st_ino);
	assert_string_equal(below, "/g");
	assert_int_equal(cgroups_id(&c, nowhere, &id, &below), -ENOENT);
	assert_int_equal(cgroups_id(&c, "/none", &id, &below), -ENOENT);
	/* a directory beside the mount, whose name begins like it: not the one below it */
	snprintf(nowhere, sizeof(nowhere), "%sg", dir);
	assert_int_equal(cgroups_id(&c, nowhere, &id, &below), -ENOENT);
	rmdir(path);
}

static void a_file_is_no_group(void **state)
{
	char path[64];
	const char *below;
	uint64_t id;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/file", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(cgroups_id(&c, path, &id, &below), -ENOTDIR);
	unlink(path);
}

#define MOUNTED_AT(path) "42 32 0:38 / " path " rw,nosuid shared:9 - "

static void assert_mounted(const char *line, const char *controller, const char *want)
{
	char mount[64];

	if (!want)
		assert_false(cgroup_parse_mount(line, controller, mount, sizeof(mount)));
	else if (!cgroup_parse_mount(line, controller, mount, sizeof(mount)))
		fail_msg("not taken: %s", line);
	else
		assert_string_equal(mount, want);
}

static void a_mount_is_of_one_hierarchy(void **state)
{
	const char *both = MOUNTED_AT("/m") "cgroup cgroup rw,cpu,cpuacct\n";
	const char *unified = MOUNTED_AT("/u") "cgroup2 cgroup2 rw,memory_recursiveprot\n";

	(void)state;
	assert_mounted(both, "cpu", "/m");
	assert_mounted(both, "cpuacct", "/m");
	assert_mounted(both, "acct", NULL);
	assert_mounted(both, "pids", NULL);
	assert_mounted(both, "", NULL);
	assert_mounted(unified, "", "/u");
	assert_mounted(unified, "memory", NULL);
	assert_mounted(MOUNTED_AT("/m") "cgroup2  rw\n", "", "/m"); /* of an empty source */
	assert_mounted(MOUNTED_AT("/m") "cgroup  rw,pids\n", "pids", "/m");
	assert_mounted(MOUNTED_AT("/cgroup2") "ext4 /dev/sda1 rw,pids\n", "", NULL);
	assert_mounted(MOUNTED_AT("/m") "cgroup2x none rw\n", "", NULL);
	assert_mounted("42 32 - cgroup2 none rw a b c d\n", "", NULL);
	assert_mounted("", "", NULL);
}

/* The kernel escapes space, tab, newline and backslash, and no other byte. */
static void a_mount_point_may_have_any_name(void **state)
{
	(void)state;
	assert_mounted(MOUNTED_AT("/a\\040b\\011\\012\\134040") "cgroup2 none rw\n", "",
		       "/a b\t\n\\040");
	assert_mounted(MOUNTED_AT("/a\rb\vc\xff") "cgroup2 none rw\n", "", "/a\rb\vc\xff");
	assert_mounted(MOUNTED_AT("/an-") "cgroup2 none rw\n", "", "/an-");
	/* one that does not fit is not cut: it would be another directory */
	assert_mounted(MOUNTED_AT("/789012345678901234567890123456789012345678901234567890123456789")
		       "cgroup2 none rw\n", "", NULL);
}

static void a_hierarchy_has_a_number(void **state)
{
	(void)state;
	assert_int_equal(cgroup_parse_hierarchy("#subsys_name\thierarchy\tnum\n", "pids"), 0);
	assert_int_equal(cgroup_parse_hierarchy("pids\t9\t55\t1\n", "pids"), 9);
	assert_int_equal(cgroup_parse_hierarchy("pids\t9\t55\t1\n", "pid"), 0);
	assert_int_equal(cgroup_parse_hierarchy("memory\t0\t55\t1\n", "memory"), 0);
	assert_int_equal(cgroup_parse_hierarchy("", "pids"), 0);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(what_was_learned_is_known),
		story(many_groups_are_kept_apart),
		story(groups_that_are_gone_are_forgotten),
		story(one_that_was_not_found_is_learned_later),
		story(an_unknown_group_is_looked_for),
		story(a_group_is_named_by_its_directory_or_below_the_mount),
		story(a_file_is_no_group),
		cmocka_unit_test(a_mount_is_of_one_hierarchy),
		cmocka_unit_test(a_mount_point_may_have_any_name),
		cmocka_unit_test(a_hierarchy_has_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
