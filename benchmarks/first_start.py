"""``python -m benchmarks.first_start COMMIT…``: what a stranger waits for, and what it leaves.

Each commit is cloned into an empty folder and started by ``make serve`` with nothing in any
cache, one after the other: seconds until the sample's transcript and until it is ready, the
size of its environment, what all its processes hold when they have been idle for a while, and
the transcript.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.running.processes import descendants

ROOT = Path(__file__).parents[1]
START_SECONDS = 900
IDLE_SECONDS = 10  # after which what was needed for a moment has been given back
PORTS = ("PORT", "TRITON_HTTP_PORT", "TRITON_GRPC_PORT", "TRITON_METRICS_PORT")
HEAVY = ("torch", "nvidia", "pyannote", "whisperx")
# What would bring something from this machine.
LEFT_OUT = ("CACHE_DIR", "UV_CACHE_DIR", "PIP_CACHE_DIR", "VIRTUAL_ENV", "PYTHONPATH")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_start", description=__doc__)
    parser.add_argument("commits", nargs="+", metavar="COMMIT")
    parser.add_argument("--port", type=int, default=9300, help="the first of four (9300)")
    arguments = parser.parse_args()
    print("| commit | transcript after | ready after | environment | idle | heavy packages |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    transcripts = []
    for commit in arguments.commits:
        with tempfile.TemporaryDirectory(prefix="first-start-") as folder:
            transcripts.append((commit, measure(commit, Path(folder), arguments.port)))
    for commit, lines in transcripts:
        print(f"\n{commit}:", *lines, sep="\n")


def measure(commit: str, folder: Path, port: int) -> list[str]:
    """Print one commit's line of the table.

    Returns:
        The lines of its transcript.
    """
    clone, home = folder / "clone", folder / "home"
    git = ["git", "-c", "advice.detachedHead=false"]
    subprocess.run([*git, "clone", "-q", ROOT, clone], check=True)
    subprocess.run([*git, "checkout", "-q", commit], cwd=clone, check=True)
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "DEVICE": "cpu"}
    environment |= {name: str(port + number) for number, name in enumerate(PORTS)}
    begin = time.monotonic()
    service = subprocess.Popen(
        ["make", "serve"],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        transcript, printed, ready = follow(service, begin)
        time.sleep(IDLE_SECONDS)
        idle = sum(process.proportional_bytes() for process in descendants(service.pid))
    finally:
        os.killpg(service.pid, signal.SIGINT)
        service.communicate(timeout=60)
    venv = clone / ".venv"
    packages = {path.name for path in venv.glob("lib/python3*/site-packages/*")}
    print(
        f"| {commit} | {printed:.0f} s | {ready:.0f} s | {size(venv) / 1e6:.0f} MB "
        f"| {idle / 1e6:.0f} MB | {', '.join(name for name in HEAVY if name in packages) or '-'} |",
        flush=True,
    )
    return transcript


def follow(service: subprocess.Popen, begin: float) -> tuple[list[str], float, float]:
    """The transcript's lines, and the seconds until its last one and until the service is ready."""
    transcript, printed, said = [], 0.0, []
    for line in service.stdout:
        said.append(line)
        now = time.monotonic() - begin
        if line.startswith("    ["):
            transcript.append(line.rstrip())
            printed = now
        elif line.startswith("ready at"):
            return transcript, printed, now
        if now > START_SECONDS:
            break
    sys.exit("".join(["the service did not become ready:\n", *said[-30:]]))


def size(folder: Path) -> int:
    """The bytes of its files, those with several names once."""
    files = {
        (stat.st_dev, stat.st_ino): stat.st_size
        for path in folder.rglob("*")
        if not path.is_symlink() and path.is_file() and (stat := path.stat())
    }
    return sum(files.values())


if __name__ == "__main__":
    main()
