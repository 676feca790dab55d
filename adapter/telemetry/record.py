"""What is known of one request: who it is, where its time went, and what came of it."""

import re
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from documents import Transcript
from pipeline.options import REQUEST_ID_PATTERN
from pipeline.telemetry import traces

HEADER, PARENT = b"x-request-id", b"traceparent"
# In their order. The graph's four come back with its answer; ``diarization`` runs beside
# ``transcription`` and ``alignment``.
UPLOAD, WAIT, DECODE, ANSWER, OTHER = "upload", "wait", "decode", "answer", "other"
VOICES = "voices"  # clips of known speakers are decoded and heard
TRANSCRIPTION, ALIGNMENT, DIARIZATION = "transcription", "alignment", "diarization"
GRAPH = (TRANSCRIPTION, ALIGNMENT, DIARIZATION, "attribution")
STAGES = (UPLOAD, WAIT, DECODE, VOICES, *GRAPH, ANSWER)

GONE = 499  # a status, as nginx has it: the client hung up
OUTCOME_NAMES = ("answered", "refused", "unavailable", "timed out", "failed", "gone")
OUTCOMES = {408: "refused", GONE: "gone", 503: "unavailable", 504: "timed out"}


class Record:
    """One request's. Seconds are of the monotonic clock."""

    def __init__(self, request_id: str | None = None, parent: str | None = None) -> None:
        """Args:
        request_id: If the client gave it one.
        parent: The ``traceparent`` of whoever asks, if there is one.
        """
        self.id = request_id or uuid.uuid4().hex
        self.seconds: dict[str, float] = {}  # of each stage
        self.about: dict[str, object] = {}  # audio_seconds, model, language, …
        self.now: str | None = None  # the stage that it is in
        self.duration: float | None = None  # seconds of audio, as soon as they are known
        self.key: str | None = None  # by which the graph knows it, while it is there
        self.diarize = False
        self.graph_begun = 0.0
        self._others: list[Record] = []  # whose work is this one's as well
        self.received = self.sent = 0  # bytes of bodies
        self.status: int | None = None
        self.first_byte: float | None = None  # of a stream, since the upload was there
        self.total = 0.0
        self._outcome: str | None = None
        self._begun = time.monotonic()
        self._parent = parent
        self.span = traces.Span()  # what tells a collector of it, if somebody does
        self._heard: float | None = None  # since then only the answer is worked on

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What is done meanwhile belongs to this stage, whatever comes of it."""
        with self._stage(name):
            yield

    @contextmanager
    def stage_of_others(self, name: str) -> Iterator[None]:
        """Likewise, of work on other recordings, whose own stages and keys are not this one's."""
        with self._stage(name) as span:
            other = Record(self.id)
            other.span = span
            token = CURRENT.set(other)
            try:
                yield
            finally:
                CURRENT.reset(token)

    @contextmanager
    def _stage(self, name: str) -> Iterator[traces.Span]:
        begun, self.now = time.monotonic(), name
        try:
            with self.part(name) as span:
                yield span
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun

    def trace(self) -> None:
        """Have the collector of traces told of it, if there is one: it brings a recording."""
        since = time.monotonic() - self._begun
        self.span = traces.begin("recording", self._parent, "server", since)

    @contextmanager
    def part(self, name: str, kind: traces.Kind = "internal") -> Iterator[traces.Span]:
        """A span around what is done meanwhile, if this request is traced."""
        if self.span.traceparent is None:
            yield traces.Span()
            return
        with traces.span(name, self.span.traceparent, kind) as part:
            yield part

    def begin_graph(self, key: str, diarize: bool) -> None:
        """It is given to the graph, under this key."""
        self.key, self.diarize, self.graph_begun = key, diarize, time.monotonic()

    @contextmanager
    def shared(self, other: "Record") -> Iterator[None]:
        """Meanwhile what is done for another request, for the same recording, is done for both."""
        self._others.append(other)
        try:
            yield
        finally:
            self._others.remove(other)

    @property
    def at_work(self) -> "Record":
        """The record of the request that the graph knows this one by."""
        return self._others[-1] if self._others else self

    def hear(self, transcript: Transcript, duration: float) -> None:
        """The graph has answered.

        Args:
            transcript: With the seconds of the steps.
            duration: Seconds of audio.
        """
        self._heard = time.monotonic()
        self.key, self.now = None, ANSWER
        self.seconds |= transcript.seconds
        speakers = {segment.speaker for segment in transcript.segments if segment.speaker}
        self.about |= {
            "audio_seconds": round(duration, 3),
            "speech_seconds": round(transcript.speech_seconds or 0.0, 3),
            "model": transcript.model,
            "language": transcript.language,
            "speakers": len(speakers),
        }

    def fail(self) -> None:
        """It went wrong after its status had been sent."""
        self._outcome = "failed"

    def hung_up(self) -> None:
        """The client is gone, before all of its answer was."""
        self._outcome = "gone"

    def begin_stream(self) -> None:
        """The first byte is sent of an answer that comes in parts."""
        self.first_byte = time.monotonic() - self._begun - self.seconds.get(UPLOAD, 0.0)

    def finish(self) -> None:
        """All has been sent."""
        now = time.monotonic()
        self.total = now - self._begun
        if self._heard is not None:
            self.seconds[ANSWER] = now - self._heard
            if self.span.traceparent is not None:
                traces.begin(ANSWER, self.span.traceparent, since=now - self._heard).end()

    @property
    def outcome(self) -> str:
        """One of OUTCOME_NAMES."""
        status = self.status or 500
        usual = "answered" if status < 400 else "refused" if status < 500 else "failed"
        return self._outcome or OUTCOMES.get(status, usual)

    @property
    def critical_path(self) -> dict[str, float]:
        """The seconds of those stages that the client had to wait for, which add up to the total.

        What no stage accounts for, as handing over between them, is ``other``.
        """
        heard = self.seconds.get(TRANSCRIPTION, 0.0) + self.seconds.get(ALIGNMENT, 0.0)
        shorter = (
            (TRANSCRIPTION, ALIGNMENT)
            if self.seconds.get(DIARIZATION, 0.0) > heard
            else (DIARIZATION,)
        )
        path = {name: second for name, second in self.seconds.items() if name not in shorter}
        graph = sum(path.get(name, 0.0) for name in GRAPH)
        left = max(self.total - sum(path.values()) + graph, 0.0)
        if graph > left:  # it joined work that was under way already, of which it waited for a part
            path |= {name: path[name] * left / graph for name in GRAPH if name in path}
        return {**path, OTHER: max(left - graph, 0.0)}


CURRENT: ContextVar[Record | None] = ContextVar("record", default=None)


def current() -> Record:
    """The record of the request that this task works for; one that nobody reads, if for none."""
    return CURRENT.get() or Record()


def sent_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The id that a client gives its request, if it is one that may stand in a log."""
    text = _sent(headers, HEADER)
    return text if re.fullmatch(REQUEST_ID_PATTERN, text) else None


def sent_parent(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The trace that a client makes its request a part of, if it is one."""
    text = _sent(headers, PARENT)
    return text if traces.is_traceparent(text) else None


def _sent(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value.decode("latin-1").strip() for each, value in headers if each == name), "")
