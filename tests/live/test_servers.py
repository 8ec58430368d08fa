# SPDX-License-Identifier: GPL-2.0-only
"""Servers that were not written for this, with the habits that they are known for. What is advised
of one is done as it stands there: its zombies are gone, and it serves again."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import now
from corpses import container
from ledger import Stat, proc_text, until
from told import RESTART, Told, zombies_of


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def answers(port, beginning, request=b""):
    """Whether the server's first line begins so."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(request)
            return client.makefile().readline().startswith(beginning)
    except OSError:
        return False


def serves(port):
    return answers(port, "HTTP/1.0 200 ", b"GET / HTTP/1.0\r\n\r\n")


def children_of(pid):
    return [int(child) for child in proc_text(pid, f"task/{pid}/children").split()]


# Perl's pre-forking server, from its package: each worker of it takes one connection at a time.
PREFORK = """
use Net::Server::PreFork;
our @ISA = 'Net::Server::PreFork';
sub process_request { print "hello from $$\\n" }
main->run(port => $ARGV[0], host => '127.0.0.1', ipv => 4, log_level => 0, min_servers => 3,
          max_servers => 5, min_spare_servers => 1, max_spare_servers => 4, check_for_dead => 1,
          check_for_waiting => 1);
"""


def test_perl_server_that_is_stopped_while_its_workers_crash():
    port = free_port()

    def hello():
        return answers(port, "hello from ")

    def workers():
        return [pid for pid in children_of(server.pid) if Stat(pid).state != "Z"]
    with subprocess.Popen(["perl", "-e", PREFORK, str(port)], stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: hello() and len(workers()) >= 3, "it serves", timeout=15)
            os.kill(server.pid, signal.SIGSTOP)
            crashed = workers()
            for pid in crashed:
                os.kill(pid, signal.SIGSEGV)
            told = Told(server.pid, "parent_stopped")
            assert told.zombies["count"] == len(crashed) and told.zombies["certain"]
            assert {pid for pid, _ in told.dead} == set(crashed)
            assert told.zombies["sigchld"] == "caught"
            told.do(r"kill -CONT (\d+) resumes perl", signal.SIGCONT)
            told.gone()
            # what it held is free again: others serve, as soon as it counts its own
            until(lambda: hello() and not set(workers()) & set(crashed), "it serves again", timeout=90)
        finally:
            server.kill()
            for pid in workers():
                os.kill(pid, signal.SIGKILL)


# The standard library's server that forks for each client. Its own loop collects the children twice
# a second; who calls handle_request() instead, as its documentation shows, never does.
FORKING = """
import http.server, signal, socketserver, sys
class Server(socketserver.ForkingMixIn, http.server.HTTPServer): pass
{}
server = Server(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)
{}
"""


@contextmanager
def forking_server(port, loop, before=""):
    with subprocess.Popen([sys.executable, "-c", FORKING.format(before, loop), str(port)],
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: serves(port), "it serves", timeout=15)
            yield server
        finally:
            server.kill()


def test_forking_server_that_is_stopped():
    port = free_port()
    with forking_server(port, "server.serve_forever()") as server:
        until(lambda: not zombies_of(server.pid), "it has collected all")
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        until(lambda: len(children_of(server.pid)) == 3, "each client has a worker")
        os.kill(server.pid, signal.SIGSTOP)
        for client in clients:
            client.close()
        until(lambda: len(zombies_of(server.pid)) == 3, "the workers are dead")
        told = Told(server.pid, "parent_stopped")
        assert told.zombies["count"] == 3 and told.zombies["certain"]
        told.do(r"kill -CONT (\d+) resumes python3", signal.SIGCONT)
        told.gone()
        assert serves(port)


def test_forking_server_that_never_collects():
    port, loop = free_port(), "while True: server.handle_request()"
    with forking_server(port, loop) as server:
        for _ in range(4):
            assert serves(port)
        until(lambda: len(zombies_of(server.pid)) >= 5, "its workers lie dead")
        told = Told(server.pid, "never_waits")
        told.do(RESTART)
        told.gone()
    # "if nobody needs their statuses, ignore SIGCHLD (SIG_IGN, SA_NOCLDWAIT) before they are started"
    assert any("ignore SIGCHLD (SIG_IGN" in words for words in told.zombies["advice"])
    with forking_server(port, loop, "signal.signal(signal.SIGCHLD, signal.SIG_IGN)") as server:
        for _ in range(4):
            assert serves(port)
        until(lambda: not children_of(server.pid), "its workers are gone")
        assert now.told("zombies", "--pid", server.pid)[0] == []


# As entrypoints are: probes by a script in the background, then the server takes the shell's place.
ENTRYPOINT = """
(
    (
        for probe in 1 2 3; do
            timeout 0.5 sh -c 'sleep 0.7 & exec sleep 5' &
        done
        wait
    ) &
)
exec {} -m http.server {} --bind 127.0.0.1 2>/dev/null
"""


def test_probes_under_a_server_that_is_pid_1():
    port = free_port()
    script = ENTRYPOINT.format(sys.executable, port)
    with container("sh", "-c", script) as init:
        until(lambda: serves(port), "it serves", timeout=15)
        until(lambda: len(zombies_of(init)) == 4, "the probes' sleepers and their loop lie dead")
        told = Told(init, "init_does_not_reap")
        assert any("--init, tini" in words for words in told.zombies["advice"])
        told.do(r"restart the container whose init python3\S*?\((\d+)\) is: its end frees all 4,")
        told.gone()
        assert not serves(port)
    with container("tini", "sh", "--", "-c", script) as init:
        until(lambda: serves(port), "it serves again", timeout=15)
        assert proc_text(init, "comm") == "tini\n"
        until(lambda: len(children_of(init)) == 1, "what probes left came and went")
        (server,) = children_of(init)
        assert "http.server" in proc_text(server, "cmdline")
        assert zombies_of(init) == zombies_of(server) == set()
        assert now.told("zombies", "--pid", init)[0] == []
        assert serves(port)
