"""A PostgreSQL of the tests' own, from Debian's package.

It refuses to run as root: where the tests do, it runs as nobody, who finds its programs
under links that root has made for him, because the cache is closed to others.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.programs.debian import environment_of, unpacked
from tests.services.ports import free_ports

PACKAGE = "postgresql-15"
PROGRAMS = "usr/lib/postgresql/15/bin"
START_SECONDS = 60
NOBODY = 65534
OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")  # nothing to be kept


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Run it; gives the start of its databases' URLs, to which a name is added."""
    # Not under pytest's folder, into which nobody else may look.
    folder = Path(tempfile.mkdtemp(prefix="asr-postgresql-"))
    server = None
    try:
        installed = unpacked(PACKAGE)
        user = {}
        if os.geteuid() == 0:
            folder.chmod(0o755)
            shutil.copytree(
                installed,
                folder / "programs",
                symlinks=True,
                copy_function=_link,
                dirs_exist_ok=True,
            )
            installed = folder / "programs"
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        data = folder / "data"
        data.mkdir(0o700)
        if user:
            os.chown(data, NOBODY, NOBODY)
        start = {"env": environment_of(installed), "cwd": "/", **user}
        programs = installed / PROGRAMS
        share = installed / "usr/share/postgresql/15"
        subprocess.run(
            [
                *(programs / "initdb", "-D", data, "-L", share, "-U", "asr"),
                *("--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"),
            ],
            check=True,
            capture_output=True,
            timeout=START_SECONDS,
            **start,
        )
        (port,) = free_ports(1)
        at = (f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={data}")
        log = (folder / "log").open("wb")
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *(f"--{setting}" for setting in (*OPTIONS, *at))],
            stdout=log,
            stderr=subprocess.STDOUT,
            **start,
        )
        _wait(folder / "log", server)
        yield f"postgresql://asr@127.0.0.1:{port}/"
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # which its children are told of
            server.wait(START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # the cache is on another disk
        shutil.copy2(source, target)


def _wait(log: Path, server: subprocess.Popen) -> None:
    end = time.monotonic() + START_SECONDS
    while "ready to accept connections" not in (said := log.read_text(encoding="utf-8")):
        assert server.poll() is None, said
        assert time.monotonic() < end, said
        time.sleep(0.05)
