"""Which calls are made again, after what pauses, and what they then send; of both clients."""

import asyncio
import inspect
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from client import (
    AsyncClient,
    Client,
    InvalidRequestError,
    Retries,
    ServiceError,
    TimedOutError,
    UnavailableError,
    UnreachableError,
)

MODELS = {"data": [{"id": "base", "owned_by": "Systran"}]}
UPLOAD = "http://service/v2/upload/1"
NOTHING = {"text": [], "language": None, "segments": []}


@dataclass
class Service:
    """Gives the answers in their order, the last one again and again, and keeps what was sent."""

    answers: list[httpx.Response | Exception]
    sent: list[tuple[str, str, bytes]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.method, request.url.path, request.content))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def later(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self(request)


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """How long the clients would have waited."""
    noted: list[float] = []
    monkeypatch.setattr(time, "sleep", noted.append)
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        if seconds:
            noted.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note)
    return noted


@pytest.fixture(params=["sync", "async"])
def ask(request) -> Callable[..., object]:
    """Has a client do something, and gives what comes of it."""

    def of_sync(service: Service, action: Callable, **more: object) -> object:
        def handle(given: httpx.Request) -> httpx.Response:
            given.read()
            return service(given)

        transport = httpx.MockTransport(handle)
        with Client("http://service", transport=transport, **more) as client:
            return action(client)

    def of_async(service: Service, action: Callable, **more: object) -> object:
        async def run() -> object:
            transport = httpx.MockTransport(service.later)
            async with AsyncClient("http://service", transport=transport, **more) as client:
                done = action(client)
                return await done if inspect.isawaitable(done) else done

        return asyncio.run(run())

    return of_sync if request.param == "sync" else of_async


def busy(status: int = 503, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"detail": "busy"}, headers=headers)


def longest(**more: object) -> Retries:
    """Pauses that chance does not shorten."""
    return Retries(chance=lambda: 0.0, **more)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_be_otherwise_in_a_moment_is_asked_again(ask, pauses, status):
    service = Service([busy(status), busy(status), httpx.Response(200, json=MODELS)])
    (model,) = ask(service, lambda client: client.models(), retries=longest())
    assert (model.id, model.owned_by) == ("base", "Systran")
    assert len(service.sent) == 3
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 404, 413, 500])
def test_what_will_be_the_same_is_asked_once(ask, pauses, status):
    service = Service([busy(status)])
    with pytest.raises(ServiceError, match="busy") as refused:
        ask(service, lambda client: client.models())
    assert refused.value.status == status
    assert (len(service.sent), pauses) == (1, [])


def test_the_service_says_when_to_come_again(ask, pauses):
    service = Service([busy(**{"Retry-After": "7"}), httpx.Response(200, json=MODELS)])
    ask(service, lambda client: client.models())
    assert pauses == [7.0]


def test_pauses_double_and_chance_shortens_them_by_half_at_most(ask, pauses):
    service = Service([busy()])
    with pytest.raises(UnavailableError) as refused:
        ask(service, lambda client: client.models(), retries=Retries(times=6))
    assert refused.value.detail == "busy"
    for pause, whole in zip(pauses, [0.5, 1, 2, 4, 8, 16], strict=True):
        assert whole / 2 <= pause <= whole


def test_a_connection_that_breaks_is_made_again_and_whoever_waits_is_told(ask, pauses):
    told = []
    service = Service([httpx.ReadError("reset"), httpx.Response(200, json=MODELS)])
    retries = longest(on_retry=lambda failure, pause: told.append((str(failure), pause)))
    ask(service, lambda client: client.models(), retries=retries)
    assert told == [("http://service cannot be reached: reset", 0.5)]


def test_no_pause_is_longer_than_the_time_that_is_left(ask, pauses):
    service = Service([busy(**{"Retry-After": "60"})])
    with pytest.raises(UnavailableError):
        ask(service, lambda client: client.models(), timeout=30)
    assert pauses == []


def test_without_retries_there_is_one_attempt(ask, pauses):
    service = Service([httpx.ConnectError("refused")])
    with pytest.raises(UnreachableError, match="http://service cannot be reached: refused"):
        ask(service, lambda client: client.models(), retries=Retries(times=0))
    assert len(service.sent) == 1


def test_health_is_how_it_is_now(ask, pauses):
    service = Service([httpx.Response(503, json={"status": "unhealthy", "detail": "no Triton"})])
    with pytest.raises(UnavailableError, match="no Triton"):
        ask(service, lambda client: client.health())
    assert len(service.sent) == 1


@pytest.mark.parametrize("kind", ["path", "file", "bytes"])
def test_every_attempt_sends_the_whole_recording(ask, pauses, tmp_path, kind):
    content = bytes(range(256)) * 4096  # a megabyte
    (tmp_path / "talk.wav").write_bytes(content)
    file = io.BytesIO(b"before it" + content)
    file.seek(9)
    recording = {"path": tmp_path / "talk.wav", "file": file, "bytes": content}[kind]
    service = Service([busy(), httpx.Response(200, json=NOTHING)])
    transcript = ask(service, lambda client: client.transcribe(recording))
    assert transcript.segments == []
    bodies = [sent for _, _, sent in service.sent]
    assert len(bodies) == 2
    assert all(content + b"\r\n--" in body for body in bodies)
    assert all(b"before it" not in body for body in bodies)


