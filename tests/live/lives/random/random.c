// SPDX-License-Identifier: GPL-2.0-only
/* The beginning and the end: a reaper around the driver, the pipes, the files for execs. */
#include "random.h"

#include <elf.h>

static void write_file(const char *name, const void *bytes, size_t len)
{
	int fd = must(open(scratch_file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));

	if (write(fd, bytes, len) != (ssize_t)len)
		die("%s", name);
	close(fd);
}

/* An ELF file that is fine until the old image is gone: its one segment lies in the kernel. */
static void write_broken(void)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr segment;
	} file = { 0 };
	int fd = must(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));

	must(read(fd, &file.head, sizeof(file.head)));
	close(fd);
	file.head.e_type = ET_EXEC;
	file.head.e_phoff = sizeof(file.head);
	file.head.e_phnum = 1;
	file.segment.p_type = PT_LOAD;
	file.segment.p_flags = PF_R | PF_X;
	file.segment.p_vaddr = 0xffffffff80000000ull;
	file.segment.p_filesz = file.segment.p_memsz = sizeof(file);
	write_file("broken", &file, sizeof(file));
}

static void write_files(void)
{
	char script[700], nested[700];

	snprintf(script, sizeof(script), "#!%s -s\n", scratch_file(NULL));
	snprintf(nested, sizeof(nested), "#!%s\n", scratch_file("script"));
	write_file("script", script, strlen(script));
	write_file("nested", nested, strlen(nested));
	write_file("garbage", "no program\n", 11);
	write_broken();
}

/* Killed from outside: nobody of ours lives on, the stopped neither. */
static void end_everybody(int sig)
{
	(void)sig;
	for (int i = 1; i < born_count; i++)
		if (members[i].alive)
			syscall(SYS_pidfd_send_signal, members[i].pidfd, SIGKILL, NULL, 0);
	_exit(98);
}

static void open_pipe_at(int wait, int open)
{
	int fd[2];

	must(pipe2(fd, O_CLOEXEC));
	must(dup2(fd[0], wait));
	must(dup2(fd[1], open));
	close(fd[0]);
	close(fd[1]);
}

static void drive(unsigned long long seed, int steps)
{
	must(setsid());
	must(prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0));
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	signal(SIGTERM, end_everybody);
	signal(SIGHUP, SIG_IGN); /* meant for process groups that happen to be ours */
	signal(SIGUSR1, SIG_IGN); /* an exit signal of some children */
	open_pipe_at(HEAR_FD, SAY_FD);
	must(fcntl(HEAR_FD, F_SETFD, FD_CLOEXEC));
	for (int i = 0; i < MEMBERS; i++) {
		open_pipe_at(ORDER_FD + i, GIVE_FD + i);
		must(fcntl(GIVE_FD + i, F_SETFD, FD_CLOEXEC));
	}
	born_count = 1;
	enter(0, getpid(), NOBODY, BY_FORK);
	members[0].subreaper = true;
	live(seed, steps);
}

/* After a driver that has failed: whoever is left has become ours. */
static void clear_up(void)
{
	char children[4096], *at = children;
	int fd = must(open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC)), pid, used;
	ssize_t len = read(fd, children, sizeof(children) - 1);

	close(fd);
	children[len > 0 ? len : 0] = 0;
	for (; sscanf(at, "%d%n", &pid, &used) == 1; at += used)
		kill(pid, SIGKILL);
}

int main(int argc, char **argv)
{
	const char *slot = getenv("RANDOM_SLOT");
	double began = now_real(), ended;
	int status, result = 99;
	siginfo_t info = { 0 };
	pid_t driver, pid;

	if (slot)
		begin(atoi(slot));
	if (argc > 1 && !strcmp(argv[1], "files")) {
		write_files();
		return 0;
	}
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	born("outer");
	step_began = now_real();
	driver = must(fork());
	if (driver == 0) {
		drive(argc > 1 ? strtoull(argv[1], NULL, 10) : 1, argc > 2 ? atoi(argv[2]) : 100);
		_exit(0);
	}
	must(waitid(P_PID, (id_t)driver, &info, WEXITED | WNOWAIT));
	ended = now_real();
	must(waitpid(driver, &status, 0));
	if (WIFEXITED(status))
		result = WEXITSTATUS(status);
	ledger("{\"what\":\"died\",\"role\":\"m0\",\"status\":%d,\"killer\":\"\",\"after\":%.6f,"
	       "\"before\":%.6f}", status, began, ended);
	ledger("{\"what\":\"waited\",\"role\":\"m0\",\"status\":%d,\"by\":\"outer\","
	       "\"how\":\"wait\",\"after\":%.6f,\"before\":%.6f}", status, ended, now_real());
	do {
		clear_up();
		pid = waitpid(-1, &status, __WALL);
		if (pid > 0 && !result)
			die("the driver has left %d", pid);
	} while (pid > 0);
	return result;
}
