"""Recordings that are worked on together: what stops one of them, and what stops all."""

import asyncio
import json

import httpx
import pytest

from client import AsyncClient, Retries, UnauthorizedError
from client.batch.board import Board
from client.batch.files import content_hash, find
from client.batch.memory import FOLDER, Entry, Memory, key_of
from client.batch.watching import listed
from client.batch.work import Wanted, Work


@pytest.fixture
def inbox(tmp_path):
    for name in ("a.wav", "b.wav", "c.wav"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_text(name, encoding="utf-8")
    return tmp_path / "in"


def work_on(inbox, answer, **wanted: object) -> Work:
    """What has become of the recordings of a service that answers like this."""

    async def run() -> Work:
        transport = httpx.MockTransport(answer)
        async with AsyncClient("http://service", retries=Retries(0), transport=transport) as client:
            asked = Wanted(("txt",), {"language": "en"}, **{"at_once": 1, **wanted})
            work = Work(client, Memory(inbox.parent / "out"), Board(), asked)
            await work.on_all(listed(list(find([inbox]))))
            return work

    return asyncio.run(run())


def refused(request: httpx.Request) -> httpx.Response:
    return httpx.Response(401, json={"error": "a key is missing"})


def test_a_key_that_is_missing_stops_all_at_the_first(inbox):
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return refused(request)

    with pytest.raises(UnauthorizedError, match="a key is missing"):
        work_on(inbox, answer)
    assert asked == ["/v2/upload"]


def test_who_watches_goes_on(inbox, capsys):
    work = work_on(inbox, refused, goes_on=True)
    assert work.tally.failed == 3
    assert capsys.readouterr().err.count("a key is missing") == 3


def test_one_that_is_refused_does_not_stop_the_others(inbox, capsys):
    (inbox / "b.wav").unlink()
    (inbox / "b.wav").symlink_to(inbox / "a.wav")

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413, json={"error": "file too large"})

    work = work_on(inbox, answer)
    assert work.tally.failed == 2  # the link is the first one again
    assert "asr: a.wav: file too large (status 413)" in capsys.readouterr().err


def test_a_job_that_the_service_has_forgotten_is_left_again(inbox):
    memory = Memory(inbox.parent / "out")
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path))
        if request.url.path == "/v2/upload":
            return httpx.Response(413, json={"error": "file too large"})
        return httpx.Response(404, json={"error": "there is no transcript"})

    for key in keys_of(inbox):
        memory.keep(key, Entry("/in", "http://service", "0-1"))
    assert work_on(inbox, answer).tally.failed == 3
    assert asked == [("GET", "/v2/transcript/0-1"), ("POST", "/v2/upload")] * 3


def test_jobs_of_another_service_are_not_asked_for_here(inbox):
    memory = Memory(inbox.parent / "out")
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(413, json={"error": "file too large"})

    for key in keys_of(inbox):
        memory.keep(key, Entry("/in", "http://another", "0-1"))
    work_on(inbox, answer)
    assert asked == ["/v2/upload"] * 3
    notes = (inbox.parent / "out" / FOLDER).glob("*.json")
    assert {json.loads(note.read_text("utf-8"))["url"] for note in notes} == {"http://another"}


def keys_of(inbox) -> list[str]:
    """Of the recordings of this folder, as they are asked for here."""
    return [key_of(content_hash(path), {"language": "en"}) for path in sorted(inbox.iterdir())]
