/* SPDX-License-Identifier: GPL-2.0-only */
/* How a process stands beyond its lineage: what a daemon changes, and what it uses. */
#ifndef PROCTRACE_EVENT_STANDING_H
#define PROCTRACE_EVENT_STANDING_H

#include <stdbool.h>
#include <stdint.h>

enum answer { NOT_KNOWN, NO, YES };

/* Where a descriptor leads. */
enum descriptor {
	DESCRIPTOR_UNKNOWN,
	DESCRIPTOR_CLOSED,
	DESCRIPTOR_NULL,
	DESCRIPTOR_TTY,
	DESCRIPTOR_PIPE,
	DESCRIPTOR_SOCKET,
	DESCRIPTOR_JOURNAL, /* a socket that systemd's journal listens at */
	DESCRIPTOR_FILE,
	DESCRIPTOR_OTHER,
	DESCRIPTORS
};

#define STANDARD_FDS 3
#define PID_FILE_LEN 48

struct standing {
	enum descriptor fd[STANDARD_FDS];
	enum answer at_root;	 /* its directory is its root */
	enum answer ignores_hup; /* as nohup makes it */
	enum answer pid_file;	 /* one of its name holds its pid */
	char pid_file_path[PID_FILE_LEN]; /* of pid_file YES */
	bool has_umask, has_cpu;
	uint32_t umask;
	uint64_t cpu;  /* ns that it has used so far, all its threads, dead ones too */
	uint64_t used; /* of these, in the moment; moment 0: that was not measured */
	uint64_t moment; /* ns between two looks */
};

#endif
