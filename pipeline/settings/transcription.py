"""Which Whispers there are, and how they compute."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from pipeline.settings.hardware import HardwareSettings
from pipeline.settings.pairs import read_pairs
from pipeline.transcription.whisper_names import WHISPER_REPOSITORIES, canonical_name

ComputeType = Literal[
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
]
ANY_NAME = "*"  # of an alias: every name that nothing else knows
ALIASED_DEFAULT = "default"  # what an alias may stand for beside the names of Whispers


class TranscriptionSettings(HardwareSettings):
    """The Whisper of a request that names none, those that it may name, and their batches."""

    preload_model: str | None = None
    models: Annotated[tuple[str, ...], NoDecode] = ()
    model_aliases: Annotated[dict[str, str], NoDecode] = Field({})
    compute_type: ComputeType | None = None
    batch_size: int | None = Field(None, ge=1, le=128)
    hear_gaps: bool = True

    @field_validator("preload_model")
    @classmethod
    def _one_name(cls, name: str | None) -> str | None:
        return name and canonical_name(name)

    @field_validator("models", mode="before")
    @classmethod
    def _parse_models(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = [canonical_name(name) for name in value.split(",")]
        for name in names:
            if name not in WHISPER_REPOSITORIES and "/" not in name:
                raise ValueError(
                    f"{name!r} is no model; write names separated by commas, each of them one of "
                    f"{', '.join(WHISPER_REPOSITORIES)}, organisation/name on the hub or a folder"
                )
        return tuple(dict.fromkeys(names))

    @field_validator("model_aliases", mode="before")
    @classmethod
    def _parse_model_aliases(cls, value: object) -> object:
        pairs = read_pairs(value, "name=ours[,name=ours], as in voxtral-small-latest=large-v3")
        return {name: canonical_name(str(ours)) for name, ours in dict(pairs).items()}

    @property
    def default_model(self) -> str:
        """The Whisper size of a request that names none."""
        if self.preload_model or self.models:
            return self.preload_model or self.models[0]
        return self.derived_of_whisper.model

    @property
    def offered_models(self) -> tuple[str, ...]:
        """The Whispers that a request may name, the default one first."""
        return tuple(dict.fromkeys([self.default_model, *(self.models or WHISPER_REPOSITORIES)]))

    @property
    def whisper_compute_type(self) -> str:
        """CTranslate2's compute type: int8 on a CPU and what suits a card unless configured."""
        return self.compute_type or self.derived_of_whisper.compute_type

    @property
    def whisper_batch_size(self) -> int:
        """Chunks in one batch of Whisper.

        On a CPU a batch of 8 is no faster a chunk than one of 4, and keeps a chunk
        that arrives meanwhile waiting for twice as long.
        """
        return self.batch_size or self.derived_of_whisper.batch_size
