"""``python -m benchmarks.work.threads``: how many threads of each network want a core at once.

A process for each network and number of cores, which need not exist: threads that want a core
count, whether they get one or not, in 95 of 100 looks at the process at most.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import numpy as np

CORES = (2, 4, 8, 16)
NETWORKS = ("whisper", "segmentation", "speaker_embedding")  # wav2vec2 has torch's, CORES of them
SECONDS = 10  # of sound in each piece
CHUNKS, BATCH = 4, 16  # of what each is asked for at once: no thread need be idle
READY = "ready\n"
LOOKING = 3.0  # seconds of work
EVERY = 0.005  # seconds between two looks


def wanting_threads(network: str, cores: int) -> int:
    """How many threads want a core at once where a network of :data:`NETWORKS` has so many."""
    work = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.work.threads", network],
        env={**os.environ, "CORES": str(cores), "DEVICE": "cpu", "DIARIZATION": "ungated"},
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    with work:
        for line in work.stdout:
            if line == READY:
                break
        looks = []
        while work.poll() is None and len(looks) < LOOKING / EVERY:
            looks.append(_running(work.pid))
            time.sleep(EVERY)
        work.stdin.close()
    return round(np.percentile(looks, 95))


def _running(pid: int) -> int:
    """Threads of a process that have a core or wait for one."""
    count = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            state = (task / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            count += state == "R"
    return count


def _loaded(network: str) -> Callable[[], object]:
    """The work of a network."""
    from pipeline.settings import read_settings

    settings = read_settings()
    sound = np.random.default_rng(1).normal(0, 3000, SECONDS * 16_000).astype(np.int16)
    if network == "whisper":
        from pipeline.options import Options
        from pipeline.transcription.chunking import Chunk
        from pipeline.transcription.whisper_models import WhisperModels

        models = WhisperModels(settings)
        chunk = Chunk(sound, Options(language="en", beam_size=1))

        def recognise() -> object:
            with models.use(None) as whisper:
                return whisper.recognise([chunk] * CHUNKS)

        return recognise
    from pipeline.diarization.networks import loading

    if network == "segmentation":
        segmentation = loading.load_segmentation(settings)
        windows = np.stack([sound[:160_000]] * BATCH)
        return lambda: segmentation(windows)
    embedding = loading.load_embedding(settings)
    frames = SECONDS * 589 // 10
    return lambda: embedding(sound, np.ones((BATCH, frames), np.uint8))


def _work(network: str) -> None:
    """Work until there is no more to come."""
    work = _loaded(network)
    work()
    ended = Thread(target=sys.stdin.read, daemon=True)
    ended.start()
    print(READY, end="", flush=True)
    while ended.is_alive():
        work()


def table() -> Iterator[str]:
    """A row for each number of cores."""
    yield f"| cores | {' | '.join(NETWORKS)} | together |"
    yield "| --- " * (len(NETWORKS) + 2) + "|"
    for cores in CORES:
        threads = [wanting_threads(network, cores) for network in NETWORKS]
        yield f"| {cores} | {' | '.join(map(str, threads))} | {sum(threads)} |"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _work(sys.argv[1])
    else:
        for line in table():
            print(line, flush=True)
