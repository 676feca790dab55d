"""Claims and leases in a real SQLite and a real PostgreSQL, by several adapters at once."""

import asyncio
import os
import uuid
from collections import Counter
from collections.abc import Callable
from itertools import chain

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from adapter.jobs import claims, records, retention
from adapter.jobs.database import Database
from adapter.jobs.recordings import Recordings
from adapter.jobs.records import Job, Wanted
from adapter.jobs.retention import Retention, expire, forget_oldest
from adapter.jobs.schema import metadata
from documents import Transcript
from pipeline.errors import Overloaded
from pipeline.settings import Settings

TRANSCRIPT = Transcript(model="base", language="en", language_probability=1.0, duration=2.0)
FIRST, SECOND = "first adapter", "second adapter"


class Adapter:
    """Calls on a database of its own, as one adapter makes them."""

    def __init__(self, store: dict[str, str]) -> None:
        self.database = Database(Settings(_env_file=None, **store))

    def __call__(self, work: Callable, *arguments: object) -> object:
        return asyncio.run(self.database.write(lambda connection: work(connection, *arguments)))

    def add(self, owner: str = "somebody", webhook: dict | None = None) -> Job:
        request = {"audio_url": "http://service/v2/upload/1"}
        return self(records.add_job, owner, request, "{}", None, webhook)

    def find(self, job: Job) -> Job | None:
        return self(records.find_job, job.id, job.owner)


@pytest.fixture
def adapter(store):
    adapter = Adapter(store)
    yield adapter
    adapter.database.close()


@pytest.fixture
def short_leases(monkeypatch):
    monkeypatch.setattr(claims, "LEASE_SECONDS", -1.0)


def test_jobs_are_begun_in_the_order_of_their_coming_and_by_one(adapter):
    jobs = [adapter.add() for _ in range(3)]
    begun = [adapter(claims.claim, FIRST), adapter(claims.claim, SECOND)]
    assert [job.number for job in begun] == [job.number for job in jobs[:2]]
    assert {job.status for job in begun} == {"processing"}
    assert adapter(claims.claim, FIRST).number == jobs[2].number
    assert adapter(claims.claim, FIRST) is None


def test_of_many_who_ask_at_once_each_gets_another_job(store):
    adapters = [Adapter(store) for _ in range(3)]
    jobs = [adapters[0].add().number for _ in range(30)]

    async def claim_all(adapter: Adapter) -> list[int]:
        mine = []
        while job := await adapter.database.write(lambda store: claims.claim(store, FIRST)):
            mine.append(job.number)
        return mine

    async def together() -> list[list[int]]:
        return await asyncio.gather(*(claim_all(each) for each in adapters for _ in range(3)))

    assert Counter(chain(*asyncio.run(together()))) == Counter(jobs)
    for each in adapters:
        each.database.close()


def test_who_claims_waits_for_nobody_who_is_just_claiming(in_postgresql):
    first, second = Adapter(in_postgresql), Adapter(in_postgresql)
    jobs = [first.add().number for _ in range(2)]

    def claim_both(connection: Connection) -> list[int]:
        mine = claims.claim(connection, FIRST)
        return [mine.number, second(claims.claim, SECOND).number]

    assert first(claim_both) == jobs
    for each in (first, second):
        each.database.close()


def test_the_job_of_an_adapter_that_died_is_taken_over_and_ends_once(adapter, short_leases):
    job = adapter.add()
    lost = adapter(claims.claim, FIRST)
    taken = adapter(claims.claim, SECOND)
    assert (taken.number, taken.attempts) == (job.number, 2)
    assert adapter(claims.renew, FIRST, {job.number: None}) == {}
    assert not adapter(claims.complete, lost, FIRST, TRANSCRIPT.model_copy(update={"model": "x"}))
    assert not adapter(claims.fail, lost, FIRST, "not any more")
    assert not adapter(claims.release, lost, FIRST, 0.0)
    assert adapter(claims.complete, taken, SECOND, TRANSCRIPT)
    assert not adapter(claims.complete, taken, SECOND, TRANSCRIPT)
    assert adapter.find(job).status == "completed"
    assert adapter(records.result_of, job.number) == TRANSCRIPT


