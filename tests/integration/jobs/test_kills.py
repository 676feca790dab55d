"""Whatever is killed while a job waits or is worked on, it ends once, and its webhook hears of it.

Triton is a real one with models that do what ``word_boost`` tells them.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.clients.jobs import Leaving
from tests.services.adapters import RunningAdapter, adapter_beside
from tests.services.outside import Outside, outside
from tests.services.ports import free_ports
from tests.services.tiny_triton import PCM, TEXT, pieces_done, tiny_triton
from tests.speech.media import write_wav
from tests.waiting import until

SLOW = ["pieces 4 0.5"]  # what the tiny graph does for two seconds
Start = Callable[[], RunningAdapter]


@pytest.fixture
def recording(tmp_path) -> bytes:
    write_wav(tmp_path / "tiny.wav", PCM, 16_000)
    return (tmp_path / "tiny.wav").read_bytes()


@pytest.fixture
def host() -> Iterator[Outside]:
    with outside() as host:
        yield host


@contextmanager
def starting(settings, tmp_path, store: dict[str, str]) -> Iterator[Start]:
    """A way to start adapters of one store before a Triton."""
    variables = {name.upper(): value for name, value in store.items()}
    variables |= {
        "FETCH_HOSTS": "127.0.0.0/8",
        "TRITON_GRPC_PORT": str(settings.triton_grpc_port),
        "TRITON_HTTP_PORT": str(settings.triton_http_port),
    }
    with ExitStack() as running:
        count = iter(range(9))

        def start() -> RunningAdapter:
            folder = tmp_path / f"adapter {next(count)}"
            folder.mkdir()
            return running.enter_context(adapter_beside(os.environ, folder, **variables))

        yield start


def test_an_adapter_that_is_killed_leaves_its_jobs_to_another(
    tiny, in_postgresql, tmp_path, recording, host
):
    with starting(tiny, tmp_path, in_postgresql) as start:
        first, second = start(), Leaving(start().url)
        client = Leaving(first.url)
        done = pieces_done(tiny)
        audio = client.upload(recording)
        hook = {"webhook_url": f"{host.url}/hook"}
        job = client.create(audio, word_boost=SLOW, **hook)
        others = [client.create(audio, **hook) for _ in range(5)]
        until(lambda: pieces_done(tiny) > done)
        first.process.kill()
        for each in (job, *others):
            ended = second.ended(each)
            assert (ended["status"], ended["text"]) == ("completed", TEXT)
        until(lambda: {told["transcript_id"] for told in host.told} == {job, *others})
        assert {told["status"] for told in host.told} == {"completed"}


@pytest.mark.long
def test_an_adapter_that_is_asked_to_stop_leaves_its_jobs_at_once(
    tiny, in_sqlite, tmp_path, recording
):
    with starting(tiny, tmp_path, in_sqlite) as start:
        first = start()
        client = Leaving(first.url)
        job = client.create(client.upload(recording), word_boost=SLOW)
        client.wait_for(job, "processing")
        first.process.terminate()
        first.process.wait(20)
        again = Leaving(start().url)
        assert again.ended(job)["text"] == TEXT


@pytest.mark.long
@pytest.mark.parametrize("command", ["leaf dies once", "step dies once"])
def test_a_model_that_dies_ends_no_job(tiny, in_sqlite, tmp_path, recording, command):
    with starting(tiny, tmp_path, in_sqlite) as start:
        client = Leaving(start().url)
        file = tmp_path / "died"
        job = client.create(client.upload(recording), word_boost=[f"{command} {file}"])
        assert client.ended(job)["text"] == TEXT
        assert file.exists()


@pytest.mark.long
def test_a_recording_that_kills_whatever_hears_it_is_an_error_and_no_endless_loop(
    tiny, in_sqlite, tmp_path, recording
):
    with starting(tiny, tmp_path, in_sqlite) as start:
        client = Leaving(start().url)
        job = client.create(client.upload(recording), word_boost=["leaf dies"])
        ended = client.ended(job)
        assert ended["status"] == "error"
        assert "begun 3 times" in ended["error"]


@pytest.mark.parametrize(
    "both",
    [pytest.param(False, marks=pytest.mark.long, id="triton"), pytest.param(True, id="both")],
)
def test_a_triton_that_is_killed_is_waited_for(in_sqlite, tmp_path, recording, both):
    ports = free_ports(3)
    with ExitStack() as stack:
        first = stack.enter_context(ExitStack())
        settings = first.enter_context(tiny_triton(tmp_path / "first", ports=ports))
        start = stack.enter_context(starting(settings, tmp_path, in_sqlite))
        adapter = start()
        client = Leaving(adapter.url)
        done = pieces_done(settings)
        job = client.create(client.upload(recording), word_boost=SLOW)
        until(lambda: pieces_done(settings) > done)
        if both:
            adapter.process.kill()
        first.close()  # by SIGKILL
        if both:
            client = Leaving(start().url)
        assert client.read(job)["status"] == "processing"
        stack.enter_context(tiny_triton(tmp_path / "second", ports=ports))
        assert client.ended(job)["text"] == TEXT


@pytest.mark.long
def test_whenever_an_adapter_is_killed_each_job_ends_once(tiny, store, tmp_path, recording, host):
    """While its jobs wait, are worked on, end, and their webhooks are told."""
    asked = {"word_boost": ["pieces 2 0.2"], "webhook_url": f"{host.url}/hook"}
    left = []
    with starting(tiny, tmp_path, store) as start:
        adapter = start()
        for seconds in (0.0, 0.3, 0.8, 1.6):
            client = Leaving(adapter.url)
            audio = client.upload(recording)
            jobs = [client.create(audio, **asked) for _ in range(3)]
            time.sleep(seconds)
            adapter.process.kill()
            adapter = start()
            client = Leaving(adapter.url)
            for job in jobs:
                ended = client.ended(job)
                assert (ended["status"], ended["text"]) == ("completed", TEXT), ended["error"]
            left.extend(jobs)
            until(lambda: {told["transcript_id"] for told in host.told} == set(left))
        assert {told["status"] for told in host.told} == {"completed"}
