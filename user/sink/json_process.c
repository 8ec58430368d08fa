// SPDX-License-Identifier: GPL-2.0-only
#include "sink/json_process.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/put.h"
#include "sink/json_write.h"

void json_time(struct sink *s, const char *key, uint64_t boot_ns)
{
	struct buf *b = &s->out;

	add_key(b, key, "\"");
	clock_rfc3339(b, boot_ns + (uint64_t)s->start_offset);
	buf_lit(b, "\",");
}

/* boot, pid and start: stable over a life, never used again, not on another boot or host either. */
#define ENTITY_MOST (sizeof("\"entity_id\":\"--\",") + BOOT_LEN + 2 * PUT_HEX)

static char *put_entity(char *at, const struct sink *s, struct ident id)
{
	if (!id.start)
		return at;
	at = put_lit(at, "\"entity_id\":\"");
	memcpy(at, s->boot, BOOT_LEN);
	at += strlen(s->boot);
	*at++ = '-';
	at = put_hex(at, id.pid);
	*at++ = '-';
	at = put_hex(at, id.start);
	return put_lit(at, "\",");
}

#define PID_MOST (sizeof("\"pid\":,") + PUT_DECIMAL + PUT_OVER)

static char *put_pid(char *at, uint32_t pid)
{
	at = put_lit(at, "\"pid\":");
	at = put_u64(at, pid);
	*at++ = ',';
	return at;
}

void json_entity(struct sink *s, struct ident id)
{
	struct buf *b = &s->out;

	buf_end(b, put_entity(buf_at(b, ENTITY_MOST), s, id));
}

void json_peer_members(struct sink *s, struct ident id, const char *comm)
{
	struct buf *b = &s->out;

	buf_end(b, put_pid(buf_at(b, PID_MOST), id.pid));
	if (comm && *comm)
		member_str(b, "name", comm);
	json_entity(s, id);
}

void json_peer(struct sink *s, const char *key, struct ident id, const char *comm)
{
	if (!id.pid)
		return;
	open_object(&s->out, key);
	json_peer_members(s, id, comm);
	close_object(&s->out);
}

void json_reaper_members(struct sink *s, const struct proc *p)
{
	json_peer_members(s, p->id, p->comm);
	if (p->ns_init)
		member_bool(&s->out, "ns_init", true);
	if (p->subreaper)
		member_bool(&s->out, "subreaper", true);
}

static char *put_parent(char *at, const struct sink *s, const struct proc *parent)
{
	at = put_lit(at, "\"parent\":{");
	at = put_pid(at, parent->id.pid);
	at = put_entity(at, s, parent->id);
	at[-1] = '}'; /* and no comma */
	*at++ = ',';
	return at;
}

/* What json_open_process() leaves open: more members of "process" may follow. */
void json_open_process(struct sink *s, const struct proc *p)
{
	struct buf *b = &s->out;
	char *at = buf_at(b, sizeof("\"process\":{") + PID_MOST + ENTITY_MOST);

	at = put_lit(at, "\"process\":{");
	at = put_pid(at, p->id.pid);
	buf_end(b, put_entity(at, s, p->id));
	if (p->have & HAVE_COMM)
		s->lossy |= !member_bytes(b, "name", p->comm, strnlen(p->comm, COMM_LEN));
	at = buf_at(b, sizeof("\"parent\":{}\"start\":\"\",,") + PID_MOST + ENTITY_MOST + CLOCK_RFC3339);
	if (p->parent)
		at = put_parent(at, s, p->parent);
	if (p->id.start) {
		at = put_lit(at, "\"start\":\"");
		at = clock_put_rfc3339(at, p->id.start + (uint64_t)s->start_offset);
		at = put_lit(at, "\",");
	}
	buf_end(b, at);
}

static bool member_args(struct buf *b, const struct text *args)
{
	bool utf8 = true;
	const char *at = args->s, *end = args->s + args->len;

	buf_lit(b, "\"args\":[");
	while (at < end) {
		size_t len = strnlen(at, (size_t)(end - at));

		utf8 &= escape_json(b, at, len);
		buf_byte(b, ',');
		at += len + 1;
	}
	close_array(b);
	return utf8;
}

/* The program: what it was started as and where. */
void json_image(struct sink *s, const struct proc *p)
{
	struct buf *b = &s->out;

	if (p->exe)
		s->lossy |= !member_bytes(b, "executable", p->exe->s, p->exe->len);
	if (p->args) {
		s->lossy |= !member_args(b, p->args);
		if (p->argc >= 0)
			member_u64(b, "args_count", (uint64_t)p->argc);
	}
	if (p->cwd)
		s->lossy |= !member_bytes(b, "working_directory", p->cwd->s, p->cwd->len);
}

