"""Where the times of words come from."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode

from pipeline.settings.pairs import read_pairs


class AlignmentSettings(BaseModel):
    """Whisper's cross-attention or wav2vec2, and which wav2vec2."""

    alignment: Literal["auto", "ctc", "attention"] = "auto"
    alignment_models: Annotated[dict[str, str], NoDecode] = Field({})

    @field_validator("alignment_models", mode="before")
    @classmethod
    def _parse_alignment_models(cls, value: object) -> object:
        return read_pairs(value, "language=model[,language=model], as in en=/models/english")
