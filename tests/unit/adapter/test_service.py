"""Work that ends when its client hangs up, at its deadline, or where there is no room for it."""

import asyncio
import contextlib
import os
import tempfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from adapter.errors import ClientGone
from adapter.intake import recording as recordings
from adapter.intake.recording import Recording
from adapter.intake.uploads import Upload
from adapter.service import Service, unless_gone
from adapter.waiting.patience import Patience
from documents import Transcript
from pipeline.errors import DeadlineExceeded, Overloaded
from pipeline.options import Options
from pipeline.settings import Settings
from tests.clients.decoders import script
from tests.speech.media import TONE_SECONDS
from tests.waiting import until


def request_that_ends(hang_up: asyncio.Event) -> Request:
    async def receive() -> dict:
        await hang_up.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": []}, receive)


def test_a_client_that_hangs_up_ends_the_work_and_lets_it_clean_up():
    cleaned = []

    async def run() -> None:
        hang_up, started = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            started.set()
            try:
                await asyncio.sleep(600)
            finally:
                await asyncio.sleep(0.01)
                cleaned.append(True)

        answer = asyncio.create_task(unless_gone(request_that_ends(hang_up), work()))
        await started.wait()
        hang_up.set()
        with pytest.raises(ClientGone):
            await answer

    asyncio.run(run())
    assert cleaned == [True]


def test_work_that_ends_first_gives_its_result_or_failure():
    async def run() -> None:
        async def right() -> int:
            return 1

        async def wrong() -> int:
            raise ValueError("no")

        request = request_that_ends(asyncio.Event())
        assert await unless_gone(request, right()) == 1
        with pytest.raises(ValueError, match="no"):
            await unless_gone(request, wrong())

    asyncio.run(run())


@pytest.fixture
def upload(media, tmp_path):
    """Uploads of a file, each a copy: decoding empties it."""
    with contextlib.ExitStack() as kept:

        def make(path=media / "tone.wav") -> Upload:
            file = kept.enter_context(tempfile.TemporaryFile())
            file.write(path.read_bytes())
            file.flush()
            return Upload(file.fileno(), path.name, {})

        yield make


def service(engine: object, **settings: object) -> Service:
    return Service(Settings(_env_file=None, **settings), engine)


TRANSCRIPT = Transcript(model="base", language_probability=1, duration=TONE_SECONDS)


class Graph:
    """What is asked of an engine, whose graph answers after so many seconds."""

    shares_memory = False

    def __init__(self, seconds: float = 0) -> None:
        self._seconds = seconds
        self.left: list[float] = []

    async def transcribe(
        self,
        recording: Recording,
        options: Options,
        output: str,
        on_segment: object,
        patience: Patience,
    ) -> Transcript:
        self.left.append(options.remaining())
        await asyncio.sleep(self._seconds)
        options.check_deadline()
        return TRANSCRIPT


def test_the_time_for_a_recording_grows_with_its_length(upload):
    graph = Graph()
    limits = {"request_timeout_seconds": 1000, "request_timeout_per_audio_second": 100}
    answer = service(graph, **limits).transcribe(upload(), Options(reuse=False), "WORDS")
    assert asyncio.run(answer) is TRANSCRIPT
    (left,) = graph.left
    # Decoding has taken a moment of it.
    assert 990 + 100 * TONE_SECONDS < left < 1001 + 100 * TONE_SECONDS


def test_a_deadline_tells_how_long_it_was(upload):
    limits = {"request_timeout_seconds": 0.5, "request_timeout_per_audio_second": 0.01}
    answer = service(Graph(seconds=1), **limits).transcribe(upload(), Options(), "WORDS")
    with pytest.raises(DeadlineExceeded, match=r"not finished within 0.6 seconds"):
        asyncio.run(answer)


def test_a_recording_of_which_nothing_is_known_yet_has_the_time_of_any(upload, tmp_path):
    answer = "case $2 in -protocols) echo fd; exit;; esac"
    stuck = script(tmp_path / "ffmpeg", f"{answer}\nexec sleep 600")
    limits = {"request_timeout_seconds": 0.2, "ffmpeg": str(stuck)}
    with pytest.raises(DeadlineExceeded, match=r"within 0.2 seconds"):
        asyncio.run(service(Graph(), **limits).transcribe(upload(), Options(), "WORDS"))


