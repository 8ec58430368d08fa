// SPDX-License-Identifier: GPL-2.0-only
/*
 * The replay: any bytes as a recording, through the whole command, once into JSON and once into
 * text. Whatever a recording says, lines are lines, and no terminal acts on them.
 */
#include "cli/replay.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "fuzz.h"
#include "quiet.h"
#include "said.h"

/* A file without a place, and its name. */
static int nowhere(char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	CHECK(fd >= 0);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static void replay(const char *recording, bool json, struct buf *said)
{
	char output[32];
	int fd = nowhere(output), status;
	struct options o = { .json = json, .output = output, .recording = recording,
			     .changes = UINT32_MAX, .findings = UINT32_MAX };
	ssize_t n;

	status = replay_run(&o);
	CHECK(status == STATUS_DONE || status == STATUS_FAILED);
	do {
		buf_room(said, 1 << 16);
		n = pread(fd, said->data + said->len, said->cap - said->len, (off_t)said->len);
		CHECK(n >= 0);
		said->len += (size_t)n;
	} while (n);
	close(fd);
}

static void check_lines(const struct buf *said, bool json)
{
	const char *at = said->data, *end = at + said->len, *next;
	json_int_t sequence = 0;

	for (; at < end; at = next + 1) {
		next = memchr(at, '\n', (size_t)(end - at));
		CHECK(next && next > at);
		said_harmless(at, (size_t)(next - at));
		if (json) {
			json_t *line = said_json(at, (size_t)(next - at));
			json_t *event = json_object_get(line, "event");

			CHECK(json_integer_value(json_object_get(event, "sequence")) == ++sequence);
			json_decref(line);
		} else {
			CHECK((next - at > 12 && at[2] == ':' && at[8] == '.') ||
			      !strncmp(at, "TIME  ", 6));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf said = { 0 };
	char recording[32];
	int fd = nowhere(recording);

	CHECK(write(fd, data, size) == (ssize_t)size);
	replay(recording, true, &said);
	check_lines(&said, true);
	said.len = 0;
	replay(recording, false, &said);
	check_lines(&said, false);
	buf_free(&said);
	close(fd);
	return 0;
}
