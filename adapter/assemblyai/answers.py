"""A job and its transcript in the shapes that AssemblyAI's clients read; times in milliseconds."""

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import pairwise
from statistics import fmean

from adapter.formats.transcripts import as_text
from adapter.jobs.records import COMPLETED, Job
from adapter.openai.speakers import letter
from documents import Segment, Transcript, Word
from pipeline.languages import UNSPACED_LANGUAGES

Json = dict[str, object]

PAUSE = 2.0  # seconds of silence after which the same speaker begins another utterance
PARAGRAPH_SENTENCES = 5
MULTICHANNEL = "multichannel"  # of a request: its speakers are channels
CHANNEL = re.compile(r"SPEAKER_(\d+)")
DELETED_URL = "http://deleted_by_user"


def as_transcript(job: Job, transcript: Transcript | None) -> Json:
    """The answer about one job: what was asked for, and what has come of it."""
    shape: Json = job.request | {
        "id": job.id,
        "status": job.status,
        "created": _moment(job.created),
        "completed": _moment(job.ended),
        "text": None,
        "words": None,
        "utterances": None,
        "confidence": None,
        "audio_duration": None,
        "webhook_auth": bool(job.webhook and job.webhook.get("headers")),
        "webhook_status_code": job.webhook_status,
        "error": job.error,
    }
    if transcript is None:
        return {name: value for name, value in shape.items() if name != "error" or value}
    letters = _Letters(job)
    words = [_word(word, letters) for segment in transcript.segments for word in segment.words]
    shape |= {
        "text": as_text(transcript),
        "words": words,
        "confidence": _confidence(words),
        "audio_duration": round(transcript.duration),
        "language_code": transcript.language,
        "language_confidence": round(transcript.language_probability, 4),
        "speech_model_used": transcript.model,
    }
    if job.request.get("speaker_labels") or job.request.get(MULTICHANNEL):
        runs = _utterances(transcript.segments)
        shape["utterances"] = [_stretch(run, transcript, letters) for run in runs]
    del shape["error"]
    return shape


def as_deleted(job: Job) -> Json:
    """The last that is heard of a job."""
    gone = {"audio_url": DELETED_URL, "text": "Deleted by user.", "words": None, "utterances": None}
    return as_transcript(job, None) | gone


def as_item(job: Job, base: str) -> Json:
    """A line of the list.

    Args:
        base: the URL of ``/v2/transcript``, as this client knows it.
    """
    return {
        "id": job.id,
        "resource_url": f"{base}/{job.id}",
        "status": job.status,
        "created": _moment(job.created),
        "completed": _moment(job.ended) if job.status == COMPLETED else None,
        "audio_url": job.request["audio_url"],
        "error": job.error,
    }


def as_sentences(job: Job, transcript: Transcript) -> Json:
    """The text in sentences."""
    return _parts("sentences", job, transcript, [[s] for s in transcript.segments])


def as_paragraphs(job: Job, transcript: Transcript) -> Json:
    """The text in paragraphs, which end with a speaker's turn or at a pause."""
    paragraphs = []
    for run in _utterances(transcript.segments):
        for start in range(0, len(run), PARAGRAPH_SENTENCES):
            paragraphs.append(run[start : start + PARAGRAPH_SENTENCES])
    return _parts("paragraphs", job, transcript, paragraphs)


def _parts(name: str, job: Job, transcript: Transcript, runs: list[list[Segment]]) -> Json:
    letters = _Letters(job)
    parts = [_stretch(run, transcript, letters) for run in runs]
    return {
        "id": job.id,
        name: parts,
        "confidence": _confidence([word for part in parts for word in part["words"]]),
        "audio_duration": round(transcript.duration),
        "speech_model_used": transcript.model,
    }


def as_matches(job: Job, transcript: Transcript, wanted: list[str]) -> Json:
    """Where words, or phrases of several, are said."""
    words = [word for segment in transcript.segments for word in segment.words]
    said = [_plain(word.word) for word in words]
    matches = []
    for text in wanted:
        phrase = [_plain(word) for word in text.split()]
        starts = range(len(said) - len(phrase) + 1)
        indexes = [at for at in starts if said[at : at + len(phrase)] == phrase]
        times = [
            [_milliseconds(words[at].start), _milliseconds(words[at + len(phrase) - 1].end)]
            for at in indexes
        ]
        if indexes:
            matches.append(
                {"text": text, "count": len(indexes), "timestamps": times, "indexes": indexes}
            )
    total = sum(match["count"] for match in matches)
    return {"id": job.id, "total_count": total, "matches": matches}


def _plain(word: str) -> str:
    return "".join(filter(str.isalnum, word.lower()))


class _Letters:
    """Speakers as A, B, … in the order in which they are first heard, or by their channels."""

    def __init__(self, job: Job) -> None:
        self._by_channel = bool(job.request.get(MULTICHANNEL))
        self._letters: dict[str, str] = {}

    def of(self, speaker: str | None) -> Json:
        """What says who it is."""
        if speaker is None:
            return {"speaker": None}
        channel = CHANNEL.fullmatch(speaker) if self._by_channel else None
        if channel:  # theirs count from 1
            number = str(int(channel[1]) + 1)
            return {"speaker": number, "channel": number}
        return {"speaker": self._letters.setdefault(speaker, letter(len(self._letters)))}


def _utterances(segments: list[Segment]) -> Iterator[list[Segment]]:
    """Runs of segments of one speaker without a long pause."""
    run = segments[:1]
    for before, after in pairwise(segments):
        if after.speaker != before.speaker or after.start - before.end > PAUSE:
            yield run
            run = []
        run.append(after)
    if run:
        yield run


def _stretch(run: list[Segment], transcript: Transcript, letters: _Letters) -> Json:
    between = "" if transcript.text_language in UNSPACED_LANGUAGES else " "
    words = [_word(word, letters) for segment in run for word in segment.words]
    return {
        "text": between.join(" ".join(segment.text.split()) for segment in run),
        "start": _milliseconds(run[0].start),
        "end": _milliseconds(run[-1].end),
        "confidence": _confidence(words),
        **letters.of(run[0].speaker),
        "words": words,
    }


def _word(word: Word, letters: _Letters) -> Json:
    return {
        "text": word.word,
        "start": _milliseconds(word.start),
        "end": _milliseconds(word.end),
        "confidence": round(word.score, 4),
        **letters.of(word.speaker),
    }


def _confidence(words: list[Json]) -> float:
    return round(fmean(word["confidence"] for word in words), 4) if words else 0.0


def _milliseconds(time: float) -> int:
    return round(1000 * time)


def _moment(time: float | None) -> str | None:
    """Unix time as AssemblyAI writes it: UTC, without saying so."""
    if time is None:
        return None
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
