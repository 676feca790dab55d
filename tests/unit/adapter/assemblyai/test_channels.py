"""Whose words they are, in a job's answer: letters, or the numbers of channels."""

from adapter.assemblyai.answers import as_sentences, as_transcript
from adapter.assemblyai.parameters import read_request
from adapter.intake.tracks import FIRST_MIXED, Choice
from adapter.jobs.attempt import choice_of
from adapter.jobs.records import COMPLETED, Job
from documents import Segment, Transcript, Word


def job(**asked: object) -> Job:
    request = read_request({"audio_url": "http://service/v2/upload/1", **asked})
    return Job(
        number=1,
        id="job",
        owner="",
        status=COMPLETED,
        request=request.model_dump(exclude_none=True, mode="json"),
        options="{}",
        upload="1",
        created=0.0,
        ended=1.0,
        attempts=1,
        spent=1.0,
        progress=None,
        error=None,
        webhook=None,
        webhook_attempts=0,
        webhook_status=None,
    )


def said(text: str, start: float, speaker: str) -> Segment:
    word = Word(word=text, start=start, end=start + 0.5, score=0.9, speaker=speaker)
    return Segment(start=start, end=start + 0.5, text=text, speaker=speaker, words=[word])


TRANSCRIPT = Transcript(
    model="base",
    language="en",
    language_probability=1.0,
    duration=3.0,
    segments=[said("Hi.", 0.0, "SPEAKER_01"), said("Oh.", 1.0, "SPEAKER_00")],
)


def test_channels_are_counted_from_one_however_they_are_heard():
    answer = as_transcript(job(multichannel=True), TRANSCRIPT)
    whose = [(each["speaker"], each["channel"]) for each in answer["utterances"]]
    assert whose == [("2", "2"), ("1", "1")]
    assert [word["channel"] for word in answer["words"]] == ["2", "1"]
    sentences = as_sentences(job(multichannel=True), TRANSCRIPT)["sentences"]
    assert [each["speaker"] for each in sentences] == ["2", "1"]


def test_speakers_are_letters_without_a_channel():
    answer = as_transcript(job(speaker_labels=True), TRANSCRIPT)
    assert [each["speaker"] for each in answer["utterances"]] == ["A", "B"]
    assert "channel" not in answer["words"][0]


def test_channels_are_split_where_they_are_asked_for():
    assert choice_of(job(multichannel=True)) == Choice(channels="split")
    assert choice_of(job()) == choice_of(job(multichannel=False)) == FIRST_MIXED
