"""Both clients before the real service: requests, streams and jobs give the same words."""

import asyncio

import pytest

from client import (
    AsyncClient,
    Client,
    InvalidRequestError,
    JobFailedError,
    NotFoundError,
    TextDelta,
    TextDone,
)

# What Whisper base hears in the clip on every processor.
WORDS = ["I didn't know you were there", "Diane in New Jersey", "originally from Chicago"]


@pytest.fixture
def client(service):
    with Client(service.base_url) as client:
        yield client


def text_of(transcript) -> str:
    return " ".join(segment.text.strip() for segment in transcript.segments)


def test_a_job_from_upload_to_transcript_and_away(client, clip):
    sent, steps = [], []
    job = client.jobs.submit(clip, language="en", num_speakers=2, on_sent=lambda *n: sent.append(n))
    assert job.status == "queued"
    assert sent[-1] == (clip.stat().st_size, clip.stat().st_size)
    client.jobs.wait(job.id, steps.append)
    assert steps[-1].status == "completed"
    assert {step.stage for step in steps[:-1]} <= {
        *("", "queued", "wait", "decode", "transcription", "diarization", "alignment")
    }
    transcript = client.jobs.result(job.id)
    assert all(words in text_of(transcript) for words in WORDS)
    assert {segment.speaker for segment in transcript.segments} == {"SPEAKER_00", "SPEAKER_01"}
    word = transcript.segments[-1].words[-1]
    assert word.word == "Chicago."
    assert 10 < word.start < word.end < 12
    assert client.jobs.text(job.id, "srt").startswith("1\n00:00:00,")
    assert client.jobs.text(job.id, "tsv").splitlines()[0] == "start\tend\ttext\tspeaker"
    found = client.jobs.get(job.id)
    assert (found.status, found.audio_seconds, found.has_ended) == ("completed", 12, True)
    assert found.created < found.completed
    assert client.jobs.list(1)[0].id == job.id
    assert client.jobs.list(5, status="queued") == []
    assert (client.jobs.cancel(job.id), client.jobs.cancel(job.id)) == (True, False)
    with pytest.raises(NotFoundError):
        client.jobs.get(job.id)


def test_a_text_is_told_while_it_is_heard(client, phrase):
    *deltas, whole = client.stream(phrase, language="en")
    assert isinstance(whole, TextDone)
    assert all(isinstance(delta, TextDelta) for delta in deltas)
    assert "".join(delta.text for delta in deltas) == whole.text
    assert whole.text == "This is Diane in New Jersey."


def test_several_at_once_with_asyncio(service, phrase):
    async def ask():
        async with AsyncClient(service.base_url) as client:
            events = [event async for event in client.stream(phrase, language="en")]
            asked = client.transcribe(phrase, language="en", diarize=False, request_id="both")
            waited, reached = await asyncio.gather(asked, follow(client))
            return events[-1], waited, reached

    async def follow(client):
        while (told := await client.progress("both")) is None:
            await asyncio.sleep(0.05)
        return told

    whole, transcript, reached = asyncio.run(ask())
    assert whole.text == text_of(transcript) == "This is Diane in New Jersey."
    assert reached.stage in ("wait", "decode", "transcription", "alignment")


def test_what_cannot_be_done_has_a_type_and_a_reason(client, phrase):
    with pytest.raises(InvalidRequestError, match="unknown language 'klingon'") as refused:
        client.transcribe(phrase, language="klingon")
    assert refused.value.status == 400
    with pytest.raises(InvalidRequestError, match="klingon"):
        next(client.stream(phrase, language="klingon"))
    with pytest.raises(InvalidRequestError, match="klingon"):
        client.jobs.submit(phrase, language="klingon")
    with pytest.raises(JobFailedError, match="could not decode the file") as failed:
        client.jobs.transcribe(b"this is no recording")
    assert client.jobs.cancel(failed.value.job)


def test_the_service_says_what_it_is(client):
    assert (client.identity().service, client.health().status) == ("triton-asr", "healthy")
    assert client.health().loaded_models == ("base",)
    assert [model.id for model in client.models()][:2] == ["base", "whisper-1"]
