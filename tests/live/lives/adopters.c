// SPDX-License-Identifier: GPL-2.0-only
/*
 * adopters N [SEED]: at least N orphans in random families.
 *
 * A family grows from one process: each next one is forked by a random member. Some members
 * become subreapers, before or after they have children; some are the init of a pid namespace of
 * their own; some go on in a thread that is not their leader, which has left. Then random members
 * die one after the other, by themselves or by SIGKILL, and after each death /proc is asked who
 * adopted its children: row `adopted`.
 */
#include "lives.h"

#include <poll.h>
#include <pthread.h>

#define MEMBERS 40

enum command { FORK, FORK_NS, SUBREAPER, THREAD, EXIT };

struct order {
	unsigned char command, value;
};

/* A member as its driver knows it; the pid is told by the member itself. */
static struct member {
	_Atomic(pid_t) pid;
	bool alive, init;
	int ns;	   /* member that is the init of its namespace, -1 for the host's */
	int outer; /* of an init: the namespace around its own */
	double orphaned_by_kill;
} *members;

static int order_pipe[MEMBERS][2], done_pipe[2];
static int orphans;

static void serve(int self);

static void collect_all(int sig)
{
	int saved = errno;

	(void)sig;
	while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		;
	errno = saved;
}

static void done(void)
{
	char c = 0;

	must(write(done_pipe[1], &c, 1));
}

static void grow(int slot, unsigned long flags)
{
	if (must(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0)) == 0) {
		born("member");
		members[slot].pid = me();
		done();
		serve(slot);
	}
}

static void *serve_on(void *arg)
{
	serve((int)(long)arg);
	return NULL;
}

/* A member's life: orders from its pipe, until it is told to end or the driver is gone. */
static void serve(int self)
{
	struct order order;
	pthread_t thread;

	for (int i = 0; i < MEMBERS; i++)
		close(order_pipe[i][1]);
	while (read(order_pipe[self][0], &order, sizeof(order)) == sizeof(order)) {
		switch (order.command) {
		case FORK:
			grow(order.value, 0);
			break; /* the newcomer says "done" */
		case FORK_NS:
			grow(order.value, CLONE_NEWPID);
			break;
		case SUBREAPER:
			must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
			done();
			break;
		case THREAD:
			if (pthread_create(&thread, NULL, serve_on, (void *)(long)self) != 0)
				die("pthread_create");
			done();
			syscall(SYS_exit, 0);
			break;
		case EXIT:
			_exit(order.value);
		}
	}
	_exit(97);
}

static void tell(int member, enum command command, int value)
{
	struct order order = { (unsigned char)command, (unsigned char)value };
	char c;

	must(write(order_pipe[member][1], &order, sizeof(order)));
	if (command != EXIT && read(done_pipe[0], &c, 1) != 1)
		die("member %d does not answer", member);
	if (command == SUBREAPER || command == THREAD)
		ledger("{\"what\":\"%s\",\"pid\":%d}", command == THREAD ? "threaded" : "subreaper",
		       members[member].pid);
}

static bool chance(int percent)
{
	return rand() % 100 < percent;
}

static int any_alive(void)
{
	int member;

	do
		member = rand() % MEMBERS;
	while (!members[member].alive);
	return member;
}

static bool has_inmates(int init)
{
	for (int i = 0; i < MEMBERS; i++) {
		if (i == init || !members[i].alive)
			continue;
		for (int ns = members[i].ns; ns >= 0; ns = members[ns].outer)
			if (ns == init)
				return true;
	}
	return false;
}

/* Kills or ends one member, then asks /proc where its children have gone. */
static void bury(int victim)
{
	int pidfd = (int)must(syscall(SYS_pidfd_open, members[victim].pid, 0));
	struct pollfd death = { .fd = pidfd, .events = POLLIN };
	pid_t old = members[victim].pid;
	bool child[MEMBERS] = { false }, killed;

	for (int i = 0; i < MEMBERS; i++)
		child[i] = members[i].alive && look(members[i].pid).ppid == old;
	/* Two kills in a row, parent and child, look like the one kill of a whole group. */
	killed = chance(50) && now_real() - members[victim].orphaned_by_kill > 0.1;
	if (killed)
		must(kill(old, SIGKILL));
	else
		tell(victim, EXIT, rand() % 4);
	while (poll(&death, 1, 10000) < 0 && errno == EINTR)
		;
	if (!death.revents)
		die("member %d does not die", victim);
	close(pidfd);
	members[victim].alive = false;
	for (int i = 0; i < MEMBERS; i++) {
		if (!child[i])
			continue;
		adopted("member", members[i].pid, old);
		if (killed)
			members[i].orphaned_by_kill = now_real();
		orphans++;
	}
}

static void family(void)
{
	int left = MEMBERS;

	memset(members, 0, MEMBERS * sizeof(*members));
	for (int i = 0; i < MEMBERS; i++)
		must(pipe2(order_pipe[i], O_CLOEXEC));
	for (int i = 0; i < MEMBERS; i++) {
		int from = i ? any_alive() : -1;
		bool ns = i && chance(7);

		if (i == 0) {
			char c;

			grow(0, 0);
			must(read(done_pipe[0], &c, 1));
		} else {
			tell(from, ns ? FORK_NS : FORK, i);
		}
		members[i].alive = true;
		members[i].init = ns;
		members[i].outer = i ? members[from].ns : -1;
		members[i].ns = ns ? i : members[i].outer;
		if (chance(20))
			tell(i, SUBREAPER, 0);
		if (chance(15))
			tell(i, THREAD, 0);
		if (chance(15))
			tell(any_alive(), SUBREAPER, 0);
	}
	while (left) {
		int victim = any_alive();

		/* With its init a whole namespace dies: it goes last. */
		if (members[victim].init && has_inmates(victim))
			continue;
		bury(victim);
		left--;
	}
	for (int i = 0; i < MEMBERS; i++) {
		close(order_pipe[i][0]);
		close(order_pipe[i][1]);
	}
}

int main(int argc, char **argv)
{
	const struct sigaction reap = { .sa_handler = collect_all, .sa_flags = SA_RESTART };
	int count = argc > 1 ? atoi(argv[1]) : 100;

	srand(argc > 2 ? (unsigned int)atoi(argv[2]) : 1);
	members = shared(MEMBERS * sizeof(*members));
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	must(sigaction(SIGCHLD, &reap, NULL)); /* every member inherits it: all wait promptly */
	must(pipe2(done_pipe, O_CLOEXEC));
	born("driver");
	while (orphans < count)
		family();
	ledger("{\"what\":\"orphans\",\"count\":%d}", orphans);
	return 0;
}
