// SPDX-License-Identifier: GPL-2.0-only
/* Which processes are told of. */
#include "cli/filter.h"
#include "command_line.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct proc p;

static int begin(void **state)
{
	(void)state;
	memset(&o, 0, sizeof(o));
	p = (struct proc){ .id = { 4711, 1 }, .have = HAVE_USER | HAVE_COMM | HAVE_CGROUP,
			   .uid = 1000, .cgroup = 77, .comm = "worker" };
	return 0;
}

static int end(void **state)
{
	(void)state;
	text_put(p.cgroup_path);
	return 0;
}

static void in_group(const char *path)
{
	text_set(&p.cgroup_path, path, strlen(path));
}

static void assert_matches(bool want, const char *line)
{
	assert_good(line);
	if (filter_matches(&o, &p) != want)
		fail_msg("'%s' gives %d", line, !want);
}

static void without_a_filter_everything_matches(void **state)
{
	(void)state;
	assert_matches(true, "");
	p = (struct proc){ .id = { 1, 0 } };
	assert_matches(true, "");
}

static void a_pid_is_one_of_those_given(void **state)
{
	(void)state;
	p.id.pid = 1;
	assert_matches(true, "--pid 1");
	assert_matches(true, "--pid 1,1");
	p.id.pid = 2147483647;
	assert_matches(false, "--pid 1");
	assert_wrong("--pid 0");
	assert_wrong("--pid -1");
	assert_wrong("--pid 1x");
	assert_wrong("--pid self");
	assert_wrong("--pid=");
	assert_wrong("--pid 1,");
	assert_wrong("--pid 4194305"); /* over the highest there can be */
	assert_wrong("--pid 99999999999999999999");
	assert_wrong("--pid 1,1,1,1,1,1,1,1,1"); /* nine */
	assert_good("--pid 4194303"); /* nobody, but for a great chance */
	assert_int_not_equal(filter_look_up(&o), 0);
	assert_good("--tree 4194303");
	assert_int_not_equal(filter_look_up(&o), 0);
	assert_good("--pid 1 --tree 1");
	assert_int_equal(filter_look_up(&o), 0);
}

static void a_name_counts_with_fifteen_bytes(void **state)
{
	(void)state;
	assert_matches(true, "--comm worker");
	assert_matches(true, "--comm other,worker");
	assert_matches(false, "--comm work");
	assert_matches(false, "--comm workers");
	assert_matches(false, "--comm Worker");
	strcpy(p.comm, "a-very-long-nam");
	assert_matches(true, "--comm a-very-long-name-indeed");
	assert_matches(true, "--comm a-very-long-nam");
	assert_matches(false, "--comm a-very-long-na");
	assert_wrong("--comm=");
	assert_wrong("--comm a,,b");
	assert_wrong("--comm 1,2,3,4,5,6,7,8,9");
}

static void a_user_is_a_number_or_a_name(void **state)
{
	(void)state;
	assert_matches(true, "--uid 1000");
	assert_matches(false, "--uid 1001");
	assert_matches(true, "--uid 0,1000");
	assert_matches(false, "--uid root");
	p.uid = 0;
	assert_matches(true, "--uid root");
	p.have = 0; /* whose it is is not known */
	assert_matches(false, "--uid 0");
	assert_wrong("--uid no-such-user-here");
	assert_wrong("--uid -1");
	assert_wrong("--uid 4294967295"); /* means "none" to the kernel */
	assert_wrong("--uid 4294967296");
	assert_wrong("--uid=");
}

static void a_tree_is_what_is_followed(void **state)
{
	(void)state;
	assert_good("--tree 1");
	assert_true(o.selection.kinds & SELECT_TREE);
	assert_int_equal(o.trees, 1);
	assert_int_equal(o.tree[0], 1);
	assert_false(filter_matches(&o, &p));
	p.followed = true;
	assert_true(filter_matches(&o, &p));
	assert_matches(true, "-- ls");
	p.followed = false;
	assert_matches(false, "-- ls");
	assert_wrong("--tree 0");
	assert_wrong("--tree x");
}

