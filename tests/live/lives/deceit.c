// SPDX-License-Identifier: GPL-2.0-only
/*
 * deceit CASE: processes that are not what they show.
 *
 *   named HEX     a child with this comm, alive; at the first step it dies and stays a zombie
 *   orphan HEX    the same for a child whose parent dies at the first step
 *   retitled N    a child that writes N bytes over its argv, and behind it
 *   emptied       a child that leaves nothing of its argv but zeros
 *   moved         a child whose argv is somewhere else (row `moved`: whether the kernel let it)
 *   racing N      N children that become a program while a thread of theirs changes its argv
 *
 * Every child says `ready` when it has done so. Row `image` is the new program's own view of its
 * argv.
 */
#include "lives.h"

#include <linux/prctl.h>
#include <pthread.h>
#include <stdint.h>

static void set_name(const char *hex)
{
	char name[64] = "";

	for (size_t i = 0; hex[2 * i] && i < sizeof(name) - 1; i++) {
		unsigned int byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			die("hex");
		name[i] = (char)byte;
	}
	must(prctl(PR_SET_NAME, name));
}

static void named(const char *hex)
{
	struct gate *death = new_gate();
	pid_t pid = sprout();

	if (pid == 0) {
		set_name(hex);
		born("child");
		ledger("{\"what\":\"ready\"}");
		wait_at(death->wait);
		_exit(7);
	}
	step();
	open_gate(death);
	await(is_dead(pid));
	ledger("{\"what\":\"dead\"}");
	step();
	wait_for(pid);
}

static void orphan(const char *hex)
{
	struct gate *parents, *childs;
	pid_t parent, child;

	under_prompt_reaper();
	parents = new_gate();
	childs = new_gate();
	parent = sprout();
	if (parent == 0) {
		born("parent");
		child = sprout();
		if (child == 0) {
			set_name(hex);
			born("child");
			ledger("{\"what\":\"ready\"}");
			wait_at(childs->wait);
			_exit(7);
		}
		wait_at(parents->wait);
		_exit(0);
	}
	step();
	open_gate(parents);
	wait_for(parent);
	step();
	open_gate(childs);
	_exit(0);
}

/* What execve was given lies in one block, argv before environ. */
static void retitle(char **argv, size_t n)
{
	memset(argv[0], 't', n);
	argv[0][n] = 0;
	prctl(PR_SET_NAME, "retitled");
}

static void empty(char **argv)
{
	char **last = argv;

	while (last[1])
		last++;
	memset(argv[0], 0, (size_t)(*last + strlen(*last) - argv[0]));
}

/* The kernel's own fields, as CRIU sets them: no right is needed for that. */
static void move(void)
{
	static char elsewhere[] = "quite\0another\0program";
	struct prctl_mm_map map = { .exe_fd = (uint32_t)-1 };
	char text[2048], *p;
	int fd = must(open("/proc/self/stat", O_RDONLY));
	ssize_t len = must(read(fd, text, sizeof(text) - 1));
	unsigned long long f[53] = { 0 };
	int at = 3;

	close(fd);
	text[len] = 0;
	p = strrchr(text, ')') + 3;
	while (++at <= 52 && (p = strchr(p, ' ')))
		f[at] = strtoull(++p, NULL, 10);
	map.start_code = f[26], map.end_code = f[27], map.start_stack = f[28];
	map.start_data = f[45], map.end_data = f[46], map.start_brk = f[47];
	map.brk = (uintptr_t)sbrk(0);
	map.arg_start = (uintptr_t)elsewhere, map.arg_end = map.arg_start + sizeof(elsewhere);
	map.env_start = f[50], map.env_end = f[51];
	ledger("{\"what\":\"moved\",\"errno\":%d}",
	       prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) ? errno : 0);
}

/* A child, in a program of its own, that changes what it shows, waits and ends. */
static void changes(char *how, char *n)
{
	char *argv[] = { "deceit", "changed", how, n, "the", "last", "argument", NULL };
	char big[4096];
	char *env[] = { big, NULL };
	pid_t pid = sprout();

	if (pid == 0) {
		memset(big, 'e', sizeof(big) - 1);
		memcpy(big, "BIG=", 4);
		big[sizeof(big) - 1] = 0;
		execve("build/tests/lives/deceit", argv, env);
		die("exec");
	}
	step();
	must(kill(pid, SIGKILL));
	wait_for(pid);
}

static void changed(char **argv)
{
	must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)); /* should the test die */
	born("child");
	if (!strcmp(argv[2], "retitled"))
		retitle(argv, (size_t)atoi(argv[3]));
	else if (!strcmp(argv[2], "emptied"))
		empty(argv);
	else
		move();
	ledger("{\"what\":\"ready\"}");
	for (;;)
		pause();
}

static char flipping[1024];

static void *flip(void *arg)
{
	for (unsigned int n = 0;; n++) {
		memset(flipping, 'A' + n % 26, sizeof(flipping) / 2);
		flipping[300] = n % 3 ? 'x' : 0; /* and its length */
		flipping[sizeof(flipping) / 2] = n % 5 ? 'y' : 0;
	}
	return arg;
}

static void racing(int count)
{
	while (count--) {
		pid_t pid = sprout();

		if (pid == 0) {
			char *argv[] = { "deceit", "image", flipping, "end", NULL };
			char *env[] = { NULL };
			pthread_t thread;

			memset(flipping, 'z', sizeof(flipping) - 1);
			if (pthread_create(&thread, NULL, flip, NULL))
				die("pthread_create");
			usleep(count % 7 * 20);
			execve("build/tests/lives/deceit", argv, env);
			die("exec");
		}
		wait_for(pid);
	}
}

static void image(int argc, char **argv)
{
	pid_t pid = me();

	ledger("{\"what\":\"image\",\"pid\":%d,\"start\":%llu,\"args\":[\"%s\",\"%s\",\"%s\",\"%s\"],"
	       "\"argc\":%d}", pid, look(pid).start, argv[0], argv[1], argv[2], argv[3], argc);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "image")) {
		image(argc, argv);
		return 0;
	}
	if (!strcmp(name, "changed"))
		changed(argv);
	born("driver");
	if (!strcmp(name, "named"))
		named(argv[2]);
	else if (!strcmp(name, "orphan"))
		orphan(argv[2]);
	else if (!strcmp(name, "racing"))
		racing(atoi(argv[2]));
	else if (!strcmp(name, "retitled") || !strcmp(name, "emptied") || !strcmp(name, "moved"))
		changes(argv[1], argc > 2 ? argv[2] : "0");
	else
		die("no case %s", name);
	linger();
	return 0;
}
