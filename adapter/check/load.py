"""Everything at once: what it takes of memory, and how long each stage of a recording takes."""

import io
import re
import threading
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from adapter.check.lines import Line, failed, left_out, passed
from adapter.check.target import Target
from adapter.embedded.sample import sample_recording
from pipeline import hardware

MINUTES_ON_CARDS, MINUTES_ON_CPU = 10.0, 2.0  # of the recording; two cores take half its length
SHORT_MINUTES = 0.25
AT_ONCE = 3  # recordings, with which every network is busy
LOOK_SECONDS = 0.25
ROOM = 0.95  # of a card's memory that may be taken: the next recording is another one
STAGE = re.compile(r'^asr_stage_seconds_sum\{stage="(\w+)"\} (\S+)$', re.MULTILINE)
SECONDS = 900.0


def speed(target: Target) -> Iterator[Line]:
    """Seconds of each stage of a recording that is alone."""
    minutes = MINUTES_ON_CARDS if target.device == "cuda" else MINUTES_ON_CPU
    recording = _repeated(minutes)
    before = _stages(target)
    begin = time.monotonic()
    answer = _transcribe(target, recording)
    seconds = time.monotonic() - begin
    if answer.status_code != httpx.codes.OK:
        yield failed(
            "speed",
            f"{minutes:.0f} min were answered with {answer.status_code}: {answer.text[:300]}",
            "the service's log has the rest",
        )
        return
    stages = {
        stage: round(total - before.get(stage, 0.0), 2)
        for stage, total in _stages(target).items()
        if total > before.get(stage, 0.0)
    }
    words = len(answer.json().get("word_segments", ()))
    if not words:
        yield failed("speed", "no word was heard", "see what is said of whisper above")
        return
    told = ", ".join(f"{stage} {taken:.1f}" for stage, taken in stages.items() if taken >= 0.05)
    yield passed(
        "speed",
        f"{minutes:.0f} min in {seconds:.1f} s, {60 * minutes / seconds:.0f} times real time: "
        f"{told}",
        seconds=round(seconds, 2),
        minutes=minutes,
        stages=stages,
        words=words,
    )


def memory(target: Target) -> Iterator[Line]:
    """The most that each process and each card hold while all networks are busy."""
    recording = _repeated(0.5)
    watching = _Watch(target)
    with watching, ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda _: _transcribe(target, recording), range(AT_ONCE)))
    refused = [answer for answer in answers if answer.status_code != httpx.codes.OK]
    if refused:
        yield failed(
            "memory",
            f"{len(refused)} of {AT_ONCE} recordings at once were answered with "
            f"{refused[0].status_code}: {refused[0].text[:300]}",
            "set BATCH_SIZE or MAX_LOADED_MODELS lower, or PRELOAD_MODEL=turbo",
        )
        return
    if watching.processes:
        told = ", ".join(
            f"{name} {peak / 1e9:.2f} GB" for name, peak in sorted(watching.processes.items())
        )
        yield passed("memory", told, processes=watching.processes)
    else:
        yield left_out("memory", "Triton's processes are not to be seen from here")
    for card, peak in watching.cards.items():
        told = f"{card}: {peak / hardware.GB:.1f} of {card.gigabytes:.1f} GB at the most"
        if peak > ROOM * card.memory:
            yield failed(
                "memory",
                told,
                "that leaves no room: set BATCH_SIZE lower, COMPUTE_TYPE=int8_float16 or "
                "MAX_LOADED_MODELS=1",
                peak=peak,
            )
        else:
            yield passed("memory", told, peak=peak)


def transcribe_short(target: Target) -> httpx.Response:
    """The service's answer to some seconds of two people who talk."""
    return _transcribe(target, _repeated(SHORT_MINUTES))


class _Watch:
    """Looks at processes and cards while something else happens."""

    def __init__(self, target: Target) -> None:
        self._processes = {
            instance: pid
            for instances in target.processes().values()
            for instance, pid in instances.items()
        }
        self._cards = target.settings.cards
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.processes: dict[str, int] = {}  # bytes of memory, the most there were
        self.cards: dict[hardware.Card, int] = {}

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            for name, pid in self._processes.items():
                self.processes[name] = max(self.processes.get(name, 0), _resident(pid))
            for card, used in hardware.used_memory(self._cards).items():
                self.cards[card] = max(self.cards.get(card, 0), used)


def _resident(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * 4096


def _repeated(minutes: float) -> bytes:
    """The recording that the service is shown with, again and again, in so many minutes of WAV."""
    with wave.open(str(sample_recording())) as file:
        parameters, frames = file.getparams(), file.readframes(file.getnframes())
    wanted = round(minutes * 60 * parameters.framerate) * parameters.sampwidth
    longer = io.BytesIO()
    with wave.open(longer, "wb") as file:
        file.setparams(parameters)
        file.writeframes((frames * (wanted // len(frames) + 1))[:wanted])
    return longer.getvalue()


def _transcribe(target: Target, recording: bytes) -> httpx.Response:
    files = {"audio_file": ("check.wav", recording, "audio/wav")}
    parameters = {"output": "json", "diarize": "true", "language": "en"}
    return httpx.post(
        f"{target.url}/asr",
        params=parameters,
        files=files,
        headers=target.headers,
        timeout=SECONDS,
    )


def _stages(target: Target) -> dict[str, float]:
    page = httpx.get(f"{target.url}/metrics", headers=target.headers, timeout=10).text
    return {stage: float(seconds) for stage, seconds in STAGE.findall(page)}
