// SPDX-License-Identifier: GPL-2.0-only
/* The ways to be born, and to become another program. */
#include "random.h"

#include <linux/sched.h>
#include <pthread.h>
#include <spawn.h>

#define ARGS_MAX 400

static char self_path[512];

/* This program, by a name that needs no directory. */
static const char *self(void)
{
	if (!self_path[0])
		must(readlink("/proc/thread-self/exe", self_path, sizeof(self_path) - 1));
	return self_path;
}

/* What execs need lies beside this program; NULL: the program. */
const char *scratch_file(const char *name)
{
	static _Thread_local char path[600];

	snprintf(path, sizeof(path), "%s%s%s", self(), name ? "." : "", name ? name : "");
	return path;
}

/* Argument lists of all kinds, the same for the same number. */
static char **argv_of(int number)
{
	static char *argv[ARGS_MAX + 1], words[ARGS_MAX][24], big[9001];
	static char *const odd[] = {
		"random", "", "two words", "tab\tnew\nline", "\xff\xfe\x80", "\xc3\xbc\xe2\x82\xac",
		"\"quoted\"", "back\\slash", "\x1b[31m", "", NULL,
	};
	int n = 0;

	memset(argv, 0, sizeof(argv));
	if (number % 7 == 0)
		return argv; /* none at all: the kernel adds an empty one */
	if (number % 7 == 1)
		return (char **)odd;
	argv[n++] = "random";
	if (number % 7 == 2) { /* more than is kept */
		memset(big, 'x', sizeof(big) - 1);
		big[3000 + number * 17 % 6000] = 0;
		argv[n++] = big;
	}
	while (n < (number % 7 == 3 ? ARGS_MAX : 1 + number % 5)) {
		snprintf(words[n], sizeof(words[n]), "%x", (unsigned int)number * 2654435761u + n);
		argv[n] = words[n];
		n++;
	}
	return argv;
}

/* All that this program needs to know when it begins anew: whose orders it reads. */
static char **environment_of(int slot)
{
	static char word[32];
	static char *environment[2] = { word };

	snprintf(word, sizeof(word), "RANDOM_SLOT=%d", slot);
	return environment;
}

static void execute(int slot, const struct order *order)
{
	char **argv = argv_of(order->code), **environment = environment_of(slot);
	static char too_big[200000];
	char *const big_argv[] = { too_big, NULL };
	int fd;

	switch (order->how) {
	case AS_FD:
		fd = must(open(self(), O_PATH | O_CLOEXEC));
		syscall(SYS_execveat, fd, "", argv, environment, AT_EMPTY_PATH);
		close(fd);
		break;
	case AS_SCRIPT:
		execve(scratch_file("script"), argv, environment);
		break;
	case AS_NESTED:
		execve(scratch_file("nested"), argv, environment);
		break;
	case AS_NOTHING:
		execve("/nowhere/nobody", argv, environment);
		break;
	case AS_DIRECTORY:
		execve("/etc", argv, environment);
		break;
	case AS_GARBAGE:
		execve(scratch_file("garbage"), argv, environment);
		break;
	case AS_TOO_BIG:
		memset(too_big, 'x', sizeof(too_big) - 1);
		execve(self(), big_argv, environment);
		break;
	case AS_BROKEN:
		execve(scratch_file("broken"), argv, environment);
		break;
	default:
		execve(self(), argv, environment);
	}
}

void run_tiny(int code)
{
	char word[8];
	char *argv[] = { "tiny", word, NULL };

	snprintf(word, sizeof(word), "%d", code);
	execve("build/tests/lives/tiny", argv, environment_of(0));
}

void become(const struct order *order)
{
	if (order->how == AS_TINY)
		run_tiny(order->code);
	else
		execute(my_slot, order);
	say(BECOME, -1, 0);
}

