/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who sent a fatal signal. Kept from the moment the signal is made until the process is dead; the
 * first one delivered counts, as for the kernel: later ones find the group already exiting.
 */
#ifndef PROCTRACE_SIGNAL_BPF_H
#define PROCTRACE_SIGNAL_BPF_H

/* Senders that found no room: an exit that lacks its killer. */
u64 killers_lost = 0;

#define SIGKILL 9
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGWINCH 28
#define SIGNALS 64
#define SIGNAL_BIT(sig) (1ULL << ((sig)-1))
/* SIG_KERNEL_IGNORE_MASK and SIG_KERNEL_STOP_MASK, include/linux/signal.h */
#define HARMLESS \
	(SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | \
	 SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH))
/* include/trace/events/signal.h: TRACE_SIGNAL_DELIVERED */
#define DELIVERED 0
/* include/linux/sched/signal.h: SEND_SIG_NOINFO (from current), SEND_SIG_PRIV (from the kernel) */
#define SEND_SIG_NOINFO 0
#define SEND_SIG_PRIV 1

/* si_code of what the kernel sends of its own, though it looks like a process's: under any current */
#define SI_TIMER (-2)
#define SI_ASYNCIO (-4)

struct killer {
	u64 victim_start;
	u64 start;
	u32 pid; /* 0: the kernel */
	u32 sig;
	char comm[RECORD_COMM];
};

/* By the victim's pid. An entry goes with its victim, told or not, so that none is left behind. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, struct killer);
} killers SEC(".maps");

/* What another signal may not replace: nothing outdoes SIGKILL. */
static __always_inline bool is_doomed(u32 pid, u64 start)
{
	struct killer *killer = is_noted(pid) ? bpf_map_lookup_elem(&killers, &pid) : NULL;

	return killer && killer->sig == SIGKILL && killer->victim_start == start;
}

/*
 * sighand->action[sig - 1].sa.sa_handler. An index that is not a constant is no CO-RE relocation:
 * the size of an element must be asked for, ours is shorter than the kernel's.
 */
static __always_inline u64 signal_handler(struct task_struct *task, int sig)
{
	void *actions = (void *)BPF_CORE_READ(task, sighand) +
			bpf_core_field_offset(struct sighand_struct, action);
	u64 handler = 0;

	bpf_probe_read_kernel(&handler, sizeof(handler),
			      actions + (sig - 1) * bpf_core_type_size(struct k_sigaction) +
				      bpf_core_field_offset(struct k_sigaction, sa.sa_handler));
	return handler;
}

/* current has sent it, by kill() and the like; else the kernel has. */
static __always_inline bool is_from_current(struct kernel_siginfo *info)
{
	int code;

	if ((u64)info == SEND_SIG_NOINFO)
		return true;
	if ((u64)info == SEND_SIG_PRIV)
		return false;
	code = BPF_CORE_READ(info, si_code);
	return code <= 0 && code != SI_TIMER && code != SI_ASYNCIO;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int sig, struct kernel_siginfo *info, struct task_struct *task, int group,
	     int result)
{
	struct killer killer = {};
	struct task_struct *self;
	u32 pid;

	if (result != DELIVERED || sig < 1 || sig > SIGNALS || (SIGNAL_BIT(sig) & HARMLESS))
		return 0;
	if (sig != SIGKILL && signal_handler(task, sig))
		return 0; /* caught or ignored */
	pid = task->tgid;
	killer.sig = sig;
	killer.victim_start = plain(task)->group_leader->start_boottime;
	if (is_doomed(pid, killer.victim_start))
		return 0;
	if (is_from_current(info)) {
		self = (void *)bpf_get_current_task();
		killer.pid = BPF_CORE_READ(self, tgid);
		killer.start = BPF_CORE_READ(self, group_leader, start_boottime);
		bpf_get_current_comm(killer.comm, sizeof(killer.comm));
	}
	if (!bpf_map_update_elem(&killers, &pid, &killer, BPF_NOEXIST))
		note(pid);
	else if (bpf_map_update_elem(&killers, &pid, &killer, BPF_EXIST))
		__sync_fetch_and_add(&killers_lost, 1);
	return 0;
}

static __always_inline void killer_forget(u32 pid)
{
	if (is_noted(pid) && !bpf_map_delete_elem(&killers, &pid))
		unnote(pid);
}

/* Who killed it, if a signal did and the sender was seen; and forgets it. */
static __always_inline void fill_killer(struct record_exit *record, u32 pid, u64 start)
{
	struct killer *killer = is_noted(pid) ? bpf_map_lookup_elem(&killers, &pid) : NULL;
	u32 sig = record->status & 0x7f;

	__builtin_memset(record->pad, 0, sizeof(record->pad));
	record->killer_known = 0;
	record->killer = 0;
	record->killer_start = 0;
	__builtin_memset(record->killer_comm, 0, sizeof(record->killer_comm));
	if (!killer)
		return;
	if (killer->victim_start == start && killer->sig == sig) {
		record->killer_known = 1;
		record->killer = killer->pid;
		record->killer_start = killer->start;
		__builtin_memcpy(record->killer_comm, killer->comm, sizeof(killer->comm));
	}
	killer_forget(pid);
}

#endif
