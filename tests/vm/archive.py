# SPDX-License-Identifier: GPL-2.0-only
"""Packages of any release and architecture, from the archive that this machine's apt is set up for.

The machine's own package lists and packages are not touched: everything is kept in one directory,
and packages are unpacked there, not installed."""

import os
import subprocess
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


NO_ARCHIVE = 75  # the exit status then: sysexits.h's EX_TEMPFAIL


class NoArchive(Exception):
    """It cannot be reached, or lacks what it should have."""


def configured():
    """What apt is set up for here: [(address, release, component)]."""
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)"],
                            capture_output=True, text=True, check=False).stdout
    rows = sorted({tuple(line.split()) for line in listed.splitlines() if len(line.split()) == 3})
    if not rows:
        raise NoArchive("apt knows no archive here: run apt-get update")
    return rows


def own_release():
    """The releases that this machine's packages come from."""
    return [(site, release, "main") for site, release, component in configured()
            if component == "main"]


def releases(names, security):
    """Releases by name from the same archive, with the security updates of some."""
    sites = [site for site, release, _ in configured()]
    main = next(site for site in sites if "security" not in site)
    updates = next((site for site in sites if "security" in site),
                   main.removesuffix("/debian") + "/debian-security")
    return [(main, name, "main") for name in names] + \
        [(updates, f"{name}-security", "main") for name in security]


class Archive:
    """An apt of its own in a directory. arch: as dpkg names it. rows: see releases()."""

    def __init__(self, directory, arch, rows):
        self.directory, self.arch = Path(directory).resolve(), arch
        for name in ("lists/partial", "cache/archives/partial", "parts"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "status").write_text("")
        (self.directory / "sources.list").write_text("".join(
            f"deb [arch={arch} signed-by={KEYRING}] {' '.join(row)}\n" for row in rows))
        self.config = self.directory / "apt.conf"
        self.config.write_text(f'''
Dir::Etc::sourcelist "{self.directory}/sources.list";
Dir::Etc::sourceparts "{self.directory}/parts";
Dir::State::Lists "{self.directory}/lists";
Dir::State::status "{self.directory}/status";
Dir::Cache "{self.directory}/cache";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
APT::Architecture "{arch}";
APT::Architectures "{arch}";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
''')
        self._run("apt-get", "-qq", "update", check=False)  # a release that is gone is no matter

    def _run(self, *argv, check=True, timeout=300, **how):
        try:
            return subprocess.run(argv, env={**os.environ, "APT_CONFIG": str(self.config)}, check=check,
                                  timeout=timeout, stdin=subprocess.DEVNULL, text=True, **how)
        except subprocess.SubprocessError as failure:
            raise NoArchive(failure) from failure

    def versions(self, pattern):
        """(version, package) of the packages whose name begins so, oldest first."""
        names = self._run("apt-cache", "pkgnames", pattern, stdout=subprocess.PIPE).stdout.split()
        if not names:
            return []
        table = self._run("apt-cache", "madison", *names, stdout=subprocess.PIPE).stdout
        rows = {(cells[1].strip(), cells[0].strip())
                for cells in (line.split("|") for line in table.splitlines()) if len(cells) == 3}
        order = subprocess.run(["sort", "-V"], input="\n".join(" ".join(row) for row in rows),
                               capture_output=True, text=True, check=True).stdout
        return [tuple(line.split()) for line in order.splitlines()]

    def has(self, package):
        return bool(self._run("apt-cache", "pkgnames", package,
                              stdout=subprocess.PIPE).stdout.split().count(package))

    def unpack(self, package, into):
        """One package, by itself."""
        debs = self.directory / "debs"
        debs.mkdir(exist_ok=True)
        self._run("apt-get", "-qq", "download", package, cwd=debs, timeout=600)
        for deb in debs.glob(f"{package.partition('=')[0]}_*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(deb), str(into)], check=True)
            deb.unlink()

    def unpack_all(self, packages, into):
        """Packages with all that they depend on."""
        cache = self.directory / "cache/archives"
        self._run("apt-get", "-qq", "-y", "--download-only", "install", *packages,
                  stdout=subprocess.DEVNULL, timeout=900)
        for deb in sorted(cache.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", str(deb), str(into)], check=True)
            deb.unlink()
