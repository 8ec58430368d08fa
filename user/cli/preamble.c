// SPDX-License-Identifier: GPL-2.0-only
#include "cli/preamble.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/say.h"

void boot_id_read(char boot_id[BOOT_ID], struct sink *sink)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	size_t i, n = 0;

	if (f) {
		if (!fgets(boot_id, BOOT_ID, f))
			boot_id[0] = 0;
		fclose(f);
	}
	boot_id[strcspn(boot_id, "\n")] = 0;
	for (i = 0; boot_id[i] && n < sizeof(sink->boot) - 1; i++)
		if (boot_id[i] != '-')
			sink->boot[n++] = boot_id[i];
}

static void feature(struct stream_start *s, const char *name, bool on)
{
	s->features[s->nfeatures++] = (struct feature){ name, on };
}

void preamble_fill(struct preamble *p, const struct options *o, const struct live_features *f,
		   struct sink *sink)
{
	struct stream_start *s = &p->start;

	boot_id_read(p->boot_id, sink);
	uname(&p->kernel);
	*s = (struct stream_start){
		.version = PROCTRACE_VERSION,
		.kernel = p->kernel.release,
		.hostname = p->kernel.nodename,
		.boot_id = p->boot_id,
		.zombie_after = o->zombie_after,
		.partial = options_partial(o),
	};
	feature(s, "fork", true);
	feature(s, "exec", true);
	feature(s, "exit", true);
	feature(s, "free", true);
	feature(s, "signal", true);
	feature(s, "threads", o->threads);
	feature(s, "cgroup", f->cgroup_events && f->cgroup_controller);
	feature(s, "task_iterator", f->task_iterator);
	feature(s, "group_dead", f->exit_group_dead);
	feature(s, "exact_reap", f->exact_reap);
}

void preamble_announce(const struct preamble *p, const struct options *o)
{
	const struct stream_start *s = &p->start;
	struct buf on = { 0 }, off = { 0 };
	size_t i;

	for (i = 0; i < s->nfeatures; i++) {
		struct buf *b = s->features[i].on ? &on : &off;

		buf_byte(b, ' ');
		buf_str(b, s->features[i].name);
	}
	buf_byte(&on, 0);
	buf_byte(&off, 0);
	say_plain("tracing %s; on:%s; off:%s", o->command ? "a command" : "the machine", on.data,
		  off.len > 1 ? off.data : " nothing");
	buf_free(&on);
	buf_free(&off);
}

/* One more of a list; a NUL follows, which does not count. */
static void add_count(struct buf *b, uint64_t n, const char *noun)
{
	buf_printf(b, "%s%llu %s%s", b->len ? ", " : "", (unsigned long long)n, noun, plural(n));
	buf_byte(b, 0);
	b->len--;
}

void summary_say(const struct stream_stop *s)
{
	struct buf traced = { 0 }, found = { 0 }, losses = { 0 };
	size_t i;

	add_count(&traced, s->counts[CHANGE_FORK], "fork");
	add_count(&traced, s->counts[CHANGE_EXEC], "exec");
	add_count(&traced, s->counts[CHANGE_EXIT], "exit");
	add_count(&traced, s->counts[CHANGE_REAP], "reap");
	add_count(&found, s->findings[__builtin_ctz(FINDING_ORPHAN)], "orphan");
	add_count(&found, s->findings[__builtin_ctz(FINDING_ZOMBIE)], "zombie");
	add_count(&found, s->findings[__builtin_ctz(FINDING_ZOMBIE_LEAK)], "leak");
	add_count(&found, s->findings[__builtin_ctz(FINDING_DAEMON)], "daemon");
	for (i = 0; i < s->nlosses; i++)
		buf_printf(&losses, "%s%llu %s %s", i ? ", " : " (",
			   (unsigned long long)s->losses[i].count, s->losses[i].kind,
			   s->losses[i].cause);
	if (i)
		buf_byte(&losses, ')');
	buf_byte(&losses, 0);
	say_plain("traced %s; found %s; lost %llu record%s%s", traced.data, found.data,
		  (unsigned long long)s->lost, plural(s->lost), losses.data);
	buf_free(&traced);
	buf_free(&found);
	buf_free(&losses);
}
