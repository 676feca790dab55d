"""What a request may ask for.  Options travel through the graph as Triton request parameters."""

import json
import logging
import math
import os
import time
import uuid
from pathlib import Path
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.errors import DeadlineExceeded, InvalidRequest
from pipeline.transcription.whisper_names import canonical_name

# Of UTF-8, for each text that Whisper is told; it hears 223 tokens, about half of this.
LONGEST_MS = (1 << 40) - 1  # more than anybody waits
TEXT_BYTES = 2048
# By which logs of several processes tell one request from others.
REQUEST_ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"
# By which spans of several processes are parts of one trace: the W3C's, version 00.
TRACEPARENT_PATTERN = r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
MAX_SPEAKERS = 50  # that are told apart in a recording, whatever is asked for or heard
MAX_NAME = 64  # characters of a known speaker's name
MAX_DIMENSIONS = 1024  # of an embedding; the networks' have 192 and 256

logger = logging.getLogger(__name__)


def _clock() -> str:
    """Which monotonic clock this is: Linux has one for all processes, until it starts again."""
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), "/proc/self/ns/time"
    try:
        name = boot.read_text(encoding="ascii").strip()
        return f"{name} {os.readlink(namespace)}" if os.path.lexists(namespace) else name
    except OSError:
        return uuid.uuid4().hex  # of this process alone


CLOCK = _clock()


