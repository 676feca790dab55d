"""A leaf lets the urgent pieces of others go first; in real processes."""

import multiprocessing

import pytest

from pipeline.serving.fanout import FanOut
from pipeline.serving.urgency import Precedence, Urgency, precedence_of, urgency_at
from pipeline.settings import Settings

PROCESSES = multiprocessing.get_context("fork")
SECONDS = 20  # that a process may take to get somewhere
A_WHILE = 0.3  # seconds


def _run(folder, leaf, events, patience):
    events.put("arrived")
    Precedence(folder, leaf, patience).give_way()
    events.put("runs")


def _hold(folder, leaf, events):
    Urgency(folder, leaf).enter()
    events.put("urgent")
    PROCESSES.Event().wait()


@pytest.fixture
def start():
    """Starts a function in a process that ends with the test, and waits for its first event."""
    started = []

    def start(function, *arguments):
        events = PROCESSES.Queue()
        folder, leaf, *others = arguments
        process = PROCESSES.Process(target=function, args=(folder, leaf, events, *others))
        process.start()
        started.append(process)
        events.get(timeout=SECONDS)
        return events, process

    yield start
    for process in started:
        process.kill()
        process.join()


def test_a_leaf_waits_for_the_urgent_pieces_of_another(start, tmp_path):
    urgency = Urgency(tmp_path, "whisper")
    urgency.enter()
    urgency.enter()
    batch, process = start(_run, tmp_path, "speaker_embedding", SECONDS)
    urgency.leave()
    process.join(A_WHILE)
    assert batch.empty(), "one urgent piece is still under way"
    urgency.leave()
    assert batch.get(timeout=SECONDS) == "runs"


def test_urgent_pieces_at_both_hold_up_neither(start, tmp_path):
    for leaf in ("whisper", "segmentation"):
        start(_hold, tmp_path, leaf)
    batch, _ = start(_run, tmp_path, "segmentation", SECONDS)
    assert batch.get(timeout=SECONDS) == "runs"


def test_what_a_process_that_was_killed_called_urgent_is_not(start, tmp_path):
    _, step = start(_hold, tmp_path, "whisper")
    batch, _ = start(_run, tmp_path, "segmentation", SECONDS)
    step.kill()
    assert batch.get(timeout=SECONDS) == "runs"


def test_nobody_gives_way_for_ever(start, tmp_path):
    start(_hold, tmp_path, "whisper")
    batch, _ = start(_run, tmp_path, "segmentation", A_WHILE)
    assert batch.get(timeout=SECONDS) == "runs"


def test_the_first_pieces_of_a_recording_are_urgent_until_they_are_answered(tmp_path):
    seen = Urgency(tmp_path, "whisper")
    fan_out = FanOut(1, Urgency(tmp_path, "whisper"), urgent_pieces=2)
    with fan_out.recording() as recording:
        pieces = [recording.submit(seen.elsewhere) for _ in range(3)]
        assert [piece.result(SECONDS) for piece in pieces] == [True, True, False]


def test_a_piece_that_fails_is_not_urgent_any_more(tmp_path):
    def fail():
        raise ValueError("a broken piece")

    fan_out = FanOut(1, Urgency(tmp_path, "whisper"))
    with fan_out.recording() as recording, pytest.raises(ValueError, match="broken"):
        recording.submit(fail).result(SECONDS)
    assert not Urgency(tmp_path, "whisper").elsewhere()


def test_services_with_one_cache_do_not_wait_for_each_other(tmp_path):
    own, other = (
        Settings(_env_file=None, device="cpu", cache_dir=tmp_path, triton_grpc_port=port)
        for port in (8001, 9001)
    )
    held = urgency_at("whisper", other)
    held.enter()
    assert not precedence_of("segmentation", own)._others_first()
    mine = urgency_at("whisper", own)
    mine.enter()
    assert precedence_of("segmentation", own)._others_first()
