/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is read of a line: the path of each member, in the order in which sink/json*.c write them,
 * which finds them quickest.
 */
#ifndef PROCTRACE_SOURCE_LINE_PATH_H
#define PROCTRACE_SOURCE_LINE_PATH_H

/* A process that the line names, */
#define LINE_PEER(X, id, path)                                                                     \
	X(id, path) X(id##_PID, path ".pid") X(id##_NAME, path ".name")                            \
	X(id##_ENTITY_ID, path ".entity_id")
/* one that has children of others, */
#define LINE_REAPER(X, id, path)                                                                   \
	LINE_PEER(X, id, path)                                                                     \
	X(id##_NS_INIT, path ".ns_init") X(id##_SUBREAPER, path ".subreaper")
/* and what a parent was doing, and did until then. */
#define LINE_PARENT(X, id, path)                                                                   \
	X(id##_SIGCHLD, path ".sigchld") X(id##_WAITS, path ".waits")                              \
	X(id##_WHERE, path ".where") X(id##_WAITS_FOR, path ".waits_for")                          \
	X(id##_BLOCKED, path ".sigchld_blocked") X(id##_PENDING, path ".sigchld_pending")          \
	X(id##_CMINFLT, path ".cminflt")                                                           \
	X(id##_CHILDREN_DIED, path ".children_died")                                               \
	X(id##_CHILDREN_REAPED, path ".children_reaped")                                           \
	X(id##_ORPHANS_DIED, path ".orphans_died") X(id##_ORPHANS_REAPED, path ".orphans_reaped")  \
	X(id##_REAPED_LATE, path ".reaped_late") X(id##_FOUND_DEAD, path ".found_dead")
#define LINE_LIMIT(X, id, path) X(id, path) X(id##_MAX, path ".max") X(id##_USED, path ".used")

#define LINE_PATHS(X)                                                                              \
	X(PATH_LINE, "")                                                                             \
	X(PATH_TIME, "@timestamp")                                                                   \
	X(PATH_EVENT, "event") X(PATH_ACTION, "event.action")                                          \
	X(PATH_HOST, "host") X(PATH_HOST_NAME, "host.name")                                            \
	X(PATH_PROCESS, "process") X(PATH_PID, "process.pid") X(PATH_ENTITY_ID, "process.entity_id")     \
	X(PATH_NAME, "process.name")                                                                 \
	LINE_PEER(X, PATH_PARENT, "process.parent")                                                  \
	X(PATH_START, "process.start") X(PATH_EXECUTABLE, "process.executable")                        \
	X(PATH_ARGS, "process.args") X(PATH_ARGS_COUNT, "process.args_count")                          \
	X(PATH_CWD, "process.working_directory")                                                     \
	X(PATH_TTY, "process.tty") X(PATH_TTY_DEVICE, "process.tty.char_device")                       \
	X(PATH_TTY_MAJOR, "process.tty.char_device.major")                                           \
	X(PATH_TTY_MINOR, "process.tty.char_device.minor")                                           \
	X(PATH_SESSION, "process.session_leader") X(PATH_SID, "process.session_leader.pid")            \
	X(PATH_GROUP, "process.group_leader") X(PATH_PGID, "process.group_leader.pid")                 \
	X(PATH_EXIT_CODE, "process.exit_code")                                                       \
	X(PATH_THREAD, "process.thread") X(PATH_TID, "process.thread.id")                              \
	X(PATH_USER, "user") X(PATH_UID, "user.id")                                                    \
	X(PATH_EFFECTIVE, "user.effective") X(PATH_EUID, "user.effective.id")                          \
	X(PATH_PROCTRACE, "proctrace")                                                               \
	X(PATH_CLASS, "proctrace.class") X(PATH_STATE, "proctrace.state")                              \
	X(PATH_NSPID, "proctrace.nspid") X(PATH_EXIT_SIGNAL, "proctrace.exit_signal")                  \
	X(PATH_NS_INIT, "proctrace.ns_init") X(PATH_SUBREAPER, "proctrace.subreaper")                  \
	X(PATH_PARENT_SUBREAPER, "proctrace.parent_subreaper") X(PATH_TRACED, "proctrace.traced")      \
	LINE_PEER(X, PATH_TRACER, "proctrace.tracer")                                                \
	X(PATH_INFERRED, "proctrace.inferred") X(PATH_CGROUP, "proctrace.cgroup")                      \
	X(PATH_UNIT, "proctrace.unit") /* not asked for, but often there: it is passed at once */    \
	X(PATH_TRUNCATED, "proctrace.args_truncated")                                                \
	X(PATH_TRUNCATED_BYTES, "proctrace.args_truncated.bytes")                                    \
	LINE_REAPER(X, PATH_CREATOR, "proctrace.creator")                                            \
	X(PATH_SCRIPT, "proctrace.script") X(PATH_EXEC_THREAD, "proctrace.exec_thread")                \
	X(PATH_DEAD, "proctrace.dead")                                                               \
	X(PATH_EXIT, "proctrace.exit") X(PATH_SIGNAL, "proctrace.exit.signal")                         \
	X(PATH_CORE_DUMPED, "proctrace.exit.core_dumped")                                            \
	LINE_PEER(X, PATH_KILLER, "proctrace.exit.killed_by")                                        \
	X(PATH_CPU_USER, "proctrace.exit.cpu_user_ms")                                               \
	X(PATH_CPU_SYSTEM, "proctrace.exit.cpu_system_ms")                                           \
	X(PATH_MAX_RSS, "proctrace.exit.max_rss_kb") X(PATH_THREADS, "proctrace.exit.threads")         \
	LINE_REAPER(X, PATH_ADOPTER, "proctrace.exit.adopter")                                       \
	X(PATH_ADOPTER_SIGCHLD, "proctrace.exit.adopter.sigchld")                                    \
	LINE_PEER(X, PATH_EXIT_PARENT, "proctrace.exit.parent")                                      \
	X(PATH_EXIT_PARENT_SIGCHLD, "proctrace.exit.parent.sigchld")                                 \
	X(PATH_EXIT_PARENT_WAITS, "proctrace.exit.parent.waits")                                     \
	X(PATH_LIFETIME, "proctrace.lifetime_ms") /* neither */                                      \
	X(PATH_REAP, "proctrace.reap")                                                               \
	LINE_REAPER(X, PATH_REAPER, "proctrace.reap.reaper")                                         \
	X(PATH_HOW, "proctrace.reap.how") X(PATH_ZOMBIE_MS, "proctrace.reap.zombie_ms")                \
	X(PATH_PRECISION, "proctrace.reap.precision")                                                \
	X(PATH_ORPHAN, "proctrace.orphan")                                                           \
	LINE_REAPER(X, PATH_ORPHAN_ADOPTER, "proctrace.orphan.adopter")                              \
	X(PATH_ZOMBIE, "proctrace.zombie")                                                           \
	LINE_REAPER(X, PATH_RESPONSIBLE, "proctrace.zombie.responsible")                             \
	X(PATH_RESPONSIBLE_STATE, "proctrace.zombie.responsible.state")                              \
	LINE_PEER(X, PATH_RESPONSIBLE_TRACER, "proctrace.zombie.responsible.tracer")                 \
	LINE_PARENT(X, PATH_RESPONSIBLE, "proctrace.zombie.responsible")                             \
	X(PATH_LEAK, "proctrace.zombie_leak")                                                        \
	X(PATH_LIMITS, "proctrace.zombie_leak.limits")                                               \
	X(PATH_LIMITS_READ, "proctrace.zombie_leak.limits.read")                                     \
	LINE_LIMIT(X, PATH_PIDS_MAX, "proctrace.zombie_leak.limits.pids_max")                        \
	X(PATH_LEVELS_UP, "proctrace.zombie_leak.limits.pids_max.levels_up")                         \
	LINE_LIMIT(X, PATH_PID_MAX, "proctrace.zombie_leak.limits.pid_max")                          \
	X(PATH_NAMESPACES_UP, "proctrace.zombie_leak.limits.pid_max.levels_up")                      \
	LINE_LIMIT(X, PATH_THREADS_MAX, "proctrace.zombie_leak.limits.threads_max")                  \
	LINE_LIMIT(X, PATH_NPROC, "proctrace.zombie_leak.limits.nproc")                              \
	X(PATH_REFUSED, "proctrace.zombie_leak.limits.refused")                                      \
	LINE_PARENT(X, PATH_LEAK, "proctrace.zombie_leak")                                           \
	X(PATH_RAW, "proctrace.raw") X(PATH_RAW_NAME, "proctrace.raw.name")                            \
	X(PATH_RAW_ARGS, "proctrace.raw.args") X(PATH_RAW_EXECUTABLE, "proctrace.raw.executable")      \
	X(PATH_RAW_CWD, "proctrace.raw.working_directory")                                           \
	X(PATH_RAW_CGROUP, "proctrace.raw.cgroup") X(PATH_RAW_SCRIPT, "proctrace.raw.script")          \
	X(PATH_VERSION, "proctrace.version") X(PATH_SCHEMA, "proctrace.schema_version")                \
	X(PATH_KERNEL, "proctrace.kernel") X(PATH_BOOT_ID, "proctrace.boot_id")                        \
	X(PATH_BOOT_NS, "proctrace.boot_ns") X(PATH_ZOMBIE_AFTER, "proctrace.zombie_after_ms")         \
	X(PATH_PARTIAL, "proctrace.partial") X(PATH_HOOKS, "proctrace.hooks")                          \
	X(PATH_REASON, "proctrace.reason") X(PATH_RECORDS, "proctrace.records")                        \
	X(PATH_LOST, "proctrace.lost") X(PATH_LOST_COUNT, "proctrace.lost.count")                      \
	X(PATH_LOST_KIND, "proctrace.lost.kind") X(PATH_LOST_CAUSE, "proctrace.lost.cause")            \
	X(PATH_LOST_SINCE, "proctrace.lost.since")                                                   \
	X(PATH_RESYNC, "proctrace.resync") X(PATH_RESYNC_REASON, "proctrace.resync.reason")            \
	X(PATH_CHECKED, "proctrace.resync.checked") X(PATH_RESYNC_INFERRED, "proctrace.resync.inferred") \
	X(PATH_CLOCK, "proctrace.clock") X(PATH_CLOCK_BOOT, "proctrace.clock.boot_ns")                 \
	X(PATH_CLOCK_STEP, "proctrace.clock.step_ns")

#define LINE_PATH_NUMBER(id, path) id,
enum line_path { LINE_PATHS(LINE_PATH_NUMBER) LINE_PATHS_END };

/* A peer's members, and a parent's, lie this far behind it. */
enum { OF_PID = 1, OF_NAME, OF_ENTITY_ID, OF_NS_INIT, OF_SUBREAPER };
enum {
	OF_SIGCHLD, OF_WAITS, OF_WHERE, OF_WAITS_FOR, OF_BLOCKED, OF_PENDING, OF_CMINFLT,
	OF_CHILDREN_DIED, OF_CHILDREN_REAPED, OF_ORPHANS_DIED, OF_ORPHANS_REAPED, OF_REAPED_LATE,
	OF_FOUND_DEAD,
};

_Static_assert(PATH_REAPER_SUBREAPER == PATH_REAPER + OF_SUBREAPER, "the order of LINE_REAPER");
_Static_assert(PATH_LEAK_FOUND_DEAD == PATH_LEAK_SIGCHLD + OF_FOUND_DEAD, "the order of LINE_PARENT");

#endif
