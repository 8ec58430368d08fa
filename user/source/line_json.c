// SPDX-License-Identifier: GPL-2.0-only
/* What every line says of its process: the other side of sink/json_process.c. */
#include "source/line_json.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

const json_t *json_at(const json_t *object, const char *path)
{
	char key[32];

	while (object && *path) {
		size_t len = strcspn(path, ".");

		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = 0;
		object = json_object_get(object, key);
		path += len + (path[len] == '.');
	}
	return object;
}

const char *json_text(const json_t *object, const char *path)
{
	return json_string_value(json_at(object, path));
}

bool json_number(const json_t *object, const char *path, uint64_t *value)
{
	const json_t *n = json_at(object, path);

	if (!json_is_integer(n) || json_integer_value(n) < 0)
		return false;
	*value = (uint64_t)json_integer_value(n);
	return true;
}

uint64_t json_ms(const json_t *object, const char *path)
{
	const json_t *n = json_at(object, path);
	double ms = json_is_number(n) ? json_number_value(n) : 0;

	/* written to the microsecond */
	return ms > 0 && ms < 1e15 ? (uint64_t)(ms * 1000 + 0.5) * 1000 : 0;
}

bool json_flag(const json_t *object, const char *path)
{
	return json_is_true(json_at(object, path));
}

