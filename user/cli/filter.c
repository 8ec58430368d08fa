// SPDX-License-Identifier: GPL-2.0-only
#include "cli/filter.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>

#include "base/num.h"
#include "cli/say.h"
#include "cli/values.h"
#include "diagnose/by_container.h"
#include "source/live.h"

static int full(const char *option)
{
	say("%s: at most %d values can be given", option, SELECT_MAX);
	return -E2BIG;
}

static int one_number(const char *option, const char *item, uint32_t *pid)
{
	uint64_t n;

	if (num_u64(item, 1 << 22, &n) || !n)
		return option_bad(option, item, "the number of a process");
	*pid = (uint32_t)n;
	return 0;
}

static int one_pid(struct options *o, const char *item)
{
	struct selection *s = &o->selection;

	if (s->pids == SELECT_MAX)
		return full("--pid");
	s->kinds |= SELECT_PID;
	return one_number("--pid", item, &s->pid[s->pids++]);
}

static int one_tree(struct options *o, const char *item)
{
	if (o->trees == SELECT_MAX)
		return full("--tree");
	o->selection.kinds |= SELECT_TREE;
	return one_number("--tree", item, &o->tree[o->trees++]);
}

static int one_uid(struct options *o, const char *item)
{
	struct selection *s = &o->selection;
	const struct passwd *user;
	uint64_t n;

	if (s->uids == SELECT_MAX)
		return full("--uid");
	user = getpwnam(item);
	if (user)
		n = user->pw_uid;
	else if (num_u64(item, UINT32_MAX - 1, &n))
		return option_bad("--uid", item, "a user's number or name");
	s->kinds |= SELECT_UID;
	s->uid[s->uids++] = (uint32_t)n;
	return 0;
}

static int one_comm(struct options *o, const char *item)
{
	struct selection *s = &o->selection;

	if (s->comms == SELECT_MAX)
		return full("--comm");
	s->kinds |= SELECT_COMM;
	/* the kernel keeps 15 bytes of a name */
	memcpy(s->comm[s->comms++], item, strnlen(item, RECORD_COMM - 1));
	return 0;
}

int filter_pid(struct options *o, const char *value)
{
	return option_each(value, one_pid, o, "--pid");
}

int filter_tree(struct options *o, const char *value)
{
	return option_each(value, one_tree, o, "--tree");
}

int filter_uid(struct options *o, const char *value)
{
	return option_each(value, one_uid, o, "--uid");
}

int filter_comm(struct options *o, const char *value)
{
	return option_each(value, one_comm, o, "--comm");
}

int filter_cgroup(struct options *o, const char *value)
{
	if (o->selection.cgroups == SELECT_MAX)
		return full("--cgroup");
	o->selection.kinds |= SELECT_CGROUP;
	o->cgroup[o->selection.cgroups++] = value;
	return *value ? 0 : option_bad("--cgroup", value, "the path of a control group");
}

/* As kubectl shows it, it has its runtime before it: docker://ID. */
int filter_container(struct options *o, const char *value)
{
	size_t runtime = strspn(value, "abcdefghijklmnopqrstuvwxyz-");
	const char *id = runtime && !strncmp(value + runtime, "://", 3) ? value + runtime + 3 : value;

	if (o->containers == SELECT_MAX)
		return full("--container");
	if (strlen(id) < 4 || strlen(id) > CONTAINER_ID ||
	    strspn(id, "0123456789abcdef") != strlen(id))
		return option_bad("--container", value,
				  "a container's id, or its first digits (4 or more)");
	o->container[o->containers++] = id;
	return 0;
}

static int find_process(const char *option, uint32_t pid)
{
	if (!kill((pid_t)pid, 0) || errno != ESRCH)
		return 0;
	say("%s: there is no process %u", option, pid);
	return -ESRCH;
}

int filter_look_up(struct options *o)
{
	uint32_t i;

	for (i = 0; i < o->selection.pids; i++)
		if (find_process("--pid", o->selection.pid[i]))
			return -ESRCH;
	for (i = 0; i < o->trees; i++)
		if (find_process("--tree", o->tree[i]))
			return -ESRCH;
	for (i = 0; i < o->selection.cgroups; i++) {
		int err = live_cgroup_id(o->cgroup[i], &o->selection.cgroup[i],
					 &o->cgroup_below[i]);

		if (err) {
			say("--cgroup: %s: %s", o->cgroup[i], strerror(-err));
			return err;
		}
	}
	return 0;
}

static bool in_groups(const struct options *o, const struct proc *p)
{
	uint32_t i;

	for (i = 0; i < o->selection.cgroups; i++)
		if (p->cgroup == o->selection.cgroup[i])
			return true;
	return false;
}

static bool in_groups_below(const struct options *o, const struct proc *p)
{
	uint32_t i;

	for (i = 0; p->cgroup_path && i < o->selection.cgroups; i++) {
		const char *path = o->cgroup_below[i];
		size_t len = strlen(path);

		while (len && path[len - 1] == '/')
			len--;
		if (p->cgroup_path->len > len && !memcmp(p->cgroup_path->s, path, len) &&
		    p->cgroup_path->s[len] == '/')
			return true;
	}
	return false;
}

static bool in_containers(const struct options *o, const struct proc *p)
{
	struct container c;
	uint32_t i;

	if (!proc_container(p, &c) || !c.id.s)
		return false;
	for (i = 0; i < o->containers; i++)
		if (!strncmp(c.id.s, o->container[i], strlen(o->container[i])))
			return true;
	return false;
}

bool filter_matches(const struct options *o, const struct proc *p)
{
	const struct selection *s = &o->selection;
	bool found;
	uint32_t i;

	if ((s->kinds & SELECT_TREE) && !p->followed)
		return false;
	for (found = !s->pids, i = 0; i < s->pids; i++)
		found |= s->pid[i] == p->id.pid;
	if (!found)
		return false;
	for (found = !s->uids, i = 0; i < s->uids; i++)
		found |= (p->have & HAVE_USER) && s->uid[i] == p->uid;
	if (!found)
		return false;
	for (found = !s->comms, i = 0; i < s->comms; i++)
		found |= !strncmp(s->comm[i], p->comm, COMM_LEN);
	if (!found)
		return false;
	if (s->cgroups && !in_groups(o, p) && !in_groups_below(o, p))
		return false;
	return !o->containers || in_containers(o, p);
}

bool filter_matches_family(const struct options *o, const struct proc *p)
{
	return filter_matches(o, p) || (p->parent && filter_matches(o, p->parent));
}
