"""What is sent and heard, without a connection."""

import inspect
import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from client import AsyncClient, Client, ServiceError, UnavailableError
from client.jobs import Jobs
from client.protocol import asking
from client.protocol.calls import Answer
from client.protocol.events import Event, EventReader
from client.protocol.options import job_fields
from client.protocol.recordings import Recording, form
from client.results import Progress, TextDelta, TextDone

STREAM = (
    'event: transcript.text.delta\ndata: {"type": "transcript.text.delta", "delta": "a b"}\n\n'
    ": still there\n\n"
    'event: transcript.text.done\r\ndata: {"type": "transcript.text.done", "text": "ж"}\r\n\r\n'
    "data: [DONE]\n\n"
).replace("a b", "a\u2028b")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_events_come_in_blocks_of_any_size(size):
    reader = EventReader()
    content = STREAM.encode()
    blocks = [content[start : start + size] for start in range(0, len(content), size)]
    events = [event for block in blocks for event in reader.feed(block)]
    assert [event.name for event in events] == ["transcript.text.delta", "transcript.text.done"]
    assert [asking.heard(event) for event in events] == [
        TextDelta(text="a\u2028b"),
        TextDone(text="ж"),
    ]


def test_a_stream_that_fails_says_why():
    told = {"type": "error", "error": {"message": "Triton is away", "type": "server_error"}}
    with pytest.raises(ServiceError, match="Triton is away"):
        asking.heard(Event("error", told))


def test_a_recording_in_a_form_cannot_add_fields_by_its_name():
    name = 'a"\r\nContent-Disposition: form-data; name="model"\r\n\r\nx.wav'
    body = form("file", Recording(b"RIFF", name), {"model": "base"})
    assert body.head.count(b"Content-Disposition") == 3  # one of them inside the name
    assert b'filename="a%22%0D%0AContent-Disposition' in body.head
    with body.sending(lambda: None) as sending:
        assert b"".join(sending.blocks()) == body.head + b"RIFF" + body.tail
        assert sending.length == len(body.head) + 4 + len(body.tail)


def test_jobs_have_assemblyais_names_for_the_options_of_asr():
    assert job_fields({"language": "en", "num_speakers": 2, "hotwords": "Yankee, Diane,"}) == {
        "language_code": "en",
        "speaker_labels": True,
        "speakers_expected": 2,
        "keyterms_prompt": ["Yankee", "Diane"],
    }
    assert job_fields({"min_speakers": 2, "max_speakers": 6, "model": "small"}) == {
        "speech_model": "small",
        "speaker_labels": True,
        "speaker_options": {"min_speakers_expected": 2, "max_speakers_expected": 6},
    }
    assert job_fields({"diarize": False, "num_speakers": None, "channels": "split"}) == {
        "speaker_labels": False,
        "multichannel": True,
    }
    assert job_fields({"task": "translate", "initial_prompt": "A call."}) == {
        "task": "translate",
        "prompt": "A call.",
        "speaker_labels": True,
    }


def test_when_to_come_again_may_be_a_date():
    moment = datetime.now(timezone.utc) + timedelta(seconds=40)
    for text, least, most in (("12", 12, 12), (format_datetime(moment), 30, 40), ("soon", 0, 0)):
        error = Answer(503, {"retry-after": text}, b'{"detail": "busy"}').error
        assert isinstance(error, UnavailableError)
        assert least <= (error.retry_after or 0) <= most


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b"\xff"])
def test_what_is_no_answer_of_the_service_is_said(content):
    with pytest.raises(ServiceError, match="not an answer of the service"):
        Answer(200, {}, content).json()


def test_progress_knows_when_it_will_end():
    data = {"stage": "diarization", "seconds_done": 412.0, "seconds": 3600.0, "new": 1}
    told = asking.told(Event("progress", data | {"estimated_end": "2026-11-25T22:10:41Z"}))
    assert (told.stage, told.seconds_done, told.seconds) == ("diarization", 412.0, 3600.0)
    assert told.estimated_end == datetime(2026, 11, 25, 22, 10, 41, tzinfo=timezone.utc)
    assert asking.told(Event("end", {"id": "1", "status": "completed"})) == Progress(
        status="completed"
    )


def test_a_job_s_id_cannot_lead_elsewhere():
    call = next(asking.read("../upload?x=1"))
    assert call.path == "/v2/transcript/..%2Fupload%3Fx%3D1"


def signatures(kind: type) -> dict[str, list[str]]:
    return {
        name: [str(parameter) for parameter in inspect.signature(method).parameters.values()]
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def test_both_clients_can_do_the_same():
    assert signatures(Client) == signatures(AsyncClient)
    assert signatures(Jobs) == signatures(type(AsyncClient().jobs))
    assert json.dumps(sorted(signatures(Jobs))) == json.dumps(
        ["cancel", "follow", "get", "list", "result", "submit", "text", "transcribe", "wait"]
    )
