// SPDX-License-Identifier: GPL-2.0-only
#include "cli/harden.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef __has_feature /* clang's word; gcc defines __SANITIZE_ADDRESS__ */
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define LEAK_CHECK 1 /* at the end a thread of its own stops the program as a debugger does */
#else
#define LEAK_CHECK 0
#endif

/* Read-only: who writes to one that was closed is told so, as before. */
void fill_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/*
 * CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: /proc of other users' processes. CAP_BPF: maps, where
 * unprivileged bpf() is off altogether; CAP_PERFMON: reading the task iterator.
 */
static const unsigned int kept[] = {
	CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_BPF, CAP_PERFMON,
};

static int drop_capabilities(void)
{
	const unsigned int all_sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
				      CAPNG_BOUNDING_SET | CAPNG_AMBIENT;
	size_t i;

	if (capng_get_caps_process())
		return -EPERM;
	for (i = 0; i < CAP_LAST_CAP + 1u; i++) {
		size_t k;

		for (k = 0; k < sizeof(kept) / sizeof(kept[0]) && kept[k] != i; k++)
			;
		if (k < sizeof(kept) / sizeof(kept[0]))
			continue;
		capng_update(CAPNG_DROP, all_sets, (unsigned int)i);
	}
	/* without CAP_SETPCAP the bounding set stays, and no_new_privs holds all the same */
	return capng_apply(CAPNG_SELECT_BOTH) && capng_apply(CAPNG_SELECT_CAPS) ? -EPERM : 0;
}

/* What the loop, a look, a rotation and an orderly end call; and the C library for them. */
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(open),
	SCMP_SYS(openat), SCMP_SYS(close), SCMP_SYS(fcntl), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(fstat), SCMP_SYS(stat),
	SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(fstatfs), SCMP_SYS(fchdir),
	SCMP_SYS(ftruncate),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(bpf), SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(kill), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(tgkill),
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(brk),
	SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(sched_yield),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(membarrier),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static int allow_system_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	const struct scmp_arg_cmp window_size = {
		.arg = 1, .op = SCMP_CMP_EQ, .datum_a = TIOCGWINSZ
	};
	size_t i;
	int err = 0;

	if (!filter)
		return -ENOMEM;
	for (i = 0; !err && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!err) /* how large the terminal is, and nothing else of it */
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, window_size);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

int harden(const char **what)
{
	int err;

	*what = "core dumps cannot be forbidden";
	if (!LEAK_CHECK && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	*what = "capabilities cannot be dropped";
	err = drop_capabilities();
	if (err)
		return err;
	*what = "no_new_privs cannot be set";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	*what = "system calls cannot be restricted";
	return LEAK_CHECK ? 0 : allow_system_calls();
}
