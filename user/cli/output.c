// SPDX-License-Identifier: GPL-2.0-only
#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/say.h"

static const char *name_of(const struct output *out)
{
	return out->out.path ? out->out.path : "stdout";
}

static bool wants_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return !o->output && isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

int output_open(struct output *out, const struct options *o, struct sink *sink)
{
	int err = out_open(&out->out, o->output);

	if (err) {
		say("%s: cannot be written: %s", name_of(out), strerror(-err));
		return err;
	}
	sink->ops = o->json ? &json_sink : &text_sink;
	sink->color = wants_color(o);
	return 0;
}

int output_flush(struct output *out, struct buf *b)
{
	struct pollfd reader = { .fd = out->out.fd, .events = POLLOUT };
	int err = out->failed;

	/* signals still end the program here: a slow reader is waited for without an end */
	while (!err && b->len) {
		err = out_write(&out->out, b);
		if (err != -EAGAIN)
			continue;
		poll(&reader, 1, -1);
		err = 0;
	}
	if (!err)
		return 0;
	b->len = 0;
	if (!out->failed)
		say("%s: %s", name_of(out),
		    err == -EPIPE ? "its reader has closed it" : strerror(-err));
	out->failed = err;
	return err;
}

void output_reopen(struct output *out)
{
	int err = out_reopen(&out->out);

	if (err)
		say("%s: %s; going on with the old file", name_of(out), strerror(-err));
}

int output_close(struct output *out)
{
	int err = out_close(&out->out);

	if (err && !out->failed) {
		say("%s: %s", name_of(out), strerror(-err));
		out->failed = err;
	}
	return out->failed;
}
