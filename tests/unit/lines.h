/* SPDX-License-Identifier: GPL-2.0-only */
/* What a sink has written, read by another program's JSON parser; and a process to write about. */
#ifndef PROCTRACE_UNIT_LINES_H
#define PROCTRACE_UNIT_LINES_H

#include <jansson.h>
#include <signal.h>

#include "base/clock.h"
#include "sink/sink.h"
#include "unit.h"

#define EXITED(code) ((uint32_t)(code) << 8)
#define KILLED(sig) ((uint32_t)(sig))

static struct sink s;
static struct proc p, parent;
static json_t *line;

/* Ten seconds after boot, which was at 2009-02-13T23:31:30Z. */
#define NOW (10 * NS_PER_S)

static inline struct text *text_of(const char *bytes)
{
	return text_new(bytes, strlen(bytes));
}

static inline void let_go(struct proc *proc)
{
	text_put(proc->args);
	text_put(proc->exe);
	text_put(proc->cwd);
	text_put(proc->cgroup_path);
}

static inline int begin_lines(const struct sink_ops *ops)
{
	memset(&s, 0, sizeof(s));
	s.ops = ops;
	s.wall_offset = s.start_offset = 1234567890 * (int64_t)NS_PER_S;
	strcpy(s.boot, "0123456789abcdef");
	parent = (struct proc){ .id = { 42, 3 * NS_PER_S }, .have = HAVE_COMM, .comm = "shell",
				.life = LIFE_RUNNING, .argc = -1 };
	p = (struct proc){ .id = { 4711, 4 * NS_PER_S }, .have = HAVE_COMM, .comm = "worker",
			   .life = LIFE_RUNNING, .argc = -1, .parent = &parent };
	return 0;
}

static inline int end_lines(void **state)
{
	(void)state;
	json_decref(line);
	line = NULL;
	let_go(&p);
	buf_free(&s.out);
	return 0;
}

/* One whole line, and nothing else, was written: it is strict JSON, and no name stands twice. */
static inline void read_line(void)
{
	json_error_t error;

	assert_true(s.out.len > 2);
	assert_int_equal(s.out.data[s.out.len - 1], '\n');
	assert_ptr_equal(memchr(s.out.data, '\n', s.out.len), s.out.data + s.out.len - 1);
	json_decref(line);
	line = json_loadb(s.out.data, s.out.len, JSON_REJECT_DUPLICATES, &error);
	if (!line)
		fail_msg("%s: %.*s", error.text, (int)s.out.len, s.out.data);
	assert_true(json_is_object(line));
	s.out.len = 0;
}

/* "process.parent.pid", "proctrace.losses.0.kind"; NULL: it is not there. */
static inline json_t *at(const char *path)
{
	json_t *value = line;
	char key[64];

	while (value && *path) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		value = json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10))
					     : json_object_get(value, key);
		path += len + (path[len] == '.');
	}
	return value;
}

static inline void assert_str(const char *path, const char *want)
{
	if (!json_is_string(at(path)))
		fail_msg("%s is no string", path);
	assert_string_equal(json_string_value(at(path)), want);
}

static inline void assert_num(const char *path, double want)
{
	if (!json_is_number(at(path)))
		fail_msg("%s is no number", path);
	if (json_number_value(at(path)) != want)
		fail_msg("%s is %g and not %g", path, json_number_value(at(path)), want);
}

static inline void assert_bool(const char *path, bool want)
{
	if (!json_is_boolean(at(path)))
		fail_msg("%s is no truth value", path);
	assert_int_equal(json_is_true(at(path)), want);
}

static inline void assert_absent(const char *path)
{
	if (at(path))
		fail_msg("%s is there", path);
}

/* What every line has. */
static inline void assert_common(const char *kind, const char *action, int sequence)
{
	assert_str("ecs.version", ECS_VERSION);
	assert_str("event.kind", kind);
	assert_str("event.action", action);
	assert_num("event.sequence", sequence);
	assert_true(json_array_size(at("event.category")) >= 1);
	assert_true(json_array_size(at("event.type")) >= 1);
	assert_true(json_is_string(at("@timestamp")));
}

/* What every line about the worker has besides. */
static inline void assert_worker(void)
{
	assert_num("process.pid", 4711);
	assert_str("process.name", "worker");
	assert_num("process.parent.pid", 42);
	assert_true(json_is_string(at("process.entity_id")));
	assert_true(json_is_string(at("process.parent.entity_id")));
	assert_string_not_equal(json_string_value(at("process.entity_id")),
				json_string_value(at("process.parent.entity_id")));
	assert_str("process.start", "2009-02-13T23:31:34.000000000Z");
}

static inline void write_about(enum change_kind kind, struct event *ev)
{
	struct change c = { .kind = kind, .ts = NOW, .p = &p, .event = ev };

	ev->kind = kind == CHANGE_EXEC ? EVENT_EXEC :
		   kind == CHANGE_EXIT ? EVENT_EXIT :
		   kind == CHANGE_REAP ? EVENT_FREE :
		   kind == CHANGE_FORK ? EVENT_FORK :
					 EVENT_SIGHT;
	if (kind == CHANGE_EXIT) {
		p.has_status = true;
		p.status = ev->exit.status;
	}
	s.ops->change(&s, &c);
}

#endif
