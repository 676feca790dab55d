"""``make lock``: pins what the dependency groups of ``pyproject.toml`` ask for, with hashes.

Versions that the locks have stay as they are; ``--upgrade`` takes the newest.  One
resolution holds for all of them: the groups are parts of ``dev``.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.environment import LOCKS, ROOT, say
from deploy.installer import fetch_uv, uv_variables

GROUPS = ("dev", "cuda", "cpu-traces", "cpu", "installer")
OPTIONS = (
    *("--quiet", "--universal", "--python-version=3.10", "--generate-hashes", "--no-annotate"),
    *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command=make lock"),
)


def main() -> int:
    """Write every lock; the arguments are options of ``uv pip compile`` (``--upgrade``)."""
    with tempfile.TemporaryDirectory(prefix="uv-") as tools:
        uv = fetch_uv(Path(tools), Path(sys.executable), LOCKS / "installer.lock", say)
        if uv is None:
            return 1
        for group in GROUPS:
            lock = LOCKS / f"{group}.lock"
            say(f"resolving {lock.relative_to(ROOT)}")
            part_of_dev = () if group == "dev" else ("--constraint", LOCKS / "dev.lock")
            command = [*uv, "compile", *OPTIONS, "--group", group, *part_of_dev, *sys.argv[1:]]
            subprocess.run(
                list(map(str, [*command, "--output-file", lock])),
                cwd=ROOT,
                env={**os.environ, **uv_variables()},
                check=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
