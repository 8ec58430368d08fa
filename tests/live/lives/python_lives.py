# SPDX-License-Identifier: GPL-2.0-only
"""Lives that a Python program makes, each by another part of its library; ledger as in lives.h."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time

TINY = "build/tests/lives/tiny"


def say(what, **facts):
    os.write(1, json.dumps({"what": what, **facts}).encode() + b"\n")


def born(role, pid=None):
    pid = pid or os.getpid()
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b") ")[2].split()
    say("born", role=role, pid=pid, start=int(fields[19]), ppid=int(fields[1]))


def waited(pid, status):
    say("waited", pid=pid, status=status, by=os.getpid())


def step():
    if not sys.stdin.readline():
        os._exit(98)


def as_status(code):
    """A returncode of subprocess or multiprocessing as wait() would have given it."""
    return -code if code < 0 else code << 8


def fork():
    pid = os.fork()
    if pid == 0:
        born("child")
        os._exit(3)
    waited(*os.waitpid(pid, 0))


def fork_exec():
    pid = os.fork()
    if pid == 0:
        born("child")
        os.execv(TINY, ["tiny", "4"])
    waited(*os.waitpid(pid, 0))


def system():
    say("returned", status=os.system(f"{TINY} 1; exit 5"))


def popen():
    pipe = os.popen("echo words; exit 6")
    say("read", text=pipe.read())
    say("returned", status=pipe.close())


def run():
    done = subprocess.run([TINY, "7"])
    say("returned", status=as_status(done.returncode))


def run_shell():
    done = subprocess.run("kill -TERM $$", shell=True)
    say("returned", status=as_status(done.returncode))


def run_failing():
    try:
        subprocess.run(["/nowhere/nobody"])
    except FileNotFoundError:
        say("failed")


def pipeline():
    first = subprocess.Popen(["/bin/echo", "words"], stdout=subprocess.PIPE)
    born("first", first.pid)
    second = subprocess.Popen(["/bin/cat"], stdin=first.stdout, stdout=subprocess.PIPE)
    born("second", second.pid)
    first.stdout.close()
    say("read", text=second.communicate()[0].decode())
    waited(second.pid, as_status(second.returncode))
    waited(first.pid, as_status(first.wait()))


def forgotten():
    """Popen, and no wait: Python collects it only when it is asked, or makes another child."""
    child = subprocess.Popen([TINY, "8"])
    born("child", child.pid)
    step()
    waited(child.pid, as_status(child.wait()))


def work(code):
    born("worker")
    sys.exit(code)


def sleep_long():
    born("worker")
    time.sleep(60)


def processes(method):
    context = multiprocessing.get_context(method)
    workers = [context.Process(target=work, args=(code,)) for code in (0, 1, 13)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        say("joined", pid=worker.pid, status=as_status(worker.exitcode))


def terminated():
    worker = multiprocessing.get_context("fork").Process(target=sleep_long, daemon=True)
    worker.start()
    born("child", worker.pid)
    worker.terminate()
    worker.join()
    waited(worker.pid, as_status(worker.exitcode))


def square(number):
    return os.getpid(), number * number


def pool():
    with multiprocessing.get_context("fork").Pool(3) as workers:
        results = workers.map(square, range(30))
        pids = [process.pid for process in workers._pool]
        say("results", numbers=[number for _, number in results], pids=pids)
        workers.close()
        workers.join()


def left_behind():
    """A worker that outlives its program, killed in mid-work: abandoned."""
    pid = os.fork()
    if pid == 0:
        parent = os.getpid()
        worker = os.fork()
        if worker == 0:
            born("worker")
            while os.getppid() == parent:
                time.sleep(0.001)
            os._exit(0)
        born("program")
        os.kill(os.getpid(), signal.SIGKILL)
    waited(*os.waitpid(pid, 0))


if __name__ == "__main__":
    multiprocessing.current_process()  # workers of "spawn" import this file: not as __main__
    born("driver")
    name, *words = sys.argv[1:]
    globals()[name](*words)
    say("lingers")
    sys.stdin.readline()
