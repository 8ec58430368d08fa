// SPDX-License-Identifier: GPL-2.0-only
/* A member: it does what it is ordered, and says what came of it. */
#include "random.h"

#include <pthread.h>
#include <sys/ptrace.h>

int my_slot;

static void serve(void);

/* As the host numbers it, like me(). */
static pid_t my_thread(void)
{
	char text[64] = "";

	must(readlink("/proc/thread-self", text, sizeof(text) - 1));
	return atoi(strrchr(text, '/') + 1);
}

void say(enum what what, int result, int status)
{
	struct reply reply = { .what = what, .slot = my_slot, .result = result, .status = status };
	struct seen seen;

	reply.error = errno;
	reply.pid = me();
	reply.tid = my_thread();
	reply.inner = (int)syscall(SYS_getpid);
	if (what == BORN || what == SPARK) {
		seen = look(reply.pid);
		reply.start = seen.start;
		reply.ppid = seen.ppid;
	}
	must(write(SAY_FD, &reply, sizeof(reply)));
}

/* Somebody was collected, unasked or not by the driver: pid as the caller numbers it. */
static void say_harvested(pid_t pid, int status)
{
	struct reply reply = { .what = HARVESTED, .slot = my_slot, .pid = pid, .status = status };

	must(write(SAY_FD, &reply, sizeof(reply)));
}

/* Nothing of the driver's stays with a member: its pipes must end when it dies. */
void begin(int slot)
{
	my_slot = slot;
	syscall(SYS_close_range, HEAR_FD, HEAR_FD, 0);
	syscall(SYS_close_range, GIVE_FD, GIVE_FD + MEMBERS, 0);
	signal(SIGUSR1, SIG_DFL); /* what the driver does with them is its own affair */
	signal(SIGHUP, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	say(BORN, 0, 0);
	serve();
	_exit(0); /* serve() does not return */
}

static void serve(void)
{
	struct order order;
	ssize_t len;

	for (;;) {
		len = read(ORDER_FD + my_slot, &order, sizeof(order));
		if (len == 0)
			_exit(97); /* the driver is gone */
		if (len == sizeof(order))
			obey(&order);
	}
}

pthread_t start_thread(void *(*body)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, arg) != 0)
		die("pthread_create");
	return thread;
}

static void *serve_on(void *arg)
{
	say(THREAD, 0, 0);
	serve();
	return arg;
}

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *leave_with(void *arg)
{
	pthread_barrier_t *both = arg;

	pthread_barrier_wait(both);
	leave(77);
	return NULL;
}

static void fault(int which)
{
	volatile long zero = 0;

	if (which % 2)
		__builtin_trap();
	*(volatile int *)zero = 1;
}

static void timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	const struct itimerspec soon = { .it_value.tv_nsec = 500000 };
	timer_t id;

	must(timer_create(CLOCK_MONOTONIC, &event, &id));
	must(timer_settime(id, 0, &soon, NULL));
}

static void end(const struct order *order)
{
	const struct itimerval soon = { .it_value.tv_usec = 500 };
	static pthread_barrier_t both;

	switch (order->how) {
	case BY_EXIT:
		_exit(order->code);
	case BY_LEAVE:
		leave(order->code);
	case BY_RETURN:
		exit(order->code);
	case BY_RACE:
		pthread_barrier_init(&both, NULL, 2);
		start_thread(leave_with, &both);
		pthread_barrier_wait(&both);
		leave(order->code);
	case BY_RAISE:
		kill(getpid(), order->sig);
		break;
	case BY_FAULT:
		fault(order->code);
		break;
	case BY_ALARM:
		setitimer(ITIMER_REAL, &soon, NULL);
		break;
	case BY_TIMER:
		timer();
		break;
	}
	for (;;)
		pause();
}

static int strike(const struct order *order)
{
	const union sigval value = { .sival_int = 1 };
	int pidfd, result;

	switch (order->how) {
	case BY_KILL:
		return kill(order->pid, order->sig);
	case BY_QUEUE:
		return sigqueue(order->pid, order->sig, value);
	case BY_TGKILL:
		return (int)syscall(SYS_tgkill, order->pid, order->pid, order->sig);
	case BY_GROUP:
		return kill(-order->pid, order->sig);
	default:
		pidfd = must((int)syscall(SYS_pidfd_open, order->pid, 0));
		result = (int)syscall(SYS_pidfd_send_signal, pidfd, order->sig, NULL, 0);
		close(pidfd);
		return result;
	}
}

static int status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return info->si_status << 8;
	return info->si_status | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

static pid_t by_id(idtype_t type, id_t id, int flags, int *status)
{
	siginfo_t info = { 0 };

	if (waitid(type, id, &info, WEXITED | flags) < 0)
		return -1;
	*status = info.si_pid ? status_of(&info) : 0;
	return info.si_pid;
}

static pid_t by_pidfd(const struct order *order, int *status)
{
	int pidfd = (int)syscall(SYS_pidfd_open, order->pid, 0);
	pid_t pid;

	if (pidfd < 0)
		return -1; /* it was gone at once: who ignores SIGCHLD has no corpse */
	pid = by_id(P_PIDFD, (id_t)pidfd, order->flags, status);
	close(pidfd);
	return pid;
}

