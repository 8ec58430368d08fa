// SPDX-License-Identifier: GPL-2.0-only
/* Looks wait until all that was recorded before them has been told. */
#include "cli/sights.h"
#include "unit.h"

static struct buf seen;

static void note(void *ctx, const struct event *ev)
{
	assert_ptr_equal(ctx, &seen);
	buf_printf(&seen, "%u", ev->id.pid);
	if (ev->kind == EVENT_SIGHT && ev->sight.args.s)
		buf_add(&seen, ev->sight.args.s, ev->sight.args.len);
	buf_str(&seen, " ");
}

static void add(struct sights *s, uint32_t pid, uint64_t position)
{
	struct event ev = { .kind = EVENT_SIGHT, .id = { pid, 1 } };

	sights_add(s, &ev, position);
}

static void they_come_out_in_order_when_their_position_is_reached(void **state)
{
	struct sights s = { 0 };

	(void)state;
	sights_apply(&s, 100, note, &seen);
	add(&s, 1, 10);
	add(&s, 2, 10);
	add(&s, 3, 20);
	sights_apply(&s, 9, note, &seen);
	assert_buf(&seen, "");
	sights_apply(&s, 10, note, &seen);
	assert_buf(&seen, "1 2 ");
	sights_apply(&s, 10, note, &seen);
	assert_buf(&seen, "");
	add(&s, 4, 30);
	sights_apply(&s, 25, note, &seen);
	assert_buf(&seen, "3 ");
	sights_apply(&s, 1000, note, &seen);
	assert_buf(&seen, "4 ");
	sights_free(&s);
	buf_free(&seen);
}

static void what_they_say_is_kept_with_them(void **state)
{
	char args[] = "first", path[] = "/group";
	struct event ev = { .kind = EVENT_SIGHT, .id = { 1, 1 } };
	struct sights s = { 0 };
	uint32_t i;

	(void)state;
	ev.sight.args = (struct slice){ args, 5 };
	ev.sight.exe = ev.sight.cwd = ev.sight.args;
	ev.facts.cgroup_path = (struct slice){ path, 6 };
	sights_add(&s, &ev, 1);
	memset(args, 'x', 5); /* the room is used again for the next look */
	for (i = 2; i < 200; i++)
		add(&s, i, i);
	sights_apply(&s, 1, note, &seen);
	assert_buf(&seen, "1first ");
	sights_free(&s); /* the others are not lost to the heap: the address sanitizer counts */
	buf_free(&seen);
}

static void one_that_is_missing_has_nothing_to_keep(void **state)
{
	struct event ev = { .kind = EVENT_MISSING, .id = { 7, 1 } };
	struct sights s = { 0 };

	(void)state;
	memset(&ev.sight, 0xff, sizeof(ev.sight)); /* means nothing in such an event */
	sights_add(&s, &ev, 1);
	sights_apply(&s, 1, note, &seen);
	assert_buf(&seen, "7 ");
	sights_free(&s);
	buf_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_come_out_in_order_when_their_position_is_reached),
		cmocka_unit_test(what_they_say_is_kept_with_them),
		cmocka_unit_test(one_that_is_missing_has_nothing_to_keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