def test_what_is_heard_of_keeps_its_job(adapter):
    job = adapter.add()
    mine = adapter(claims.claim, FIRST)
    (spent,) = adapter(claims.renew, FIRST, {job.number: {"stage": "decoding"}}).values()
    assert spent >= 0
    assert adapter(claims.claim, SECOND) is None
    assert adapter.find(job).progress == {"stage": "decoding"}
    assert adapter(claims.complete, mine, FIRST, TRANSCRIPT)
    assert adapter.find(job).progress is None


def test_a_job_that_was_begun_three_times_is_an_error(adapter, short_leases):
    job = adapter.add(webhook={"url": "http://somewhere"})
    for attempt in (1, 2, 3):
        assert adapter(claims.give_up) == 0
        assert adapter(claims.claim, FIRST).attempts == attempt
    assert adapter(claims.give_up) == 1
    ended = adapter.find(job)
    assert ended.status == "error"
    assert "begun 3 times" in ended.error
    assert adapter(claims.claim, FIRST) is None
    assert adapter(claims.waiting_webhook, 60).id == job.id


def test_a_job_that_is_left_is_begun_again_and_counted_if_it_was_begun(adapter):
    job = adapter.add()
    for begun, attempts in ((False, 1), (True, 1), (True, 2), (True, 3)):
        mine = adapter(claims.claim, FIRST)
        assert mine.attempts == attempts
        assert adapter(claims.release, mine, FIRST, 0.0, begun)
    assert adapter.find(job).status == "error"
    later = adapter.add()
    assert adapter(claims.release, adapter(claims.claim, FIRST), FIRST, 3600.0)
    assert adapter(claims.claim, FIRST) is None
    assert adapter.find(later).status == "queued"


def test_a_webhook_is_told_by_one_at_a_time_until_it_has_answered(adapter):
    told = adapter.add(webhook={"url": "http://somewhere"})
    adapter.add()
    for _ in range(2):
        adapter(claims.complete, adapter(claims.claim, FIRST), FIRST, TRANSCRIPT)
    due = adapter(claims.waiting_webhook, 60)
    assert (due.id, due.webhook_attempts) == (told.id, 1)
    assert adapter(claims.waiting_webhook, 60) is None
    adapter(claims.told_webhook, told.number, 500, 0.0)
    assert adapter(claims.waiting_webhook, 60).webhook_attempts == 2
    adapter(claims.told_webhook, told.number, 200, None)
    assert adapter(claims.waiting_webhook, 60) is None
    assert adapter.find(told).webhook_status == 200


def test_an_owner_sees_his_own(adapter):
    job = adapter.add("speakr")
    assert adapter(records.find_job, job.id, "somebody else") is None
    assert adapter(records.list_jobs, "somebody else", Wanted()) == ([], False, False)
    assert adapter(records.delete_job, job.id, "somebody else") == (None, [])
    adapter(records.add_upload, "an upload", "speakr", 1)
    assert not adapter(records.has_upload, "an upload", "somebody else")
    assert adapter(records.has_upload, "an upload", "speakr")
    assert adapter.find(job) is not None


def test_pages_go_from_new_to_old_and_back(adapter):
    jobs = [adapter.add().id for _ in range(5)][::-1]

    def page(**wanted: object) -> tuple[list[int], bool, bool]:
        found, older, newer = adapter(records.list_jobs, "somebody", Wanted(**wanted))
        return [jobs.index(job.id) for job in found], older, newer

    assert page(limit=2) == ([0, 1], True, False)
    assert page(limit=2, before_id=jobs[1]) == ([2, 3], True, True)
    assert page(limit=2, before_id=jobs[3]) == ([4], False, True)
    assert page(limit=2, after_id=jobs[4]) == ([2, 3], True, True)
    assert page(limit=9, after_id=jobs[1]) == ([0], True, False)
    assert page(before_id=str(uuid.UUID(int=0))) == ([], False, False)
    assert page(status="completed") == ([], False, False)
    created = adapter.find(adapter(claims.claim, FIRST)).created
    assert page(created_on=(created, created + 3600))[0] == [0, 1, 2, 3, 4]
    assert page(created_on=(created + 3600, created + 7200)) == ([], False, False)


