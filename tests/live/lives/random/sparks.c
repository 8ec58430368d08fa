// SPDX-License-Identifier: GPL-2.0-only
/* Sparks: children that end at once, many at a time; and what the driver hears of them. */
#include "random.h"

#include <pthread.h>

static void *leave_too(void *arg)
{
	pthread_barrier_wait(arg);
	leave(78);
	return NULL;
}

static void spark_race(int code)
{
	static pthread_barrier_t both;

	pthread_barrier_init(&both, NULL, 2);
	start_thread(leave_too, &both);
	pthread_barrier_wait(&both);
	leave(code);
}

/* code tells the kind, and is what it exits with. */
__attribute__((noreturn)) static void glow(int code)
{
	char *const nothing[] = { "nothing", NULL };

	say(SPARK, code, 0);
	switch (code % SPARK_KINDS) {
	case SPARK_KILLED:
		syscall(SYS_kill, getpid(), SIGKILL);
		break;
	case SPARK_RACES:
		spark_race(code);
		break;
	case SPARK_RUNS:
	case SPARK_VFORKED_RUNS:
		run_tiny(code);
		break;
	case SPARK_FAILS:
		execve("/nowhere/nothing", nothing, nothing);
		break;
	}
	_exit(code);
}

static pid_t spark(int code)
{
	pid_t pid;

	switch (code % SPARK_KINDS) {
	case SPARK_SILENT:
		pid = must(raw_clone(0));
		break;
	case SPARK_VFORKED:
	case SPARK_VFORKED_RUNS:
		pid = must(vfork());
		break;
	default:
		pid = must(raw_clone(SIGCHLD));
	}
	if (pid == 0)
		glow(code);
	return pid;
}

void sparks(int count)
{
	pid_t pids[SPARKS_MAX];
	struct reply reply = { .what = HARVESTED, .slot = my_slot };

	for (int i = 0; i < count; i++)
		pids[i] = spark((my_slot * 7 + i * 3 + count) & 0x7f);
	for (int i = 0; i < count; i++) {
		reply.pid = waitpid(pids[i], &reply.status, __WALL);
		if (reply.pid > 0)
			must(write(SAY_FD, &reply, sizeof(reply)));
	}
	say(SPARKS, 0, 0);
}

/* What the driver knows of those that glow now */

static struct glowing {
	char role[12];
	struct reply said;
	bool gone;
} glowing[SPARKS_MAX];
static int glowing_count, sparks_ever;

static void enter_spark(const struct reply *said)
{
	struct glowing *spark = &glowing[glowing_count++];

	*spark = (struct glowing){ .said = *said };
	snprintf(spark->role, sizeof(spark->role), "s%d", sparks_ever++);
	row_spark(spark->role, said);
}

/* Its life, now that it is over. */
static void tell_spark(const struct glowing *spark)
{
	int code = spark->said.result, kind = code % SPARK_KINDS;

	if (kind == SPARK_RUNS || kind == SPARK_VFORKED_RUNS)
		ran_tiny(spark->role, code, 0);
	if (kind == SPARK_KILLED)
		row_died(spark->role, SIGKILL, HIMSELF);
	else
		row_died(spark->role, kind == SPARK_RACES ? UNTOLD : code << 8, NOBODY);
}

/* False if it is no spark that was collected. */
bool spark_harvested(const struct reply *reply)
{
	for (int i = 0; i < glowing_count; i++) {
		struct glowing *spark = &glowing[i];

		if (spark->gone || spark->said.slot != reply->slot ||
		    spark->said.inner != reply->pid)
			continue;
		spark->gone = true;
		row_collected("waited", spark->role, reply->status, reply->slot, "harvest");
		return true;
	}
	return false;
}

/* They have been ordered, and are over when their parent says so. */
void take_sparks(int slot, int count)
{
	for (int i = 0; i < count; i++) {
		struct reply said = hear(slot, SPARK);

		enter_spark(&said);
	}
	hear(slot, SPARKS);
	for (int i = 0; i < count; i++) {
		struct glowing *spark = &glowing[i];

		tell_spark(spark);
		while (!spark->gone && members[slot].chld == CHLD_HARVEST)
			hear_more();
		if (spark->gone)
			continue;
		if (!ignores_children(slot))
			die("nobody has collected %s", spark->role);
		row_auto_spark(spark->role, slot);
	}
	glowing_count = 0;
}
