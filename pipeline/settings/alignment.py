"""Where the times of words come from."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from pipeline.settings.hardware import HardwareSettings
from pipeline.settings.pairs import read_pairs

Method = Literal["auto", "ctc", "attention"]


class AlignmentSettings(HardwareSettings):
    """Whisper's cross-attention or wav2vec2, and which wav2vec2."""

    alignment: Method = "auto"
    alignment_models: Annotated[dict[str, str], NoDecode] = Field({})

    @field_validator("alignment_models", mode="before")
    @classmethod
    def _parse_alignment_models(cls, value: object) -> object:
        return read_pairs(value, "language=model[,language=model], as in en=/models/english")

    def alignment_method(self, asked: Method | None) -> Method:
        """How a request's words are timed that asks for this, or for nothing.

        ``auto`` is cross-attention on a CPU, where wav2vec2 takes longer than all else together,
        and on cards without room for it.
        """
        method = asked or self.alignment
        has_room = self.derived.ctc and self.device_of("wav2vec2") == "cuda"
        return "attention" if method == "auto" and not has_room else method
