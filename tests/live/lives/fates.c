// SPDX-License-Identifier: GPL-2.0-only
/*
 * fates N: children that end in every way there is, eight at a time.
 *
 * Row `fate`: n, kind, pid, start, status (as wait() gave it), killer (pid of the process that
 * sent the fatal signal, 0 for the kernel, -1 when nobody did).
 */
#include "lives.h"

#include <pthread.h>

enum kind {
	EXITS,		/* _exit */
	RETURNS,	/* exit() after a thread has come and gone */
	KILLS_ITSELF,	/* any fatal signal */
	IS_KILLED,	/* any fatal signal, by its parent */
	FAULTS,		/* SIGSEGV, SIGILL, SIGBUS: the kernel's own */
	THREAD_ENDS_ALL,/* exit_group by another thread than the leader */
	LEADER_FIRST,	/* the leader leaves, then the last thread */
	THREADS_RACE,	/* two threads leave at once, each with a code of its own */
	KILLED_IN_RACE,	/* exit_group while SIGKILL is on its way */
	STOPS,		/* stops itself, is continued, exits */
	RUNS_PROGRAM,	/* exec */
	VFORKS,		/* vfork, _exit */
	VFORKS_PROGRAM,	/* vfork, exec */
	ALARMED,	/* SIGALRM by a timer: from the kernel */
	KINDS
};

static const char *const kind_names[KINDS] = {
	"exits", "returns", "kills itself", "is killed", "faults", "thread ends all",
	"leader first", "threads race", "killed in race", "stops", "runs program", "vforks",
	"vforks program", "alarmed",
};

static const int fatal[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
	SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM,
	SIGPROF, SIGIO, SIGPWR, SIGSYS, 34, 35, 36, 40, 49, 50, 51, 63, 64,
};
#define FATAL ((int)(sizeof(fatal) / sizeof(fatal[0])))

static struct child {
	pid_t pid;
	int n;
	enum kind kind;
} children[8];

static pthread_barrier_t both;

static void *come_and_go(void *arg)
{
	return arg;
}

static void *end_all(void *arg)
{
	_exit((int)(long)arg);
}

static void *leave_last(void *arg)
{
	await(look(getpid()).state == 'Z');
	leave((int)(long)arg);
	return NULL;
}

static void *leave_in_race(void *arg)
{
	pthread_barrier_wait(&both);
	leave((int)(long)arg);
	return NULL;
}

static pthread_t start(void *(*body)(void *), long arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, (void *)arg) != 0)
		die("pthread_create");
	return thread;
}

static void fault(int which)
{
	int empty_file = must(memfd_create("empty", MFD_CLOEXEC));
	volatile long zero = 0;

	if (which % 3 == 0)
		*(volatile int *)zero = 1;
	else if (which % 3 == 1)
		__builtin_trap();
	else
		*(volatile int *)mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, empty_file, 0) = 1;
}

static void live(enum kind kind, int n)
{
	char word[8];
	int code = n & 0xff;

	switch (kind) {
	case EXITS:
		_exit(code);
	case RETURNS:
		pthread_join(start(come_and_go, 0), NULL);
		exit(code);
	case KILLS_ITSELF:
		syscall(SYS_kill, getpid(), fatal[n % FATAL]);
		break;
	case FAULTS:
		fault(n);
		break;
	case THREAD_ENDS_ALL:
		start(end_all, code);
		break;
	case LEADER_FIRST:
		start(leave_last, code);
		leave(1);
	case THREADS_RACE:
		pthread_barrier_init(&both, NULL, 2);
		start(leave_in_race, code);
		pthread_barrier_wait(&both);
		leave(code ^ 0xff);
	case KILLED_IN_RACE:
		start(come_and_go, 0);
		_exit(code);
	case STOPS:
		raise(SIGSTOP);
		_exit(code);
	case RUNS_PROGRAM:
		snprintf(word, sizeof(word), "%d", code);
		execl("build/tests/lives/tiny", "tiny", word, NULL);
		_exit(99);
	case ALARMED: {
		const struct itimerval soon = { .it_value.tv_usec = 500 };

		setitimer(ITIMER_REAL, &soon, NULL);
		break;
	}
	default:
		break;
	}
	for (;;)
		pause();
}

/* These two can't be left to live(): a vfork child shares everything with its parent. */
static pid_t vforked(enum kind kind, int n)
{
	char word[8];
	char *argv[] = { "tiny", word, NULL };
	pid_t pid;

	snprintf(word, sizeof(word), "%d", n & 0xff);
	pid = must(vfork());
	if (pid == 0) {
		if (kind == VFORKS_PROGRAM)
			execve("build/tests/lives/tiny", argv, NULL);
		_exit(n & 0xff);
	}
	return pid;
}

static pid_t beget(enum kind kind, int n)
{
	pid_t pid;

	if (kind == VFORKS || kind == VFORKS_PROGRAM)
		return vforked(kind, n);
	pid = must(fork());
	if (pid == 0)
		live(kind, n);
	if (kind == IS_KILLED)
		must(kill(pid, fatal[n % FATAL]));
	else if (kind == KILLED_IN_RACE)
		must(kill(pid, SIGKILL));
	return pid;
}

static pid_t killer_of(const struct child *child, int status)
{
	if (!WIFSIGNALED(status))
		return -1;
	switch (child->kind) {
	case KILLS_ITSELF:
		return child->pid;
	case IS_KILLED:
	case KILLED_IN_RACE:
		return getpid();
	default:
		return 0;
	}
}

/* Collects one child, or sends one on that has stopped. */
static void collect(void)
{
	siginfo_t info = { 0 };
	unsigned long long began;
	int status, at = 0;

	must(waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOWAIT));
	if (info.si_code == CLD_STOPPED) {
		must(waitpid(info.si_pid, &status, WUNTRACED));
		if (WIFSTOPPED(status))
			must(kill(info.si_pid, SIGCONT));
		return;
	}
	while (children[at].pid != info.si_pid)
		at++;
	began = look(info.si_pid).start;
	must(waitpid(info.si_pid, &status, 0));
	ledger("{\"what\":\"fate\",\"n\":%d,\"kind\":\"%s\",\"pid\":%d,\"start\":%llu,"
	       "\"status\":%d,\"killer\":%d}", children[at].n, kind_names[children[at].kind],
	       info.si_pid, began, status, killer_of(&children[at], status));
	children[at].pid = 0;
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = { 0, 0 };
	int left = argc > 1 ? atoi(argv[1]) : 0, n = 0, alive = 0;

	must(setrlimit(RLIMIT_CORE, &no_core));
	born("driver");
	while (left || alive) {
		for (int at = 0; at < 8; at++) {
			if (children[at].pid || !left)
				continue;
			/* n / KINDS: each kind runs through all codes and signals */
			children[at].n = n;
			children[at].kind = (enum kind)(n % KINDS);
			children[at].pid = beget(children[at].kind, n / KINDS);
			n++, left--, alive++;
		}
		collect();
		alive = 0;
		for (int at = 0; at < 8; at++)
			alive += children[at].pid != 0;
	}
	linger();
	return 0;
}
