"""Recordings take turns, and what fails or is dropped stays its own."""

import contextlib
import threading
import time

import pytest

from pipeline.serving.fanout import BEYOND_WINDOW, PIECES_BEFORE, URGENT_IN_A_ROW, FanOut


class Leaf:
    """Pieces that end when the test says so, in the order in which they were sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._arrived = threading.Condition()
        self._gates: dict[str, threading.Event] = {}

    def piece(self, name: str):
        self._gates[name] = threading.Event()

        def call() -> str:
            with self._arrived:
                self.sent.append(name)
                self._arrived.notify_all()
            # Longer than anything waits for it: a piece that gave up would let others go.
            assert self._gates[name].wait(20)
            return name

        return call

    def wait_for(self, count: int) -> set[str]:
        """What has been sent, once it is so many pieces."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.sent) >= count, 10), self.sent
            return set(self.sent)

    def finish(self, *names: str) -> None:
        for name in names:
            self._gates[name].set()


class Urgency:
    """How many urgent pieces are under way."""

    def __init__(self) -> None:
        self.pieces = 0

    def enter(self) -> None:
        self.pieces += 1

    def leave(self) -> None:
        self.pieces -= 1


def test_a_long_recording_fills_the_window_and_no_more():
    leaf, fan_out = Leaf(), FanOut(window=3)
    with fan_out.recording() as long:
        futures = [long.submit(leaf.piece(f"long {n}")) for n in range(5)]
        assert leaf.wait_for(3) == {"long 0", "long 1", "long 2"}
        leaf.finish("long 1")
        assert leaf.wait_for(4) == {"long 0", "long 1", "long 2", "long 3"}
        leaf.finish(*(f"long {n}" for n in range(5)))
        assert [future.result(10) for future in futures] == [f"long {n}" for n in range(5)]


def test_a_new_recording_is_sent_at_once_however_full_the_window_is():
    leaf, fan_out = Leaf(), FanOut(window=2)
    with fan_out.recording() as long, fan_out.recording() as short:
        for n in range(6):
            long.submit(leaf.piece(f"long {n}"))
        leaf.wait_for(2)
        first = short.submit(leaf.piece("short 0"))
        second = short.submit(leaf.piece("short 1"))
        assert leaf.wait_for(3) == {"long 0", "long 1", "short 0"}
        leaf.finish("short 0")
        assert first.result(10) == "short 0"
        assert "short 1" in leaf.wait_for(4)
        leaf.finish("short 1", *(f"long {n}" for n in range(6)))
        second.result(10)


def test_few_are_under_way_however_many_recordings_there_are():
    """Those that leave while they wait cost the leaf nothing."""
    leaf, fan_out = Leaf(), FanOut(window=2)
    most = 2 + BEYOND_WINDOW
    with contextlib.ExitStack() as kept:
        for n in range(most):
            kept.enter_context(fan_out.recording()).submit(leaf.piece(f"early {n}"))
        leaf.wait_for(most)
        with fan_out.recording() as leaver:
            gone = leaver.submit(leaf.piece("gone"))
        late = kept.enter_context(fan_out.recording()).submit(leaf.piece("late"))
        assert len(leaf.sent) == most
        leaf.finish("early 3")
        assert leaf.wait_for(most + 1) == {*(f"early {n}" for n in range(most)), "late"}
        leaf.finish("late", *(f"early {n}" for n in range(most)))
        assert late.result(10) == "late"
        assert gone.cancelled()


def test_recordings_take_turns():
    leaf, fan_out = Leaf(), FanOut(window=2)
    with fan_out.recording() as one, fan_out.recording() as two:
        futures = [one.submit(leaf.piece(f"one {n}")) for n in range(4)]
        futures += [two.submit(leaf.piece(f"two {n}")) for n in range(4)]
        # Three are under way: two fill the window, and each recording may have one.
        assert leaf.wait_for(3) == {"one 0", "one 1", "two 0"}
        leaf.finish("one 0", "one 1")
        for count, piece in enumerate(("two 0", "one 2", "two 1", "one 3"), start=4):
            leaf.wait_for(count)
            leaf.finish(piece)
        leaf.wait_for(8)
        leaf.finish("two 2", "two 3")
        for future in futures:
            future.result(10)
    assert leaf.sent[3:] == ["one 2", "two 1", "one 3", "two 2", "two 3"]


def test_a_failure_reaches_its_own_caller_only():
    fan_out = FanOut(window=2)

    def fail() -> None:
        raise ValueError("this piece")

    with fan_out.recording() as bad, fan_out.recording() as good:
        failed, fine = bad.submit(fail), good.submit(lambda: "fine")
        assert fine.result(10) == "fine"
        with pytest.raises(ValueError, match="this piece"):
            failed.result(10)


def test_leaving_a_recording_drops_what_was_not_sent():
    leaf, fan_out = Leaf(), FanOut(window=1)
    with fan_out.recording() as other:
        other.submit(leaf.piece("other 0"))
        leaf.wait_for(1)
        with fan_out.recording() as dropped:
            dropped.submit(leaf.piece("dropped 0"))
            dropped.submit(leaf.piece("dropped 1"))
            leaf.wait_for(2)
        last = other.submit(leaf.piece("other 1"))
        leaf.finish("other 0", "other 1", "dropped 0")
        assert last.result(10) == "other 1"
    assert "dropped 1" not in leaf.sent


