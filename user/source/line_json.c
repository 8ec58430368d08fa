// SPDX-License-Identifier: GPL-2.0-only
/* What every line says of its process: the other side of sink/json_process.c. */
#include "source/line_json.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

uint64_t json_ms(const struct json *object, const char *path)
{
	const struct json *n = json_at(object, path);
	double ms = !n				   ? 0
		    : n->type == JSON_TYPE_REAL	   ? n->u.real
		    : n->type == JSON_TYPE_INTEGER ? (double)n->u.integer
						   : 0;

	/* written to the microsecond */
	return ms > 0 && ms < 1e15 ? (uint64_t)(ms * 1000 + 0.5) * 1000 : 0;
}

static uint32_t number32(const struct json *object, const char *path)
{
	uint64_t n;

	return json_number(object, path, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* The hexadecimal digits at s; more than 64 bits hold are the most that they hold. */
static uint64_t hex(const char *s)
{
	uint64_t value = 0;

	for (; isxdigit((unsigned char)*s); s++) {
		if (value >> 60)
			return UINT64_MAX;
		value = value << 4 | (uint64_t)(*s <= '9' ? *s - '0' : (*s | 0x20) - 'a' + 10);
	}
	return value;
}

struct ident json_ident(const struct json *process)
{
	const char *entity = json_text(process, "entity_id");
	struct ident id = { number32(process, "pid"), 0 };
	const char *start = entity ? strrchr(entity, '-') : NULL;

	if (start)
		id.start = hex(start + 1);
	return id;
}

/* The exact bytes, from "raw" where the readable form is not them. */
static struct slice bytes(const struct json *readable, const char *encoded, struct buf *room)
{
	struct slice slice = { 0 };

	if (!readable || readable->type != JSON_TYPE_STRING)
		return slice;
	slice.s = readable->u.s;
	slice.len = readable->len;
	room->len = 0;
	if (encoded && !buf_unbase64(room, encoded, strlen(encoded)) && room->len) {
		slice.s = room->data;
		slice.len = (uint32_t)room->len;
	}
	return slice;
}

static void session(const struct members *in, struct facts *f)
{
	uint32_t major, minor;

	if (!json_at(in->process, "session_leader"))
		return;
	f->have |= HAVE_SESSION;
	f->sid = number32(in->process, "session_leader.pid");
	f->pgid = number32(in->process, "group_leader.pid");
	major = number32(in->process, "tty.char_device.major");
	minor = number32(in->process, "tty.char_device.minor");
	f->tty = (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffu) << 12;
}

static void cgroup(struct line_room *room, const struct members *in, struct facts *f)
{
	f->cgroup_path = bytes(json_at(in->proctrace, "cgroup"), json_text(in->raw, "cgroup"),
			       &room->cgroup);
	if (f->cgroup_path.s)
		f->have |= HAVE_CGROUP;
}

struct slice line_script(struct line_room *room, const struct members *in)
{
	return bytes(json_at(in->proctrace, "script"), json_text(in->raw, "script"),
		     &room->script);
}

static void bits(const struct members *in, struct facts *f)
{
	const char *class = json_text(in->proctrace, "class");

	f->have |= HAVE_SUBREAPER;
	f->subreaper = json_flag(in->proctrace, "subreaper");
	if (!class)
		return;
	f->have |= HAVE_BITS;
	f->kthread = !strcmp(class, "kernel");
	f->ns_init = json_flag(in->proctrace, "ns_init");
	f->traced = json_flag(in->proctrace, "traced");
}

int line_process(struct line_room *room, const struct members *in, struct event *ev)
{
	struct facts *f = &ev->facts;
	const char *uid = json_text(in->user, "id");
	struct slice comm = bytes(json_at(in->process, "name"), json_text(in->raw, "name"),
				  &room->comm);

	ev->id = json_ident(in->process);
	if (!ev->id.pid)
		return -EBADMSG;
	f->parent = json_ident(json_at(in->process, "parent"));
	if (f->parent.pid) {
		f->have |= HAVE_PARENT | HAVE_PARENT_BITS;
		f->parent_subreaper = json_flag(in->proctrace, "parent_subreaper");
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
	f->nspid = number32(in->proctrace, "nspid");
	if (!f->nspid)
		f->nspid = ev->id.pid;
	session(in, f);
	cgroup(room, in, f);
	bits(in, f);
	return 0;
}

static struct slice arguments(const struct members *in, struct buf *room, bool cut)
{
	const char *encoded = json_text(in->raw, "args");
	const struct json *args = json_at(in->process, "args");
	struct slice slice = { 0 };
	const struct json *arg;

	if (!args || args->type != JSON_TYPE_ARRAY)
		return slice;
	buf_room(room, 1); /* no arguments are known as well */
	room->len = 0;
	if (!encoded || buf_unbase64(room, encoded, strlen(encoded))) {
		room->len = 0;
		json_each(arg, args)
			if (arg->type == JSON_TYPE_STRING)
				buf_add(room, arg->u.s, arg->len + 1); /* with its NUL */
		room->len -= cut && room->len;
	}
	slice.s = room->data;
	slice.len = (uint32_t)room->len;
	return slice;
}

void line_image(struct line_room *room, const struct members *in, struct line_image *image)
{
	uint32_t cut = number32(in->proctrace, "args_truncated.bytes");
	uint64_t argc;

	*image = (struct line_image){
		.args = arguments(in, &room->args, cut),
		.exe = bytes(json_at(in->process, "executable"),
			     json_text(in->raw, "executable"), &room->exe),
		.cwd = bytes(json_at(in->process, "working_directory"),
			     json_text(in->raw, "working_directory"), &room->cwd),
		.argc = -1,
	};
	image->args_bytes = cut ? cut : image->args.len;
	image->args_cut = cut;
	if (json_number(in->process, "args_count", &argc) && argc < INT32_MAX)
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

bool line_status(const struct members *in, uint32_t *status)
{
	const char *name = json_text(in->proctrace, "exit.signal");
	uint64_t code;

	if (json_number(in->process, "exit_code", &code)) {
		*status = (uint32_t)(code & 0xff) << 8;
		return true;
	}
	if (!name)
		return false;
	*status = (uint32_t)signal_number(name);
	if (json_flag(in->proctrace, "exit.core_dumped"))
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

void line_sight(struct line_room *room, const struct members *in, struct event *ev)
{
	const char *euid = json_text(in->user, "effective.id");
	struct sight_facts *s = &ev->sight;
	struct line_image image;
	int64_t exit_signal = 0;

	ev->kind = EVENT_SIGHT;
	line_image(room, in, &image);
	*s = (struct sight_facts){
		.args = image.args,
		.exe = image.exe,
		.cwd = image.cwd,
		.args_bytes = image.args_bytes,
		.args_cut = image.args_cut,
		.argc = image.argc,
		.has_euid = ev->facts.have & HAVE_USER,
		.euid = euid ? (uint32_t)strtoul(euid, NULL, 10) : ev->facts.uid,
		.tracer = json_ident(json_at(in->proctrace, "tracer")),
	};
	s->has_exit_signal = json_signed(in->proctrace, "exit_signal", &exit_signal);
	s->exit_signal = (int)exit_signal;
	s->has_status = line_status(in, &s->status);
	line_letters(json_text(in->proctrace, "state"), s);
}
