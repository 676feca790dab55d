"""Two hundred files that are damaged, mislabelled or meant to hurt: clear answers, no remains."""

import re
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.clients import multipart
from tests.hostile import hostile_files
from tests.hostile.cases import Case, Outcome
from tests.hostile.encodings import CLIP_WORDS, Encoder
from tests.hostile.strangers import no_recordings
from tests.services.adapters import adapter_beside
from tests.services.processes import arguments, descendants
from tests.services.remains import Remains, left_behind

QUERY = {"diarize": "false", "word_timestamps": "false"}
AT_ONCE = 4
UPLOAD_BYTES = 64 << 20
LONG_MINUTES = 120  # of silence, in 1.4 MB


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """A server of this machine that nobody may ask."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def cases(tmp_path_factory, sample, listener) -> list[Case]:
    folder = tmp_path_factory.mktemp("hostile")
    return list(hostile_files(folder, sample, listener.getsockname()[1]))


@pytest.fixture(scope="module")
def adapter_pid(service) -> int:
    """The process of the service's adapter."""
    (pid,) = (
        pid
        for pid in descendants(service.process.pid)
        if "adapter.app:create_app" in arguments(pid)
    )
    return pid


def send(url: str, case: Case) -> httpx.Response:
    part = multipart.file_part(case.content, case.filename, content_type=case.content_type)
    return httpx.post(
        f"{url}/asr",
        params=QUERY,
        content=multipart.body(part),
        headers=multipart.HEADERS,
        timeout=300,
    )


def transcript(response: httpx.Response) -> str:
    """The text of an answer, whose times must fit its duration."""
    answer = response.json()
    for segment in answer["segments"]:
        assert 0 <= segment["start"] <= segment["end"] <= answer["duration"] + 0.5
    return " ".join(segment["text"] for segment in answer["segments"])


def fault(case: Case, response: httpx.Response) -> str | None:
    """What is wrong with the answer to a case, or None."""
    if response.status_code == httpx.codes.OK:
        if case.outcome is Outcome.REFUSED:
            return f"not refused: {response.text}"
        text = re.sub(r"[^a-z ]", "", transcript(response).lower())
        if case.outcome is Outcome.SPEECH and CLIP_WORDS not in text:
            return f"other words: {text!r}"
        if case.outcome is Outcome.SOUND and text:
            return f"words that nobody said: {text!r}"
        return None
    if case.outcome in (Outcome.SPEECH, Outcome.SOUND):
        return f"refused: {response.text}"
    if response.status_code not in (400, 413):
        return f"status {response.status_code}: {response.text}"
    detail = response.json()["detail"]
    if not re.match(r"audio_file: .*; send ", detail) or "root:" in detail:
        return f"no clear word: {detail}"
    return None


def test_each_file_gets_a_right_answer_and_nothing_is_left(service, adapter_pid, cases, listener):
    assert len({case.name for case in cases}) == len(cases) > 100
    known = next(case for case in cases if case.outcome is Outcome.SOUND)
    assert send(service.base_url, known).status_code == httpx.codes.OK
    before = Remains.of(adapter_pid, service.triton_http, service.secret)
    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(lambda case: send(service.base_url, case), cases))
    faults = {
        case.name: wrong
        for case, answer in zip(cases, answers, strict=True)
        if (wrong := fault(case, answer))
    }
    assert faults == {}
    assert Counter(answer.is_success for answer in answers)[False] > 100
    assert left_behind(before, adapter_pid, service.triton_http, service.secret) == {}
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("stream", ["false", "true"])
def test_openais_clients_hear_of_their_file_by_its_name_there(service, stream):
    for case in no_recordings():
        response = httpx.post(
            f"{service.base_url}/v1/audio/transcriptions",
            files={"file": (case.filename, case.content)},
            data={"model": "whisper-1", "stream": stream},
            timeout=60,
        )
        assert response.status_code == 400, case.name
        error = response.json()["error"]
        assert error["param"] == "file"
        assert re.match("file: .*; send ", error["message"])


def peak(pid: int) -> int:
    """The most memory that a process has held since this was last asked, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def test_uploads_do_not_lie_in_memory(service, adapter_pid):
    upload = Case("zeros", bytes(UPLOAD_BYTES), Outcome.REFUSED)
    send(service.base_url, upload)
    peak(adapter_pid)
    before = peak(adapter_pid)
    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(lambda _: send(service.base_url, upload), range(AT_ONCE)))
    assert [answer.status_code for answer in answers] == [400] * AT_ONCE
    assert peak(adapter_pid) - before < UPLOAD_BYTES


def test_a_small_file_of_hours_is_refused_without_being_decoded(service, tmp_path):
    bomb = Case("hours", Encoder(tmp_path).silence("hours.opus", LONG_MINUTES), Outcome.REFUSED)
    assert len(bomb.content) < 2_000_000
    with adapter_beside(service.environment, tmp_path, MAX_DURATION_SECONDS="60") as adapter:
        response = send(adapter.url, bomb)
        assert response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
        assert re.match("audio_file: file too large.*60 seconds", response.json()["detail"])
