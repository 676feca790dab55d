"""The service over HTTP."""

import os
from pathlib import Path
from types import TracebackType

import httpx

from client.errors import ServiceError
from documents import Segment, Transcript, Word

DEFAULT_URL = "http://localhost:9000"
ANSWER_SECONDS = 1800.0  # what Speakr waits; the service itself gives a long recording more
CONNECT_SECONDS = 10.0
HEALTH_SECONDS = 10.0

Option = str | int | bool | None


class Client:
    """A service at a URL, which may hold a user and a password."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        timeout: float = ANSWER_SECONDS,
        api_key: str | None = None,
    ) -> None:
        """Args:
        url: Where the service is.
        timeout: Seconds that an answer may take.
        api_key: A key of the service's API_KEY; the variable ASR_API_KEY if left out.

        Raises:
            ServiceError: the key cannot be sent.
        """
        self.url = url
        waiting = httpx.Timeout(timeout, connect=CONNECT_SECONDS)
        # In a header of its own: the URL's password may be a proxy's.
        key = api_key or os.environ.get("ASR_API_KEY")
        if key and not key.isascii():
            raise ServiceError(None, "the API key has characters that no key has")
        headers = {"X-API-Key": key} if key else None
        self._http = httpx.Client(base_url=url, timeout=waiting, headers=headers)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def transcribe(self, path: str | Path, **options: Option) -> Transcript:
        """Transcribe a recording.

        Args:
            path: A recording in any usual format, or a video with sound.
            options: The parameters of ``POST /asr``, such as ``language`` or ``diarize``.

        Raises:
            ServiceError: the service refused, failed or does not answer.
            OSError: the file cannot be read.
        """
        given = {name: value for name, value in options.items() if value is not None}
        with open(path, "rb") as file:
            files = {"audio_file": (Path(path).name, file, "application/octet-stream")}
            answer = self._send("POST", "/asr", params=given | {"output": "json"}, files=files)
        return read_transcript(answer)

    def health(self) -> dict[str, object]:
        """What ``GET /health`` says.

        Raises:
            ServiceError: the service is not healthy or does not answer.
        """
        return self._send("GET", "/health", timeout=HEALTH_SECONDS)

    def _send(self, method: str, path: str, **request: object) -> dict[str, object]:
        try:
            response = self._http.request(method, path, **request)
        except httpx.TimeoutException:
            raise ServiceError(None, f"no answer from {self.url} in time") from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ServiceError(None, f"{self.url} cannot be reached: {error}") from None
        try:
            content = response.json()
        except ValueError:
            content = {}
        content = content if isinstance(content, dict) else {}
        if not response.is_success or not content:
            detail = content.get("detail") or response.text[:200] or response.reason_phrase
            raise ServiceError(response.status_code, str(detail))
        return content


def read_transcript(answer: dict[str, object]) -> Transcript:
    """The transcript in the JSON of ``/asr``, of this service or of one like it.

    What another service adds is left aside, what it does not say is empty.
    """
    segments = [
        Segment(**_known(segment, Segment) | {"words": _words(segment)})
        for segment in answer.get("segments", [])
    ]
    known = _known(answer, Transcript)
    defaults = {
        "model": "",
        "language_probability": 0.0,
        "duration": max((segment.end for segment in segments), default=0.0),
    }
    return Transcript(**{**defaults, **known, "segments": segments})


def _words(segment: dict) -> list[Word]:
    # WhisperX leaves out the times of words that it could not align.
    words = (_known(word, Word) for word in segment.get("words", []))
    return [Word(**word) for word in words if {"start", "end", "score"} <= word.keys()]


def _known(values: dict, kind: type) -> dict:
    return {
        name: value
        for name, value in values.items()
        if name in kind.model_fields and value is not None
    }
