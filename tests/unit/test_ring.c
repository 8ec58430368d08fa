// SPDX-License-Identifier: GPL-2.0-only
/* The reading side of the ring buffer, over memory that is laid out as the kernel's. */
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/ring.h"
#include "unit.h"

#define SIZE 4096UL

/* The writing side: what kernel/bpf/ringbuf.c does, in a file of memory. */
struct writer {
	int fd;
	unsigned long *consumer, *producer;
	uint8_t *data; /* twice in a row */
	struct ring ring;
	char said[4096]; /* what was handed out */
	struct ring_piece shown[RING_AHEAD]; /* and is to be handed out next */
	size_t nshown, told; /* of these */
};

static void open_writer(struct writer *w)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *at;

	memset(w, 0, sizeof(*w));
	w->fd = memfd_create("ring", 0);
	assert_true(w->fd >= 0);
	assert_int_equal(ftruncate(w->fd, (off_t)(2 * page + SIZE)), 0);
	at = mmap(NULL, 2 * page + 2 * SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	assert_ptr_not_equal(mmap(at + 2 * page + SIZE, SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, w->fd, (off_t)(2 * page)),
			     MAP_FAILED);
	w->consumer = (unsigned long *)at;
	w->producer = (unsigned long *)(at + page);
	w->data = at + 2 * page;
	assert_int_equal(ring_open(&w->ring, w->fd, SIZE), 0);
}

static void close_writer(struct writer *w)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	ring_close(&w->ring);
	munmap(w->consumer, 2 * page + 2 * SIZE);
	close(w->fd);
}

/* flags: BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT or 0. Where its header is. */
static uint32_t *put(struct writer *w, const char *text, uint32_t flags)
{
	uint32_t len = (uint32_t)strlen(text), *head;

	head = (uint32_t *)(w->data + (*w->producer & (SIZE - 1)));
	head[0] = len | flags;
	memcpy((uint8_t *)head + BPF_RINGBUF_HDR_SZ, text, len);
	*w->producer += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
	return head;
}

static void hear(void *ctx, const void *record, size_t size, uint64_t end)
{
	struct writer *w = ctx;
	size_t len = strlen(w->said);

	assert_true(len + size + 2 < sizeof(w->said));
	memcpy(w->said + len, record, size);
	strcpy(w->said + len + size, ".");
	assert_true(end <= ring_produced(&w->ring));
	assert_true(w->told < w->nshown);
	assert_in_range(w->shown[w->told].size, 0, size);
	assert_memory_equal(w->shown[w->told].data, record, w->shown[w->told].size);
	w->told++;
}

/* What was shown before has been handed out. */
static void see(void *ctx, const struct ring_piece *pieces, size_t n)
{
	struct writer *w = ctx;
	size_t i;

	assert_int_equal(w->told, w->nshown);
	assert_in_range(n, 1, RING_AHEAD);
	memcpy(w->shown, pieces, n * sizeof(*pieces));
	w->nshown = n;
	w->told = 0;
	for (i = 0; i < n; i++)
		assert_true((const uint8_t *)pieces[i].data + pieces[i].size <=
			    w->ring.data + SIZE);
}

static void assert_said(struct writer *w, int n, const char *want)
{
	const struct ring_reader reader = { see, hear, w };

	w->said[0] = 0;
	assert_int_equal(ring_drain(&w->ring, &reader), n);
	assert_int_equal(w->told, w->nshown);
	assert_string_equal(w->said, want);
}

static void records_come_in_order_and_their_room_is_given_back(void **state)
{
	struct writer w;

	(void)state;
	open_writer(&w);
	assert_said(&w, 0, "");
	put(&w, "one", 0);
	put(&w, "nothing", BPF_RINGBUF_DISCARD_BIT);
	put(&w, "two, which is longer", 0);
	assert_said(&w, 2, "one.two, which is longer.");
	assert_true(*w.consumer == *w.producer);
	assert_true(ring_consumed(&w.ring) == ring_produced(&w.ring));
	assert_said(&w, 0, "");
	close_writer(&w);
}

static void a_record_in_the_making_holds_up_those_behind_it(void **state)
{
	struct writer w;
	uint32_t *head;

	(void)state;
	open_writer(&w);
	put(&w, "one", 0);
	head = put(&w, "two", BPF_RINGBUF_BUSY_BIT);
	put(&w, "three", 0);
	assert_said(&w, 1, "one.");
	assert_said(&w, 0, "");
	*head &= ~BPF_RINGBUF_BUSY_BIT;
	assert_said(&w, 2, "two.three.");
	close_writer(&w);
}

/* At every place of the end of the data, and around it many times. */
static void a_record_that_is_split_comes_in_one_piece(void **state)
{
	struct writer w;
	size_t len;
	int i;

	(void)state;
	open_writer(&w);
	for (len = 1; len < 300; len += 7) {
		char text[300], want[302];

		for (i = 0; i < (int)len; i++)
			text[i] = (char)('a' + (i + (int)len) % 26);
		text[len] = 0;
		snprintf(want, sizeof(want), "%s.", text);
		for (i = 0; i < 700; i++) {
			put(&w, text, 0);
			assert_said(&w, 1, want);
		}
	}
	close_writer(&w);
}

/* More than are shown at once, some of which are nothing, and one that is not there yet. */
static void records_are_shown_before_they_are_handed_out(void **state)
{
	char want[3 * RING_AHEAD] = "";
	struct writer w;
	int i;

	(void)state;
	open_writer(&w);
	for (i = 0; i < RING_AHEAD + 3; i++) {
		put(&w, "x", 0);
		put(&w, "nothing", BPF_RINGBUF_DISCARD_BIT);
		strcat(want, "x.");
	}
	put(&w, "late", BPF_RINGBUF_BUSY_BIT);
	assert_said(&w, RING_AHEAD + 3, want);
	assert_int_equal(w.nshown, 3);
	close_writer(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_in_order_and_their_room_is_given_back),
		cmocka_unit_test(a_record_in_the_making_holds_up_those_behind_it),
		cmocka_unit_test(a_record_that_is_split_comes_in_one_piece),
		cmocka_unit_test(records_are_shown_before_they_are_handed_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