class KnownVoice(BaseModel):
    """A person whose voice a request brings."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(min_length=1, max_length=MAX_NAME)
    # By the network that diarizes, as `speaker_embeddings` of a recording of this person has
    # it.  Without one, nobody is recognised, and nobody else is called so.
    embedding: tuple[float, ...] = Field((), max_length=MAX_DIMENSIONS)


class Options(BaseModel):
    """The options of one recording; ``None`` leaves the choice to the service."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str | None = Field(None, max_length=4096)  # a Whisper size, name or folder
    language: str | None = Field(None, max_length=64)  # None detects it
    task: Literal["transcribe", "translate"] = "transcribe"
    initial_prompt: str | None = None  # text that Whisper takes as what came before
    hotwords: str | None = None  # words that Whisper should expect
    beam_size: int = Field(5, ge=1, le=10)
    detect_language: bool = False  # only that: nothing is transcribed
    # The first one tried; 0 takes the likeliest reading, more samples one.
    temperature: float = Field(0.0, ge=0, le=1, allow_inf_nan=False)
    word_timestamps: bool = True
    # Times in Whisper's text take longer to write; with them it goes on where it would else
    # leave off after the first sentence or speaker.
    without_timestamps: bool = True
    hear_gaps: bool = True  # where HEAR_GAPS is: what Whisper leaves out is asked about by itself
    alignment: Literal["auto", "ctc", "attention"] | None = None  # None: what ALIGNMENT says
    diarize: bool = True
    num_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    min_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    max_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    return_speaker_embeddings: bool = False
    known_voices: tuple[KnownVoice, ...] = Field((), max_length=MAX_SPEAKERS)
    reuse: bool = True  # of what was computed for the same recording before, or is just now
    background: bool = False  # nobody sits and waits for it: others' pieces go first
    request_id: str | None = Field(None, pattern=REQUEST_ID_PATTERN)  # for the logs
    traceparent: str | None = Field(None, pattern=TRACEPARENT_PATTERN)  # of who asks
    request_key: str | None = Field(None, max_length=64)  # by which a step can be told to stop
    # For so long somebody waits for the answer, and until then by the monotonic clock that is
    # named. That counts where the clock can be read, so on one machine; elsewhere the first one
    # does, from the moment in which it arrives.
    timeout_ms: int | None = Field(None, ge=0, le=LONGEST_MS)
    deadline_ns: int | None = Field(None, ge=0, lt=1 << 63)
    clock: str | None = Field(None, max_length=128)
    patience_ms: int | None = Field(None, ge=0, le=LONGEST_MS)  # of that, for networks to load

    @field_validator("model")
    @classmethod
    def _one_name(cls, name: str | None) -> str | None:
        return canonical_name(name) if name else None

    @field_validator("initial_prompt", "hotwords")
    @classmethod
    def _as_much_as_is_heard(cls, text: str | None, field: ValidationInfo) -> str | None:
        # Cut and not refused: the words that somebody has set once, for good, go with every
        # recording of theirs, and Whisper takes no more of them anyway.
        raw = text.encode() if text else b""
        if len(raw) <= TEXT_BYTES:
            return text
        begins = field.field_name == "hotwords"  # the first ones count, of a prompt its end
        which, kept = ("first", raw[:TEXT_BYTES]) if begins else ("last", raw[-TEXT_BYTES:])
        name, sizes = field.field_name, (TEXT_BYTES, len(raw))
        logger.warning("%s: the %s %d of %d bytes are used", name, which, *sizes)
        return kept.decode(errors="ignore")

    @field_validator("known_voices", mode="before")
    @classmethod
    def _parse_voices(cls, voices: object) -> object:
        if not isinstance(voices, str):
            return voices
        try:
            return json.loads(voices)
        except ValueError:
            raise ValueError("give a JSON list of objects with name and embedding") from None

    @field_validator("known_voices")
    @classmethod
    def _one_voice_a_name(cls, voices: tuple[KnownVoice, ...]) -> tuple[KnownVoice, ...]:
        names = [voice.name for voice in voices]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is there twice")
        return voices

    @model_validator(mode="after")
    def _speakers_in_order(self) -> "Options":
        if self.min_speakers and self.max_speakers and self.min_speakers > self.max_speakers:
            raise ValueError(
                f"min_speakers ({self.min_speakers}) is larger than "
                f"max_speakers ({self.max_speakers})"
            )
        return self

    def expecting(self, least: int | None, most: int | None) -> "Options":
        """These options, with bounds where they say nothing of how many people speak."""
        if self.num_speakers or self.min_speakers or self.max_speakers:
            return self
        return self.model_copy(update={"min_speakers": least, "max_speakers": most})

    @classmethod
    def from_parameters(cls, parameters: str | None) -> "Options":
        """Read Triton's request parameters, a JSON object in a string.

        Raises:
            InvalidRequest: naming the option whose value cannot be used.
        """
        try:
            options = cls.model_validate_json(parameters or "{}")
        except ValidationError as error:
            fault = error.errors()[0]
            name = ".".join(map(str, fault["loc"])) or "options"
            raise InvalidRequest(f"{name}: {fault['msg']}") from None
        if options.timeout_ms is None or options.clock == CLOCK:
            return options
        return options.due_in(options.timeout_ms / 1e3)

    def to_parameters(self) -> dict[str, str | int | bool]:
        """The options that were set, as values that Triton and BLS carry."""
        values = self.model_dump(exclude_none=True, exclude_defaults=True)
        if self.deadline_ns is not None and self.clock == CLOCK:
            values["timeout_ms"] = min(max(int(self.remaining() * 1e3), 0), LONGEST_MS)
        if self.known_voices:
            values["known_voices"] = json.dumps(values["known_voices"])
        # BLS carries no fractions.
        return {k: str(value) if isinstance(value, float) else value for k, value in values.items()}

    def for_a_piece(self) -> "Options":
        """These options without what only a whole recording needs, and leaves would only read."""
        return self.model_copy(update={"known_voices": ()}) if self.known_voices else self

    def due_in(self, seconds: float) -> "Options":
        """These options, with a deadline so many seconds from now."""
        deadline_ns = int((time.monotonic() + seconds) * 1e9)
        return self.model_copy(update={"deadline_ns": deadline_ns, "clock": CLOCK})

    def remaining(self) -> float:
        """Seconds until nobody waits for the answer any more; infinity without a deadline."""
        if self.deadline_ns is None or self.clock != CLOCK:
            return math.inf
        return self.deadline_ns / 1e9 - time.monotonic()

    def check_deadline(self) -> None:
        """Raise :class:`DeadlineExceeded` once nobody waits for the answer any more."""
        if self.remaining() < 0:
            raise DeadlineExceeded("the request's deadline has passed")
