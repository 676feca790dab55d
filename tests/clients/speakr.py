"""Speakr's connector for ``/asr``: what it sends, reads and makes of errors, and nothing else.

From what the connector of Speakr does (DESIGN.md section 6): its query, its one multipart
part, its probes, what it reads of an answer, which statuses it tries again, and the words
by which it picks the message for its user.  http://user:password@host becomes HTTP Basic.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import httpx

FINAL = (400, 401, 402, 403, 404, 413)  # others are tried again, up to three times
SHOWN = 800  # characters of the body
VOICE_NUMBERS = 256  # of an embedding that a voice profile can be compared with
# The user's message by the first of these that fits, in lower case.
KINDS = (
    ("size_limit", r"file.*too large|payload too large|413.*exceeded"),
    ("timeout", r"timed?\s*out|timeout|deadline exceeded"),
    ("auth", r"401.*unauthorized|invalid.*api.*key|api key.*invalid"),
    ("rate_limit", r"rate.*limit|too many requests|429"),
    ("connection", r"connection.*(refused|reset)|could not connect"),
    ("service_error", r"503.*service unavailable|service.*unavailable|server.*error"),
    ("format", r"could not.*decode|unsupported.*format|audio.*corrupt"),
    ("model", r"model.*not.*found|invalid.*model|model.*does not exist"),
)
ENCODES_AGAIN = re.compile(r"failed to decode audio|unsupported audio|corrupted file")


class Refused(Exception):  # noqa: N818 - what happened
    """The service answered with an error."""

    def __init__(self, status: int, body: str, headers: httpx.Headers) -> None:
        self.status = status
        self.headers = headers
        self.shown = f"ASR request failed with status {status}: {body[:SHOWN]}"
        super().__init__(self.shown)

    @property
    def final(self) -> bool:
        """Whether the recording is given up at once."""
        return self.status in FINAL

    @property
    def kind(self) -> str:
        """Which of its messages Speakr shows."""
        text = self.shown.lower()
        return next((kind for kind, words in KINDS if re.search(words, text)), "unknown")

    @property
    def encodes_again(self) -> bool:
        """Whether Speakr makes an MP3 of the file and sends that."""
        return ENCODES_AGAIN.search(self.shown.lower()) is not None


@dataclass(frozen=True)
class Line:
    """A segment as Speakr keeps it."""

    speaker: str
    text: str
    start: float | None
    end: float | None


@dataclass(frozen=True)
class Reading:
    """What Speakr reads of an answer."""

    lines: list[Line]
    text: str
    language: str | None
    voices: dict[str, list[float]]

    @property
    def profiles(self) -> dict[str, list[float]]:
        """The voices that can be compared with people's."""
        return {
            speaker: voice
            for speaker, voice in self.voices.items()
            if len(voice) == VOICE_NUMBERS and any(voice) and all(map(math.isfinite, voice))
        }


class Speakr:
    """The connector, as ASR_BASE_URL, ASR_DIARIZE and ASR_RETURN_SPEAKER_EMBEDDINGS set it up."""

    def __init__(
        self, base_url: str, diarize: bool = True, return_speaker_embeddings: bool = False
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.diarize = diarize
        self.return_speaker_embeddings = return_speaker_embeddings
        self.sent: httpx.Request | None = None

    def is_alive(self) -> bool:
        """Whether anything below 500 comes from /health or /."""
        for path in ("/health", "/"):
            try:
                if httpx.get(f"{self.base_url}{path}", timeout=10).status_code < 500:
                    return True
            except httpx.TransportError:
                continue
        return False

    def models(self) -> list[tuple[str, str]]:
        """The id and the owner of each model that it offers its users."""
        answer = httpx.get(f"{self.base_url}/v1/models", timeout=10)
        answer.raise_for_status()
        return [(model["id"], model["owned_by"]) for model in answer.json()["data"]]

    def transcribe(
        self,
        path: Path,
        language: str | None = None,
        min_speakers: int | None = None,
        max_speakers: int | None = None,
        initial_prompt: str | None = None,
        hotwords: str | None = None,
        model: str | None = None,
    ) -> Reading:
        """Send a recording and read the answer.

        Raises:
            Refused: the service answered with an error.
        """
        voices = self.diarize and self.return_speaker_embeddings
        asked = {
            "language": language,
            "diarize": self.diarize,
            "enable_diarization": self.diarize,
            "return_speaker_embeddings": True if voices else None,
            "min_speakers": min_speakers,
            "max_speakers": max_speakers,
            "initial_prompt": initial_prompt,
            "hotwords": hotwords,
            "model": model,
        }
        query = {"encode": True, "task": "transcribe", "output": "json"}
        query |= {name: value for name, value in asked.items() if value is not None}
        timeout = httpx.Timeout(None, connect=60, read=1800, write=1800)
        with httpx.Client() as client, path.open("rb") as recording:
            response = client.post(
                f"{self.base_url}/asr",
                params=query,
                files={"audio_file": (path.name, recording, "audio/wav")},
                timeout=timeout,
            )
        self.sent = response.request
        if response.is_error:
            raise Refused(response.status_code, response.text, response.headers)
        return read(response.json())


def read(answer: dict) -> Reading:
    """What Speakr keeps of the JSON of an answer."""
    lines: list[Line] = []
    speaker = None
    for segment in answer["segments"]:
        speaker = segment.get("speaker") or speaker  # who spoke before goes on speaking
        text = segment.get("text", "").strip()
        named = speaker or "UNKNOWN_SPEAKER"
        lines.append(Line(named, text, segment.get("start"), segment.get("end")))
    text = answer.get("text")
    if not isinstance(text, str):
        text = "\n".join(f"[{line.speaker}]: {line.text}" for line in lines)
    voices = answer.get("speaker_embeddings") or {}
    return Reading(lines, text, answer.get("language"), voices)
