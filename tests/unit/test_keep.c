// SPDX-License-Identifier: GPL-2.0-only
/* What keeps things: lists, shared strings, queues with keys. */
#include "base/holds.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/text.h"
#include "unit.h"

struct item {
	int n;
	struct list link;
};

static void assert_items(const struct list *head, const char *want)
{
	struct buf b = { 0 };
	struct list *pos;

	list_each(pos, head)
		buf_printf(&b, "%d", list_entry(pos, struct item, link)->n);
	assert_buf(&b, want);
	buf_free(&b);
}

static void a_list_keeps_the_order(void **state)
{
	struct item items[4];
	struct list head, *pos, *tmp;
	int i;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	for (i = 0; i < 4; i++) {
		items[i].n = i;
		list_add_tail(&items[i].link, &head);
	}
	assert_items(&head, "0123");
	list_del(&items[1].link);
	assert_items(&head, "023");
	list_del(&items[1].link); /* twice is fine */
	assert_items(&head, "023");
	list_add_tail(&items[1].link, &head);
	assert_items(&head, "0231");
	list_each_safe(pos, tmp, &head)
		if (list_entry(pos, struct item, link)->n % 2 == 0)
			list_del(pos);
	assert_items(&head, "31");
	list_del(&items[3].link);
	list_del(&items[1].link);
	assert_true(list_empty(&head));
}

static void a_text_keeps_any_bytes_and_a_nul_behind_them(void **state)
{
	struct text *t = text_new("a\0b", 3);

	(void)state;
	assert_int_equal(t->len, 3);
	assert_memory_equal(t->s, "a\0b", 4);
	text_put(t);
	t = text_new("", 0);
	assert_int_equal(t->len, 0);
	assert_int_equal(t->s[0], 0);
	text_put(t);
	text_put(NULL);
	assert_null(text_get(NULL));
}

/* Of every length that a pool may have, and longer; with room of their own, in use once more. */
static void texts_of_every_length_keep_apart(void **state)
{
	enum { LONGEST = 1200 };
	static struct text *kept[LONGEST + 1];
	char bytes[LONGEST];
	int round, len;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (len = 0; len <= LONGEST; len++) {
			memset(bytes, 'a' + (len + round) % 26, (size_t)len);
			text_set(&kept[len], bytes, (size_t)len);
		}
		for (len = 0; len <= LONGEST; len++) {
			memset(bytes, 'a' + (len + round) % 26, (size_t)len);
			assert_true(text_is(kept[len], bytes, (size_t)len));
			assert_int_equal(kept[len]->s[len], 0);
			if (round == 1)
				text_share(&kept[len], NULL);
		}
	}
	for (len = 0; len <= LONGEST; len++)
		text_put(kept[len]);
}

static void a_text_lives_as_long_as_somebody_has_it(void **state)
{
	struct text *one = text_new("argv", 4), *two = NULL, *three = NULL;

	(void)state;
	text_share(&two, one);
	assert_ptr_equal(two, one);
	three = text_get(one);
	text_put(one);
	assert_memory_equal(two->s, "argv", 5);
	text_share(&two, three); /* by itself */
	text_put(two);
	assert_memory_equal(three->s, "argv", 5);
	text_share(&three, NULL);
	assert_null(three);
}

static void setting_one_does_not_change_the_others(void **state)
{
	struct text *one = text_new("old", 3), *two = NULL;

	(void)state;
	text_share(&two, one);
	text_set(&two, "new", 3);
	assert_memory_equal(one->s, "old", 4);
	assert_memory_equal(two->s, "new", 4);
	text_set(&two, "newer", 5);
	assert_memory_equal(two->s, "newer", 6);
	text_put(one);
	one = two;
	text_set(&two, "newer", 5); /* the same bytes: nothing is made anew */
	assert_ptr_equal(one, two);
	text_set(&two, "newe", 4);
	assert_memory_equal(two->s, "newe", 5);
	text_put(two);
}

struct held {
	struct hold hold;
	int n;
};

static struct held *hold(struct holds *h, uint32_t key, uint64_t due, int n)
{
	struct held *held = calloc(1, sizeof(*held));

	held->n = n;
	holds_add(h, &held->hold, key, due);
	return held;
}

static int first(const struct holds *h)
{
	return ((struct held *)holds_first(h))->n;
}

static void holds_come_out_in_order(void **state)
{
	struct holds h;
	int i;

	(void)state;
	holds_init(&h);
	assert_null(holds_first(&h));
	for (i = 0; i < 1000; i++)
		hold(&h, (uint32_t)(i * 31 % 97), (uint64_t)i, i);
	for (i = 0; i < 1000; i++) {
		struct hold *out = holds_first(&h);

		assert_int_equal(first(&h), i);
		assert_true(out->due == (uint64_t)i);
		holds_remove(&h, out);
		free(out);
	}
	assert_null(holds_first(&h));
	holds_fini(&h);
}

static void a_hold_is_found_by_its_key(void **state)
{
	struct held *seven, *other;
	struct holds h;
	struct hold *found = NULL;
	int i, n = 0, sum = 0;

	(void)state;
	holds_init(&h);
	for (i = 0; i < 500; i++)
		hold(&h, (uint32_t)i, 1, i);
	assert_null(holds_find(&h, 7777, NULL));
	seven = (struct held *)holds_find(&h, 7, NULL);
	assert_int_equal(seven->n, 7);
	assert_null(holds_find(&h, 7, &seven->hold));
	other = hold(&h, 7, 2, 1007); /* two of one key */
	while ((found = holds_find(&h, 7, found))) {
		n++;
		sum += ((struct held *)found)->n;
	}
	assert_int_equal(n, 2);
	assert_int_equal(sum, 1014);
	holds_remove(&h, &seven->hold);
	free(seven);
	assert_ptr_equal(holds_find(&h, 7, NULL), &other->hold);
	assert_null(holds_find(&h, 7, &other->hold));
	assert_int_equal(h.count, 500);
	holds_fini(&h); /* frees the rest: the address sanitizer counts */
}

/* Each has bytes of its own, and comes zeroed whatever stood there before. */
static void a_pool_hands_out_what_is_zeroed(void **state)
{
	enum { MANY = 100000, SIZE = 40 };
	static unsigned char *got[MANY];
	static const char zeros[SIZE];
	struct pool pool;
	int i, round;

	(void)state;
	pool_init(&pool, SIZE);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < MANY; i++) {
			got[i] = pool_get(&pool);
			assert_memory_equal(got[i], zeros, SIZE);
			memset(got[i], i % 255 + 1, SIZE);
		}
		for (i = 0; i < MANY; i++) {
			assert_int_equal(got[i][0], i % 255 + 1);
			assert_int_equal(got[i][SIZE - 1], i % 255 + 1);
		}
		for (i = 0; i < MANY; i++)
			pool_put(&pool, got[i]);
	}
	pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_keeps_the_order),
		cmocka_unit_test(a_text_keeps_any_bytes_and_a_nul_behind_them),
		cmocka_unit_test(texts_of_every_length_keep_apart),
		cmocka_unit_test(a_text_lives_as_long_as_somebody_has_it),
		cmocka_unit_test(setting_one_does_not_change_the_others),
		cmocka_unit_test(holds_come_out_in_order),
		cmocka_unit_test(a_hold_is_found_by_its_key),
		cmocka_unit_test(a_pool_hands_out_what_is_zeroed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
