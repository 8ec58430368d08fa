/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that call themselves, their files and their arguments whatever could do harm, and the
 * records of their lives. What is true of them stands in the test's own book: struct being.
 */
#ifndef PROCTRACE_UNIT_HOSTILE_H
#define PROCTRACE_UNIT_HOSTILE_H

#include "base/clock.h"
#include "event/event.h"
#include "proctrace/record.h"
#include "unit.h"

#define SLOTS 64 /* processes at once, besides INIT */
#define INIT 1
#define BEGINNING (100000 * NS_PER_S)
#define LONG_AGO (50000 * NS_PER_S)

struct being {
	enum { NOBODY, ALIVE, DEAD } state;
	uint32_t pid, ppid, execs;
	uint64_t start, died;
	char comm[COMM_LEN];
	struct buf args, exe, cwd, cgroup;
	bool args_known;
};

static struct being beings[SLOTS];
static uint64_t seed, now, births;
/* the record that was made last, and what is true of it alone */
static struct buf record;
static struct buf script;
static char killer_comm[COMM_LEN];

static inline uint32_t below(uint32_t n)
{
	return dice(&seed) % n;
}

/* Strings that nobody should have to read */

static const char *const nasty[] = {
	"\n", "\r\n", "\t", "\b", "\f", "\x01", "\x1f", "\x7f", "\x1b", "\x1b[31m", "\x1b]0;x\x07",
	"\x9b" "2J", "\xc2\x9b" "2J", "\xc2\x85", /* C1, raw and as UTF-8 */
	"\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6", "\xd8\x9c", "\xe2\x80\x8f", /* bidi */
	"\xff\xfe", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xed\xa0\x80", /* no UTF-8 */
	"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\x80",
	"\xef\xbf\xbd", "\xef\xbb\xbf", "\xef\xbf\xbf", "\xf3\xa0\x81\x81", "\xf0\x9f\x98\x80",
	"\"", "\\", "\\n", "\\u0041", "}{", "\",\"", "</script>", "%s%n", "' OR 1=1", " ", ") Z 1 (",
};

static inline size_t any_character(char *s)
{
	uint32_t cp = below(4) ? below(0x2200) : below(0x110000);

	if (cp < 0x80)
		return s[0] = (char)cp, 1;
	if (cp < 0x800)
		return s[0] = (char)(0xc0 | cp >> 6), s[1] = (char)(0x80 | (cp & 0x3f)), 2;
	s[0] = (char)(cp < 0x10000 ? 0xe0 | cp >> 12 : 0xf0 | cp >> 18);
	if (cp >= 0x10000)
		*++s = (char)(0x80 | (cp >> 12 & 0x3f));
	s[1] = (char)(0x80 | (cp >> 6 & 0x3f));
	s[2] = (char)(0x80 | (cp & 0x3f));
	return cp < 0x10000 ? 3 : 4;
}

/* Adds least to most bytes, cut wherever the length says; without NUL, and without stop. */
static inline void add_nasty(struct buf *b, size_t least, size_t most, char stop)
{
	size_t begin = b->len, end = begin + least + below((uint32_t)(most - least + 1)), i;
	const char *piece;
	char s[4];

	while (b->len < end) {
		switch (below(4)) {
		case 0:
			piece = nasty[below(COUNT(nasty))];
			buf_str(b, piece);
			break;
		case 1:
			buf_byte(b, (char)below(256));
			break;
		case 2:
			buf_add(b, s, any_character(s));
			break;
		default:
			buf_byte(b, (char)('a' + below(26)));
		}
	}
	b->len = end;
	for (i = begin; i < end; i++)
		if (!b->data[i] || b->data[i] == stop)
			b->data[i] = '\x1b';
}

static inline void nasty_comm(char comm[COMM_LEN])
{
	struct buf b = { 0 };

	add_nasty(&b, 1, COMM_LEN - 1, 0);
	memset(comm, 0, COMM_LEN);
	memcpy(comm, b.data, b.len);
	buf_free(&b);
}

