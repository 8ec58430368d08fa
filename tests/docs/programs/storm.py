# SPDX-License-Identifier: GPL-2.0-only
"""Lives that go on while nobody reads the ring. "go" begins that time; every word back ends a step."""

import os, signal, subprocess, sys, time

signal.alarm(40)  # the end, whatever hangs

def tell(role, pid):
    os.write(1, f"{role} {pid}\n".encode())  # whole, whoever writes beside it

pipe, keep = subprocess.PIPE, []
sh = lambda words, **how: keep.append(subprocess.Popen(["sh", "-c", words], stdin=pipe, **how)) or keep[-1]
sys.stdin.readline()
corpse, gone, becomes = sh("read x; exit 3"), sh("read x"), sh("read x; exec sleep 20")
left = sh("sleep 20 <&- >&- & echo $!; read x", stdout=pipe)
for role, process in (("corpse", corpse), ("gone", gone), ("becomes", becomes), ("lost_parent", left)):
    tell(role, process.pid)
orphan = int(left.stdout.readline())
tell("orphan", orphan)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(100):  # more than a ring of one page takes
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
for process in (corpse, gone, becomes, left):
    process.stdin.close()
gone.wait()
left.wait()
os.waitid(os.P_PID, corpse.pid, os.WEXITED | os.WNOWAIT)
while open(f"/proc/{becomes.pid}/comm").read() != "sleep\n":
    pass
new = subprocess.Popen(["sleep", "20"])
tell("new", new.pid)
time.sleep(0.2)  # younger than 50 ms it would be left to the next look
print("ready", flush=True)
sys.stdin.readline()
time.sleep(0.8)  # the corpse is found to be a zombie
os.kill(orphan, 9)
for process in (becomes, new):
    process.kill()