def test_first_pieces_go_without_later_ones_of_others():
    leaf, urgency = Leaf(), Urgency()
    fan_out = FanOut(2, urgency)
    with fan_out.recording() as long, fan_out.recording() as note:
        later = [long.submit(leaf.piece(f"long {n}")) for n in range(4)]
        assert leaf.wait_for(2) == {"long 0", "long 1"}
        leaf.finish("long 0")
        assert "long 2" in leaf.wait_for(3)
        assert urgency.pieces == 0
        first = note.submit(leaf.piece("note 0"))
        leaf.wait_for(4)
        assert urgency.pieces == 1
        leaf.finish("long 1", "long 2")
        assert [later[n].result(10) for n in (1, 2)] == ["long 1", "long 2"]
        time.sleep(0.1)
        assert len(leaf.sent) == 4, "the note would share its batch"
        leaf.finish("note 0")
        assert first.result(10) == "note 0"
        assert "long 3" in leaf.wait_for(5)
        assert urgency.pieces == 0
        leaf.finish("long 3")


def test_ever_new_recordings_let_a_long_one_go_on():
    leaf, fan_out = Leaf(), FanOut(1, Urgency())
    with fan_out.recording() as long, contextlib.ExitStack() as notes:
        for number in range(2):
            long.submit(leaf.piece(f"long {number}"))
        names = [f"note {number}" for number in range(URGENT_IN_A_ROW)]
        for name in names:
            notes.enter_context(fan_out.recording()).submit(leaf.piece(name))
        leaf.wait_for(1 + len(names))
        leaf.finish("long 0")
        assert "long 1" in leaf.wait_for(2 + len(names)), "the notes are still under way"
        leaf.finish("long 1", *names)


@pytest.mark.parametrize("urgency", [None, Urgency()])
def test_recordings_in_the_background_have_the_places_that_others_leave(urgency):
    leaf, fan_out = Leaf(), FanOut(2, urgency)
    with contextlib.ExitStack() as recordings:
        jobs = [recordings.enter_context(fan_out.recording(background=True)) for _ in range(3)]
        for piece in range(2):
            for number, job in enumerate(jobs):
                job.submit(leaf.piece(f"job {number} {piece}"))
        assert leaf.wait_for(2) == {"job 0 0", "job 1 0"}, "none of them goes beyond the window"
        note = recordings.enter_context(fan_out.recording())
        answers = [note.submit(leaf.piece(f"note {piece}")) for piece in range(3)]
        assert "note 0" in leaf.wait_for(3)
        leaf.finish("job 0 0", "job 1 0")
        assert "note 1" in leaf.wait_for(4)
        leaf.finish("note 0")
        assert "note 2" in leaf.wait_for(5)
        leaf.finish("note 1", "note 2")
        assert [answer.result(10) for answer in answers] == ["note 0", "note 1", "note 2"]
        leaf.finish("job 2 0", "job 0 1", "job 1 1", "job 2 1")
        assert {f"job {number} 1" for number in range(3)} < leaf.wait_for(9)


def test_who_goes_on_sending_leaves_the_background_a_piece_now_and_then():
    leaf, fan_out = Leaf(), FanOut(1)
    with fan_out.recording() as long, fan_out.recording(background=True) as job:
        for number in range(2 * PIECES_BEFORE + 1):
            long.submit(leaf.piece(f"long {number}"))
        answers = [job.submit(leaf.piece(f"job {number}")) for number in range(2)]
        sent = 1
        for turn, answer in enumerate(answers):
            for number in range(PIECES_BEFORE):
                leaf.wait_for(sent)
                assert f"job {turn}" not in leaf.sent
                leaf.finish(f"long {turn * PIECES_BEFORE + number}")
                sent += 1
            sent += 1
            assert f"job {turn}" in leaf.wait_for(sent)
            leaf.finish(f"job {turn}")
            assert answer.result(10) == f"job {turn}"
        leaf.finish(f"long {2 * PIECES_BEFORE}")


class Turns:
    """What is told of the pieces that wait."""

    def __init__(self) -> None:
        self.waiting = 0
        self.waited: list[float | None] = []

    def enter(self) -> None:
        self.waiting += 1

    def leave(self, seconds: float | None) -> None:
        self.waiting -= 1
        self.waited.append(seconds)


def test_how_long_pieces_wait_for_their_turn_is_told():
    leaf, turns = Leaf(), Turns()
    fan_out = FanOut(window=1, turns=turns)
    with fan_out.recording() as recording:
        first, second = (recording.submit(leaf.piece(name)) for name in ("one", "two"))
        dropped = recording.submit(leaf.piece("three"))
        leaf.wait_for(1)
        assert turns.waiting == 2
        time.sleep(0.05)
        dropped.cancel()
        leaf.finish("one", "two")
        assert (first.result(10), second.result(10)) == ("one", "two")
    assert turns.waiting == 0
    assert turns.waited[0] < 0.05 <= turns.waited[1]
    assert turns.waited[2] is None
