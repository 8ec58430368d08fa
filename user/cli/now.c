// SPDX-License-Identifier: GPL-2.0-only
#include "cli/now.h"

#include <signal.h>

#include "base/clock.h"
#include "cli/output.h"
#include "cli/pipeline.h"
#include "cli/say.h"
#include "source/live.h"
#include "source/procfs.h"

struct now {
	struct options *o;
	struct live *live; /* NULL: /proc alone */
	struct pipeline pipe;
	struct sink sink;
	struct output output;
	uint64_t ts;
};

static void on_sight(void *ctx, const struct event *ev)
{
	struct now *n = ctx;

	pipeline_feed(&n->pipe, ev);
}

/* The task iterator's picture; without the right to load it, what /proc shows. */
static int take_picture(struct now *n)
{
	const struct live_options options = {
		.args_max = n->o->args_max, .ring_bytes = 4096, .picture_only = true,
	};
	struct proc_room room = { .args_max = n->o->args_max };
	char why[512];
	int err;

	err = live_open(&n->live, &options, why, sizeof(why));
	if (!err)
		err = live_attach(n->live);
	n->ts = clock_boot();
	engine_began(n->pipe.engine, n->ts);
	if (!err)
		return live_snapshot(n->live, NEVER, true, on_sight, n);
	say("reading /proc instead: %s", why);
	err = proc_snapshot(NEVER, &room, on_sight, n);
	proc_room_free(&room);
	return err;
}

/* What is to be told, by mode; gives the findings that it has told of, for --fail-on. */
static uint32_t tell(struct now *n)
{
	(void)n;
	return 0;
}

int now_run(struct options *o)
{
	struct now n = { .o = o };
	int status = STATUS_FAILED, err;

	signal(SIGPIPE, SIG_IGN);
	if (output_open(&n.output, o, &n.sink))
		return status;
	pipeline_open(&n.pipe, o, &n.sink);
	n.pipe.muted = true;
	err = take_picture(&n);
	if (err) {
		say("the processes of now cannot be read: %s", strerror(-err));
		goto cleanup;
	}
	n.sink.wall_offset = n.sink.start_offset = clock_wall_offset();
	status = tell(&n) & o->fail_on ? STATUS_FOUND : STATUS_DONE;
	output_flush(&n.output, &n.sink.out);
	if (output_close(&n.output))
		status = STATUS_FAILED;
cleanup:
	pipeline_close(&n.pipe);
	live_close(n.live);
	buf_free(&n.sink.out);
	return status;
}
