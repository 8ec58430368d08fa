// SPDX-License-Identifier: GPL-2.0-only
#include "event/container.h"

#include <string.h>

#define LITERAL(s) s, sizeof(s) - 1

const char *runtime_name(enum runtime runtime)
{
	static const char *const names[RUNTIMES] = {
		[RUNTIME_DOCKER] = "docker", [RUNTIME_CONTAINERD] = "containerd",
		[RUNTIME_CRIO] = "cri-o",    [RUNTIME_PODMAN] = "podman",
		[RUNTIME_LXC] = "lxc",	     [RUNTIME_NSPAWN] = "systemd-nspawn",
	};

	return names[runtime];
}

static bool is(struct slice s, const char *word, size_t len)
{
	return s.len == len && !memcmp(s.s, word, len);
}

/* Takes a word off the front, or off the end: false where it isn't there. */
static bool cut_front(struct slice *s, const char *word, size_t len)
{
	if (s->len < len || memcmp(s->s, word, len))
		return false;
	s->s += len;
	s->len -= (uint32_t)len;
	return true;
}

static bool cut_end(struct slice *s, const char *word, size_t len)
{
	if (s->len < len || memcmp(s->s + s->len - len, word, len))
		return false;
	s->len -= (uint32_t)len;
	return true;
}

static struct slice behind(struct slice s, const char *at)
{
	return (struct slice){ at, s.len - (uint32_t)(at - s.s) };
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool all_hex(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_hex(s[i]))
			return false;
	return true;
}

struct prefix {
	const char *word;
	enum runtime runtime;
};

static enum runtime find_runtime(const struct prefix *list, size_t n, struct slice word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is(word, list[i].word, strlen(list[i].word)))
			return list[i].runtime;
	return RUNTIME_UNKNOWN;
}

/* What stands before the id, as in docker-ID.scope. */
static enum runtime runtime_of_prefix(struct slice prefix)
{
	static const struct prefix known[] = {
		{ "docker", RUNTIME_DOCKER },	      { "cri-containerd", RUNTIME_CONTAINERD },
		{ "nerdctl", RUNTIME_CONTAINERD },    { "crio", RUNTIME_CRIO },
		{ "libpod", RUNTIME_PODMAN },	      { "libpod-payload", RUNTIME_PODMAN },
		{ "containerd", RUNTIME_CONTAINERD },
	};

	return find_runtime(known, sizeof(known) / sizeof(known[0]), prefix);
}

/* A directory whose groups are one runtime's; ecs: its agent runs docker. */
static enum runtime runtime_of_directory(struct slice part)
{
	static const struct prefix known[] = {
		{ "docker", RUNTIME_DOCKER },	  { "ecs", RUNTIME_DOCKER },
		{ "default", RUNTIME_CONTAINERD }, { "k8s.io", RUNTIME_CONTAINERD },
	};

	return find_runtime(known, sizeof(known) / sizeof(known[0]), part);
}

/* From the root to the group. */
struct walk {
	struct container *c;
	struct slice before; /* the part above */
	enum runtime runtime; /* by a directory above, and below the last container */
	bool kubepods; /* below kubelet's groups */
	bool nspawn; /* directly below a container of systemd-nspawn */
};

static void enter(struct walk *w, enum runtime runtime, struct slice id, struct slice name)
{
	w->c->runtime = runtime;
	w->c->id = id;
	w->c->name = name;
	w->runtime = RUNTIME_UNKNOWN;
}

/* [docker-]ID[.scope], or under a manager that knows nothing of systemd: SLICE:cri-containerd:ID. */
static bool read_id(struct walk *w, struct slice part)
{
	struct slice prefix = part, id;
	const char *colon;

	cut_end(&prefix, LITERAL(".scope"));
	if (prefix.len < CONTAINER_ID)
		return false;
	prefix.len -= CONTAINER_ID;
	id = (struct slice){ prefix.s + prefix.len, CONTAINER_ID };
	if (!all_hex(id.s, id.len))
		return false;
	if (!prefix.len) {
		enter(w, w->runtime, id, (struct slice){ 0 });
		return true;
	}
	if (!cut_end(&prefix, LITERAL("-")) && !cut_end(&prefix, LITERAL(":")))
		return false;
	colon = memrchr(prefix.s, ':', prefix.len);
	if (colon)
		prefix = behind(prefix, colon + 1);
	if (cut_end(&prefix, LITERAL("conmon")))
		return false; /* who watches it, from outside */
	enter(w, runtime_of_prefix(prefix), id, (struct slice){ 0 });
	return true;
}

/* lxc.payload.NAME, lxc.payload/NAME, lxc/NAME; lxc.monitor… is outside. */
static bool read_lxc(struct walk *w, struct slice part)
{
	bool below = is(w->before, LITERAL("lxc")) || is(w->before, LITERAL("lxc.payload"));
	struct slice name = part;

	if (!cut_front(&name, LITERAL("lxc.payload.")) && !below)
		return false;
	if (!name.len || is(name, LITERAL("lxc.monitor")) || is(name, LITERAL("lxc.payload")))
		return false;
	enter(w, RUNTIME_LXC, (struct slice){ 0 }, name);
	return true;
}

