# SPDX-License-Identifier: GPL-2.0-only
"""A virtual machine, in software emulation: for what is true, never for how fast it is.

Its time is the count of its instructions, two nanoseconds each, and nobody waits for a sleeper: so
what takes a microsecond on a real machine does not take a millisecond there, and a program is not
preempted a thousand times as often. It has one processor: with two, 5.10 waits at boot for ever. An
older processor, and no defence against speculation, take a third off the time that it runs."""

import subprocess

MACHINES = {
    "amd64": ["qemu-system-x86_64", "-M", "q35", "-cpu", "Nehalem"],
    "arm64": ["qemu-system-aarch64", "-M", "virt", "-cpu", "max,pauth-impdef=on"],
}
CONSOLES = {"amd64": "ttyS0", "arm64": "ttyAMA0"}
# Something to do between the clock's first tick and the first process: a table to clear. So quick a
# boot would start pid 1 and the first kernel threads at 0, which is how a start that is not known reads.
WORDS = {"amd64": "", "arm64": " mhash_entries=16777216"}


def boot(arch, kernel, image, job, log, memory=1024, timeout=120, words=""):
    """Boots a kernel into a job; its console goes to a file. words: the job's, see guest/suite."""
    part = log.with_suffix(".part")  # whoever reads the log meanwhile finds none, or all of it
    argv = [*MACHINES[arch], "-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off", "-smp", "1",
            "-m", str(memory),
            "-kernel", str(kernel), "-initrd", str(image), "-nodefaults", "-nographic",
            "-no-reboot", "-serial", f"file:{part}", "-monitor", "none", "-net", "none",
            "-append", f"console={CONSOLES[arch]} panic=-1 quiet mitigations=off job={job}{WORDS[arch]} {words}"]
    try:
        subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        pass
    part.rename(log)


def console(log):
    return log.read_text(errors="replace").replace("\r", "").splitlines()