static void a_group_includes_what_is_below_it(void **state)
{
	(void)state;
	o.selection.kinds = SELECT_CGROUP;
	o.selection.cgroups = 1;
	o.selection.cgroup[0] = 5;
	o.cgroup_below[0] = "/a/b";
	in_group("/a/b/c");
	assert_true(filter_matches(&o, &p));
	in_group("/a/b/c/d");
	assert_true(filter_matches(&o, &p));
	in_group("/a/bc");
	assert_false(filter_matches(&o, &p));
	in_group("/a");
	assert_false(filter_matches(&o, &p));
	in_group("/x/a/b/c");
	assert_false(filter_matches(&o, &p));
	p.cgroup = 5; /* the group itself, by its id */
	assert_true(filter_matches(&o, &p));
	p.cgroup = 77;
	o.cgroup_below[0] = "/a/b/";
	in_group("/a/b/c");
	assert_true(filter_matches(&o, &p));
	o.cgroup_below[0] = "/";
	assert_true(filter_matches(&o, &p));
	text_put(p.cgroup_path);
	p.cgroup_path = NULL;
	assert_false(filter_matches(&o, &p));
	assert_wrong("--cgroup=");
}

static void a_container_is_told_by_the_beginning_of_its_id(void **state)
{
	(void)state;
	in_group("/docker/" ID);
	assert_matches(true, "--container 0123456789ab");
	assert_matches(true, "--container " ID);
	assert_matches(true, "--container 0123");
	assert_matches(false, "--container 1234");
	assert_matches(true, "--container ffff --container 0123456789ab");
	assert_matches(true, "--container docker://" ID);
	assert_matches(false, "--container cri-o://1234");
	in_group("/system.slice/docker-" ID ".scope");
	assert_matches(true, "--container 0123456789ab");
	in_group("/kubepods/burstable/podx/cri-containerd-" ID ".scope");
	assert_matches(true, "--container 0123456789ab");
	in_group("/machine.slice/libpod-" ID ".scope/container");
	assert_matches(true, "--container 0123456789ab");
	text_put(p.cgroup_path);
	p.cgroup_path = NULL;
	assert_matches(false, "--container 0123456789ab");
	assert_wrong("--container 012");
	assert_wrong("--container 0123x");
	assert_wrong("--container=");
	assert_wrong("--container docker://");
	assert_wrong("--container docker:" ID);
	assert_wrong("--container ://" ID);
	assert_wrong("--container docker://docker://" ID);
}

/* The digits may stand further up the path as well, in the name of a pod. */
static void an_id_is_found_behind_a_name_with_the_same_digits(void **state)
{
	(void)state;
	in_group("/kubepods/podaa0123bb/" ID);
	assert_matches(true, "--container 0123");
}

static void who_only_watches_a_container_is_not_in_it(void **state)
{
	(void)state;
	in_group("/machine.slice/libpod-conmon-" ID ".scope");
	assert_matches(false, "--container 0123");
	in_group("/lxc.payload.abcd");
	assert_matches(false, "--container abcd");
}

/* The container that the stream tells is the one with 64 digits; other numbers are none. */
static void digits_that_are_no_id_do_not_match(void **state)
{
	(void)state;
	in_group("/user.slice/user-1000.slice/session-1234.scope");
	assert_matches(false, "--container 1234");
	in_group("/kubepods/pod77aa-beef-4444/" ID);
	assert_matches(false, "--container beef");
}

static void every_kind_that_is_given_must_hold(void **state)
{
	(void)state;
	assert_matches(true, "--comm worker --uid 1000");
	assert_matches(false, "--comm worker --uid 1001");
	assert_matches(false, "--comm other --uid 1000");
	assert_matches(false, "--comm worker --uid 1000 --pid 1");
	p.id.pid = 1;
	assert_matches(true, "--comm worker --uid 1000 --pid 1");
	p.followed = true;
	assert_matches(true, "--comm worker --tree 1");
	p.followed = false;
	assert_matches(false, "--comm worker --tree 1");
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(without_a_filter_everything_matches),
		story(a_pid_is_one_of_those_given),
		story(a_name_counts_with_fifteen_bytes),
		story(a_user_is_a_number_or_a_name),
		story(a_tree_is_what_is_followed),
		story(a_group_includes_what_is_below_it),
		story(a_container_is_told_by_the_beginning_of_its_id),
		story(who_only_watches_a_container_is_not_in_it),
		story(an_id_is_found_behind_a_name_with_the_same_digits),
		story(digits_that_are_no_id_do_not_match),
		story(every_kind_that_is_given_must_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