/* The names of a path into the record, leaf first, and the path as it is to be told. */
static inline u16 nasty_path(struct buf *path, bool cut)
{
	size_t begin = record.len;
	struct buf names[4] = { 0 };
	uint32_t n = below(5), i;

	for (i = 0; i < n; i++) {
		add_nasty(&names[i], 1, 40, '/');
		buf_add(&record, names[i].data, names[i].len);
		buf_byte(&record, 0);
	}
	path->len = 0;
	if (cut)
		buf_lit(path, "\xe2\x80\xa6");
	if (!n && !cut)
		buf_byte(path, '/');
	while (i--) {
		buf_byte(path, '/');
		buf_add(path, names[i].data, names[i].len);
		buf_free(&names[i]);
	}
	return (u16)(record.len - begin);
}

static inline void copy(struct buf *to, const struct buf *from)
{
	to->len = 0;
	buf_add(to, from->data, from->len);
}

/* Records of them */

static inline struct being *being_of(uint32_t pid)
{
	struct being *b = &beings[pid % SLOTS];

	return b->state != NOBODY && b->pid == pid ? b : NULL;
}

static inline uint64_t start_of(uint32_t pid)
{
	return pid == INIT ? LONG_AGO : being_of(pid)->start;
}

static inline void put_head(enum record_kind kind, const struct being *b, u16 flags)
{
	struct record_head head = { (u16)kind, flags, b->pid, now, b->start };

	record.len = 0;
	buf_add(&record, &head, sizeof(head));
}

static inline void put_who(const struct being *b)
{
	struct record_who who = {
		.ppid = b->ppid, .parent_start = start_of(b->ppid), .uid = 1000, .sid = 5,
		.pgid = 5, .nspid = b->pid, .cgroup = 7, .exec_id = b->execs,
	};

	memcpy(who.comm, b->comm, COMM_LEN);
	buf_add(&record, &who, sizeof(who));
}

#define PUT_REST(record_type, ...)                                                                 \
	do {                                                                                       \
		struct record_type whole = { __VA_ARGS__ };                                        \
		size_t done = record.len;                                                          \
                                                                                                   \
		buf_add(&record, (char *)&whole + done, sizeof(whole) - done);                     \
	} while (0)

static inline void be_born(struct being *b)
{
	const struct being *parent = &beings[below(SLOTS)];
	uint32_t slot = (uint32_t)(b - beings);

	b->state = ALIVE;
	b->pid = SLOTS * (uint32_t)(2 + births++ % 60000) + slot;
	b->start = now;
	b->ppid = INIT;
	b->execs = 0;
	b->args_known = false;
	b->exe.len = b->cwd.len = 0;
	strcpy(b->comm, "init");
	if (parent->state == ALIVE && parent != b) {
		b->ppid = parent->pid;
		b->args_known = parent->args_known;
		copy(&b->args, &parent->args);
		copy(&b->exe, &parent->exe);
		copy(&b->cwd, &parent->cwd);
		copy(&b->cgroup, &parent->cgroup);
		b->execs = parent->execs;
		memcpy(b->comm, parent->comm, COMM_LEN);
	}
	put_head(RECORD_FORK, b, 0);
	put_who(b);
	PUT_REST(record_fork, .creator = b->ppid, .creator_start = start_of(b->ppid),
		 .exit_signal = 17);
}

