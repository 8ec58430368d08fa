// SPDX-License-Identifier: GPL-2.0-only
#include "cli/delivery.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/say.h"

/* When the end is wanted: how long a reader may take nothing, and how long it has in all. */
#define STALL_MAX NS_PER_S
#define SLOW_MAX (5 * NS_PER_S)
#define LOOK_EVERY NS_PER_S
#define WIDTH_MIN 60 /* columns: text with a margin needs some */
#define WIDTH_MAX 120 /* and the eye does not follow longer lines */

static const char *name(const struct delivery *d)
{
	return d->out.path ? d->out.path : "stdout";
}

static bool wants_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return !o->output && isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

void terminal_measure(struct sink *sink, const struct options *o)
{
	struct winsize size;

	sink->width = sink->height = 0;
	if (o->output || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return;
	sink->width = size.ws_col < WIDTH_MIN ? WIDTH_MIN :
		      size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
	sink->height = size.ws_row;
}

int delivery_open(struct delivery *d, struct sink *sink, const struct options *o)
{
	int err;

	*d = (struct delivery){ .sink = sink, .wake_fd = -1, .hurry = NEVER };
	d->work = o->mode == MODE_TRACE ? "tracing" : o->mode == MODE_REPLAY ? "the replay" :
									 "the answer";
	err = out_open(&d->out, o->output);
	if (err) {
		say("%s: cannot be written: %s", name(d), strerror(-err));
		return err;
	}
	sink->ops = o->json ? &json_sink : &text_sink;
	sink->color = wants_color(o);
	terminal_measure(sink, o);
	return 0;
}

void delivery_hurry(struct delivery *d, uint64_t since)
{
	d->hurry = d->hurry <= since ? 0 : since;
}

static uint64_t patience_ends(const struct delivery *d)
{
	uint64_t since = d->taken > d->hurry ? d->taken : d->hurry;

	if (d->hurry == NEVER || !d->hurry)
		return d->hurry;
	return since + STALL_MAX < d->hurry + SLOW_MAX ? since + STALL_MAX : d->hurry + SLOW_MAX;
}

/*
 * Waits until the output takes more. A reader may be as slow as it likes, and the ring counts what
 * is lost meanwhile; but an end that was asked for by a signal must come. False: no longer.
 */
static bool wait_for_reader(struct delivery *d)
{
	struct pollfd fds[] = {
		{ .fd = d->out.fd, .events = POLLOUT },
		{ .fd = d->wake_fd, .events = POLLIN },
	};
	uint64_t now = clock_boot(), end = patience_ends(d), left = end - now;
	struct timespec ts = { (time_t)(left / NS_PER_S), (long)(left % NS_PER_S) };

	if (now >= end)
		return false;
	ppoll(fds, 2, end == NEVER ? NULL : &ts, NULL);
	if (fds[1].revents)
		d->on_wake(d->ctx);
	return true;
}

static uint64_t count_lines(const struct buf *b)
{
	const char *at = b->data, *end = b->data + b->len;
	uint64_t n = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		at++;
		n++;
	}
	return n;
}

static void complain(const struct delivery *d, int err)
{
	uint64_t lost = count_lines(&d->sink->out), told = d->sink->sequence;

	if (err == -EPIPE)
		say("%s: its reader has closed it; %s ends", name(d), d->work);
	else
		say("%s: %s; %s ends, and what came after event %llu is lost", name(d),
		    err == -EAGAIN ? "it is not read in time" : strerror(-err), d->work,
		    (unsigned long long)(told > lost ? told - lost : 0));
}

void delivery_flush(struct delivery *d)
{
	struct buf *b = &d->sink->out;
	size_t left;

	while (b->len && !d->failed) {
		left = b->len;
		d->failed = out_write(&d->out, b);
		if (b->len < left)
			d->taken = clock_boot();
		if (d->failed == -EAGAIN && wait_for_reader(d))
			d->failed = 0;
		if (d->failed)
			complain(d, d->failed);
	}
	b->len = 0;
}

void delivery_rotate(struct delivery *d)
{
	int err = out_reopen(&d->out);

	if (err)
		say("%s: %s; going on with the old file", name(d), strerror(-err));
	else
		d->removed = false;
}

void delivery_look_after(struct delivery *d, uint64_t now)
{
	if (d->removed || now - d->looked < LOOK_EVERY)
		return;
	d->looked = now;
	d->removed = out_removed(&d->out);
	if (d->removed)
		say("%s: it was removed; what is written is lost until SIGHUP makes it anew",
		    name(d));
}

void delivery_close(struct delivery *d)
{
	int err = out_close(&d->out);

	if (!err || d->failed)
		return;
	say("%s: %s", name(d), strerror(-err));
	d->failed = err;
}
