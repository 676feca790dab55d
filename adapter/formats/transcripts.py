"""A transcript in the shapes that clients of ``/asr`` read."""

import json
import math
from collections.abc import Callable

from adapter.formats.subtitles import WIDTH, Cue, cues, label
from documents import Segment, Transcript, Word
from pipeline.languages import UNSPACED_LANGUAGES

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


def usable(embedding: list[float]) -> bool:
    """Whether it says anything of a voice: a client would compare it with people."""
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


def encoded(shape: Json, separators: tuple[str, str] = (",", ":")) -> bytes:
    """The shape as JSON in UTF-8.

    The items of its lists are written one by one: the encoder keeps all threads of this
    process waiting until it is through, which is a second for 12 hours of speech.
    """
    between, after_key = separators

    def text(value: object) -> str:
        if isinstance(value, list):
            return f"[{between.join(map(encode, value))}]"
        return encode(value)

    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=separators).encode
    items = (f"{encode(key)}{after_key}{text(value)}" for key, value in shape.items())
    return f"{{{between.join(items)}}}".encode()


def as_json(transcript: Transcript) -> Json:
    """WhisperX's shape: ``text`` is the list of segments, as its users know it.

    Voices that are unknown (all zero, or no number) are left out.
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
    if transcript.diarization_model:
        shape["diarization_model"] = transcript.diarization_model
    if transcript.speaker_embeddings is not None:
        shape["speaker_embeddings"] = {
            speaker: embedding
            for speaker, embedding in transcript.speaker_embeddings.items()
            if usable(embedding)
        }
    return without_nan(shape)


def clock(time: float, decimal: str) -> str:
    """A time as subtitles write it: ``01:02:03,456``."""
    milliseconds = round(time * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal}{milliseconds:03}"


def as_text(transcript: Transcript) -> str:
    """The text in one line."""
    between = "" if transcript.text_language in UNSPACED_LANGUAGES else " "
    return between.join(" ".join(segment.text.split()) for segment in transcript.segments)


def as_srt(transcript: Transcript, width: int = WIDTH) -> str:
    """SubRip subtitles; each cue begins with its speaker in brackets, if anybody is named."""
    shown = [
        f"{number}\n{_times(cue, ',')}\n{label(cue.speaker)}" + "\n".join(cue.lines) + "\n"
        for number, cue in enumerate(cues(transcript, width, labelled=True), 1)
    ]
    return "\n".join(shown)


def as_vtt(transcript: Transcript, width: int = WIDTH) -> str:
    """WebVTT subtitles, with the speaker as the voice of each cue, if anybody is named."""
    shown = [
        f"{_times(cue, '.')}\n{_voice(cue)}" + "\n".join(map(_escaped, cue.lines)) + "\n"
        for cue in cues(transcript, width)
    ]
    return "\n".join(["WEBVTT\n", *shown])


def _times(cue: Cue, decimal: str) -> str:
    return f"{clock(cue.start, decimal)} --> {clock(cue.end, decimal)}"


def _voice(cue: Cue) -> str:
    return f"<v {_escaped(cue.speaker)}>" if cue.speaker else ""


def _escaped(text: str) -> str:
    """Text as WebVTT takes it, where ``<`` begins a tag and ``-->`` may not be."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
