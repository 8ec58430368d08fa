// SPDX-License-Identifier: GPL-2.0-only
/* The rows of the ledger: see random.h for what they mean. */
#include "random.h"

static const char *const birth_names[BIRTHS] = {
	"fork", "clone", "clone3", "cgroup", "clone-parent", "silent", "signal", "deadly", "files",
	"thread", "newpid", "unshare", "vfork", "spawn", "clone-vm", "clone-sighand",
};

static const char *role_of(int slot)
{
	return slot >= 0	? members[slot].role
	       : slot == KERNEL	 ? "kernel"
	       : slot == HIMSELF ? "self"
	       : slot == ANYBODY ? "?"
				 : "";
}

/* The window in which it happened: from the beginning of the step until now. */
static const char *when(void)
{
	static char text[80];

	snprintf(text, sizeof(text), "\"after\":%.6f,\"before\":%.6f", step_began, now_real());
	return text;
}

static const char *const order_names[] = {
	[BEAR] = "bear", [SPARKS] = "sparks", [BECOME] = "become", [THREAD] = "thread",
	[SPARE] = "spare", [END] = "end", [STRIKE] = "strike", [WAIT] = "wait",
	[SETSID] = "setsid", [SETPGID] = "setpgid", [SUBREAPER] = "subreaper", [CHLD] = "chld",
	[DEATHSIG] = "deathsig", [BLOCK] = "block", [UNBLOCK] = "unblock", [TRACE] = "trace",
	[PASS] = "pass", [DETACH] = "detach",
};

void row_ordered(int slot, const struct order *order)
{
	ledger("{\"what\":\"ordered\",\"role\":\"%s\",\"order\":\"%s\",\"how\":%d,\"pid\":%d,"
	       "\"sig\":%d,\"code\":%d}", members[slot].role, order_names[order->what],
	       order->how, order->pid, order->sig, order->code);
}

void row_born(int slot, int creator, enum birth how, pid_t ppid)
{
	const struct member *m = &members[slot];

	ledger("{\"what\":\"born\",\"role\":\"%s\",\"pid\":%d,\"start\":%llu,\"ppid\":%d,"
	       "\"parent\":\"%s\",\"creator\":\"%s\",\"how\":\"%s\",\"sid\":%d,\"pgid\":%d,"
	       "\"init\":%s,\"nspid\":%d,%s}", m->role, m->pid, m->start, ppid,
	       slot ? role_of(m->parent) : "outer", slot ? role_of(creator) : "outer",
	       birth_names[how], m->sid, m->pgid, m->init ? "true" : "false",
	       m->nspid[m->level], when());
}

void row_spark(const char *role, const struct reply *said)
{
	ledger("{\"what\":\"born\",\"role\":\"%s\",\"pid\":%d,\"start\":%llu,\"ppid\":%d,"
	       "\"parent\":\"%s\",\"creator\":\"%s\",\"how\":\"spark\",\"init\":false,"
	       "\"nspid\":%d,%s}", role, said->pid, said->start, said->ppid,
	       role_of(said->slot), role_of(said->slot), said->inner, when());
}

void row_execed(const char *role, const char *bytes, long len, int thread, const char *script)
{
	char hex[1025] = "";

	for (long i = 0; i < len && i < 512; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)bytes[i]);
	ledger("{\"what\":\"execed\",\"role\":\"%s\",\"argv\":\"%s\",\"bytes\":%ld,\"thread\":%d,"
	       "\"script\":\"%s\",%s}", role, hex, len, thread, script, when());
}

void row_moved(int slot)
{
	const struct member *m = &members[slot];

	ledger("{\"what\":\"moved\",\"role\":\"%s\",\"sid\":%d,\"pgid\":%d,%s}", m->role, m->sid,
	       m->pgid, when());
}

void row_died(const char *role, int status, int killer)
{
	ledger("{\"what\":\"died\",\"role\":\"%s\",\"status\":%d,\"killer\":\"%s\",%s}", role,
	       status, role_of(killer), when());
}

void row_parent(int slot, int old, bool was_dead, bool loose)
{
	const struct member *m = &members[slot];

	ledger("{\"what\":\"%s\",\"role\":\"%s\",\"old\":\"%s\",\"adopter\":\"%s\",\"alive\":%s,"
	       "\"loose\":%s,%s}", was_dead ? "inherited" : "adopted", m->role, role_of(old),
	       role_of(m->parent), m->alive ? "true" : "false", loose ? "true" : "false", when());
}

void row_collected(const char *what, const char *role, int status, int by, const char *how)
{
	ledger("{\"what\":\"%s\",\"role\":\"%s\",\"status\":%d,\"by\":\"%s\",\"how\":\"%s\",%s}",
	       what, role, status, role_of(by), how, when());
}

void row_auto_spark(const char *role, int by)
{
	ledger("{\"what\":\"auto\",\"role\":\"%s\",\"by\":\"%s\",%s}", role, role_of(by), when());
}

void row_fact(const char *what, int slot, int by)
{
	ledger("{\"what\":\"%s\",\"role\":\"%s\",\"by\":\"%s\",%s}", what, members[slot].role,
	       role_of(by), when());
}
