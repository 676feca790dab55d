"""Speakr's connectors for ``/v1/audio/transcriptions``: what they send and what they read.

As its own classes do (https://github.com/murtaza-nasir/speakr,
src/services/transcription/connectors), with the clients that they use.
"""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import openai

TIMEOUT = httpx.Timeout(60, read=300)


@dataclass(frozen=True)
class Line:
    """A segment as Speakr keeps it."""

    speaker: str | None
    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True)
class Heard:
    """A transcript as Speakr keeps it."""

    text: str
    language: str | None
    lines: list[Line]


def openasr(
    base_url: str, path: Path, language: str | None = None, prompt: str | None = None
) -> Heard:
    """Of Speakr after version 0.9: one multipart form, speakers from the segments."""
    asked = {
        "model": "qwen3-asr-0.6b",
        "response_format": "verbose_json",
        "diarize": "true",
        "language": language,
        "prompt": prompt,
    }
    answer = _posted(base_url, path, [(name, value) for name, value in asked.items() if value])
    lines = [_line(segment, "speaker") for segment in answer["segments"]]
    return Heard(answer["text"], answer["language"], lines)


def mistral(
    base_url: str, path: Path, language: str | None = None, hotwords: Sequence[str] = ()
) -> Heard:
    """Fields in Mistral's spelling, of which none says what the answer is to look like."""
    fields = [("model", "voxtral-mini-latest")]
    fields += [("language", language)] if language else []
    fields += [("diarize", "true"), *(("context_bias", word) for word in hotwords)]
    answer = _posted(base_url, path, [*fields, ("timestamp_granularities", "segment")])
    lines = [_line(segment, "speaker_id") for segment in answer["segments"]]
    return Heard(answer["text"], answer["language"], lines)


def openai_whisper(client: openai.OpenAI, path: Path, language: str, prompt: str) -> str:
    """Text and nothing else."""
    with path.open("rb") as recording:
        return client.audio.transcriptions.create(
            model="whisper-1", file=recording, language=language, prompt=prompt, temperature=0
        ).text


def openai_transcribe(
    client: openai.OpenAI, path: Path, known: dict[str, str] | None = None
) -> list[Line]:
    """Who said what in one piece of a recording.

    Args:
        known: data URLs by the names of those who spoke in the first piece.
    """
    body = {
        "known_speaker_names": list(known or ()),
        "known_speaker_references": list((known or {}).values()),
    }
    with path.open("rb") as recording:
        answer = client.audio.transcriptions.create(
            model="gpt-4o-transcribe-diarize",
            file=recording,
            chunking_strategy="auto",
            response_format="diarized_json",
            **({"extra_body": body} if known else {}),
        )
    return [_line(vars(segment), "speaker") for segment in answer.segments]


def _posted(base_url: str, path: Path, fields: list[tuple[str, str]]) -> dict:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    with httpx.Client(base_url=base_url, headers={"Authorization": "Bearer any"}) as client:
        response = client.post(
            "/v1/audio/transcriptions",
            files=[
                ("file", (path.name, path.read_bytes(), kind)),
                *((name, (None, value)) for name, value in fields),
            ],
            timeout=TIMEOUT,
        )
    assert response.status_code == httpx.codes.OK, response.text
    return response.json()


def _line(segment: dict, speaker: str) -> Line:
    return Line(
        segment.get(speaker),
        segment["text"],
        segment["start"],
        segment["end"],
        segment.get("score"),
    )
