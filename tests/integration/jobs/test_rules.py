"""What holds for every job: limits, owners, other hosts, webhooks; the models do as told."""

import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from adapter.jobs import database, webhooks
from pipeline.settings import Settings
from tests.clients.jobs import Leaving
from tests.clients.metrics import Page
from tests.services.adapter_thread import running_adapter
from tests.services.outside import Outside, outside
from tests.services.ports import free_ports
from tests.services.tiny_triton import PCM, TEXT, pieces_done
from tests.speech.media import write_wav
from tests.waiting import until

LOOPBACK = "127.0.0.0/8"
TEXT_ONLY = {"diarize": "false", "word_timestamps": "false"}
OLD, NEW, OTHER = "the-old-key-of-speakr", "the-new-key-of-speakr", "a-key-of-somebody-else"


@pytest.fixture
def recording(tmp_path) -> bytes:
    write_wav(tmp_path / "tiny.wav", PCM, 16_000)
    return (tmp_path / "tiny.wav").read_bytes()


@pytest.fixture
def host() -> Iterator[Outside]:
    with outside() as host:
        yield host


@pytest.fixture
def start(tiny, tmp_path) -> Iterator[Callable[..., Leaving]]:
    """An adapter with settings of its own, and a client of it."""
    with ExitStack() as running:

        def start(headers: dict[str, str] | None = None, **changes: object) -> Leaving:
            settings = Settings(
                _env_file=None,
                triton_grpc_port=tiny.triton_grpc_port,
                **{"data_dir": tmp_path / "data", "fetch_hosts": LOOPBACK, **changes},
            )
            return Leaving(running.enter_context(running_adapter(settings)), **(headers or {}))

        yield start


def refusal(client: Leaving, **fields: object) -> str:
    answer = client.request("POST", "/transcript", json=fields)
    assert answer.status_code == 400
    return answer.json()["error"]


def test_what_is_left_here_is_this_users_own(start, recording, tmp_path):
    client = start()
    job = client.create(client.upload(recording))
    assert client.ended(job)["text"] == TEXT
    for path in (tmp_path / "data").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    (audio,) = (tmp_path / "data" / "audio").iterdir()
    assert audio.read_bytes() == recording
    client.request("DELETE", f"/transcript/{job}")
    assert not audio.exists()


def test_a_recording_of_another_host_is_fetched(start, recording, host):
    client = start()
    host.files["/a.wav"] = recording
    host.leads_to["/moved"] = f"{host.url.replace('127.0.0.1', 'localhost')}/a.wav"
    for path in ("/a.wav", "/moved"):
        assert client.ended(client.create(f"{host.url}{path}"))["text"] == TEXT
    assert host.gets == ["/a.wav", "/moved", "/a.wav"]


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/elsewhere", "FETCH_HOSTS does not allow"),
        ("/in circles", "leads elsewhere more than 5 times"),
        ("/missing", "its host has answered 404"),
        ("/large", "file too large, at most 1 MB"),
        ("/empty", "an empty file"),
        ("/no sound", "could not decode"),
    ],
)
def test_what_cannot_be_fetched_is_the_jobs_error(start, host, path, complaint):
    client = start(max_file_size_mb=1)
    host.files |= {"/large": bytes(1_200_000), "/empty": b"", "/no%20sound": b"hello " * 999}
    host.leads_to["/elsewhere"] = "http://169.254.169.254/latest"
    host.leads_to["/in%20circles"] = f"{host.url}/in%20circles"
    ended = client.ended(client.create(f"{host.url}{path.replace(' ', '%20')}"))
    assert ended["status"] == "error"
    assert complaint in ended["error"]


def test_a_host_that_never_comes_to_an_end_is_left(start, host):
    client = start(upload_timeout_seconds=1)
    host.endless.add("/endless")
    ended = client.ended(client.create(f"{host.url}/endless"))
    assert ended["status"] == "error"
    assert ended["error"] == "audio_url: it was not there within 1 seconds"


