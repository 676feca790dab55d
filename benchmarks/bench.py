"""What every measurement needs: recordings, the reference, our functions, the service."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg

from benchmarks.running.measure import Row, progress
from benchmarks.running.service import Service
from benchmarks.running.worker import ROOT, Worker
from pipeline.settings import Settings, read_settings
from pipeline.weights import catalog, kinds, whisper_folder
from pipeline.weights.defaults import fetch_defaults


class Bench:
    """A run of the benchmark; a context manager that leaves no process and no file behind.

    The service and the workers start when they are first asked for, and stay
    until :meth:`stop`.
    """

    def __init__(self, rounds: int, full: bool) -> None:
        self.rounds = rounds
        self.full = full
        self.rows: list[Row] = []
        self.heard: dict[str, dict] = {}  # the reference's answers, by recording
        self.curves: dict[str, dict[str, list[float]]] = {}
        self.settings: Settings = read_settings(device="cpu")
        self._closing = contextlib.ExitStack()
        self._running: dict[str, contextlib.ExitStack] = {}
        self._parts: dict[str, object] = {}
        self._loaded: dict[str, set[str]] = {}

    def __enter__(self) -> "Bench":
        self.work = Path(self._closing.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        for what, _ in fetch_defaults(self.settings):
            progress(f"weights: {what} is there")
        progress("making the networks whose weights cannot be had")
        self.wav2vec2 = self.work / "wav2vec2"
        self.community = self.work / "community"
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.running.stand_ins"]
        subprocess.run(
            [*command, self.wav2vec2, self.community], cwd=ROOT, check=True, capture_output=True
        )
        return self

    def __exit__(self, *exception: object) -> None:
        for name in list(self._running):
            self.stop(name)
        self._closing.close()

    def add(self, row: Row) -> None:
        """A line of the table; said at once."""
        self.rows.append(row)
        values = ", ".join(f"{value:.3g}" for value in row.values)
        progress(f"  {row.what}: {values} {row.unit}")

    def reference(self, *parts: str, **variables: str) -> Worker:
        """Stock WhisperX with these parts loaded: whisper, wav2vec2, ecapa, community.

        Args:
            variables: of its environment, when it is started.
        """
        tools = self.work / "tools"  # whisperx decodes with whatever ffmpeg it finds
        if not tools.is_dir():
            tools.mkdir()
            (tools / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
        environment = {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "BENCHMARK_WAV2VEC2": str(self.wav2vec2),
            "BENCHMARK_COMMUNITY": str(self.community),
            "PYANNOTE_METRICS_ENABLED": "false",
        }
        return self._worker("stock", environment | variables, parts)

    def local(self, *parts: str) -> Worker:
        """Our functions in one process with these parts loaded: whisper, diarizer, wav2vec2."""
        environment = {"ALIGNMENT_MODELS": f"en={self.wav2vec2}", "OMP_WAIT_POLICY": "PASSIVE"}
        return self._worker("local", environment, parts)

    def service(self, community: bool = False) -> Service:
        """The service; with the networks that stand in for community-1 if asked for."""
        name = "community service" if community else "service"
        if name not in self._parts:
            # Two services would take memory and cores from each other.
            self.stop("service" if community else "community service")
            progress(f"starting the {name}")
            folder = self.work / name.replace(" ", "-")
            folder.mkdir(exist_ok=True)
            environment = self._environment() | {
                "ALIGNMENT": "attention",
                "ALIGNMENT_MODELS": f"en={self.wav2vec2}",
                "REQUEST_TIMEOUT_SECONDS": "7200",
            }
            if community:
                environment["CACHE_DIR"] = str(self._community_cache())
                environment["DIARIZATION"] = "community-1"
            self._start(name, Service(folder, environment))
        return self._parts[name]

    @property
    def device(self) -> str:
        """What the group ``cards`` measures: ``cuda`` where DEVICE and the cards say so."""
        return read_settings().torch_device

    def on_device(self, model: str) -> tuple[Service, Worker]:
        """The service and the reference with this Whisper there, alone on the machine.

        Both have the networks that stand in for community-1, and the compute type that follows
        from the card.
        """
        for name in list(self._running):
            self.stop(name)
        settings = read_settings(preload_model=model)
        whisper_folder(model, settings)  # fetched for both
        shutil.rmtree(self.work / "community-cache", ignore_errors=True)
        shared = {
            "DEVICE": settings.device,
            "PRELOAD_MODEL": model,
            "BENCHMARK_WHISPER": model,
            "BENCHMARK_DEVICE": settings.torch_device,
            "BENCHMARK_COMPUTE_TYPE": settings.whisper_compute_type,
        }
        ours = {
            "ALIGNMENT_MODELS": f"en={self.wav2vec2}",
            "CACHE_DIR": str(self._community_cache()),
            "DIARIZATION": "community-1",
        }
        name = f"service with {model}"
        progress(f"starting the {name} on {settings.torch_device}")
        folder = self.work / f"service-{model}"
        folder.mkdir()
        self._start(name, Service(folder, self._environment() | shared | ours))
        reference = self.reference("whisper", "wav2vec2", "community", **shared)
        return self._parts[name], reference

    def stop(self, name: str) -> None:
        """Stop a part; it starts again when it is next asked for."""
        self._parts.pop(name, None)
        self._loaded.pop(name, None)
        running = self._running.pop(name, None)
        if running:
            progress(f"stopping {name}")
            running.close()

    def clustering(self, hours: float, stock: bool) -> dict:
        """Cluster embeddings of :mod:`benchmarks.audio.synthetic` in a process of its own."""
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.audio.synthetic", str(hours)]
        outcome = subprocess.run(
            command + ["stock"] * stock,
            cwd=ROOT,
            env={**os.environ, **self._environment()},
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        return json.loads(outcome.stdout.splitlines()[-1])

    @contextlib.contextmanager
    def only(self, *names: str) -> Iterator[None]:
        """Stop all parts but these before something that needs the whole machine."""
        for name in list(self._running):
            if name not in names:
                self.stop(name)
        yield

    def _worker(self, module: str, environment: dict[str, str], parts: tuple[str, ...]) -> Worker:
        if module not in self._parts:
            log = self.work / f"{module}.log"
            worker = Worker(f"benchmarks.running.{module}", self._environment() | environment, log)
            self._start(module, worker)
        worker = self._parts[module]
        missing = set(parts) - self._loaded.setdefault(module, set())
        if missing:
            progress(f"loading {', '.join(sorted(missing))} into {module}")
            worker.ask("load", parts=sorted(missing))
            self._loaded[module] |= missing
        return worker

    def _start(self, name: str, part: contextlib.AbstractContextManager) -> None:
        running = contextlib.ExitStack()
        self._parts[name] = running.enter_context(part)
        self._running[name] = running

    def _environment(self) -> dict[str, str]:
        """The same cores, weights and sizes for all."""
        cores = str(self.settings.cores)
        return {
            "DEVICE": "cpu",
            "CORES": cores,
            "OMP_NUM_THREADS": cores,
            "PRELOAD_MODEL": "base",
            "CACHE_DIR": str(self.settings.cache_dir),
            "HF_HUB_OFFLINE": "1",
            "HF_TOKEN": "",
            "DIARIZATION": "ungated",
        }

    def _community_cache(self) -> Path:
        """A cache folder like ours in which community-1 seems to lie."""
        cache = self.work / "community-cache"
        if not cache.is_dir():
            (cache / "weights").mkdir(parents=True)
            for entry in self.settings.cache_dir.glob("triton-*"):
                (cache / entry.name).symlink_to(entry)
            for entry in (self.settings.cache_dir / "weights").iterdir():
                if entry.is_dir() and entry.name != kinds.COMMUNITY.folder:
                    (cache / "weights" / entry.name).symlink_to(entry)
            name = catalog.COMMUNITY.replace("/", "--")
            shutil.copytree(self.community, cache / "weights" / kinds.COMMUNITY.folder / name)
        return cache
