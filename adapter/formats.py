"""A transcript in the shapes that clients of ``/asr`` read."""

import math
from collections.abc import Callable

from pipeline.documents import Segment, Transcript, Word

Json = dict[str, object]
# What a segment says beside its text: only where the pipeline knows it.
FIGURES = ("temperature", "avg_logprob", "compression_ratio", "no_speech_prob")


def _second(time: float) -> float:
    return round(time, 3)


def _word(word: Word) -> Json:
    shape: Json = {"word": word.word, "start": _second(word.start), "end": _second(word.end)}
    shape["score"] = round(word.score, 3)
    return shape | ({"speaker": word.speaker} if word.speaker else {})


def _segment(segment: Segment) -> Json:
    shape: Json = {"start": _second(segment.start), "end": _second(segment.end)}
    shape["text"] = segment.text
    if segment.words:
        shape["words"] = [_word(word) for word in segment.words]
    if segment.speaker:
        shape["speaker"] = segment.speaker
    if segment.tokens:
        shape["tokens"] = segment.tokens
    figures = {name: getattr(segment, name) for name in FIGURES}
    return shape | {name: round(value, 4) for name, value in figures.items() if value is not None}


def _usable(embedding: list[float]) -> bool:
    return any(embedding) and all(math.isfinite(number) for number in embedding)


def without_nan(value: object) -> object:
    """The same, with null for the numbers that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_nan(inner) for inner in value]
    return value


def as_json(transcript: Transcript) -> Json:
    """WhisperX's shape: ``text`` is the list of segments, as its users know it.

    Voices that are unknown (all zero, or no number) are left out: a client
    would compare them with people.
    """
    segments = [_segment(segment) for segment in transcript.segments]
    shape: Json = {
        "text": segments,
        "language": transcript.language,
        "segments": segments,
        "word_segments": [word for segment in segments for word in segment.get("words", [])],
        "language_probability": round(transcript.language_probability, 3),
        "duration": _second(transcript.duration),
        "model": transcript.model,
    }
    if transcript.speaker_embeddings is not None:
        shape["speaker_embeddings"] = {
            speaker: embedding
            for speaker, embedding in transcript.speaker_embeddings.items()
            if _usable(embedding)
        }
    return without_nan(shape)


def clock(time: float, decimal: str) -> str:
    """A time as subtitles write it: ``01:02:03,456``."""
    milliseconds = round(time * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal}{milliseconds:03}"


def _line(segment: Segment) -> str:
    text = " ".join(segment.text.split())
    return f"[{segment.speaker}] {text}" if segment.speaker else text


def _cue(segment: Segment, decimal: str) -> str:
    times = f"{clock(segment.start, decimal)} --> {clock(segment.end, decimal)}"
    return f"{times}\n{_line(segment)}\n"


def as_text(transcript: Transcript) -> str:
    """The text in one line."""
    return " ".join(" ".join(segment.text.split()) for segment in transcript.segments)


def as_srt(transcript: Transcript) -> str:
    """SubRip subtitles."""
    cues = [_cue(segment, ",") for segment in transcript.segments]
    return "\n".join(f"{number}\n{cue}" for number, cue in enumerate(cues, 1))


def as_vtt(transcript: Transcript) -> str:
    """WebVTT subtitles."""
    return "\n".join(["WEBVTT\n", *(_cue(segment, ".") for segment in transcript.segments)])


def as_tsv(transcript: Transcript) -> str:
    """A line for each segment: start and end in seconds, text, speaker."""
    rows = [
        (_second(segment.start), _second(segment.end), segment.text, segment.speaker or "")
        for segment in transcript.segments
    ]
    lines = ["\t".join(" ".join(str(cell).split()) for cell in row) for row in rows]
    return "\n".join(["start\tend\ttext\tspeaker", *lines])


BODIES: dict[str, Callable[[Transcript], str]] = {
    "text": as_text,
    "srt": as_srt,
    "vtt": as_vtt,
    "tsv": as_tsv,
}


def render(transcript: Transcript, output: str) -> Json:
    """The answer of ``/asr``: JSON, or a JSON object with the one key that was asked for."""
    if output == "json":
        return as_json(transcript)
    return {output: BODIES[output](transcript)}
