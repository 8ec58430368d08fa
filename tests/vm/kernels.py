# SPDX-License-Identifier: GPL-2.0-only
"""The kernels of the matrix: Debian's, for clouds, as they boot without a module."""

import re
import tempfile
from pathlib import Path

from archive import Archive, NoArchive, releases

ANY_RELEASE = ["bullseye", "bookworm", "trixie", "trixie-backports"]
WITH_SECURITY = ["bullseye", "bookworm", "trixie"]


class Kernels:
    """Kernel images below a directory, which keeps them."""

    def __init__(self, directory, arch):
        self.directory, self.arch = Path(directory), arch
        self._archive, self._known = None, None

    def _known_images(self):
        """(series, package) oldest first. Release candidates are left out."""
        if self._known is None:
            self._archive = Archive(self.directory / f"apt-{self.arch}", self.arch,
                                    releases(ANY_RELEASE, WITH_SECURITY))
            self._known = []
            for version, package in self._archive.versions("linux-image-"):
                flavour = re.fullmatch(rf"linux-image-(\d+\.\d+)\.\S+?-(cloud|rt)-{self.arch}",
                                       package)
                if flavour and "~rc" not in version:
                    series, kind = flavour.groups()
                    self._known.append((series + ("-rt" if kind == "rt" else ""), package))
        return self._known

    def series(self):
        """All that can be had, oldest first."""
        return list(dict.fromkeys(name for name, _ in self._known_images()))

    def named(self, name):
        """A series by its name, or "oldest" or "newest"."""
        plain = [series for series in self.series() if not series.endswith("-rt")] \
            if name in ("oldest", "newest") else []
        return plain[0 if name == "oldest" else -1] if plain else name

    def image(self, series):
        """The newest image of a series: its path, or None if it can't be had."""
        path = self.directory / f"vmlinuz-{self.arch}-{series}"
        if path.exists():
            return path
        packages = [package for name, package in self._known_images() if name == series]
        if not packages:
            return None
        package = packages[-1]
        binary = package.replace("linux-image", "linux-binary")  # 7.0 and later
        with tempfile.TemporaryDirectory(dir=self.directory) as unpacked:
            try:
                self._archive.unpack(binary if self._archive.has(binary) else package, unpacked)
            except NoArchive:
                return None
            found = [file for file in Path(unpacked).rglob("vmlinu[xz]*") if file.is_file()]
            found[0].rename(path)
        return path
