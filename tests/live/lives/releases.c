// SPDX-License-Identifier: GPL-2.0-only
/*
 * releases CASE ROUNDS: how the kernel comes to release the dead, and the moment of it.
 *
 *   wait            the parent waits
 *   thread          another thread of it does
 *   peek            it looks first (WNOWAIT), then waits
 *   adopter         a subreaper waits for what it adopted
 *   own-tracer      the parent traces its child, and waits
 *   tracer          another traces it: that one's wait comes first, and releases nobody
 *   ignored         the parent ignores SIGCHLD
 *   nocldwait       the same by SA_NOCLDWAIT
 *   traced-ignored  so does that of a traced child: the tracer's wait releases it
 *   tracer-dies     the same, and the tracer dies instead of waiting
 *   heir-ignores    who adopts a zombie ignores SIGCHLD: it goes as its parent dies
 *   init            the init of a pid namespace waits
 *   namespace       it dies, and what lives in there with it
 *   leader-first    the leader of a thread group is dead before its last thread
 *   leader-ignored  the same under a parent that ignores SIGCHLD
 *   exec-thread     a thread that is not the leader calls exec: nobody is released for that
 *
 * A row "released" for each: pid, by (whose child it was), how, and two times of the boot clock, in
 * ns, between which it was released. "own" is false where the kernel has no call of its own for it.
 */
#include "lives.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/ptrace.h>

#define NOTHING_LEFT(status) (waitpid(-1, &(status), __WALL) == -1 && errno == ECHILD)

static uint64_t *before; /* when the one who dies began to */

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void released(pid_t pid, pid_t by, const char *how, uint64_t from, uint64_t to)
{
	ledger("{\"what\":\"released\",\"pid\":%d,\"by\":%d,\"how\":\"%s\",\"before\":%llu,"
	       "\"after\":%llu}", pid, by, how, (unsigned long long)from, (unsigned long long)to);
}

/* Nobody had to wait, and whoever lets go of it may be slow about that. */
static void released_by_now(pid_t pid, pid_t by, bool own)
{
	await(!look(pid).there);
	ledger("{\"what\":\"released\",\"pid\":%d,\"by\":%d,\"how\":\"auto\",\"before\":%llu,"
	       "\"after\":%llu,\"own\":%s}", pid, by, (unsigned long long)*before,
	       (unsigned long long)now(), own ? "true" : "false");
}

/* Says when it goes, and with what code. */
__attribute__((noreturn)) static void go(int code)
{
	*before = now();
	_exit(code);
}

static pid_t child_that_goes(void)
{
	pid_t pid = sprout();

	if (pid == 0) {
		born("child");
		go(3);
	}
	return pid;
}

static void peek(pid_t pid)
{
	siginfo_t info;

	must(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | __WALL));
}

static void timed_wait(pid_t pid, const char *how)
{
	uint64_t from = now();
	int status;

	if (waitpid(pid, &status, __WALL) != pid)
		die("waitpid %d", pid);
	released(pid, me(), how, from, now());
}

static void wait_case(void)
{
	pid_t pid = child_that_goes();

	await(is_dead(pid));
	timed_wait(pid, "wait");
}

static void peek_case(void)
{
	pid_t pid = child_that_goes();

	peek(pid);
	timed_wait(pid, "wait");
}

static void *wait_in_thread(void *pid)
{
	timed_wait(*(pid_t *)pid, "wait");
	return NULL;
}

static void thread_case(void)
{
	pid_t pid = child_that_goes();
	pthread_t thread;

	await(is_dead(pid));
	pthread_create(&thread, NULL, wait_in_thread, &pid);
	pthread_join(thread, NULL);
}

static void adopter_case(void)
{
	pid_t *child = shared(sizeof(*child)), middle;

	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	middle = sprout();
	if (middle == 0) {
		born("middle");
		*child = child_that_goes();
		peek(*child);
		_exit(0);
	}
	await(is_dead(middle));
	timed_wait(middle, "wait");
	timed_wait(*child, "wait");
}

