"""A transcript in the shapes that clients of OpenAI's and of Mistral's API read."""

import math

from fastapi.responses import PlainTextResponse, Response

from adapter.formats.transcripts import as_srt, as_text, as_vtt, encoded, usable, without_nan
from adapter.known_speakers import NOBODY
from adapter.openai.parameters import Parameters
from adapter.openai.speakers import with_letters
from documents import Segment, Transcript, Word
from pipeline.languages import LANGUAGES

Json = dict[str, object]

FRAMES_PER_SECOND = 100  # Whisper's, in which `seek` counts


def render(transcript: Transcript, parameters: Parameters) -> Response:
    """The answer of ``/v1/audio/…``."""
    if any(segment.speaker for segment in transcript.segments):
        transcript = with_letters(transcript, parameters.names)
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
        case "segmented_json":
            shape = as_segmented_json(transcript, parameters)
        case _:
            shape = {"text": as_text(transcript), "usage": _usage(transcript)}
    return Response(encoded(without_nan(shape)), media_type="application/json")


def as_verbose_json(transcript: Transcript, parameters: Parameters) -> Json:
    """The segments, the words, or both, with their speakers where these were asked for."""
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
            {"word": word.word, **_times(word), **_speaker("speaker", word)}
            for segment in transcript.segments
            for word in segment.words
        ]
    return shape | _voices(transcript) | {"usage": _usage(transcript)}


def _verbose_segment(number: int, segment: Segment) -> Json:
    return {
        "id": number,
        "seek": round(segment.start * FRAMES_PER_SECOND),
        **_times(segment),
        "text": segment.text,
        "tokens": segment.tokens,
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
        **_speaker("speaker", segment),
    }


def as_diarized_json(transcript: Transcript) -> Json:
    """Who said what, as OpenAI's model for that answers."""
    return {
        "task": "transcribe",
        "duration": round(transcript.duration, 3),
        "text": as_text(transcript),
        "segments": diarized_segments(transcript),
        **_voices(transcript),
        "usage": _usage(transcript),
    }


def diarized_segments(transcript: Transcript) -> list[Json]:
    """The segments, as a diarized_json and the events of its stream have them."""
    return [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{number:03}",
            **_times(segment),
            "text": segment.text,
            "speaker": segment.speaker or NOBODY,
        }
        for number, segment in enumerate(transcript.segments, 1)
    ]


def as_segmented_json(transcript: Transcript, parameters: Parameters) -> Json:
    """Mistral's answer: segments, of a word each where words were asked for."""
    segments = transcript.segments
    if "word" in parameters.granularities:
        segments = [_of_word(word) for segment in segments for word in segment.words]
    tokens = sum(len(segment.tokens) for segment in transcript.segments)
    return {
        "model": transcript.model,
        "text": as_text(transcript),
        "language": transcript.text_language,
        "segments": [_scored_segment(segment) for segment in segments],
        **_voices(transcript),
        "usage": {
            **_usage(transcript),
            "prompt_audio_seconds": math.ceil(transcript.duration),
            "prompt_tokens": 0,
            "completion_tokens": tokens,
            "total_tokens": tokens,
        },
    }


def _of_word(word: Word) -> Segment:
    return Segment(
        start=word.start, end=word.end, text=word.word, speaker=word.speaker, words=[word]
    )


def _scored_segment(segment: Segment) -> Json:
    scores = [word.score for word in segment.words]
    return {
        "type": "transcription_segment",
        "text": segment.text,
        **_times(segment),
        "score": round(sum(scores) / len(scores), 3) if scores else None,
        **_speaker("speaker_id", segment),
    }


def _times(spoken: Segment | Word) -> Json:
    return {"start": round(spoken.start, 3), "end": round(spoken.end, 3)}


def _speaker(name: str, spoken: Segment | Word) -> Json:
    return {name: spoken.speaker} if spoken.speaker else {}


def _voices(transcript: Transcript) -> Json:
    voices = transcript.speaker_embeddings
    if voices is None:
        return {}
    return {"speaker_embeddings": {name: voice for name, voice in voices.items() if usable(voice)}}


def _usage(transcript: Transcript) -> Json:
    return {"type": "duration", "seconds": round(transcript.duration, 3)}
