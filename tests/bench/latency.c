// SPDX-License-Identifier: GPL-2.0-only
/*
 * latency N RATE TRACER [ARG...]: how long after a fork its line can be read.
 *
 * Runs the tracer with its stream into a pipe, forks N children at odd moments, and for each reads
 * until the line of its birth has come: milliseconds from before fork() to behind read(). Beside it
 * RATE other processes a second are born and die. Prints p50, p99 and the worst.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

static void nap_us(long us)
{
	const struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&ts, NULL);
}

static pid_t short_life(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static pid_t neighbours(long rate)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		waitpid(short_life(), NULL, 0);
		nap_us(1000000 / rate);
	}
}

static pid_t start_tracer(char **argv, FILE **lines)
{
	int out[2], err[2];
	char line[4096];
	FILE *said;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		exit(1);
	pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		dup2(err[1], 2);
		execv(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	*lines = fdopen(out[0], "r");
	said = fdopen(err[0], "r");
	while (fgets(line, sizeof(line), said))
		if (!strncmp(line, "tracing", 7))
			return pid;
	fprintf(stderr, "latency: the tracer did not start\n");
	exit(1);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double until_its_line(FILE *lines)
{
	static char *line;
	static size_t room;
	double begin = now_ms();
	pid_t pid = short_life();
	char want[64];

	snprintf(want, sizeof(want), "\"process\":{\"pid\":%d,", (int)pid);
	while (getline(&line, &room, lines) > 0) {
		if (!strstr(line, "\"action\":\"fork\"") || !strstr(line, want))
			continue;
		begin = now_ms() - begin;
		waitpid(pid, NULL, 0);
		return begin;
	}
	fprintf(stderr, "latency: the stream ended\n");
	exit(1);
}

int main(int argc, char **argv)
{
	long n = argc > 3 ? atol(argv[1]) : 0, rate = argc > 3 ? atol(argv[2]) : 0, i;
	double *took = calloc((size_t)n + 1, sizeof(*took));
	pid_t tracer, beside = 0;
	FILE *lines;

	if (n <= 0 || !took) {
		fprintf(stderr, "usage: latency N RATE TRACER [ARG...]\n");
		return 2;
	}
	tracer = start_tracer(argv + 3, &lines);
	if (rate > 0)
		beside = neighbours(rate);
	srandom(1);
	for (i = 0; i < n; i++) {
		nap_us(1000 + random() % 20000);
		took[i] = until_its_line(lines);
	}
	kill(tracer, SIGTERM);
	if (beside > 0)
		kill(beside, SIGKILL);
	qsort(took, (size_t)n, sizeof(*took), by_size);
	printf("%.2f %.2f %.2f\n", took[n / 2], took[n * 99 / 100], took[n - 1]);
	return 0;
}