/* What machined knows: machine-NAME.scope; a machine of libvirt has its kind before the name. */
static bool read_machine(struct walk *w, struct slice part)
{
	enum runtime runtime = RUNTIME_NSPAWN;
	struct slice name = part;

	if (!is(w->before, LITERAL("machine.slice")) || !cut_end(&name, LITERAL(".scope")) ||
	    !cut_front(&name, LITERAL("machine-")) || cut_front(&name, LITERAL("qemu\\x2d")))
		return false;
	if (cut_front(&name, LITERAL("lxc\\x2d")))
		runtime = RUNTIME_LXC;
	if (!name.len)
		return false;
	enter(w, runtime, (struct slice){ 0 }, name);
	w->nspawn = runtime == RUNTIME_NSPAWN;
	return true;
}

/* A container that is a service of its own. Below it, "supervisor" is outside again. */
static void read_nspawn(struct walk *w, struct slice part)
{
	struct slice name = part;
	bool below = w->nspawn;

	w->nspawn = false;
	if (below && is(part, LITERAL("supervisor")))
		enter(w, RUNTIME_UNKNOWN, (struct slice){ 0 }, (struct slice){ 0 });
	if (!cut_front(&name, LITERAL("systemd-nspawn@")) ||
	    !cut_end(&name, LITERAL(".service")) || !name.len)
		return;
	enter(w, RUNTIME_NSPAWN, (struct slice){ 0 }, name);
	w->nspawn = true;
}

/* 8-4-4-4-12 digits; systemd's slices have _ for -; a static pod's is a hash without them. */
static bool read_uid(struct container *c, struct slice uid)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	if (uid.len == POD_UID) {
		for (i = 0; i < POD_UID; i++)
			if (form[i] == '-' ? uid.s[i] != '-' && uid.s[i] != '_' : !is_hex(uid.s[i]))
				return false;
	} else if (uid.len != 32 || !all_hex(uid.s, uid.len)) {
		return false;
	}
	for (i = 0; i < uid.len; i++)
		c->pod[i] = uid.s[i] == '_' ? '-' : uid.s[i];
	c->pod[i] = 0;
	return true;
}

/* kubepods/burstable/podUID, or kubepods-burstable-podUID.slice, whatever slices that is below. */
static void read_pod(struct walk *w, struct slice part)
{
	const char *colon = memchr(part.s, ':', part.len), *at;
	struct slice uid = part;

	if (w->kubepods && cut_front(&uid, LITERAL("pod")) && read_uid(w->c, uid))
		return;
	uid = part;
	at = memmem(part.s, part.len, LITERAL("kubepods"));
	if (!at)
		return;
	w->kubepods = true;
	w->runtime = RUNTIME_UNKNOWN;
	if (colon)
		uid.len = (uint32_t)(colon - uid.s);
	if (at >= uid.s + uid.len || !cut_end(&uid, LITERAL(".slice")))
		return;
	at = memmem(uid.s, uid.len, LITERAL("-pod"));
	if (at)
		read_uid(w->c, behind(uid, at + 4));
}

static bool is_unit(struct slice part)
{
	static const char *const kinds[] = {
		".service", ".scope", ".slice", ".socket", ".mount", ".swap",
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct slice stem = part;

		if (cut_end(&stem, kinds[i], strlen(kinds[i])) && stem.len)
			return true;
	}
	return false;
}

static void read_part(struct walk *w, struct slice part)
{
	enum runtime runtime = runtime_of_directory(part);

	read_nspawn(w, part);
	read_pod(w, part);
	if (!read_id(w, part) && !read_lxc(w, part) && !read_machine(w, part)) {
		if (runtime)
			w->runtime = runtime;
		if (is_unit(part)) {
			w->c->unit = part;
			/* before what would otherwise look like a file of the group above */
			cut_front(&w->c->unit, LITERAL("_"));
		}
	}
	w->before = part;
}

bool container_read(struct container *c, const char *path, size_t len)
{
	struct walk w = { .c = c, .before = { path, 0 } };
	const char *at = path, *end = path + len;

	*c = (struct container){ 0 };
	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at)), *stop = slash ? slash : end;

		if (stop > at)
			read_part(&w, (struct slice){ at, (uint32_t)(stop - at) });
		at = stop + 1;
	}
	return c->id.s || c->name.s;
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

size_t unit_name(struct slice unit, char name[UNIT_NAME])
{
	size_t n = 0;

	while (unit.len && n < UNIT_NAME) {
		struct slice rest = unit;

		if (cut_front(&rest, LITERAL("\\x")) && rest.len >= 2 && all_hex(rest.s, 2) &&
		    memcmp(rest.s, "00", 2)) {
			name[n++] = (char)(digit(rest.s[0]) << 4 | digit(rest.s[1]));
			unit = behind(rest, rest.s + 2);
		} else {
			name[n++] = *unit.s;
			unit = behind(unit, unit.s + 1);
		}
	}
	return n;
}
