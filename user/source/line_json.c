// SPDX-License-Identifier: GPL-2.0-only
/* What every line says of its process: the other side of sink/json_process.c. */
#include "source/line_json.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

uint64_t line_ms(const struct line_room *room, enum line_path path)
{
	const struct json *n = json_at(&room->json, path);
	double ms = !n				   ? 0
		    : n->type == JSON_TYPE_REAL	   ? n->u.real
		    : n->type == JSON_TYPE_INTEGER ? (double)n->u.integer
						   : 0;

	/* written to the microsecond */
	return ms > 0 && ms < 1e15 ? (uint64_t)(ms * 1000 + 0.5) * 1000 : 0;
}

uint32_t line_u32(const struct line_room *room, enum line_path path)
{
	uint64_t n;

	return json_number(&room->json, path, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* The hexadecimal digits at s; more than 64 bits hold are the most that they hold. */
static uint64_t hex(const char *s)
{
	/* one more than the digit's value; a table, as digits are thrown like dice: no branch knows */
	static const uint8_t digits[256] = {
		['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7,
		['7'] = 8, ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14,
		['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14,
		['E'] = 15, ['F'] = 16,
	};
	uint64_t value = 0;
	uint8_t digit;

	for (; (digit = digits[(unsigned char)*s]); s++) {
		if (value >> 60)
			return UINT64_MAX;
		value = value << 4 | (uint64_t)(digit - 1);
	}
	return value;
}

static struct ident ident(const struct line_room *room, enum line_path pid,
			  enum line_path entity_id)
{
	const char *entity = json_text(&room->json, entity_id);
	struct ident id = { line_u32(room, pid), 0 };
	const char *start = entity ? strrchr(entity, '-') : NULL;

	if (start)
		id.start = hex(start + 1);
	return id;
}

struct ident line_ident(const struct line_room *room)
{
	return ident(room, PATH_PID, PATH_ENTITY_ID);
}

struct ident line_peer(const struct line_room *room, enum line_path peer)
{
	return ident(room, peer + OF_PID, peer + OF_ENTITY_ID);
}

/* The exact bytes, from "raw" where the readable form is not them. */
static struct slice bytes(const struct line_room *room, enum line_path path, enum line_path raw,
			  struct buf *exact)
{
	const struct json *readable = json_at(&room->json, path);
	const char *encoded = json_text(&room->json, raw);
	struct slice slice = { 0 };

	if (!readable || readable->type != JSON_TYPE_STRING)
		return slice;
	slice.s = readable->u.s;
	slice.len = readable->len;
	exact->len = 0;
	if (encoded && !buf_unbase64(exact, encoded, strlen(encoded)) && exact->len) {
		slice.s = exact->data;
		slice.len = (uint32_t)exact->len;
	}
	return slice;
}

static void session(const struct line_room *room, struct facts *f)
{
	uint32_t major, minor;

	if (!json_at(&room->json, PATH_SESSION))
		return;
	f->have |= HAVE_SESSION;
	f->sid = line_u32(room, PATH_SID);
	f->pgid = line_u32(room, PATH_PGID);
	major = line_u32(room, PATH_TTY_MAJOR);
	minor = line_u32(room, PATH_TTY_MINOR);
	f->tty = (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffu) << 12;
}

static void cgroup(struct line_room *room, struct facts *f)
{
	f->cgroup_path = bytes(room, PATH_CGROUP, PATH_RAW_CGROUP, &room->cgroup);
	if (f->cgroup_path.s)
		f->have |= HAVE_CGROUP;
}

struct slice line_script(struct line_room *room)
{
	return bytes(room, PATH_SCRIPT, PATH_RAW_SCRIPT, &room->script);
}

static void bits(const struct json_room *in, struct facts *f)
{
	const char *class = json_text(in, PATH_CLASS);

	f->have |= HAVE_SUBREAPER;
	f->subreaper = json_flag(in, PATH_SUBREAPER);
	if (!class)
		return;
	f->have |= HAVE_BITS;
	f->kthread = !strcmp(class, "kernel");
	f->ns_init = json_flag(in, PATH_NS_INIT);
	f->traced = json_flag(in, PATH_TRACED);
}

int line_process(struct line_room *room, struct event *ev)
{
	struct slice comm = bytes(room, PATH_NAME, PATH_RAW_NAME, &room->comm);
	const struct json_room *in = &room->json;
	const char *uid = json_text(in, PATH_UID);
	struct facts *f = &ev->facts;

	ev->id = line_ident(room);
	if (!ev->id.pid)
		return -EBADMSG;
	f->parent = line_peer(room, PATH_PARENT);
	if (f->parent.pid) {
		f->have |= HAVE_PARENT | HAVE_PARENT_BITS;
		f->parent_subreaper = json_flag(in, PATH_PARENT_SUBREAPER);
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
	f->nspid = line_u32(room, PATH_NSPID);
	if (!f->nspid)
		f->nspid = ev->id.pid;
	session(room, f);
	cgroup(room, f);
	bits(in, f);
	return 0;
}

static struct slice arguments(struct line_room *room, bool cut)
{
	const char *encoded = json_text(&room->json, PATH_RAW_ARGS);
	const struct json *args = json_at(&room->json, PATH_ARGS), *arg;
	struct buf *all = &room->args;
	struct slice slice = { 0 };

	if (!args || args->type != JSON_TYPE_ARRAY)
		return slice;
	buf_room(all, 1); /* no arguments are known as well */
	all->len = 0;
	if (!encoded || buf_unbase64(all, encoded, strlen(encoded))) {
		all->len = 0;
		json_each(arg, args)
			if (arg->type == JSON_TYPE_STRING)
				buf_add(all, arg->u.s, arg->len + 1); /* with its NUL */
		all->len -= cut && all->len;
	}
	slice.s = all->data;
	slice.len = (uint32_t)all->len;
	return slice;
}

void line_image(struct line_room *room, struct line_image *image)
{
	uint32_t cut = line_u32(room, PATH_TRUNCATED_BYTES);
	uint64_t argc;

	*image = (struct line_image){
		.args = arguments(room, cut),
		.exe = bytes(room, PATH_EXECUTABLE, PATH_RAW_EXECUTABLE, &room->exe),
		.cwd = bytes(room, PATH_CWD, PATH_RAW_CWD, &room->cwd),
		.argc = -1,
	};
	image->args_bytes = cut ? cut : image->args.len;
	image->args_cut = cut;
	if (json_number(&room->json, PATH_ARGS_COUNT, &argc) && argc < INT32_MAX)
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

bool line_status(const struct line_room *room, uint32_t *status)
{
	const char *name = json_text(&room->json, PATH_SIGNAL);
	uint64_t code;

	if (json_number(&room->json, PATH_EXIT_CODE, &code)) {
		*status = (uint32_t)(code & 0xff) << 8;
		return true;
	}
	if (!name)
		return false;
	*status = (uint32_t)signal_number(name);
	if (json_flag(&room->json, PATH_CORE_DUMPED))
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

void line_sight(struct line_room *room, struct event *ev)
{
	const char *euid = json_text(&room->json, PATH_EUID);
	struct sight_facts *s = &ev->sight;
	struct line_image image;
	int64_t exit_signal = 0;

	ev->kind = EVENT_SIGHT;
	line_image(room, &image);
	*s = (struct sight_facts){
		.args = image.args,
		.exe = image.exe,
		.cwd = image.cwd,
		.args_bytes = image.args_bytes,
		.args_cut = image.args_cut,
		.argc = image.argc,
		.has_euid = ev->facts.have & HAVE_USER,
		.euid = euid ? (uint32_t)strtoul(euid, NULL, 10) : ev->facts.uid,
		.tracer = line_peer(room, PATH_TRACER),
	};
	s->has_exit_signal = json_signed(&room->json, PATH_EXIT_SIGNAL, &exit_signal);
	s->exit_signal = (int)exit_signal;
	s->has_status = line_status(room, &s->status);
	line_letters(json_text(&room->json, PATH_STATE), s);
}
