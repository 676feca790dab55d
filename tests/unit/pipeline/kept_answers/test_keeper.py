"""Answers are kept for a while, in a file of their own; whatever is wrong with it is a miss."""

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.kept_answers import keeper as module
from pipeline.kept_answers.keeper import Keeper
from pipeline.kept_answers.question import ARRAY, FILE, Questions, document_of
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.settings import Settings
from tests.waiting import until

AUDIO = np.arange(1000, dtype=np.int16)
ANSWER = np.arange(12, dtype=np.float32).reshape(3, 4)


def question(audio: np.ndarray = AUDIO, leaf: str = "segmentation", **options: object):
    return Questions(leaf, "network", Options(**options), ("language",)).about(audio)


@pytest.fixture
def settings(tmp_path) -> Callable[..., Settings]:
    def make(**changes: object) -> Settings:
        folder = {"keep_answers_dir": tmp_path / "answers", "min_free_cache_mb": 0}
        return Settings(_env_file=None, **{**folder, **changes})

    return make


def opened(settings: Settings) -> Keeper:
    keeper = Keeper()
    keeper.configure(settings)
    return keeper


def keep(keeper: Keeper, asked, answer: object = ANSWER) -> None:
    """Keep an answer, and wait until it is written."""
    assert keeper.look_up(asked, asked.key()) is None
    keeper.keep(asked, asked.key(), answer)
    until(lambda: not keeper._unwritten)
    assert keeper.look_up(asked, asked.key()) is not None


def found(keeper: Keeper, asked) -> object | None:
    return keeper.look_up(asked, asked.key())


def test_an_array_is_found_again_by_another_process_of_the_machine(settings):
    keep(opened(settings()), question())
    again = found(opened(settings()), question(AUDIO.copy()))
    assert (again.dtype, again.tolist()) == (np.float32, ANSWER.tolist())
    again[0] = 7  # it is the caller's


def test_a_document_is_found_again(settings):
    said = ChunkTranscript(
        language="ru", text="как дела", avg_logprob=-0.25, compression_ratio=1, no_speech_prob=0
    )
    kind = document_of(ChunkTranscript)
    asked = Questions("whisper", "base", Options(), codec=kind).about(AUDIO)
    keeper = opened(settings())
    keep(keeper, asked, said)
    assert found(keeper, asked) == said


@pytest.mark.parametrize(
    "other",
    [
        question(AUDIO[:-1]),
        question(AUDIO.astype(np.int32)),
        question(AUDIO[::-1]),
        question(AUDIO.reshape(2, 500)),
        question(leaf="speaker_embedding"),
        question(language="de"),
        Questions("segmentation", "another network", Options(), ("language",)).about(AUDIO),
    ],
)
def test_what_the_answer_depends_on_tells_questions_apart(other):
    assert other.key() != question().key()


def test_an_option_that_does_not_matter_does_not():
    assert question(diarize=False, request_key="b").key() == question(request_key="a").key()


def test_who_does_not_want_reuse_has_no_question():
    assert question(reuse=False) is None
    assert Questions("whisper", None, Options()).about(AUDIO) is None


def test_only_their_owner_may_read_them(settings):
    before = os.umask(0)
    try:
        keeper = opened(settings())
        keep(keeper, question())
    finally:
        os.umask(before)
    folder = settings().answers_folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert FILE in files
    assert set(files.values()) == {0o600}


def test_what_is_old_is_not_found_and_leaves_the_disk(settings, monkeypatch):
    monkeypatch.setattr(module, "FORGET_SECONDS", 0.05)
    keeper = opened(settings(keep_answers_seconds=100))
    secret = np.frombuffer(b"what was said" * 1000, np.uint8)
    keep(keeper, question(), secret)
    now = time.time()
    monkeypatch.setattr("pipeline.kept_answers.store.time.time", lambda: now + 101)
    assert found(keeper, question()) is None
    folder = settings().answers_folder
    until(lambda: not any(b"was said" in path.read_bytes() for path in folder.iterdir()))


def test_zero_keeps_nothing_and_deletes_what_was_kept(settings):
    keep(opened(settings()), question())
    folder = settings().answers_folder
    keeper = opened(settings(keep_answers_seconds=0))
    assert not keeper.keeps
    assert list(folder.iterdir()) == []
    assert found(keeper, question()) is None


def test_the_file_stays_within_its_size_and_the_oldest_make_room(settings):
    limit = 1.0  # MB
    keeper = opened(settings(keep_answers_mb=limit))
    large = np.zeros(50_000, np.uint8)
    asked = [question(AUDIO + number) for number in range(60)]
    for each in asked:
        keep(keeper, each, large)
    assert (settings().answers_folder / FILE).stat().st_size <= limit * 1e6
    assert found(keeper, asked[0]) is None
    assert found(keeper, asked[-1]) is not None