struct wait_order {
	const struct order *order;
	pid_t pid;
	int status, error;
};

static void *wait_in_thread(void *arg)
{
	struct wait_order *w = arg;

	w->pid = waitpid(w->order->pid, &w->status, w->order->flags);
	w->error = errno;
	return NULL;
}

static void wait_as_told(const struct order *order)
{
	struct wait_order w = { .order = order };
	int looked = 0;

	switch (order->how) {
	case ONE_LOOKED_AT:
		if (by_id(P_PID, (id_t)order->pid, order->flags | WNOWAIT, &looked) > 0 &&
		    waitpid(order->pid, &w.status, order->flags) == order->pid) {
			w.pid = order->pid;
			if (w.status != looked)
				die("WNOWAIT said %x, wait %x", looked, w.status);
		}
		break;
	case ONE_BY_ID:
		w.pid = by_id(P_PID, (id_t)order->pid, order->flags, &w.status);
		break;
	case ONE_BY_PIDFD:
		w.pid = by_pidfd(order, &w.status);
		break;
	case ONE_BY_THREAD:
		pthread_join(start_thread(wait_in_thread, &w), NULL);
		errno = w.error;
		break;
	case ANY:
		w.pid = waitpid(-1, &w.status, order->flags | WNOHANG);
		break;
	default:
		w.pid = waitpid(order->pid, &w.status, order->flags);
	}
	say(WAIT, w.pid, w.status);
}

/* Only what may be called in a handler: no more than system calls and look(), which is that too. */
static void harvest(int sig)
{
	int status, saved = errno;
	pid_t pid;

	(void)sig;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		say_harvested(pid, status);
	errno = saved;
}

static int heed_children(enum chld how)
{
	struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_RESTART };

	if (how == CHLD_IGNORED)
		action.sa_handler = SIG_IGN;
	else if (how == CHLD_NOCLDWAIT)
		action.sa_flags |= SA_NOCLDWAIT;
	else if (how == CHLD_HARVEST)
		action.sa_handler = harvest;
	return sigaction(SIGCHLD, &action, NULL);
}

static int block(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigprocmask(how, &set, NULL);
}

static void wait_for_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		die("the tracee does not stop: %x", status);
}

static void trace(const struct order *order)
{
	long options = order->how == SEIZED_TO_DEATH ? PTRACE_O_EXITKILL : 0;

	if (order->how == ATTACHED) {
		must(ptrace(PTRACE_ATTACH, order->pid, NULL, NULL));
		wait_for_stop(order->pid);
		must(ptrace(PTRACE_CONT, order->pid, NULL, NULL));
	} else {
		must(ptrace(PTRACE_SEIZE, order->pid, NULL, options));
	}
	say(TRACE, 0, 0);
}

static void detach(const struct order *order)
{
	if (order->how == ATTACHED)
		must(kill(order->pid, SIGSTOP));
	else
		must(ptrace(PTRACE_INTERRUPT, order->pid, NULL, NULL));
	wait_for_stop(order->pid);
	must(ptrace(PTRACE_DETACH, order->pid, NULL, NULL));
	say(DETACH, 0, 0);
}

static void pass_on(const struct order *order)
{
	int status;

	for (;;) {
		if (waitpid(order->pid, &status, __WALL) != order->pid)
			die("the tracee is gone");
		if (!WIFSTOPPED(status))
			break;
		ptrace(PTRACE_CONT, order->pid, NULL, (long)WSTOPSIG(status));
	}
	say(PASS, 0, status);
}

static void go_on_in_thread(const struct order *order)
{
	start_thread(serve_on, NULL);
	if (order->how)
		leave(order->code);
	idle(NULL);
}

void obey(const struct order *order)
{
	switch (order->what) {
	case BEAR:
		bear(order);
		return;
	case BECOME:
		become(order);
		return;
	case SPARKS:
		sparks(order->code);
		return;
	case THREAD:
		go_on_in_thread(order);
		return;
	case SPARE:
		start_thread(idle, NULL);
		say(SPARE, 0, 0);
		return;
	case END:
		end(order);
		return;
	case STRIKE:
		say(STRIKE, strike(order), 0);
		return;
	case WAIT:
		wait_as_told(order);
		return;
	case SETSID:
		say(SETSID, setsid() < 0, 0);
		return;
	case SETPGID:
		say(SETPGID, setpgid(0, order->pid), 0);
		return;
	case SUBREAPER:
		say(SUBREAPER, prctl(PR_SET_CHILD_SUBREAPER, order->code, 0, 0, 0), 0);
		return;
	case CHLD:
		say(CHLD, heed_children((enum chld)order->how), 0);
		return;
	case DEATHSIG:
		say(DEATHSIG, prctl(PR_SET_PDEATHSIG, order->sig, 0, 0, 0), 0);
		return;
	case BLOCK:
		say(BLOCK, block(SIG_BLOCK, order->sig), 0);
		return;
	case UNBLOCK: /* it may be its end */
		say(UNBLOCK, 0, 0);
		block(SIG_UNBLOCK, order->sig);
		return;
	case TRACE:
		trace(order);
		return;
	case DETACH:
		detach(order);
		return;
	case PASS:
		pass_on(order);
		return;
	default:
		die("order %d", order->what);
	}
}
