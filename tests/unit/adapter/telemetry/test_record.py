"""Where the time of a request went, and what came of it."""

import time

import pytest

from adapter.telemetry.record import CURRENT, Record, current, sent_id, sent_parent
from documents import Segment, Transcript

STEPS = {"transcription": 4.0, "alignment": 1.0, "diarization": 3.0, "attribution": 0.5}


def heard(seconds: dict[str, float]) -> Transcript:
    said = [
        Segment(start=0, end=1, text="a", speaker=name)
        for name in ("SPEAKER_00", "SPEAKER_01", "SPEAKER_00", None)
    ]
    return Transcript(
        model="base",
        language="en",
        language_probability=1,
        duration=30,
        segments=said,
        seconds=seconds,
        speech_seconds=21.5,
    )


def test_a_stage_counts_whatever_comes_of_it_and_as_often_as_it_comes():
    record = Record()

    def fail() -> None:
        with record.stage("wait"):
            time.sleep(0.02)
            raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            fail()
    assert 0.04 <= record.seconds["wait"] < 1


def test_what_was_heard_is_told():
    record = Record()
    record.hear(heard(STEPS), 30.0)
    assert record.about == {
        "audio_seconds": 30.0,
        "speech_seconds": 21.5,
        "model": "base",
        "language": "en",
        "speakers": 2,
    }
    time.sleep(0.02)
    record.finish()
    assert record.seconds["answer"] >= 0.02
    assert record.seconds.items() >= STEPS.items()


@pytest.mark.parametrize(
    ("diarization", "longer"), [(3.0, {"transcription", "alignment"}), (6.0, {"diarization"})]
)
def test_of_what_runs_side_by_side_the_longer_counts(diarization, longer):
    record = Record()
    record.seconds = {"upload": 1.0, **STEPS, "diarization": diarization}
    record.total = 20.0
    path = record.critical_path
    assert path.keys() == {"upload", "attribution", "other", *longer}
    assert sum(path.values()) == pytest.approx(20.0)
    assert path["other"] == 20.0 - 1.0 - 0.5 - max(5.0, diarization)


def test_who_joins_work_that_is_under_way_has_waited_for_a_part_of_it():
    record = Record()
    record.seconds = {"upload": 1.0, **STEPS, "answer": 0.5}
    record.total = 1.0 + 2.75 + 0.5  # half of what transcription, alignment, attribution took
    path = record.critical_path
    assert sum(path.values()) == pytest.approx(record.total)
    assert path == {
        **{"upload": 1.0, "transcription": 2.0, "alignment": 0.5, "attribution": 0.25},
        **{"answer": 0.5, "other": 0.0},
    }


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((200, "answered"), (400, "refused"), (408, "refused"), (413, "refused"), (499, "gone")),
        *((500, "failed"), (503, "unavailable"), (504, "timed out"), (None, "failed")),
    ],
)
def test_the_status_tells_the_outcome(status, outcome):
    record = Record()
    record.status = status
    assert record.outcome == outcome


def test_what_happens_after_the_status_counts_more():
    record = Record()
    record.status = 200
    record.fail()
    assert record.outcome == "failed"
    record.hung_up()
    assert record.outcome == "gone"


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (b"call-7", "call-7"),
        (b" 0af7651916cd43dd8448eb211c80319c ", "0af7651916cd43dd8448eb211c80319c"),
        (b"a" * 64, "a" * 64),
        (b"a" * 65, None),
        (b"", None),
        (b"a b", None),
        (b"a\nb", None),
        (b"a\n", "a"),
        (b"<script>", None),
        (b"\xff", None),
    ],
)
def test_an_id_is_taken_if_it_may_stand_in_a_log(sent, taken):
    assert sent_id([(b"host", b"asr"), (b"x-request-id", sent)]) == taken


def test_without_an_id_each_request_gets_one_of_its_own():
    assert sent_id([(b"host", b"asr")]) is None
    assert len({Record().id, Record().id, Record("mine").id, "mine"}) == 3


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (f"00-{'a' * 32}-{'b' * 16}-01", True),
        (f" 00-{'a' * 32}-{'b' * 16}-00 ", True),
        (f"00-{'A' * 32}-{'b' * 16}-01", False),
        (f"01-{'a' * 32}-{'b' * 16}-01-more", False),
        ("", False),
    ],
)
def test_only_a_trace_is_followed(sent, read):
    headers = [(b"accept", b"*/*"), (b"traceparent", sent.encode())]
    assert sent_parent(headers) == (sent.strip() if read else None)
    assert sent_parent([]) is None


def test_who_is_not_traced_hands_on_no_trace():
    record = Record(None, f"00-{'a' * 32}-{'b' * 16}-01")
    record.trace()  # nobody is there to be told
    with record.part("graph") as graph, record.stage("decode"):
        assert graph.traceparent is None
    record.finish()
    assert record.span.traceparent is None


def test_work_on_other_recordings_is_one_stage_whose_own_stages_are_not_ours():
    record = Record("mine")
    record.begin_graph("key of mine", diarize=True)
    with record.stage_of_others("voices"):
        assert current().id == "mine"  # in the models' logs
        with current().stage("decode"):
            time.sleep(0.02)
        current().begin_graph("key of a clip", diarize=True)
    assert record.seconds.keys() == {"voices"}
    assert record.seconds["voices"] >= 0.02
    assert record.key == "key of mine"
    assert CURRENT.get() is None