static inline void become_a_program(struct being *b)
{
	u16 flags = (u16)((below(8) ? 0 : RECORD_EXE_CUT) | (below(8) ? 0 : RECORD_CWD_CUT) |
			  (below(16) ? 0 : RECORD_ARGS_FAULT));
	struct record_exec *r;
	uint32_t n = below(6);
	u16 exe, cwd, i;

	b->execs++;
	nasty_comm(b->comm);
	put_head(RECORD_EXEC, b, flags);
	put_who(b);
	PUT_REST(record_exec, .old_pid = b->pid, .argc = (s32)n);
	b->args.len = script.len = 0;
	b->args_known = !(flags & RECORD_ARGS_FAULT);
	for (i = 0; b->args_known && i < n; i++) {
		add_nasty(&b->args, 0, below(50) ? 30 : 3000, 0);
		buf_byte(&b->args, 0);
	}
	if (!below(8) && b->args.len)
		b->args.len -= below((uint32_t)b->args.len); /* as --args-max does */
	buf_add(&record, b->args.data, b->args.len);
	exe = nasty_path(&b->exe, flags & RECORD_EXE_CUT);
	cwd = nasty_path(&b->cwd, flags & RECORD_CWD_CUT);
	if (!below(3))
		add_nasty(&script, 1, 60, 0);
	buf_add(&record, script.data, script.len);
	r = (struct record_exec *)record.data;
	r->args_len = (u16)b->args.len;
	r->args_bytes = (u32)b->args.len + (below(2) ? 0 : 4711);
	r->exe_len = exe;
	r->cwd_len = cwd;
	r->script_len = (u16)script.len;
}

static inline void be_looked_at(struct being *b)
{
	if (b->state == ALIVE && !below(2))
		nasty_comm(b->comm);
	put_head(RECORD_TASK, b, 0);
	put_who(b);
	PUT_REST(record_task, .threads = 1, .live = b->state == ALIVE, .exit_signal = 17,
		 .state = b->state == ALIVE ? "RSDTt"[below(5)] : 'Z', .nice = (s32)below(40) - 20,
		 .locked = (u8)below(2));
}

static inline void change_group(struct being *b)
{
	struct record_cgroup *r;

	put_head(RECORD_CGROUP, b, 0);
	PUT_REST(record_cgroup, .id = 7);
	b->cgroup.len = 0;
	buf_byte(&b->cgroup, '/');
	add_nasty(&b->cgroup, 0, 100, 0);
	buf_add(&record, b->cgroup.data, b->cgroup.len);
	r = (struct record_cgroup *)record.data;
	r->path_len = (u32)b->cgroup.len;
}

/* Its children are init's from now on, the dead among them too. */
static inline void die(struct being *b)
{
	uint32_t killer = below(3) ? 2 : 0, status = below(2) ? below(256) << 8 : 1 + below(64);
	struct record_exit *r;
	size_t i;

	nasty_comm(b->comm);
	nasty_comm(killer_comm);
	put_head(RECORD_EXIT, b, below(16) ? 0 : RECORD_OOM);
	put_who(b);
	PUT_REST(record_exit, .adopter = INIT, .adopter_start = LONG_AGO, .status = status,
		 .killer = killer, .killer_start = killer, .killer_known = below(8) != 0);
	r = (struct record_exit *)record.data;
	memcpy(r->killer_comm, killer_comm, COMM_LEN);
	b->state = DEAD;
	b->died = now;
	for (i = 0; i < SLOTS; i++)
		if (beings[i].state != NOBODY && beings[i].ppid == b->pid)
			beings[i].ppid = INIT;
}

static inline void be_released(const struct being *b)
{
	if (below(2)) {
		put_head(RECORD_REAP, b, 0);
		PUT_REST(record_reap, .ppid = b->ppid, .parent_start = start_of(b->ppid),
			 .release = 1 + below(3));
		return;
	}
	put_head(RECORD_FREE, b, 0);
	PUT_REST(record_free, .ppid = b->ppid, .parent_start = start_of(b->ppid));
}

static inline void live_on(struct being *b)
{
	switch (below(8)) {
	case 0:
		be_looked_at(b);
		break;
	case 1:
		change_group(b);
		break;
	case 2:
	case 3:
		die(b);
		break;
	default:
		become_a_program(b);
	}
}

/* The next thing that happens to somebody; true if that was the end of it. */
static inline bool next_record(struct being *b)
{
	if (b->state == NOBODY)
		be_born(b);
	else if (b->state == ALIVE)
		live_on(b);
	else if (now < b->died + 2 * NS_PER_S || below(3))
		be_looked_at(b);
	else {
		be_released(b);
		return true;
	}
	return false;
}

#endif