def test_a_recording_is_read_in_blocks_while_it_is_sent(ask):
    class Blocks(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= 1 << 20
            return super().read(size)

    sent = []
    file = Blocks(bytes(3 << 20))
    service = Service([httpx.Response(200, json=NOTHING)])
    ask(service, lambda client: client.transcribe(file, on_sent=lambda *told: sent.append(told)))
    assert len(sent) >= 12
    assert sent[-1][0] == sent[-1][1] > 3 << 20


def test_a_job_whose_answer_was_lost_is_not_made_twice(ask, pauses):
    found = {"transcripts": [{"id": "0-1", "status": "processing", "audio_url": UPLOAD}]}
    service = Service(
        [
            httpx.Response(200, json={"upload_url": UPLOAD}),
            httpx.ReadTimeout("lost"),
            httpx.Response(200, json=found),
        ]
    )
    job = ask(service, lambda client: client.jobs.submit(b"RIFF", language="en"))
    assert (job.id, job.status) == ("0-1", "processing")
    assert [sent[:2] for sent in service.sent] == [
        ("POST", "/v2/upload"),
        ("POST", "/v2/transcript"),
        ("GET", "/v2/transcript"),
    ]


def test_a_job_that_was_never_made_is_made(ask, pauses):
    service = Service(
        [
            httpx.Response(200, json={"upload_url": UPLOAD}),
            httpx.ReadError("lost"),
            httpx.Response(200, json={"transcripts": []}),
            httpx.Response(200, json={"id": "0-2", "status": "queued"}),
        ]
    )
    assert ask(service, lambda client: client.jobs.submit(b"RIFF")).id == "0-2"
    assert [sent[0] for sent in service.sent] == ["POST", "POST", "GET", "POST"]


def test_a_job_is_not_tried_for_ever(ask, pauses):
    nothing = httpx.Response(200, json={"transcripts": []})
    lost = [httpx.ReadError("lost"), nothing]
    service = Service([httpx.Response(200, json={"upload_url": UPLOAD}), *lost, *lost, *lost])
    with pytest.raises(UnreachableError, match="lost"):
        ask(service, lambda client: client.jobs.submit(b"RIFF"))
    assert [sent[0] for sent in service.sent] == ["POST", *["POST", "GET"] * 3]


def test_a_job_is_not_asked_for_what_it_cannot_do(ask):
    service = Service([busy()])
    with pytest.raises(TypeError, match="beam_size"):
        ask(service, lambda client: client.jobs.submit(b"RIFF", beam_size=3))
    assert service.sent == []


def events(*told: str) -> httpx.Response:
    """An answer of server-sent events, which then ends."""
    return httpx.Response(200, content="".join(f"{event}\n\n" for event in told).encode())


class Breaking(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An event, and then no more of the connection."""

    def __init__(self, event: str) -> None:
        self._event = f"{event}\n\n".encode()

    def __iter__(self):
        yield self._event
        raise httpx.ReadError("reset")

    async def __aiter__(self):
        yield self._event
        raise httpx.ReadError("reset")


def all_of(steps: object) -> object:
    """What an iterator of either kind gives, as a list or as what gives one."""

    async def later() -> list:
        return [step async for step in steps]

    return later() if hasattr(steps, "__aiter__") else list(steps)


def test_a_job_is_followed_again_when_the_connection_breaks(ask, pauses):
    service = Service(
        [
            events('event: progress\ndata: {"stage": "queued", "jobs_before": 2}'),
            busy(),
            httpx.ReadError("reset"),
            events(
                'event: progress\ndata: {"stage": "decode"}',
                'event: end\ndata: {"id": "0-1", "status": "completed"}',
            ),
        ]
    )
    steps = ask(service, lambda client: all_of(client.jobs.follow("0-1")), retries=longest())
    assert [step.stage or step.status for step in steps] == ["queued", "decode", "completed"]
    assert {sent[:2] for sent in service.sent} == {("GET", "/v2/transcript/0-1/events")}
    assert pauses == [0.5, 0.5, 1.0]


def test_a_text_that_has_begun_is_not_told_twice(ask, pauses):
    delta = 'event: transcript.text.delta\ndata: {"type": "transcript.text.delta", "delta": "a"}'
    failed = 'event: error\ndata: {"type": "error", "error": {"message": "Triton is away"}}'
    service = Service([busy(), events(delta, failed)])
    with pytest.raises(ServiceError, match="Triton is away"):
        ask(service, lambda client: all_of(client.stream(b"RIFF")))
    assert len(service.sent) == 2
    assert b'name="stream"\r\n\r\ntrue' in service.sent[1][2]
    broken = Service([httpx.Response(200, stream=Breaking(delta))])
    with pytest.raises(UnreachableError, match="reset"):
        ask(broken, lambda client: all_of(client.stream(b"RIFF")))
    assert len(broken.sent) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(400, InvalidRequestError), (504, TimedOutError), (503, UnavailableError)]
)
def test_errors_have_a_type_and_say_what_the_service_says(ask, status, kind):
    shapes = [{"detail": "no"}, {"error": "no"}, {"error": {"message": "no", "code": 1}}]
    for shape in shapes:
        service = Service([httpx.Response(status, json=shape)])
        with pytest.raises(kind) as refused:
            ask(service, lambda client: client.models(), retries=Retries(times=0))
        assert (refused.value.status, refused.value.detail) == (status, "no")
