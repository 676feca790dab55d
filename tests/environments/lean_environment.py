"""A Python environment that holds what this one does, but for some packages."""

import site
import sys
import venv
from collections.abc import Collection
from pathlib import Path

TORCH = ("torch", "torchaudio", "whisperx", "pyannote", "speechbrain")  # and who brings it

# Read by Python's start, before anything is imported.
STARTUP = """\
import site, sys

class Hiding:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            return None
        return self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

for folder in {folders!r}:
    site.addsitedir(folder)
sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
"""


def lean_environment(folder: Path, hidden: Collection[str] = TORCH) -> Path:
    """Make one in a folder, to be started as ``bin/python``; returns the folder.

    Its interpreter finds every package of the running one except the hidden
    ones, as if they had not been installed.
    """
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    startup = STARTUP.format(hidden=tuple(hidden), folders=site.getsitepackages())
    (packages / "lean_startup.py").write_text(startup, encoding="utf-8")
    (packages / "lean.pth").write_text("import lean_startup\n", encoding="utf-8")
    assert sys.prefix != str(folder)
    return folder