static void own_tracer_case(void)
{
	pid_t pid = sprout();

	if (pid == 0) {
		must(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
		born("child");
		go(3);
	}
	await(is_dead(pid));
	timed_wait(pid, "wait");
}

/*
 * A child that somebody else traces, and is dead. That one goes on at the gate: it waits for it, if
 * so told, and goes.
 */
static pid_t traced_child(pid_t *tracer, struct gate *gate, bool waits)
{
	struct gate *begin = new_gate();
	pid_t child = sprout();
	int fd[2];

	if (child == 0) {
		born("child");
		wait_at(begin->wait);
		_exit(3);
	}
	must(pipe2(fd, O_CLOEXEC));
	*tracer = sprout();
	if (*tracer == 0) {
		born("tracer");
		must(ptrace(PTRACE_SEIZE, child, NULL, NULL));
		must(write(fd[1], "", 1));
		wait_at(gate->wait);
		*before = now();
		if (waits)
			must(waitpid(child, NULL, __WALL));
		_exit(0);
	}
	must(read(fd[0], &(char){ 0 }, 1));
	open_gate(begin);
	await(is_dead(child));
	return child;
}

static void tracer_case(void)
{
	struct gate *gate = new_gate();
	pid_t tracer, child = traced_child(&tracer, gate, true);

	open_gate(gate);
	timed_wait(tracer, "wait");
	timed_wait(child, "wait");
}

static void ignored_case(int flags)
{
	const struct sigaction action = {
		.sa_handler = flags ? SIG_DFL : SIG_IGN, .sa_flags = flags,
	};
	int status;
	pid_t pid;

	must(sigaction(SIGCHLD, &action, NULL));
	pid = child_that_goes();
	if (!NOTHING_LEFT(status))
		die("somebody was there to wait for");
	released_by_now(pid, me(), true);
	signal(SIGCHLD, SIG_DFL);
}

/* Its parent ignores SIGCHLD: the tracer's wait, or its end, is the child's as well. */
static void traced_ignored_case(bool waits)
{
	struct gate *gate = new_gate();
	pid_t tracer, child = traced_child(&tracer, gate, waits);
	int status;

	signal(SIGCHLD, SIG_IGN);
	open_gate(gate);
	if (!NOTHING_LEFT(status))
		die("somebody was there to wait for");
	released_by_now(child, me(), true);
	released_by_now(tracer, me(), true);
	signal(SIGCHLD, SIG_DFL);
}

static void heir_ignores_case(void)
{
	pid_t *child = shared(sizeof(*child)), middle;
	int status;

	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	signal(SIGCHLD, SIG_IGN);
	middle = sprout();
	if (middle == 0) {
		signal(SIGCHLD, SIG_DFL);
		born("middle");
		*child = child_that_goes();
		peek(*child);
		go(0);
	}
	if (!NOTHING_LEFT(status))
		die("somebody was there to wait for");
	released_by_now(*child, me(), true);
	released_by_now(middle, me(), true);
	signal(SIGCHLD, SIG_DFL);
}

static void init_case(void)
{
	pid_t init = sprout_with(CLONE_NEWPID | SIGCHLD);

	if (init == 0) {
		pid_t *child = shared(sizeof(*child)), pid = sprout();
		uint64_t from;

		if (pid == 0) {
			born("child");
			*child = me();
			go(3);
		}
		born("init");
		peek(pid);
		from = now();
		if (waitpid(pid, NULL, __WALL) != pid)
			die("init's wait");
		released(*child, me(), "init", from, now());
		_exit(0);
	}
	await(is_dead(init));
	timed_wait(init, "wait");
}

/* Its init ignores SIGCHLD by then, and waits for whoever lay dead: zap_pid_ns_processes(). */
static void namespace_case(void)
{
	pid_t init, *inmates = shared(2 * sizeof(*inmates));

	init = sprout_with(CLONE_NEWPID | SIGCHLD);
	if (init == 0) {
		pid_t pid;

		born("init");
		if (sprout() == 0) {
			born("inmate");
			inmates[0] = me();
			for (;;)
				pause();
		}
		pid = sprout();
		if (pid == 0) {
			born("corpse");
			inmates[1] = me();
			_exit(3);
		}
		peek(pid);
		await(*(volatile pid_t *)inmates);
		go(0);
	}
	await(is_dead(init));
	timed_wait(init, "wait");
	released_by_now(inmates[0], init, true);
	released(inmates[1], init, "init", *before, now());
}

static void *go_last(void *leader_tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", *(pid_t *)leader_tid);
	await(({
		char text[64] = "", *p;
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		must(read(fd, text, sizeof(text) - 1));
		close(fd);
		p = strrchr(text, ')');
		p && p[2] == 'Z';
	}));
	*before = now();
	leave(3);
}

static pid_t child_whose_leader_goes_first(void)
{
	pid_t pid = sprout();

	if (pid == 0) {
		static pid_t leader;
		pthread_t thread;

		born("child");
		leader = me();
		pthread_create(&thread, NULL, go_last, &leader);
		leave(0);
	}
	return pid;
}

static void leader_first_case(void)
{
	pid_t pid = child_whose_leader_goes_first();

	peek(pid);
	timed_wait(pid, "wait");
}

/* Released within the call that releases the thread. */
static void leader_ignored_case(void)
{
	int status;
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	pid = child_whose_leader_goes_first();
	if (!NOTHING_LEFT(status))
		die("somebody was there to wait for");
	released_by_now(pid, me(), false);
	signal(SIGCHLD, SIG_DFL);
}

static void *exec_in_thread(void *arg)
{
	(void)arg;
	execl("/proc/self/exe", "releases", "gone", NULL);
	die("exec");
}

static void exec_thread_case(void)
{
	pid_t pid = sprout();

	if (pid == 0) {
		pthread_t thread;

		born("child");
		pthread_create(&thread, NULL, exec_in_thread, NULL);
		for (;;)
			pause();
	}
	await(is_dead(pid));
	timed_wait(pid, "wait");
}

static void run(const char *name)
{
	if (!strcmp(name, "wait"))
		wait_case();
	else if (!strcmp(name, "thread"))
		thread_case();
	else if (!strcmp(name, "peek"))
		peek_case();
	else if (!strcmp(name, "adopter"))
		adopter_case();
	else if (!strcmp(name, "own-tracer"))
		own_tracer_case();
	else if (!strcmp(name, "tracer"))
		tracer_case();
	else if (!strcmp(name, "ignored"))
		ignored_case(0);
	else if (!strcmp(name, "nocldwait"))
		ignored_case(SA_NOCLDWAIT);
	else if (!strcmp(name, "traced-ignored"))
		traced_ignored_case(true);
	else if (!strcmp(name, "tracer-dies"))
		traced_ignored_case(false);
	else if (!strcmp(name, "heir-ignores"))
		heir_ignores_case();
	else if (!strcmp(name, "init"))
		init_case();
	else if (!strcmp(name, "namespace"))
		namespace_case();
	else if (!strcmp(name, "leader-first"))
		leader_first_case();
	else if (!strcmp(name, "leader-ignored"))
		leader_ignored_case();
	else if (!strcmp(name, "exec-thread"))
		exec_thread_case();
	else
		die("no case %s", name);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 1;

	if (argc > 1 && !strcmp(argv[1], "gone"))
		return 3;
	before = shared(sizeof(*before));
	born("driver");
	while (rounds--) {
		run(argc > 1 ? argv[1] : "");
		while (gate_count) {
			gate_count--;
			close(gates[gate_count].wait);
			if (gates[gate_count].open >= 0)
				close(gates[gate_count].open);
		}
	}
	linger();
	return 0;
}
