// SPDX-License-Identifier: GPL-2.0-only
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/options.h"

/* In the child: gives errno through the pipe if it cannot become the program. */
static void become(char **argv, int report, bool to_stderr)
{
	sigset_t none;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (to_stderr)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) < 0)
		_exit(STATUS_FAILED);
	_exit(err == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE);
}

int command_start(struct command *c, char **argv, bool to_stderr)
{
	int report[2], err = 0;

	*c = (struct command){ .pidfd = -1 };
	if (pipe2(report, O_CLOEXEC))
		return -errno;
	c->pid = fork();
	if (c->pid == 0)
		become(argv, report[1], to_stderr);
	if (c->pid < 0)
		err = errno;
	close(report[1]);
	/* the pipe closes by itself when the program has begun */
	if (c->pid > 0 && read(report[0], &err, sizeof(err)) < 0)
		err = errno;
	close(report[0]);
	if (err) {
		c->status = err == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
		if (c->pid > 0)
			waitpid(c->pid, NULL, 0);
		c->pid = 0;
		return -err;
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0); /* without it, its end is seen later */
	return 0;
}

void command_close(struct command *c)
{
	if (c->pidfd >= 0)
		close(c->pidfd);
	c->pidfd = -1;
}

void command_check(struct command *c)
{
	int status;

	if (c->pid <= 0 || c->ended || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return;
	c->ended = true;
	c->status = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
	command_close(c);
}

void command_signal(const struct command *c, int sig)
{
	if (c->pid > 0 && !c->ended)
		kill(c->pid, sig);
}
