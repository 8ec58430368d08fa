# SPDX-License-Identifier: GPL-2.0-only
"""One dead child; and one below this subreaper that another one, which leads a session, had left there."""

import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
os.fork() or os._exit(0)
ready, done = os.pipe(), os.pipe()
middle = os.fork()
if not middle:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(done[1])
    os.write(ready[1], b"%d" % os.getpid())
    os.read(done[0], 1)
    os._exit(0)
os.waitpid(middle, 0)
print(os.read(ready[0], 20).decode(), flush=True)
sys.stdin.read()