void json_session(struct sink *s, const struct proc *p)
{
	struct buf *b = &s->out;

	if (!(p->have & HAVE_SESSION))
		return;
	if (p->tty) {
		buf_lit(b, "\"tty\":{\"char_device\":{\"major\":");
		buf_u64(b, p->tty >> 8 & 0xfff);
		buf_lit(b, ",\"minor\":");
		buf_u64(b, (p->tty & 0xff) | (p->tty >> 12 & 0xfff00));
		buf_lit(b, "}},");
	}
	buf_lit(b, "\"session_leader\":{\"pid\":");
	buf_u64(b, p->sid);
	buf_lit(b, "},\"group_leader\":{\"pid\":");
	buf_u64(b, p->pgid);
	buf_lit(b, "},");
}

void json_exit_code(struct sink *s, const struct proc *p)
{
	if (p->has_status && WIFEXITED((int)p->status))
		member_u64(&s->out, "exit_code", (uint64_t)WEXITSTATUS((int)p->status));
}

void json_killed(struct sink *s, const struct proc *p)
{
	struct buf *b = &s->out;
	int status = (int)p->status;

	if (!p->has_status || !WIFSIGNALED(status))
		return;
	member_const(b, "signal", signal_name(WTERMSIG(status)));
	member_bool(b, "core_dumped", WCOREDUMP(status));
}

void json_died(struct sink *s, const struct proc *p)
{
	if (!p->has_status || !WIFSIGNALED((int)p->status))
		return;
	open_object(&s->out, "exit");
	json_killed(s, p);
	close_object(&s->out);
}

void json_user(struct sink *s, const struct proc *p)
{
	struct buf *b = &s->out;

	if (!(p->have & HAVE_USER))
		return;
	buf_lit(b, "\"user\":{\"id\":\"");
	buf_u64(b, p->uid);
	buf_lit(b, "\",");
	if (p->has_euid && p->euid != p->uid) {
		buf_lit(b, "\"effective\":{\"id\":\"");
		buf_u64(b, p->euid);
		buf_lit(b, "\"},");
	}
	close_object(b);
}

static void raw_member(struct buf *b, const char *key, const char *s, size_t len)
{
	if (utf8_valid(s, len))
		return;
	add_key(b, key, "\"");
	buf_base64(b, s, len);
	buf_lit(b, "\",");
}

static void raw_object(struct sink *s, const struct proc *p, bool image, bool cgroup,
		       struct slice script)
{
	const struct { const char *key; const struct text *text; } texts[] = {
		{ "args", p->args }, { "executable", p->exe }, { "working_directory", p->cwd },
	};
	struct buf *b = &s->out;
	size_t i, before = b->len;

	if (!s->lossy)
		return;
	open_object(b, "raw");
	raw_member(b, "name", p->comm, strlen(p->comm));
	for (i = 0; image && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].text)
			raw_member(b, texts[i].key, texts[i].text->s, texts[i].text->len);
	if (cgroup && p->cgroup_path)
		raw_member(b, "cgroup", p->cgroup_path->s, p->cgroup_path->len);
	if (script.s)
		raw_member(b, "script", script.s, script.len);
	if (b->data[b->len - 1] == '{')
		b->len = before;
	else
		close_object(b);
}

void json_raw(struct sink *s, const struct proc *p, bool image, struct slice script)
{
	raw_object(s, p, image, image, script);
}

void json_raw_fork(struct sink *s, const struct proc *p)
{
	raw_object(s, p, false, true, (struct slice){ 0 });
}

/* What is seldom true; the exit signal where it is not SIGCHLD. */
static void bits(struct buf *b, const struct proc *p)
{
	if (p->has_exit_signal && p->exit_signal != SIGCHLD)
		member_i64(b, "exit_signal", p->exit_signal);
	if (p->ns_init)
		member_bool(b, "ns_init", true);
	if (p->subreaper)
		member_bool(b, "subreaper", true);
	if (p->parent && p->parent->subreaper)
		member_bool(b, "parent_subreaper", true);
	if (p->traced)
		member_bool(b, "traced", true);
}

/* What the parent does with SIGCHLD, and whether it sleeps in a wait call. */
void json_waiting(struct sink *s, const struct proc *parent)
{
	if (parent->sigchld == SIGCHLD_UNKNOWN)
		return;
	member_const(&s->out, "sigchld", sigchld_name(parent->sigchld));
	member_bool(&s->out, "waits", parent->in_wait);
}

void json_open_proctrace(struct sink *s, const struct proc *p, bool image, bool inferred)
{
	struct buf *b = &s->out;
	char letters[5];

	open_object(b, "proctrace");
	if (p->class != CLASS_UNKNOWN)
		member_const(b, "class", class_name(p->class));
	state_letters(p, letters);
	if (*letters)
		member_const(b, "state", letters);
	if (p->nspid && p->nspid != p->id.pid)
		member_u64(b, "nspid", p->nspid);
	bits(b, p);
	if (image)
		json_peer(s, "tracer", p->tracer, NULL);
	if (inferred)
		member_bool(b, "inferred", true);
	if (image)
		json_cgroup(s, p);
	if (image && p->args && p->args_cut) {
		buf_lit(b, "\"args_truncated\":{\"bytes\":");
		buf_u64(b, p->args_bytes);
		buf_lit(b, "},");
	}
}
