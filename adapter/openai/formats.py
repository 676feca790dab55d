"""A transcript in the shapes that OpenAI's clients read."""

from fastapi.responses import PlainTextResponse, Response

from adapter.formats.transcripts import as_srt, as_text, as_vtt, encoded, without_nan
from adapter.openai.parameters import Parameters
from documents import Segment, Transcript
from pipeline.languages import LANGUAGES

Json = dict[str, object]

FRAMES_PER_SECOND = 100  # Whisper's, in which `seek` counts
LETTERS = 26
NOBODY = "unknown"  # diarization heard no voice where Whisper heard words


def render(transcript: Transcript, parameters: Parameters) -> Response:
    """The answer of ``/v1/audio/…``."""
    match parameters.response_format:
        case "text":
            return PlainTextResponse(as_text(transcript) + "\n")
        case "srt":
            return PlainTextResponse(as_srt(transcript))
        case "vtt":
            return PlainTextResponse(as_vtt(transcript), media_type="text/vtt")
        case "verbose_json":
            shape = as_verbose_json(transcript, parameters)
        case "diarized_json":
            shape = as_diarized_json(transcript)
        case _:
            shape = {"text": as_text(transcript), "usage": _usage(transcript)}
    return Response(encoded(without_nan(shape)), media_type="application/json")


def as_verbose_json(transcript: Transcript, parameters: Parameters) -> Json:
    """The segments, the words, or both."""
    language = transcript.text_language
    shape: Json = {
        "task": transcript.task,
        # Nobody spoke and no language was asked for: there is none.
        "language": LANGUAGES[language] if language else "",
        "duration": round(transcript.duration, 3),
        "text": as_text(transcript),
    }
    if "segment" in parameters.granularities:
        segments = enumerate(transcript.segments)
        shape["segments"] = [_verbose_segment(number, segment) for number, segment in segments]
    if "word" in parameters.granularities:
        shape["words"] = [
            {"word": word.word, "start": round(word.start, 3), "end": round(word.end, 3)}
            for segment in transcript.segments
            for word in segment.words
        ]
    return shape | {"usage": _usage(transcript)}


def _verbose_segment(number: int, segment: Segment) -> Json:
    return {
        "id": number,
        "seek": round(segment.start * FRAMES_PER_SECOND),
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "tokens": segment.tokens,
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
    }


def as_diarized_json(transcript: Transcript) -> Json:
    """Who said what; speakers are A, B, … in the order in which they are first heard."""
    return {
        "task": "transcribe",
        "duration": round(transcript.duration, 3),
        "text": as_text(transcript),
        "segments": diarized_segments(transcript),
        "usage": _usage(transcript),
    }


def diarized_segments(transcript: Transcript) -> list[Json]:
    """The segments, as a diarized_json and the events of its stream have them."""
    letters: dict[str | None, str] = {None: NOBODY}
    return [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{number:03}",
            "start": round(segment.start, 3),
            "end": round(segment.end, 3),
            "text": segment.text,
            "speaker": letters.setdefault(segment.speaker, letter(len(letters) - 1)),
        }
        for number, segment in enumerate(transcript.segments, 1)
    ]


def letter(number: int) -> str:
    """A, B, …, Z, AA, AB, … for 0, 1, …"""
    more, last = divmod(number, LETTERS)
    return (letter(more - 1) if more else "") + chr(ord("A") + last)


def _usage(transcript: Transcript) -> Json:
    return {"type": "duration", "seconds": round(transcript.duration, 3)}
