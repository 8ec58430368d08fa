// SPDX-License-Identifier: GPL-2.0-only
/*
 * inject PID NR...: has another process make system calls of these numbers (with no argument that
 * could do harm), as one would that has taken it over. Row `call`: nr, result (as the kernel gave
 * it: -errno). Row `skip`: why this can't be done here. The process goes on as if nothing was.
 */
#include "lives.h"

#include <linux/elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#ifdef __x86_64__

#define SYSCALL 0x050f /* the instruction's two bytes */

static void skip(const char *why)
{
	ledger("{\"what\":\"skip\",\"why\":\"%s: %s\"}", why, strerror(errno));
	exit(0);
}

static void stopped(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		die("it has not stopped but ended: %x", status);
}

/*
 * Stops it inside of a system call: then the instruction before is the one that makes them; but not
 * inside of execve(), which ends at the beginning of another program.
 */
static struct user_regs_struct caught(pid_t pid)
{
	struct user_regs_struct regs;

	for (int tries = 0; tries < 1000; tries++) {
		must(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
		stopped(pid);
		must(ptrace(PTRACE_GETREGS, pid, 0, &regs));
		if ((long)regs.orig_rax >= 0 &&
		    (ptrace(PTRACE_PEEKTEXT, pid, regs.rip - 2, 0) & 0xffff) == SYSCALL)
			return regs;
		must(ptrace(PTRACE_CONT, pid, 0, 0));
		usleep(1000);
	}
	die("it makes no system calls");
}

static long call(pid_t pid, struct user_regs_struct regs, long nr)
{
	regs.rip -= 2;
	regs.rax = (unsigned long)nr;
	regs.orig_rax = -1UL; /* nothing is to be restarted */
	regs.rdi = regs.rsi = regs.rdx = regs.r10 = regs.r8 = regs.r9 = -1UL;
	must(ptrace(PTRACE_SETREGS, pid, 0, &regs));
	must(ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
	stopped(pid);
	must(ptrace(PTRACE_GETREGS, pid, 0, &regs));
	return (long)regs.rax;
}

int main(int argc, char **argv)
{
	struct user_regs_struct regs;
	pid_t pid = argc > 1 ? atoi(argv[1]) : 0;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0))
		skip("ptrace is not permitted");
	regs = caught(pid);
	for (int at = 2; at < argc; at++)
		ledger("{\"what\":\"call\",\"nr\":%d,\"result\":%ld}", atoi(argv[at]),
		       call(pid, regs, atoi(argv[at])));
	must(ptrace(PTRACE_SETREGS, pid, 0, &regs));
	must(ptrace(PTRACE_DETACH, pid, 0, 0));
	return 0;
}

#else

int main(void)
{
	ledger("{\"what\":\"skip\",\"why\":\"only x86-64 is known here\"}");
	return 0;
}

#endif
