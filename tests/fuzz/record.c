// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder of records, and all that a record sets going: a whole input is a stream of records,
 * with what comes between them, through engine and rules into both formats.
 *
 * An input: a byte of settings, then steps. A step: a number of two bytes, the low one first; up to
 * LONGEST it is the length of the record that follows, above that its low byte says what happens.
 */
#include "event/decode.h"

#include <errno.h>

#include "fuzz.h"
#include "told.h"

#define LONGEST 0xfeff

enum setting { CROWDED = 1 << 0, PARTIAL = 1 << 1, FOLLOWING = 1 << 2, IMPATIENT = 1 << 3 };
enum happening { PASSES, ARE_MISSING, CHECK_BEGINS, CHECK_ENDS, ASK_DEAD, IS_LOST, HAPPENINGS };

static struct told t;
static uint64_t now;

static void check_slice(struct slice s, const void *room, size_t size)
{
	const char *begin = room;

	if (s.s)
		CHECK(s.s >= begin && s.s + s.len <= begin + size);
}

/* The root alone is a constant. */
static void check_path(struct slice s, const void *room, size_t size)
{
	CHECK(s.s);
	if (s.len != 1 || *s.s != '/')
		check_slice(s, room, size);
}

/* Whatever was read lies in the record or in the room, and is what its kind says. */
static void check_event(const struct event *ev, const struct decode_room *room, const void *record,
			size_t size)
{
	CHECK((unsigned int)ev->kind < EVENT_KINDS);
	if (ev->facts.have & HAVE_COMM)
		CHECK(strnlen(ev->facts.comm, COMM_LEN) < COMM_LEN);
	if (ev->facts.have & HAVE_CGROUP)
		check_slice(ev->facts.cgroup_path, record, size);
	if (ev->kind == EVENT_EXIT)
		CHECK(strnlen(ev->exit.killer_comm, COMM_LEN) < COMM_LEN);
	if (ev->kind != EVENT_EXEC)
		return;
	check_slice(ev->exec.args, record, size);
	check_slice(ev->exec.script, record, size);
	check_path(ev->exec.exe, room->exe, sizeof(room->exe));
	check_path(ev->exec.cwd, room->cwd, sizeof(room->cwd));
	CHECK(ev->exec.args.len <= ev->exec.args_bytes);
}

static void take_record(const uint8_t *data, size_t size)
{
	static struct decode_room room;
	struct cgroup_news news = { 0 };
	void *record = malloc(size ? size : 1);
	struct event ev;
	int err;

	CHECK(record);
	memcpy(record, data, size);
	memset(&ev, 0xa5, sizeof(ev));
	err = decode(record, size, &room, &ev, &news);
	CHECK(err == 0 || err == 1 || err == -EBADMSG);
	if (err == 1)
		check_slice(news.path, record, size);
	if (!err) {
		check_event(&ev, &room, record, size);
		if (ev.ts > now)
			now = ev.ts;
		pipeline_apply(&t.pipeline, &ev);
	}
	free(record);
}

/* All that somebody wants looked at is not there. */
static void are_missing(void)
{
	struct buf asked = t.pipeline.asked;
	size_t i;

	t.pipeline.asked = (struct buf){ 0 };
	for (i = 0; i < asked.len / sizeof(struct question); i++) {
		struct event ev = { .kind = EVENT_MISSING, .ts = now };

		ev.id = ((const struct question *)asked.data)[i].id;
		pipeline_apply(&t.pipeline, &ev);
	}
	buf_free(&asked);
}

static void happens(enum happening what, uint8_t n)
{
	const struct stream_lost lost = { .ts = now, .kind = record_kind_name(1 + n % (RECORD_KIND_END - 1)),
					  .cause = "ring_full", .count = n };

	switch (what) {
	case PASSES:
		now += n * (10 * NS_PER_MS);
		pipeline_tick(&t.pipeline, now);
		break;
	case ARE_MISSING:
		are_missing();
		break;
	case CHECK_BEGINS:
		engine_audit_begin(t.pipeline.engine, now);
		pipeline_check(&t.pipeline, n & 1);
		break;
	case CHECK_ENDS:
		engine_audit_end(t.pipeline.engine);
		pipeline_resync(&t.pipeline, now, n & 1);
		break;
	case ASK_DEAD:
		engine_ask_dead(t.pipeline.engine);
		break;
	default:
		pipeline_lost(&t.pipeline, &lost);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t settings = input_byte(&in);

	told_init(&t);
	now = 100 * NS_PER_S;
	t.options.max_procs = settings & CROWDED ? 16 : 0;
	t.options.selection.kinds = settings & FOLLOWING ? SELECT_TREE :
				    settings & PARTIAL	 ? SELECT_PID :
							   0;
	if (settings & IMPATIENT)
		t.options.zombie_after = 0;
	told_open(&t, now);
	if (settings & FOLLOWING)
		engine_follow(t.pipeline.engine, 2);
	while (in.left) {
		size_t n = input_u16(&in);
		const uint8_t *record;

		if (n > LONGEST) {
			happens((n & 0xff) % HAPPENINGS, input_byte(&in));
			continue;
		}
		record = input_take(&in, &n);
		take_record(record, n);
	}
	told_close(&t);
	return 0;
}
