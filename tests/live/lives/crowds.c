/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Crowds of zombies: crowds PARENTS ZOMBIES makes so many in all, under parents who only sleep, the
 * first with the most. A row each: crowd: pid, count. When the test says "go on", all of it ends.
 * Who ends before leaves its zombies to the reaper.
 */
#include "lives.h"

static void crowd(int count, int fd)
{
	char c;

	for (int i = 0; i < count; i++) {
		pid_t pid = must(fork());

		if (pid == 0)
			_exit(0);
		must(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT));
	}
	ledger("{\"what\":\"crowd\",\"pid\":%d,\"count\":%d}", me(), count);
	if (read(fd, &c, 1) < 0)
		die("read");
	_exit(0);
}

int main(int argc, char **argv)
{
	int parents = argc > 1 ? atoi(argv[1]) : 1, left = argc > 2 ? atoi(argv[2]) : 1;
	struct gate *gate;

	under_prompt_reaper();
	gate = new_gate();
	born("driver");
	for (int i = 0; i < parents; i++) {
		int rest = parents - i, count = rest > 1 ? left * 2 / (rest + 1) : left;

		count = count < 1 ? 1 : count;
		if (sprout() == 0)
			crowd(count, gate->wait);
		left -= count;
	}
	ledger("{\"what\":\"ready\"}");
	step();
	open_gate(gate);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}
