/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the path of a control group says: the container, the Kubernetes pod and the systemd unit.
 * A path is what whoever made the group has called it. Pure, and a fuzz target.
 */
#ifndef PROCTRACE_EVENT_CONTAINER_H
#define PROCTRACE_EVENT_CONTAINER_H

#include "event/event.h"

#define CONTAINER_ID 64 /* hexadecimal digits */
#define POD_UID 36	/* at the most */
#define UNIT_NAME 255	/* a directory's */

enum runtime {
	RUNTIME_UNKNOWN,
	RUNTIME_DOCKER,
	RUNTIME_CONTAINERD,
	RUNTIME_CRIO,
	RUNTIME_PODMAN,
	RUNTIME_LXC,
	RUNTIME_NSPAWN,
	RUNTIMES
};

/* Slices lie within the path. */
struct container {
	enum runtime runtime;
	struct slice id;   /* CONTAINER_ID digits */
	struct slice name; /* where a container has a name and no id (lxc, nspawn): see unit_name() */
	struct slice unit; /* of systemd, the last that is no container's: see unit_name() */
	char pod[POD_UID + 1]; /* "": none */
};

/* Of containers one in another, the innermost. Is there one? The rest is filled in any case. */
bool container_read(struct container *c, const char *path, size_t len);

/* As the stream has it; NULL: not known. */
const char *runtime_name(enum runtime runtime);

/* A unit's name as it was before systemd made it a directory's: its length, UNIT_NAME at most. */
size_t unit_name(struct slice unit, char name[UNIT_NAME]);

#endif
