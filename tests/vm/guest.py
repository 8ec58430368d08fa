# SPDX-License-Identifier: GPL-2.0-only
"""What a guest boots into: an initramfs with the tracer, the makers of lives and the jobs."""

import os
import shutil
import subprocess
from pathlib import Path

from archive import NO_ARCHIVE, NoArchive

TOP = Path(__file__).resolve().parents[2]


def pack(directory, image):
    """A directory as an uncompressed initramfs: software emulation unpacks slowly."""
    part = image.with_suffix(".part")
    with open(part, "wb") as out:
        names = subprocess.run(["find", ".", "-mindepth", "1", "-print0"], cwd=directory,
                               stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["cpio", "-0", "-o", "-H", "newc", "-R", "0:0", "--quiet"], cwd=directory,
                       input=names, stdout=out, check=True)
    return part.rename(image)


def put(source, *into):
    """Copies a file or a directory to a path in the guest."""
    into = Path(*into)
    into.parent.mkdir(parents=True, exist_ok=True)
    if Path(source).is_dir():
        shutil.copytree(source, into, dirs_exist_ok=True, symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, into)


def put_checkout(root, tracer, lives):
    """The part of a checkout that guests need, with what was built of it."""
    checkout = root / "proctrace"
    put(tracer, checkout / "build/proctrace")
    put(lives, checkout / "build/tests/lives")
    for name in ("tests/vm/guest", "tests/replay", "tests/live", "user/sink/stream.schema.json",
                 "user/cli/proctrace-zombies.7"):
        put(TOP / name, checkout / name)
    put(TOP / "tests/vm/guest/init", root / "init")


def unpack(arch, root, *packages):
    done = subprocess.run([TOP / "tests/vm/unpack", arch, root, *packages], check=False)
    if done.returncode == NO_ARCHIVE:
        raise NoArchive(f"no {packages[0]} for a guest")
    done.check_returncode()


def busybox(work, arch):
    """The archive's static one, for a guest of any architecture."""
    root = work / f"busybox-{arch}"
    if not root.exists():
        unpack(arch, root, "busybox-static")
    return next(root.glob("**/bin/busybox"))


def small(work, arch, tracer, lives):
    """For the scenario alone: busybox instead of a distribution."""
    root = work / f"small-{arch}"
    shutil.rmtree(root, ignore_errors=True)
    for name in ("proc", "sys", "dev", "tmp", "root", "sbin", "usr/bin", "usr/sbin", "etc"):
        (root / name).mkdir(parents=True)
    put(busybox(work, arch), root / "bin/busybox")
    for applet in (TOP / "tests/vm/guest/applets").read_text().split():
        (root / "bin" / applet).symlink_to("busybox")
    put_checkout(root, tracer, lives)
    return pack(root, work / f"small-{arch}.cpio")


def compile_python(root):
    """Beforehand, by this machine's own of the same release: the guest would take minutes."""
    subprocess.run(["/usr/bin/python3", "-m", "compileall", "-q", "-s", root, "-p", "/",
                    "--invalidation-mode", "unchecked-hash", *root.glob("usr/lib/python3*")],
                   stdout=subprocess.DEVNULL, check=False)
    subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "--collect-only", "tests/live"],
                   cwd=root / "proctrace", stdout=subprocess.DEVNULL, check=True,
                   env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})


PACKAGES = """python3 python3-pytest python3-jsonschema procps util-linux util-linux-extra tini jq dash
    coreutils mount passwd bsdutils sed grep mawk findutils hostname bash libc-bin tar gzip login
    psmisc bpftool""".split()
BULK = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/zoneinfo", "usr/share/info",
        "usr/lib/python3.11/test", "usr/lib/python3/dist-packages/pytest/__pycache__")


def full(work, arch, tracer, lives):
    """For the live suite: the part of this machine's distribution that it needs."""
    debian, root = work / f"debian-{arch}", work / f"full-{arch}"
    if not debian.exists():
        unpack(arch, debian, *PACKAGES)
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(debian, root, symlinks=True)
    for name in BULK:
        shutil.rmtree(root / name, ignore_errors=True)
    for name in ("bin", "sbin", "lib", "lib64"):  # as installed, not as packed
        if (root / name).exists() and not (root / name).is_symlink():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    for name in ("proc", "sys", "dev", "tmp", "root"):
        (root / name).mkdir(exist_ok=True)
    for link, target in (("usr/bin/sh", "dash"), ("usr/bin/awk", "mawk")):
        if not (root / link).exists():
            (root / link).symlink_to(target)
    put(busybox(work, arch), root / "usr/bin/busybox")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n"
                                     "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n")
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    put_checkout(root, tracer, lives)
    compile_python(root)
    return pack(root, work / f"full-{arch}.cpio")
