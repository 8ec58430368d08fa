# SPDX-License-Identifier: GPL-2.0-only
"""Lives of every kind. Whoever runs this is the tree that is traced. Each line of the ledger: role, pid."""

import ctypes, os, signal, subprocess, sys, threading, time

directory = os.fsencode(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)

def tell(role, pid):
    os.write(1, f"{role} {pid}\n".encode())  # whole, whoever writes beside it

def child(act):
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(0)
    return pid

def run(role, argv, **how):
    process = subprocess.Popen(argv, **how)
    tell(role, process.pid)
    process.wait()

# dead before tracing begins
pre_existing = child(lambda: None)
tell("pre_existing", pre_existing)
print("ready", flush=True)
sys.stdin.readline()

zombie = child(lambda: os._exit(3))
tell("zombie", zombie)

run("orphan_s_parent", ["/bin/sh", "-c", "sleep 1.2 & exit 0"])
abandoned = child(lambda: (child(lambda: time.sleep(1.2)), time.sleep(0.1), os.kill(os.getpid(), 9)))
tell("killed_parent", abandoned)
os.waitpid(abandoned, 0)

def daemon():
    os.setsid()
    pid = child(lambda: os.execv("/bin/sleep", ["sleep", "1.5"]))
    tell("daemon", pid)
first = child(daemon)
os.waitpid(first, 0)

def new_session():
    os.setsid()
    os.execv("/bin/true", ["true"])
os.waitpid(child(new_session), 0)

hostile = [b"/bin/true", b"a\nb\t", b"\x1b[31m\x9b", b"\xff\xfe\xc3", b"", "ü\u202e\U0001f600".encode()]
here = os.path.join(directory, b"cwd\xfe\n")
os.mkdir(here)
run("hostile", hostile, cwd=here)
run("long", ["/bin/true", *["x" * 99] * 100])

def strange_name():
    libc.prctl(15, b"\x80\x81 na\nme", 0, 0, 0)
strange = child(strange_name)
tell("strange_name", strange)
os.waitpid(strange, 0)

script = os.path.join(directory, b"script")
with open(script, "w") as f:
    f.write("#!/bin/sh\nexit 4\n")
os.chmod(script, 0o755)
run("script", [script])

def collector():
    pid = child(lambda: None)
    tell("collected", pid)
    os.waitpid(pid, 0)  # and is gone before the release is heard of
collector_pid = child(collector)
tell("collector", collector_pid)
os.waitpid(collector_pid, 0)

killed = subprocess.Popen(["sleep", "9"])
tell("killed", killed.pid)
killed.kill()
killed.wait()
crashed = child(lambda: os.kill(os.getpid(), signal.SIGSEGV))
os.waitpid(crashed, 0)

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
tell("auto", child(lambda: time.sleep(0.05)))
time.sleep(0.1)
signal.signal(signal.SIGCHLD, signal.SIG_DFL)

thread = threading.Thread(target=time.sleep, args=(0.05,))
thread.start()
thread.join()

time.sleep(0.9)
os.waitpid(zombie, 0)
os.waitpid(pre_existing, 0)
time.sleep(0.3)
