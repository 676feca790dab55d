"""A recording that is in flight already is not worked on twice; the models do as told."""

import contextlib
import io
import json
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from pipeline.settings import Settings
from tests.clients.jobs import Leaving
from tests.services.adapter_thread import running_adapter
from tests.services.tiny_triton import PCM, TEXT, pieces_done
from tests.waiting import until

SECONDS = 120
TEXT_ONLY = {"diarize": "false", "word_timestamps": "false"}


def wav(channels: np.ndarray) -> bytes:
    """INT16 [N, channels] at 16 kHz as a file."""
    with io.BytesIO() as file:
        with wave.open(file, "wb") as written:
            written.setparams((channels.shape[1], 2, 16_000, 0, "NONE", ""))
            written.writeframes(np.ascontiguousarray(channels).tobytes())
        return file.getvalue()


ONE = wav(PCM[:, None])
TWO = wav(np.stack([PCM, PCM[::-1] // 2], axis=1))


@pytest.fixture
def url(tiny, tmp_path) -> Iterator[str]:
    """An adapter before the Triton of the session."""
    settings = Settings(
        _env_file=None, triton_grpc_port=tiny.triton_grpc_port, data_dir=tmp_path / "data"
    )
    with running_adapter(settings) as url:
        yield url


@pytest.fixture
def pieces(tiny) -> Callable[[], int]:
    """How many the leaf has answered since the test began."""
    before = pieces_done(tiny)
    return lambda: pieces_done(tiny) - before


@pytest.fixture
def post(url) -> Iterator[Callable[..., "Future[httpx.Response]"]]:
    """Has a recording transcribed beside what the test does."""
    with ThreadPoolExecutor(4) as clients:

        def post(name: str, recording: bytes, command: str, **query: str) -> Future:
            return clients.submit(
                httpx.post,
                f"{url}/asr",
                params={"hotwords": command, **query},
                files={"audio_file": ("a.wav", recording)},
                headers={"X-Request-ID": name},
                timeout=SECONDS,
            )

        yield post


def is_at_work(url: str, name: str) -> bool:
    """Whether the graph has this request, as whoever follows it is told."""
    answer = httpx.get(f"{url}/progress/{name}", timeout=SECONDS)
    return answer.status_code == 200 and answer.json()["stage"] == "transcription"


@pytest.mark.parametrize(
    ("recording", "query", "voices"),
    [(ONE, TEXT_ONLY, 1), (TWO, {"channels": "split"}, 2)],
    ids=["one voice", "two channels"],
)
def test_it_is_worked_on_once_and_told_to_both(
    url, post, pieces, tmp_path, recording, query, voices
):
    """Each of them is told how far it is."""
    gate = tmp_path / "gate"
    answers = []
    for name in ("begins", "joins"):
        answers.append(post(name, recording, f"until {gate}", **query))
        until(lambda name=name: is_at_work(url, name))
    gate.touch()
    first, second = (answer.result().json() for answer in answers)
    assert TEXT in {segment["text"] for segment in first["segments"]}
    assert len(first["segments"]) == voices
    assert second["segments"] == first["segments"]
    assert pieces() == voices


def test_a_job_joins_who_waits_but_nobody_who_waits_joins_a_job(url, post, pieces, tmp_path):
    jobs = Leaving(url)
    audio = jobs.upload(ONE)
    for number, begins in enumerate(("job", "request")):
        gate = tmp_path / begins
        # With the same options as the job's, of which nothing is told but that.
        asked = {"diarize": "false", "word_timestamps": "true"}
        waiting: list[Future] = []
        if begins == "request":
            waiting.append(post("waits", ONE, f"until {gate}", **asked))
            until(lambda: is_at_work(url, "waits"))
        job = jobs.create(audio, word_boost=[f"until {gate}"])
        until(lambda job=job: jobs.read(job).get("progress", {}).get("stage") == "transcription")
        if begins == "job":
            waiting.append(post("waits", ONE, f"until {gate}", **asked))
            until(lambda: is_at_work(url, "waits"))
        gate.touch()
        assert waiting[0].result().json()["segments"][0]["text"] == TEXT
        assert jobs.ended(job)["text"] == TEXT
        assert pieces() == (2, 3)[number], begins


@contextlib.contextmanager
def stream(url: str, command: str) -> Iterator[Iterator[str]]:
    """What is said of a recording, part by part; leaving it hangs up."""
    with httpx.stream(
        "POST",
        f"{url}/v1/audio/transcriptions",
        data={"model": "whisper-1", "stream": "true", "hotwords": command},
        files={"file": ("a.wav", ONE)},
        timeout=SECONDS,
    ) as answer:
        lines = (json.loads(line[6:]) for line in answer.iter_lines() if line[:5] == "data:")
        yield (event["delta"].strip() for event in lines)


def test_a_stream_that_comes_late_hears_it_all_and_goes_on_when_the_first_has_left(
    url, pieces, tmp_path
):
    left = tmp_path / "left"
    with contextlib.ExitStack() as leaves:
        early = leaves.enter_context(stream(url, f"talks until left {left}"))
        for number in range(20):
            assert next(early) == f"{number} {TEXT}"
        with stream(url, f"talks until left {left}") as late:
            assert next(late) == f"0 {TEXT}"
            leaves.close()
            for number in range(1, 60):
                assert next(late) == f"{number} {TEXT}"
            assert not left.exists()
    until(lambda: left.exists() and left.read_text())
    told = int(left.read_text())
    assert 60 <= told < 1000
    assert pieces() - told in (0, 1), "one stream at work for both"
