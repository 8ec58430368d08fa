// SPDX-License-Identifier: GPL-2.0-only
/*
 * nursery N LATE LEFT: N children that end at once. Every other one is collected at once, the others
 * within LATE milliseconds; LEFT of all are left lying until a step.
 *
 * Row `left`: pid and start, of one that is left. Row `slow`: the same, of one that lay longer than
 * twice LATE, as this process got no processor: only it can be taken for a zombie. Then `rests`,
 * the step, and `collected` with the count.
 */
#include "lives.h"

#define QUEUE 65536 /* a power of two */

struct child {
	pid_t pid;
	double born, due;
};

static struct child queue[QUEUE];
static unsigned int first, last;
static long collected;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void row(const char *what, pid_t pid)
{
	ledger("{\"what\":\"%s\",\"pid\":%d,\"start\":%llu}", what, pid, look(pid).start);
}

static void collect(const struct child *child, double late)
{
	if (now() - child->born > 2 * late)
		row("slow", child->pid);
	if (waitpid(child->pid, NULL, 0) != child->pid)
		die("waitpid %d", child->pid);
	collected++;
}

/* Their times are not in the order of the queue, by LATE at the most. */
static void collect_due(double late)
{
	while (first != last && queue[first % QUEUE].due < now()) {
		collect(&queue[first % QUEUE], late);
		first++;
	}
}

int main(int argc, char **argv)
{
	long count = argc > 3 ? atol(argv[1]) : 0;
	double late = argc > 3 ? atof(argv[2]) / 1e3 : 0;
	long each = argc > 3 ? count / atol(argv[3]) : 0, n;
	static pid_t left[4096];
	int lying = 0;

	born("driver");
	step();
	for (n = 0; n < count; n++) {
		struct child child = { .born = now() };

		collect_due(late);
		child.pid = must(fork());
		if (child.pid == 0)
			_exit(0);
		child.due = child.born + late * (double)(random() % 1000) / 1e3;
		if (n % each == each / 2) {
			await(is_dead(child.pid));
			row("left", child.pid);
			left[lying++] = child.pid;
		} else if (n % 2 || last - first == QUEUE) {
			collect(&child, late);
		} else {
			queue[last++ % QUEUE] = child;
		}
	}
	while (first != last) {
		collect_due(late);
		usleep(1000);
	}
	ledger("{\"what\":\"rests\"}");
	step();
	while (lying--) {
		if (waitpid(left[lying], NULL, 0) != left[lying])
			die("waitpid %d", left[lying]);
		collected++;
	}
	ledger("{\"what\":\"collected\",\"count\":%ld}", collected);
	linger();
	return 0;
}
