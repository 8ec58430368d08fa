// SPDX-License-Identifier: GPL-2.0-only
/* Where a frozen task sleeps, by its control groups. */
#include "source/freezer.h"
#include "unit.h"

static void a_line_of_its_groups_names_the_file_that_tells(void **state)
{
	static const struct { const char *line, *place, *file; } lines[] = {
		{ "0::/\n", "do_freezer_trap", "/sys/fs/cgroup//cgroup.events" },
		{ "0::/a/b:c\n1:x:/y\n", "do_freezer_trap", "/sys/fs/cgroup/a/b:c/cgroup.events" },
		{ "7:freezer:/docker/12\n", "__refrigerator",
		  "/sys/fs/cgroup/freezer/docker/12/freezer.state" },
		{ "7:pids,freezer:/a", "__refrigerator", "/sys/fs/cgroup/freezer/a/freezer.state" },
		{ "7:pids:/freezer:/a\n", NULL, "" },
		{ "7:freezers:/a\n", NULL, "" },
		{ "7:nofreezer:/a\n", NULL, "" },
		{ "1:name=systemd:/\n", NULL, "" },
		{ "1::/a\n", NULL, "" },
		{ "0:\n", NULL, "" },
		{ "", NULL, "" },
	};
	char path[64];
	const char *place;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		*path = 0;
		place = freezer_of(lines[i].line, path, sizeof(path));
		if (!lines[i].place) {
			assert_null(place);
			continue;
		}
		assert_string_equal(place, lines[i].place);
		assert_string_equal(path, lines[i].file);
	}
	assert_null(freezer_of("0::/" "0123456789012345678901234567890123456789", path, sizeof(path)));
}

static void frozen_is_what_both_of_them_call_so(void **state)
{
	(void)state;
	assert_true(freezer_says_frozen("populated 1\nfrozen 1\n"));
	assert_true(freezer_says_frozen("FROZEN\n"));
	assert_false(freezer_says_frozen("populated 1\nfrozen 0\n"));
	assert_false(freezer_says_frozen("FREEZING\n"));
	assert_false(freezer_says_frozen("THAWED\n"));
	assert_false(freezer_says_frozen(""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_its_groups_names_the_file_that_tells),
		cmocka_unit_test(frozen_is_what_both_of_them_call_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