def test_a_recording_goes_with_the_last_job_that_needs_it(adapter):
    adapter(records.add_upload, "shared", "somebody", 1)
    two = [adapter(records.add_job, "somebody", {}, "{}", "shared", None) for _ in range(2)]
    assert adapter(records.delete_job, two[0].id, "somebody")[1] == []
    assert adapter(records.delete_job, two[1].id, "somebody")[1] == ["shared"]
    assert not adapter(records.has_upload, "shared", "somebody")


def test_what_is_over_is_forgotten_after_its_time(adapter):
    adapter(records.add_upload, "of the ended", "somebody", 1)
    adapter(records.add_upload, "of the waiting", "somebody", 1)
    ended = adapter(records.add_job, "somebody", {}, "{}", "of the ended", None)
    waiting = adapter(records.add_job, "somebody", {}, "{}", "of the waiting", None)
    adapter(claims.complete, adapter(claims.claim, FIRST), FIRST, TRANSCRIPT)
    assert adapter(expire, 3600.0) == []
    assert adapter.find(ended) is not None
    assert adapter(expire, -1.0) == ["of the ended"]
    assert adapter.find(ended) is None
    assert adapter(records.result_of, ended.number) is None
    assert adapter.find(waiting).status == "queued"


def test_the_disk_gets_room_from_the_oldest_recordings_of_ended_jobs(store, adapter):
    for name in ("first", "second", "of a waiting job"):
        adapter(records.add_upload, name, "somebody", 1)
        adapter(records.add_job, "somebody", {}, "{}", name, None)
    for _ in range(2):
        adapter(claims.complete, adapter(claims.claim, FIRST), FIRST, TRANSCRIPT)
    assert [adapter(forget_oldest) for _ in range(3)] == [["first"], ["second"], []]
    full = Settings(_env_file=None, **store, min_free_disk_mb=1e12)
    recordings = Recordings(full)
    recordings.folder.mkdir()
    adapter(records.add_upload, "third", "somebody", 1)
    job = adapter(records.add_job, "somebody", {}, "{}", "third", None)
    for name in ("third", "of a waiting job", "nobody's", "just arriving.part"):
        recordings.path(name).write_bytes(b"sound")
    os.utime(recordings.path("nobody's"), (0, 0))
    adapter(claims.claim, FIRST)
    adapter(claims.complete, adapter(claims.claim, FIRST), FIRST, TRANSCRIPT)
    asyncio.run(Retention(adapter.database, recordings, full).look())
    left = {path.name for path in recordings.folder.iterdir()}
    assert left == {"of a waiting job", "just arriving.part"}
    assert adapter(records.result_of, job.number) == TRANSCRIPT


def test_a_recording_that_nobody_wants_a_job_for_makes_room_after_an_hour(adapter, monkeypatch):
    adapter(records.add_upload, "unused", "somebody", 1)
    assert adapter(forget_oldest) == []
    monkeypatch.setattr(retention, "UNUSED_SECONDS", -1.0)
    assert adapter(forget_oldest) == ["unused"]


def test_a_queue_has_an_end(adapter, monkeypatch):
    monkeypatch.setattr(records, "MOST_QUEUED", 2)
    for _ in range(2):
        adapter.add()
    with pytest.raises(Overloaded, match="2 jobs are waiting already"):
        adapter.add()
    adapter.add("somebody else")


def test_the_migrations_make_what_the_schema_says(store, adapter):
    adapter.add()

    def difference(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert adapter(difference) == []


def test_tables_are_there_for_the_next_adapter_and_made_once(store):
    adapters = [Adapter(store) for _ in range(4)]

    async def together() -> list[Job]:
        return await asyncio.gather(
            *(
                each.database.write(
                    lambda connection: records.add_job(connection, "me", {}, "{}", None, None)
                )
                for each in adapters
            )
        )

    added = asyncio.run(together())
    found, _, _ = Adapter(store)(records.list_jobs, "me", Wanted())
    assert {job.id for job in found} == {job.id for job in added}
    for each in adapters:
        each.database.close()
