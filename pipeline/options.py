"""What a request may ask for.  Options travel through the graph as Triton request parameters."""

import json
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.errors import DeadlineExceeded, InvalidRequest
from pipeline.transcription.whisper_names import canonical_name

MAX_SPEAKERS = 50  # that are told apart in a recording, whatever is asked for or heard


class Options(BaseModel):
    """The options of one recording; ``None`` leaves the choice to the service."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str | None = None  # a Whisper size or name
    language: str | None = None  # None detects it
    task: Literal["transcribe", "translate"] = "transcribe"
    initial_prompt: str | None = None  # text that Whisper takes as what came before
    hotwords: str | None = None  # words that Whisper should expect
    beam_size: int = Field(5, ge=1, le=10)
    detect_language: bool = False  # only that: nothing is transcribed
    # The first one tried; 0 takes the likeliest reading, more samples one.
    temperature: float = Field(0.0, ge=0, le=1, allow_inf_nan=False)
    word_timestamps: bool = True
    alignment: Literal["auto", "ctc", "attention"] | None = None  # None: what ALIGNMENT says
    diarize: bool = True
    num_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    min_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    max_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    return_speaker_embeddings: bool = False
    request_key: str | None = Field(None, max_length=64)  # by which a step can be told to stop
    deadline_ms: int | None = None  # Unix time in ms after which nobody waits for the answer

    @field_validator("model")
    @classmethod
    def _one_name(cls, name: str | None) -> str | None:
        return canonical_name(name) if name else None

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
        values = json.loads(parameters) if parameters else {}
        try:
            return cls(**values)
        except ValidationError as error:
            fault = error.errors()[0]
            name = ".".join(map(str, fault["loc"])) or "options"
            raise InvalidRequest(f"{name}: {fault['msg']}") from None

    def to_parameters(self) -> dict[str, str | int | bool]:
        """The options that were set, as values that Triton and BLS carry."""
        values = self.model_dump(exclude_none=True, exclude_defaults=True)
        # BLS carries no fractions.
        return {k: str(value) if isinstance(value, float) else value for k, value in values.items()}

    def check_deadline(self) -> None:
        """Raise :class:`DeadlineExceeded` once nobody waits for the answer any more."""
        if self.deadline_ms is not None and time.time() * 1000 > self.deadline_ms:
            raise DeadlineExceeded("the request's deadline has passed")