static pid_t clone3_with(unsigned long flags, int exit_signal, int cgroup)
{
	struct clone_args args = {
		.flags = flags, .exit_signal = (unsigned int)exit_signal,
		.cgroup = (unsigned int)(cgroup < 0 ? 0 : cgroup),
	};

	if (cgroup >= 0)
		args.flags |= CLONE_INTO_CGROUP;
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static int cgroup2(void)
{
	int fd = open("/sys/fs/cgroup/unified", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0)
		fd = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

static pid_t fork_into_cgroup(void)
{
	int cgroup = cgroup2();
	pid_t pid = clone3_with(0, SIGCHLD, cgroup);

	if (pid < 0) /* it may be no place for processes */
		pid = clone3_with(0, SIGCHLD, -1);
	if (cgroup >= 0)
		close(cgroup);
	return pid;
}

/* The next child alone is to be the init of a pid namespace. */
static pid_t unshare_and_fork(void)
{
	int mine = must(open("/proc/thread-self/ns/pid", O_RDONLY | O_CLOEXEC));
	pid_t pid;

	must(unshare(CLONE_NEWPID));
	pid = fork();
	if (pid)
		must(setns(mine, CLONE_NEWPID));
	close(mine);
	return pid;
}

static void execute_newborn(int slot)
{
	const struct order order = { .how = AS_SELF, .code = slot };

	execute(slot, &order);
	_exit(96);
}

static int execute_clone(void *arg)
{
	execute_newborn((int)(long)arg);
	return 0;
}

static pid_t clone_sharing(int flags, int slot)
{
	static char stack[MEMBERS][1 << 15] __attribute__((aligned(16)));

	return clone(execute_clone, stack[slot] + sizeof(stack[slot]), flags | SIGCHLD,
		     (void *)(long)slot);
}

static pid_t vfork_newborn(int slot)
{
	pid_t pid = vfork();

	if (pid == 0)
		execute_newborn(slot);
	return pid;
}

static pid_t spawn_newborn(int slot)
{
	pid_t pid;

	errno = posix_spawn(&pid, self(), NULL, NULL, argv_of(slot), environment_of(slot));
	return errno ? -1 : pid;
}

pid_t raw_clone(unsigned long flags)
{
	return (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
}

static pid_t forked_as(enum birth how, int slot)
{
	switch (how) {
	case BY_CLONE:
		return raw_clone(SIGCHLD);
	case BY_CLONE3:
		return clone3_with(0, SIGCHLD, -1);
	case BY_CGROUP:
		return fork_into_cgroup();
	case BY_PARENT:
		return raw_clone(CLONE_PARENT | SIGCHLD);
	case BY_SILENT:
		return raw_clone(0);
	case BY_SIGNAL:
		return clone3_with(0, SIGURG, -1);
	case BY_DEADLY:
		return raw_clone(SIGUSR1);
	case BY_FILES:
		return raw_clone(CLONE_FILES | SIGCHLD);
	case BY_NEWPID:
		return raw_clone(CLONE_NEWPID | SIGCHLD);
	case BY_UNSHARE:
		return unshare_and_fork();
	case BY_VFORK:
		return vfork_newborn(slot);
	case BY_SPAWN:
		return spawn_newborn(slot);
	case BY_VM:
		return clone_sharing(CLONE_VM, slot);
	case BY_SIGHAND:
		return clone_sharing(CLONE_VM | CLONE_SIGHAND, slot);
	default:
		return fork();
	}
}

static void *fork_in_thread(void *arg)
{
	const struct order *order = arg;
	pid_t pid = fork();

	if (pid == 0)
		begin(order->slot);
	return (void *)(long)pid;
}

void bear(const struct order *order)
{
	void *result;
	pid_t pid;

	if (order->how == BY_THREAD) {
		pthread_join(start_thread(fork_in_thread, (void *)order), &result);
		pid = (pid_t)(long)result;
	} else {
		pid = forked_as((enum birth)order->how, order->slot);
	}
	if (pid == 0)
		begin(order->slot);
	say(BEAR, pid, 0);
}