MEGABYTE = 1 << 20
ROOM = 16 * MEGABYTE
AT_ONCE = 10


def size_of(path: Path) -> int:
    """Bytes of a file; none if another thread has just taken it away."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


@pytest.fixture
def little_room(tmp_path, monkeypatch):
    """16 MB of shared memory, and a decoder of 2 MB each that waits until ten are at work."""
    folder = tmp_path / "shm"
    folder.mkdir()
    least = [ROOM]

    def free_bytes(fd: int) -> int:
        if os.readlink(f"/proc/self/fd/{fd}").startswith(str(folder)):
            free = ROOM - sum(map(size_of, folder.iterdir()))
            least[0] = min(least[0], free)
            return free
        return 100 * MEGABYTE

    monkeypatch.setattr(recordings, "SHARED_MEMORY", folder)
    monkeypatch.setattr(recordings, "free_bytes", free_bytes)
    decoder = script(
        tmp_path / "ffmpeg",
        "case $2 in -protocols) echo fd; exit;; esac\n"
        f"cd {tmp_path}; touch begun.$$\n"
        f"until [ $(ls begun.* | wc -l) -ge {AT_ONCE} ]; do sleep 0.02; done\n"
        f"exec head -c {2 * MEGABYTE} /dev/zero",
    )
    return SimpleNamespace(decoder=str(decoder), least=least, folder=folder)


async def decode_at_once(service: Service, uploads: list[Upload]) -> Counter[str]:
    """Decode them all, keep them until the last one is through, and say where they went."""
    async with contextlib.AsyncExitStack() as kept:
        decoding = [service.decoders.decode(upload, kept) for upload in uploads]
        found = await asyncio.gather(*decoding, return_exceptions=True)
        for failure in found:
            assert isinstance(failure, Recording | Overloaded), failure
        return Counter(
            "refused" if isinstance(each, Overloaded) else "shared" if each.key else "disk"
            for each in found
        )


@pytest.mark.parametrize("disk_has_room", [False, True])
def test_ten_at_once_with_little_shared_memory_do_not_fill_it(little_room, upload, disk_has_room):
    reserve = 0 if disk_has_room else 1000  # of 100 MB
    settings = {"ffmpeg": little_room.decoder, "cores": AT_ONCE, "min_free_disk_mb": reserve}
    decoder = service(SimpleNamespace(shares_memory=True), **settings)
    went = asyncio.run(decode_at_once(decoder, [upload() for _ in range(AT_ONCE)]))
    # Each has three copies in the graph. None may be there, if all come to an end at once.
    assert went["shared"] <= ROOM // (4 * 2 * MEGABYTE)
    assert went["disk" if disk_has_room else "refused"] == AT_ONCE - went["shared"]
    assert little_room.least[0] > 0
    assert not list(little_room.folder.iterdir())


def test_one_alone_has_its_room_in_shared_memory(little_room, upload):
    for number in range(AT_ONCE):
        (little_room.folder.parent / f"begun.of another {number}").touch()
    decoder = service(SimpleNamespace(shares_memory=True), ffmpeg=little_room.decoder)
    assert asyncio.run(decode_at_once(decoder, [upload()])) == {"shared": 1}


def test_jobs_that_are_decoded_keep_nobody_else_from_a_decoder(upload, tmp_path):
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    decoder = script(
        tmp_path / "ffmpeg",
        "case $2 in -protocols) echo fd; exit;; esac\n"
        f"echo >> {begun}; until [ -e {gate} ]; do sleep 0.02; done\n"
        "exec head -c 32000 /dev/zero",
    )
    decoders = service(SimpleNamespace(shares_memory=False), ffmpeg=str(decoder), cores=1).decoders

    async def use() -> None:
        async with contextlib.AsyncExitStack() as kept:
            jobs, others = (
                [asyncio.create_task(decoders.voices(upload(), kept, job)) for _ in range(2)]
                for job in (True, False)
            )
            await asyncio.to_thread(
                until, lambda: begun.exists() and len(begun.read_text().splitlines()) == 2
            )
            await asyncio.sleep(0.1)
            assert len(begun.read_text().splitlines()) == 2, "one of each kind"
            gate.touch()
            for task in (*jobs, *others):
                (voice,) = (await task).values()
                assert voice.recording.duration == 1.0

    asyncio.run(use())