def test_hosts_that_are_not_allowed_are_refused_at_once(start, host, recording):
    client = start(fetch_hosts="media.example.org")
    assert refusal(client, audio_url=f"{host.url}/a.wav").startswith("audio_url: FETCH_HOSTS")
    audio = client.upload(recording)
    hook = f"{host.url}/hook"
    assert refusal(client, audio_url=audio, webhook_url=hook).startswith("webhook_url: FETCH_HOSTS")
    other = audio[:-1] + ("0" if audio[-1] != "0" else "1")
    assert "no such upload" in refusal(client, audio_url=other)
    assert host.gets == host.posts == []


def test_a_webhook_hears_of_the_end_with_its_header_until_it_takes_it(
    start, host, recording, monkeypatch
):
    monkeypatch.setattr(webhooks, "FIRST_PAUSE", 0.1)
    client = start()
    audio = client.upload(recording)
    secret = {"webhook_auth_header_name": "X-Secret", "webhook_auth_header_value": "of the hook"}
    host.answers = [500, 503]
    job = client.create(audio, webhook_url=f"{host.url}/hook", **secret)
    until(lambda: len(host.posts) == 3)
    assert host.told == [{"transcript_id": job, "status": "completed"}] * 3
    for path, headers, _ in host.posts:
        assert (path, headers["x-secret"]) == ("/hook", "of the hook")
        assert headers["content-type"] == "application/json"
    until(lambda: client.read(job)["webhook_status_code"] == 200)
    shown = client.request("GET", f"/transcript/{job}").text
    assert "of the hook" not in shown
    assert client.read(job)["webhook_auth"] is True
    page = Page.at(client.url + "/metrics")
    assert page.by("outcome", "asr_webhook_attempts_total") == {
        "refused": 2,
        "taken": 1,
        "unanswered": 0,
    }
    assert page.by("outcome", "asr_jobs_total")["completed"] == 1
    assert page.total("asr_jobs_in_flight") == page.total("asr_jobs_queued") == 0


def test_a_webhook_that_does_not_want_it_is_let_alone(start, host, monkeypatch):
    monkeypatch.setattr(webhooks, "FIRST_PAUSE", 0.1)
    client = start()
    host.answers = [410]
    job = client.create(client.upload(b"no sound at all"), webhook_url=f"{host.url}/hook")
    until(lambda: client.read(job)["webhook_status_code"] == 410)
    assert host.told == [{"transcript_id": job, "status": "error"}]
    time.sleep(0.5)
    assert len(host.told) == 1


def test_a_database_that_is_away_is_503_and_in_nobody_elses_way(
    start, recording, tiny, monkeypatch
):
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 1.0)
    (port,) = free_ports(1)
    client = start(database_url=f"postgresql://asr@127.0.0.1:{port}/jobs")
    for method, path, more in (
        ("POST", "/upload", {"content": recording}),
        ("GET", "/transcript", {}),
    ):
        answer = client.request(method, path, **more)
        assert answer.status_code == 503
        assert "database of the jobs does not answer" in answer.json()["error"]
        assert int(answer.headers["retry-after"]) > 0
    files = {"audio_file": ("a.wav", recording)}
    answer = httpx.post(f"{client.url}/asr", files=files, params=TEXT_ONLY)
    assert answer.status_code == 200


def test_jobs_leave_places_to_those_who_wait_at_the_line(start, recording, tiny):
    client = start(max_jobs=1, max_requests=1)
    audio = client.upload(recording)
    done = pieces_done(tiny)
    first = client.create(audio, word_boost=["pieces 6 0.5"])
    second = client.create(audio)
    until(lambda: pieces_done(tiny) > done)
    files = {"audio_file": ("a.wav", recording)}
    answer = httpx.post(f"{client.url}/asr", files=files, params=TEXT_ONLY, timeout=60)
    assert answer.json()["text"][0]["text"] == TEXT
    assert client.read(first)["status"] == "processing"
    waiting = client.read(second)
    assert (waiting["status"], waiting["progress"]) == (
        "queued",
        {"stage": "queued", "jobs_before": 0},
    )
    assert client.request("DELETE", f"/transcript/{first}").status_code == 200
    assert client.ended(second)["text"] == TEXT


