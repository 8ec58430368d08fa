// SPDX-License-Identifier: GPL-2.0-only
/*
 * The texts of /proc/PID/stat and status: any bytes, and then the bytes as the name of a process in
 * texts that are otherwise right. A name may look like whatever it likes: it changes no field.
 */
#include "source/procfs_text.h"
#include "source/standing.h"

#include <errno.h>

#include "fuzz.h"

static void any_text(const char *text, size_t len)
{
	struct standing s = { 0 };
	struct event ev = { 0 };
	int err = proc_parse_stat(text, len, &ev);

	CHECK(err == 0 || err == -EBADMSG);
	if (!err) {
		CHECK(ev.facts.have == (HAVE_COMM | HAVE_PARENT | HAVE_SESSION));
		CHECK(strnlen(ev.facts.comm, COMM_LEN) < COMM_LEN);
		CHECK(ev.id.start % START_TICK == 0);
		CHECK(strchr("RSDTtXZPIKW", ev.sight.letter) && ev.sight.letter);
		CHECK(!ev.sight.dead || ev.sight.letter == 'Z' || ev.sight.letter == 'X');
		CHECK(ev.sight.dead || !ev.sight.has_status);
	}
	ev = (struct event){ 0 };
	proc_parse_status(text, len, &ev);
	CHECK(!(ev.facts.have & ~(uint32_t)(HAVE_USER | HAVE_NSPID | HAVE_BITS)));
	CHECK(!(ev.facts.have & HAVE_USER) == !ev.sight.has_euid);
	CHECK(ev.facts.traced == (ev.sight.tracer.pid != 0));
	CHECK(ev.facts.ns_init == (ev.facts.nspid == 1));
	proc_parse_signals(text, &ev.facts);
	standing_parse_status(text, &s);
	CHECK(s.ignores_hup <= YES);
	CHECK(!standing_is_journal(text, len, 9, 4711) || len >= strlen("JOURNAL_STREAM=9:4711"));
}

static void in_stat(const char *name, size_t n)
{
	char text[512];
	struct event ev = { 0 };
	int len = snprintf(text, sizeof(text),
			   "4711 (%.*s) S 42 43 44 34817 -1 4194560 1 2 3 4 5 6 7 8 20 -5 3 0 123 "
			   "1 2 3 4 5 6 7 8 0 9 1 2 3 0 0 17 1 0 0 0 0 0 1 2 3 4 5 6 7 768\n",
			   (int)n, name);

	CHECK(proc_parse_stat(text, (size_t)len, &ev) == 0);
	CHECK(!strncmp(ev.facts.comm, name, COMM_LEN - 1) && !ev.facts.comm[COMM_LEN - 1]);
	CHECK(ev.facts.parent.pid == 42 && ev.facts.pgid == 43 && ev.facts.sid == 44);
	CHECK(ev.facts.tty == 34817 && !ev.facts.kthread && ev.id.start == 123 * START_TICK);
	CHECK(ev.sight.letter == 'S' && !ev.sight.dead && !ev.sight.has_status);
	CHECK(ev.sight.nice == -5 && ev.sight.threads == 3 && ev.sight.exit_signal == 17);
}

/* The kernel writes a newline in a name as \n and a backslash as \\, and nothing else. */
static void in_status(const char *name, size_t n)
{
	char text[512], *at = text + sprintf(text, "Name:\t");
	struct standing s = { 0 };
	struct event ev = { 0 };
	size_t i;

	for (i = 0; i < n; i++) {
		if (name[i] == '\n' || name[i] == '\\')
			*at++ = '\\';
		*at++ = name[i] == '\n' ? 'n' : name[i];
	}
	strcpy(at, "\nUmask:\t0027\nState:\tS (sleeping)\nTgid:\t9\nPid:\t9\nPPid:\t8\nTracerPid:\t77\n"
		   "Uid:\t1000\t1001\t1002\t1003\nGid:\t5\t5\t5\t5\nNSpid:\t9\t3\n"
		   "VmLck:\t      64 kB\nSigIgn:\t0000000000010000\nSigCgt:\t0000000000000000\n");
	proc_parse_status(text, strlen(text), &ev);
	CHECK(ev.facts.uid == 1000 && ev.sight.euid == 1001 && ev.sight.tracer.pid == 77);
	CHECK(ev.facts.nspid == 3 && !ev.facts.ns_init && ev.sight.locked);
	CHECK(ev.facts.have == (HAVE_USER | HAVE_NSPID | HAVE_BITS));
	proc_parse_signals(text, &ev.facts);
	CHECK(ev.facts.parent_autoreaps && !ev.facts.parent_catches);
	standing_parse_status(text, &s);
	CHECK(s.has_umask && s.umask == 027 && s.ignores_hup == NO);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_copy(data, size);
	size_t name = strnlen(text, 64); /* a worker of the kernel may have a long one */

	any_text(text, size);
	in_stat(text, name);
	in_status(text, name);
	free(text);
	return 0;
}
