"""How speakers are told apart."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from pipeline.options import MAX_SPEAKERS
from pipeline.settings.hardware import HardwareSettings

COMMUNITY_1, UNGATED = "community-1", "ungated"  # pairs of networks


class DiarizationSettings(HardwareSettings):
    """What is expected of the speakers, and the two networks that look for them."""

    diarization: Literal["auto", "community-1", "ungated"] = "auto"
    diarization_embedding: Literal["shared", "exact"] = "shared"
    diarize_min_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    diarize_max_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    diarize_clustering_threshold: float | None = Field(None, gt=0, le=2)
    diarize_batch_size: int | None = Field(None, ge=1, le=256)
    diarize_batch_wait_timeout: float | None = Field(None, ge=0, le=10)
    diarize_num_replicas: int = Field(1, ge=1, le=16)

    @field_validator("diarize_max_speakers")
    @classmethod
    def _no_less_than_the_fewest(cls, most: int | None, given: ValidationInfo) -> int | None:
        least = given.data.get("diarize_min_speakers")
        if most and least and most < least:
            raise ValueError(f"DIARIZE_MIN_SPEAKERS is {least}; make it at least that")
        return most

    @property
    def windows_under_way(self) -> int:
        """Windows of a recording that ``diarization`` keeps with its segmentation network.

        A batch on a CPU, where more only keep others waiting, and two on a GPU.
        """
        if self.diarize_batch_size:
            return self.batches_under_way * self.diarize_batch_size
        return 64 if self.torch_device == "cuda" else 8
