"""A job and its transcript as AssemblyAI's clients read them."""

from dataclasses import replace

from adapter.assemblyai.answers import (
    as_deleted,
    as_item,
    as_matches,
    as_paragraphs,
    as_sentences,
    as_transcript,
)
from adapter.jobs.records import Job
from documents import Segment, Transcript, Word

JOB = Job(
    number=1,
    id="11111111-2222-3333-4444-555555555555",
    owner="somebody",
    status="completed",
    request={"audio_url": "http://service/v2/upload/1", "speaker_labels": True},
    options="{}",
    upload="1",
    created=0.0,
    ended=86400.25,
    attempts=1,
    spent=1.0,
    progress=None,
    error=None,
    webhook=None,
    webhook_attempts=0,
    webhook_status=None,
)


def segment(start: float, text: str, speaker: str | None = None) -> Segment:
    """Half a second for each word, and a tenth less confidence."""
    words = [
        Word(word=word, start=start + n / 2, end=start + n / 2 + 0.4, score=0.9, speaker=speaker)
        for n, word in enumerate(text.split())
    ]
    return Segment(start=words[0].start, end=words[-1].end, text=text, words=words, speaker=speaker)


def transcript(*segments: Segment, language: str = "en") -> Transcript:
    return Transcript(
        model="base",
        language=language,
        language_probability=0.98765,
        duration=12.6,
        segments=list(segments),
    )


SPOKEN = transcript(
    segment(0.1, "Hello there.", "SPEAKER_01"),
    segment(1.0, "How are you?", "SPEAKER_01"),
    segment(3.0, "Fine.", "SPEAKER_00"),
    segment(6.0, "And you?", "SPEAKER_00"),
    segment(8.0, "Noise", None),
)


def test_what_was_asked_and_what_has_come_of_it():
    shape = as_transcript(JOB, SPOKEN)
    assert shape["status"] == "completed"
    assert shape["audio_url"] == "http://service/v2/upload/1"
    assert shape["speaker_labels"] is True
    assert shape["text"] == "Hello there. How are you? Fine. And you? Noise"
    assert (shape["language_code"], shape["language_confidence"]) == ("en", 0.9877)
    assert shape["audio_duration"] == 13
    assert shape["confidence"] == 0.9
    assert shape["completed"] == "1970-01-02T00:00:00.250000"
    assert shape["words"][0] == {
        "text": "Hello",
        "start": 100,
        "end": 500,
        "confidence": 0.9,
        "speaker": "A",
    }
    assert "error" not in shape


def test_an_utterance_ends_with_a_speaker_or_a_long_silence():
    utterances = as_transcript(JOB, SPOKEN)["utterances"]
    assert [(each["speaker"], each["text"]) for each in utterances] == [
        ("A", "Hello there. How are you?"),
        ("B", "Fine."),
        ("B", "And you?"),
        (None, "Noise"),
    ]
    assert (utterances[0]["start"], utterances[0]["end"]) == (100, 2400)
    assert [len(each["words"]) for each in utterances] == [5, 1, 2, 1]


def test_without_speakers_there_are_no_utterances():
    job = replace(JOB, request={"audio_url": "x"})
    assert as_transcript(job, SPOKEN)["utterances"] is None


def test_nobody_speaks():
    shape = as_transcript(JOB, transcript())
    assert (shape["text"], shape["words"], shape["utterances"]) == ("", [], [])
    assert shape["confidence"] == 0


def test_languages_without_spaces_are_joined_without():
    said = transcript(segment(0, "你好。", "A"), segment(1, "谢谢。", "A"), language="zh")
    (utterance,) = as_transcript(JOB, said)["utterances"]
    assert utterance["text"] == "你好。谢谢。"


def test_a_job_that_waits_or_failed_says_so():
    waiting = as_transcript(replace(JOB, status="queued", ended=None), None)
    assert (waiting["text"], waiting["completed"]) == (None, None)
    assert "error" not in waiting
    failed = as_transcript(replace(JOB, status="error", error="it is no audio"), None)
    assert (failed["status"], failed["error"]) == ("error", "it is no audio")


def test_the_webhooks_header_is_told_to_nobody():
    job = replace(
        JOB, webhook={"url": "http://hook", "headers": {"X": "secret"}}, webhook_status=200
    )
    shape = as_transcript(job, SPOKEN)
    assert (shape["webhook_auth"], shape["webhook_status_code"]) == (True, 200)
    assert "secret" not in str(shape)
    assert as_transcript(JOB, SPOKEN)["webhook_auth"] is False


def test_sentences_and_paragraphs():
    sentences = as_sentences(JOB, SPOKEN)
    assert [each["text"] for each in sentences["sentences"]] == [
        *("Hello there.", "How are you?", "Fine.", "And you?", "Noise"),
    ]
    assert (sentences["confidence"], sentences["audio_duration"]) == (0.9, 13)
    long = transcript(*(segment(n, f"Sentence {n}.", "SPEAKER_00") for n in range(7)))
    paragraphs = as_paragraphs(JOB, long)["paragraphs"]
    assert [each["text"].count("Sentence") for each in paragraphs] == [5, 2]
    assert len(as_paragraphs(JOB, SPOKEN)["paragraphs"]) == 4


def test_words_are_found_whatever_their_case_and_marks():
    found = as_matches(JOB, SPOKEN, ["YOU", "how are", "nothing"])
    assert found["total_count"] == 3
    you, how = found["matches"]
    assert (you["text"], you["count"], you["indexes"]) == ("YOU", 2, [4, 7])
    assert you["timestamps"] == [[2000, 2400], [6500, 6900]]
    assert (how["indexes"], how["timestamps"]) == ([2], [[1000, 1900]])


def test_a_line_of_the_list():
    line = as_item(JOB, "http://service/v2/transcript")
    assert line["resource_url"] == f"http://service/v2/transcript/{JOB.id}"
    assert line["created"] == "1970-01-01T00:00:00.000000"
    assert line["completed"] == "1970-01-02T00:00:00.250000"
    assert as_item(replace(JOB, status="error"), "")["completed"] is None


def test_what_is_deleted_has_no_text_and_no_address():
    shape = as_deleted(JOB)
    assert shape["audio_url"] == "http://deleted_by_user"
    assert (shape["text"], shape["words"]) == ("Deleted by user.", None)
