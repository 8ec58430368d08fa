// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the path of a control group says. Groups are few and lines come by the million: a path is
 * read and written out once, and kept with what was written until another one takes its place.
 */
#include "event/container.h"
#include "sink/json_process.h"
#include "sink/json_write.h"

#define PLACES 256

struct told_group {
	bool used, lossy;
	struct buf path, container, cgroup; /* the latter two: members, as they stand in a line */
};

static void member_unit(struct buf *b, const char *key, struct slice unit)
{
	char name[UNIT_NAME];

	member_bytes(b, key, name, unit_name(unit, name));
}

void json_container_object(struct buf *b, const struct container *c)
{
	open_object(b, "container");
	if (c->id.s)
		member_bytes(b, "id", c->id.s, c->id.len);
	else
		member_unit(b, "name", c->name);
	if (c->runtime)
		member_const(b, "runtime", runtime_name(c->runtime));
	close_object(b);
}

static void write_pod(struct buf *b, const char *pod)
{
	open_object(b, "kubernetes");
	open_object(b, "pod");
	member_str(b, "uid", pod);
	close_object(b);
	close_object(b);
}

static void read_group(struct told_group *g, const struct text *path)
{
	struct container c;

	g->used = true;
	g->path.len = g->container.len = g->cgroup.len = 0;
	buf_add(&g->path, path->s, path->len);
	if (container_read(&c, path->s, path->len))
		json_container_object(&g->container, &c);
	if (*c.pod)
		write_pod(&g->container, c.pod);
	g->lossy = !member_bytes(&g->cgroup, "cgroup", path->s, path->len);
	if (c.unit.s)
		member_unit(&g->cgroup, "unit", c.unit);
}

static const struct told_group *group_of(const struct text *path)
{
	static struct told_group places[PLACES];
	struct told_group *g = &places[text_hash(path->s, path->len) % PLACES];

	if (!g->used || g->path.len != path->len ||
	    (path->len && memcmp(g->path.data, path->s, path->len)))
		read_group(g, path);
	return g;
}

void json_container(struct sink *s, const struct proc *p)
{
	const struct told_group *g = p->cgroup_path ? group_of(p->cgroup_path) : NULL;

	if (g)
		buf_add(&s->out, g->container.data, g->container.len);
}

void json_cgroup(struct sink *s, const struct proc *p)
{
	const struct told_group *g = p->cgroup_path ? group_of(p->cgroup_path) : NULL;

	if (!g)
		return;
	s->lossy |= g->lossy;
	buf_add(&s->out, g->cgroup.data, g->cgroup.len);
}