def test_jobs_give_way_to_those_who_wait_at_the_line_and_end_all_the_same(
    start, recording, tmp_path
):
    client = start(max_jobs=3)
    order = tmp_path / "order"
    audio = client.upload(recording)
    *long, short = [
        client.create(audio, word_boost=[f"pieces {pieces} 0.05 {order} {name}"])
        for name, pieces in (("first", 400), ("second", 400), ("third", 20))
    ]
    until(lambda: order.exists() and len(set(order.read_text().split())) == 3)
    answer = httpx.post(
        f"{client.url}/asr",
        files={"audio_file": ("a.wav", recording)},
        params={**TEXT_ONLY, "hotwords": f"pieces 6 0.05 {order} note"},
        timeout=60,
    )
    assert answer.json()["text"][0]["text"] == TEXT
    told = order.read_text().split()
    first = told.index("note")
    assert told[first : first + 6] == ["note"] * 6, "no piece of a job was among the note's"
    for job in long:
        assert client.read(job)["status"] == "processing"
        client.request("DELETE", f"/transcript/{job}")
    assert client.ended(short)["text"] == TEXT


def test_a_job_that_takes_too_long_is_an_error(start, recording):
    client = start(job_timeout_seconds=1)
    job = client.create(client.upload(recording), word_boost=["pieces 60 0.5"])
    ended = client.ended(job)
    assert ended["status"] == "error"
    assert "JOB_TIMEOUT_SECONDS (1)" in ended["error"]


def test_a_name_keeps_its_jobs_when_its_key_changes(start, recording):
    keys = f"speakr:{OLD},speakr:{NEW},{OTHER}"
    client = start({"Authorization": OLD}, api_key=keys)
    audio = client.upload(recording)
    job = client.create(audio)
    assert client.ended(job)["text"] == TEXT
    renewed, other = (Leaving(client.url, Authorization=key) for key in (NEW, OTHER))
    assert renewed.read(job)["text"] == TEXT
    for method, path in (
        ("GET", f"/transcript/{job}"),
        ("DELETE", f"/transcript/{job}"),
        ("GET", f"/transcript/{job}/srt"),
        ("GET", f"/transcript/{job}/events"),
    ):
        answer = other.request(method, path)
        assert answer.status_code == 404
        assert job in answer.json()["error"]
    assert other.request("GET", "/transcript").json()["transcripts"] == []
    assert "no such upload" in refusal(other, audio_url=audio)
    listed = renewed.request("GET", "/transcript").json()["transcripts"]
    assert [item["id"] for item in listed] == [job]


@pytest.mark.parametrize(
    ("request_", "status", "complaint"),
    [
        (("POST", "/upload", {"content": b""}), 400, "audio: the body is empty"),
        (("POST", "/upload", {"files": {"file": b"x"}}), 400, "audio: send the file's bytes"),
        (("POST", "/upload", {"content": bytes(1_200_000)}), 413, "audio: file too large"),
        (("POST", "/transcript", {"content": b"{"}), 400, "the body: it is no JSON"),
        (("POST", "/transcript", {"content": bytes(1_200_000)}), 400, "the body: it is larger"),
        (("GET", "/transcript?limit=0", {}), 400, "limit: '0' cannot be used"),
        (("GET", "/transcript?status=done", {}), 400, "status: 'done' is none; there are queued"),
        (("GET", "/transcript?created_on=today", {}), 400, "created_on: 'today' is no day"),
        (("GET", "/transcript?before_id=%00", {}), 400, "before_id: "),
        (("GET", "/transcript/%00", {}), 404, "there is no transcript"),
        (("GET", "/transcript/x/word-search", {}), 400, "words: give words"),
        (("GET", "/nothing", {}), 404, "Not Found"),
        (("PUT", "/upload", {}), 405, "Method Not Allowed"),
    ],
)
def test_a_mistake_is_answered_in_their_shape_and_by_its_name(start, request_, status, complaint):
    method, path, more = request_
    answer = start(max_file_size_mb=1).request(method, path, **more)
    assert answer.status_code == status
    assert answer.json().keys() == {"error"}
    assert answer.json()["error"].startswith(complaint)