static uint32_t number32(const json_t *object, const char *path)
{
	uint64_t n;

	return json_number(object, path, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

struct ident json_ident(const json_t *process)
{
	const char *entity = json_text(process, "entity_id");
	struct ident id = { number32(process, "pid"), 0 };
	const char *start = entity ? strrchr(entity, '-') : NULL;

	if (start)
		id.start = strtoull(start + 1, NULL, 16);
	return id;
}

/* The exact bytes, from "raw" where the readable form is not them. */
static struct slice bytes(const json_t *root, const char *path, const char *raw, struct buf *room)
{
	const json_t *readable = json_at(root, path);
	const char *encoded = json_text(root, raw);
	struct slice slice = { 0 };

	if (!json_is_string(readable))
		return slice;
	slice.s = json_string_value(readable);
	slice.len = (uint32_t)json_string_length(readable);
	room->len = 0;
	if (encoded && !buf_unbase64(room, encoded, strlen(encoded)) && room->len) {
		slice.s = room->data;
		slice.len = (uint32_t)room->len;
	}
	return slice;
}

static void session(const json_t *root, struct facts *f)
{
	uint32_t major, minor;

	if (!json_at(root, "process.session_leader"))
		return;
	f->have |= HAVE_SESSION;
	f->sid = number32(root, "process.session_leader.pid");
	f->pgid = number32(root, "process.group_leader.pid");
	major = number32(root, "process.tty.char_device.major");
	minor = number32(root, "process.tty.char_device.minor");
	f->tty = (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffu) << 12;
}

static void cgroup(struct line_room *room, const json_t *root, struct facts *f)
{
	f->cgroup_path = bytes(root, "proctrace.cgroup", "proctrace.raw.cgroup", &room->cgroup);
	if (f->cgroup_path.s)
		f->have |= HAVE_CGROUP;
}

struct slice line_script(struct line_room *room, const json_t *root)
{
	return bytes(root, "proctrace.script", "proctrace.raw.script", &room->script);
}

static void bits(const json_t *root, struct facts *f)
{
	const char *class = json_text(root, "proctrace.class");

	f->have |= HAVE_SUBREAPER;
	f->subreaper = json_flag(root, "proctrace.subreaper");
	if (!class)
		return;
	f->have |= HAVE_BITS;
	f->kthread = !strcmp(class, "kernel");
	f->ns_init = json_flag(root, "proctrace.ns_init");
	f->traced = json_flag(root, "proctrace.traced");
}

int line_process(struct line_room *room, const json_t *root, struct event *ev)
{
	struct facts *f = &ev->facts;
	const char *uid = json_text(root, "user.id");
	struct slice comm = bytes(root, "process.name", "proctrace.raw.name", &room->comm);

	ev->id = json_ident(json_at(root, "process"));
	if (!ev->id.pid)
		return -EBADMSG;
	f->parent = json_ident(json_at(root, "process.parent"));
	if (f->parent.pid) {
		f->have |= HAVE_PARENT | HAVE_PARENT_BITS;
		f->parent_subreaper = json_flag(root, "proctrace.parent_subreaper");
	}
	if (comm.s) {
		f->have |= HAVE_COMM;
		memcpy(f->comm, comm.s, comm.len < COMM_LEN ? comm.len : COMM_LEN - 1);
	}
	if (uid) {
		f->have |= HAVE_USER;
		f->uid = (uint32_t)strtoul(uid, NULL, 10);
	}
	f->have |= HAVE_NSPID;
	f->nspid = number32(root, "proctrace.nspid");
	if (!f->nspid)
		f->nspid = ev->id.pid;
	session(root, f);
	cgroup(room, root, f);
	bits(root, f);
	return 0;
}

static struct slice arguments(const json_t *root, struct buf *room, bool cut)
{
	const char *encoded = json_text(root, "proctrace.raw.args");
	const json_t *args = json_at(root, "process.args");
	struct slice slice = { 0 };
	size_t i;

	if (!json_is_array(args))
		return slice;
	buf_room(room, 1); /* no arguments are known as well */
	room->len = 0;
	if (!encoded || buf_unbase64(room, encoded, strlen(encoded))) {
		room->len = 0;
		for (i = 0; i < json_array_size(args); i++) {
			const json_t *arg = json_array_get(args, i);

			buf_add(room, json_string_value(arg), json_string_length(arg));
			buf_byte(room, 0);
		}
		room->len -= cut && room->len;
	}
	slice.s = room->data;
	slice.len = (uint32_t)room->len;
	return slice;
}

void line_image(struct line_room *room, const json_t *root, struct line_image *image)
{
	uint32_t cut = number32(root, "proctrace.args_truncated.bytes");
	uint64_t argc;

	*image = (struct line_image){
		.args = arguments(root, &room->args, cut),
		.exe = bytes(root, "process.executable", "proctrace.raw.executable", &room->exe),
		.cwd = bytes(root, "process.working_directory", "proctrace.raw.working_directory",
			     &room->cwd),
		.argc = -1,
	};
	image->args_bytes = cut ? cut : image->args.len;
	image->args_cut = cut;
	if (json_number(root, "process.args_count", &argc) && argc < INT32_MAX)
		image->argc = (int)argc;
}

/* By the name that signal_name() gives; 0: there is none. */
static int signal_number(const char *name)
{
	int sig;

	if (strncmp(name, "SIG", 3))
		return 0;
	name += 3;
	for (sig = 1; sig < NSIG; sig++) {
		const char *abbreviation = sigabbrev_np(sig);

		if (abbreviation && !strcmp(abbreviation, name))
			return sig;
	}
	if (!strncmp(name, "RTMIN+", 6))
		sig = SIGRTMIN + atoi(name + 6);
	else
		sig = atoi(name);
	return sig > 0 && sig < 128 ? sig : 0;
}

bool line_status(const json_t *root, uint32_t *status)
{
	const char *name = json_text(root, "proctrace.exit.signal");
	uint64_t code;

	if (json_number(root, "process.exit_code", &code)) {
		*status = (uint32_t)(code & 0xff) << 8;
		return true;
	}
	if (!name)
		return false;
	*status = (uint32_t)signal_number(name);
	if (json_flag(root, "proctrace.exit.core_dumped"))
		*status |= 0x80;
	return *status != 0;
}

void line_letters(const char *letters, struct sight_facts *s)
{
	if (!letters || !is_state(letters[0]))
		return;
	s->letter = letters[0];
	s->locked = strchr(letters, 'L') != NULL;
	s->has_nice = true;
	s->nice = strchr(letters, '<') ? -1 : strchr(letters, 'N') ? 1 : 0;
}

void line_sight(struct line_room *room, const json_t *root, struct event *ev)
{
	const json_t *exit_signal = json_at(root, "proctrace.exit_signal");
	const char *euid = json_text(root, "user.effective.id");
	struct sight_facts *s = &ev->sight;
	struct line_image image;

	ev->kind = EVENT_SIGHT;
	line_image(room, root, &image);
	*s = (struct sight_facts){
		.args = image.args,
		.exe = image.exe,
		.cwd = image.cwd,
		.args_bytes = image.args_bytes,
		.args_cut = image.args_cut,
		.argc = image.argc,
		.has_euid = ev->facts.have & HAVE_USER,
		.euid = euid ? (uint32_t)strtoul(euid, NULL, 10) : ev->facts.uid,
		.tracer = json_ident(json_at(root, "proctrace.tracer")),
		.has_exit_signal = json_is_integer(exit_signal),
		.exit_signal = (int)json_integer_value(exit_signal),
	};
	s->has_status = line_status(root, &s->status);
	line_letters(json_text(root, "proctrace.state"), s);
}
