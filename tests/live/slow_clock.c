// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be preloaded: a boot clock whose reader is held up behind each reading for as long as the first
 * byte of the file SLOW_CLOCK is not 0, as if it were stopped just there: what it read is old.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static int (*true_clock)(clockid_t, struct timespec *);
static const volatile char *held_up;

__attribute__((constructor)) static void begin(void)
{
	int fd = open(getenv("SLOW_CLOCK"), O_RDONLY | O_CLOEXEC);

	true_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	held_up = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	if (fd < 0 || !true_clock || held_up == MAP_FAILED)
		abort();
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	const struct timespec nap = { 0, 1000000 };
	int result = true_clock(id, ts);

	while (id == CLOCK_BOOTTIME && *held_up)
		ppoll(NULL, 0, &nap, NULL);
	return result;
}