def test_a_disk_without_room_keeps_nothing_and_harms_nobody(settings):
    keeper = opened(settings(min_free_cache_mb=1e9))
    asked = question()
    assert found(keeper, asked) is None
    keeper.keep(asked, asked.key(), ANSWER)
    until(keeper._answers.empty)
    assert found(keeper, asked) is None


@pytest.mark.parametrize("content", [b"this is no database" * 1000, b""])
def test_a_file_that_is_broken_is_begun_anew(settings, content, caplog, monkeypatch):
    monkeypatch.setattr(module, "MENDING_PAUSE", 0.0)
    folder = settings().answers_folder
    folder.mkdir()
    (folder / FILE).write_bytes(content)
    keeper = opened(settings())
    assert found(keeper, question()) is None

    def is_kept() -> bool:
        keeper.keep(question(), question().key(), ANSWER)
        return found(keeper, question()) is not None

    until(is_kept)
    assert len(caplog.messages) == bool(content)


def test_a_file_that_breaks_while_it_is_used_is_a_miss(settings, monkeypatch):
    monkeypatch.setattr(module, "MENDING_PAUSE", 0.0)
    keeper = opened(settings())
    keep(keeper, question())
    with sqlite3.connect(settings().answers_folder / FILE) as other:
        other.execute("DROP TABLE answers")
    assert found(keeper, question()) is None

    def is_mended() -> bool:
        keeper.keep(question(), question().key(), ANSWER)
        return found(keeper, question()) is not None

    until(is_mended)


def test_an_answer_that_cannot_be_read_is_a_miss(settings):
    keeper = opened(settings())
    keep(keeper, question())
    with sqlite3.connect(settings().answers_folder / FILE) as other:
        other.execute("UPDATE answers SET content = x'00'")
    assert found(keeper, question()) is None


def test_a_folder_that_cannot_be_had_is_a_miss(settings, tmp_path):
    (tmp_path / "file").touch()
    keeper = opened(settings(keep_answers_dir=tmp_path / "file" / "answers"))
    assert found(keeper, question()) is None


def test_many_ask_and_keep_at_once(settings):
    keepers = [opened(settings()) for _ in range(3)]

    def use(number: int) -> bool:
        keeper, asked = keepers[number % 3], question(AUDIO + number)
        keep(keeper, asked, ANSWER + number)
        return ARRAY.pack(found(keepers[0], asked)) == ARRAY.pack(ANSWER + number)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(use, range(60)))


def test_what_is_still_to_be_written_is_found(settings, monkeypatch):
    keeper, asked = opened(settings()), question()
    may_write = threading.Event()
    write = keeper._attempt
    monkeypatch.setattr(keeper, "_attempt", lambda work: (may_write.wait(60), write(work)))
    keeper.start()
    keeper.keep(asked, asked.key(), ANSWER)
    assert found(keeper, asked).tolist() == ANSWER.tolist()
    may_write.set()
    until(lambda: not keeper._unwritten)
    assert found(opened(settings()), asked).tolist() == ANSWER.tolist()


def test_more_than_can_wait_are_neither_written_nor_held(settings, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    keeper = Keeper()
    monkeypatch.setattr(keeper, "_settings", settings())  # nobody writes
    first, second = question(), question(AUDIO + 1)
    for asked in (first, second):
        keeper.keep(asked, asked.key(), ANSWER)
    assert list(keeper._unwritten) == [first.key()]


def test_what_is_under_way_for_who_has_left_is_taken_over(settings):
    keeper = opened(settings())
    go, asked = threading.Event(), []

    def call() -> np.ndarray:
        asked.append(1)
        assert go.wait(60)
        return ANSWER

    with ThreadPoolExecutor(4) as threads:
        first = keeper.answer(question(), call, threads.submit)
        until(lambda: asked)
        second = keeper.answer(question(), call, threads.submit)
        go.set()
        assert second.result(60).tolist() == first.result(60).tolist() == ANSWER.tolist()
        assert second.result() is not first.result()
    assert asked == [1]


def test_a_failure_under_way_is_not_taken_over(settings):
    keeper = opened(settings())
    go, failures = threading.Event(), [ValueError("the first one's")]

    def call() -> np.ndarray:
        assert go.wait(60)
        if failures:
            raise failures.pop()
        return ANSWER

    with ThreadPoolExecutor(4) as threads:
        first = keeper.answer(question(), call, threads.submit)
        until(first.running)
        second = keeper.answer(question(), call, threads.submit)
        go.set()
        assert second.result(60).tolist() == ANSWER.tolist()
        with pytest.raises(ValueError, match="first"):
            first.result(60)
    assert keeper._under_way == {}
