/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events in, both formats out: the program's own way of the data, with an ear at its end. Each
 * thing that is told must be one line of JSON and one of text, harmless, and about the same.
 */
#ifndef PROCTRACE_FUZZ_TOLD_H
#define PROCTRACE_FUZZ_TOLD_H

#include "base/clock.h"
#include "cli/pipeline.h"
#include "said.h"

struct told {
	struct sink tee; /* first: it is what the pipeline knows */
	struct sink json, text;
	struct options options;
	struct pipeline pipeline;
	uint64_t lines;
	/* one line of JSON, parsed; may be NULL */
	void (*hear)(void *ctx, json_t *line);
	void *ctx;
};

/* "process.parent.pid"; NULL: it is not there. */
static inline json_t *told_at(json_t *line, const char *path)
{
	char key[32];

	while (line && *path) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		line = json_object_get(line, key);
		path += len + (path[len] == '.');
	}
	return line;
}

/* All of b is one line: its length without the newline. */
static inline size_t told_line(const struct buf *b)
{
	CHECK(b->len && b->data[b->len - 1] == '\n');
	said_harmless(b->data, b->len - 1);
	return b->len - 1;
}

/* "HH:MM:SS.mmm ACTION PID …", of the same thing as the line of JSON. */
static inline void told_same(const struct buf *text, json_t *line)
{
	const char *action = json_string_value(told_at(line, "event.action"));
	json_t *pid = told_at(line, "process.pid");
	char want[64];
	size_t len;

	if (pid)
		len = (size_t)snprintf(want, sizeof(want), " %-14s %7lld ", action,
				       (long long)json_integer_value(pid));
	else
		len = (size_t)snprintf(want, sizeof(want), " %-14s %7s ", action, "-");
	CHECK(text->len > 12 + len && text->data[2] == ':' && text->data[8] == '.');
	CHECK(!memcmp(text->data + 12, want, len));
}

static inline void told_check(struct told *t)
{
	json_t *line = said_json(t->json.out.data, told_line(&t->json.out));

	told_line(&t->text.out);
	told_same(&t->text.out, line);
	t->lines++;
	CHECK(json_integer_value(told_at(line, "event.sequence")) == (json_int_t)t->lines);
	if (t->hear)
		t->hear(t->ctx, line);
	json_decref(line);
	t->json.out.len = t->text.out.len = 0;
}

#define TOLD_OP(op, type)                                                                          \
	static inline void told_##op(struct sink *tee, const type *what)                           \
	{                                                                                          \
		struct told *t = (struct told *)tee;                                               \
                                                                                                   \
		t->json.ops->op(&t->json, what);                                                   \
		t->text.ops->op(&t->text, what);                                                   \
		told_check(t);                                                                     \
	}

TOLD_OP(change, struct change)
TOLD_OP(finding, struct finding)
TOLD_OP(lost, struct stream_lost)
TOLD_OP(resync, struct stream_resync)

/* t->options are the caller's to change before. */
static inline void told_init(struct told *t)
{
	static const struct sink_ops ops = {
		.change = told_change,
		.finding = told_finding,
		.lost = told_lost,
		.resync = told_resync,
	};

	memset(t, 0, sizeof(*t));
	t->tee.ops = &ops;
	t->json.ops = &json_sink;
	t->text.ops = &text_sink;
	strcpy(t->json.boot, "0123456789abcdef");
	t->options = (struct options){ .zombie_after = NS_PER_S, .changes = UINT32_MAX,
				       .findings = UINT32_MAX };
}

static inline void told_open(struct told *t, uint64_t began)
{
	pipeline_open(&t->pipeline, &t->options, &t->tee);
	engine_began(t->pipeline.engine, began);
}

/* What is still held is told, and all of it forgotten. */
static inline void told_close(struct told *t)
{
	detect_finish(&t->pipeline.detect);
	pipeline_close(&t->pipeline);
	buf_free(&t->json.out);
	buf_free(&t->text.out);
}

#endif
