"""How speakers are told apart."""

import json
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode

from pipeline.options import MAX_SPEAKERS
from pipeline.settings.hardware import HardwareSettings, Network

COMMUNITY_1, UNGATED = "community-1", "ungated"  # pairs of networks
LONGEST_GAP = 10  # seconds that may be filled between two turns of one speaker


@dataclass(frozen=True)
class Tuning:
    """Parameters of diarization instead of the published ones; None leaves these."""

    threshold: float | None = None
    fa: float | None = None
    fb: float | None = None
    min_cluster_size: int | None = None
    min_duration_off: float | None = None
    alike: float | None = None  # cosine similarity from which two embeddings are of one person


class SegmentationOverrides(BaseModel):
    """pyannote's parameters of turns."""

    model_config = ConfigDict(extra="forbid")

    min_duration_off: float | None = Field(None, ge=0, le=LONGEST_GAP)


class ClusteringOverrides(BaseModel):
    """pyannote's parameters of clustering: of VBx, and the last one of the ungated pair's."""

    model_config = ConfigDict(extra="forbid")

    threshold: float | None = Field(None, gt=0, le=2)
    Fa: float | None = Field(None, gt=0, le=100)
    Fb: float | None = Field(None, gt=0, le=100)
    min_cluster_size: int | None = Field(None, ge=1, le=1000)


class Overrides(BaseModel):
    """As whisperx-asr-service merges them into pyannote's parameters."""

    model_config = ConfigDict(extra="forbid")

    segmentation: SegmentationOverrides = SegmentationOverrides()
    clustering: ClusteringOverrides = ClusteringOverrides()


class DiarizationSettings(HardwareSettings):
    """What is expected of the speakers, and the two networks that look for them."""

    diarization: Literal["auto", "community-1", "ungated"] = "auto"
    diarization_embedding: Literal["shared", "exact"] = "shared"
    diarize_min_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    diarize_max_speakers: int | None = Field(None, ge=1, le=MAX_SPEAKERS)
    diarize_clustering_threshold: float | None = Field(None, gt=0, le=2)
    diarize_min_duration_off: float | None = Field(None, ge=0, le=LONGEST_GAP)
    diarize_param_overrides: Annotated[Overrides | None, NoDecode] = None
    diarize_fill_nearest: bool = True
    diarize_window_step: int = Field(1, ge=1, le=5)
    diarize_batch_size: int | None = Field(None, ge=1, le=256)
    diarize_batch_wait_timeout: float | None = Field(None, ge=0, le=10)
    diarize_num_replicas: int = Field(1, ge=1, le=16)
    known_speaker_similarity: float | None = Field(None, gt=0, le=1)

    @field_validator("diarize_max_speakers")
    @classmethod
    def _no_less_than_the_fewest(cls, most: int | None, given: ValidationInfo) -> int | None:
        least = given.data.get("diarize_min_speakers")
        if most and least and most < least:
            raise ValueError(f"DIARIZE_MIN_SPEAKERS is {least}; make it at least that")
        return most

    @field_validator("diarize_param_overrides", mode="before")
    @classmethod
    def _parse_overrides(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return Overrides.model_validate(json.loads(value))
        except ValidationError as error:
            fault = error.errors()[0]
            name = ".".join(map(str, fault["loc"]))
            raise ValueError(f"{name}: {fault['msg']}; .env.example has those there are") from None
        except ValueError:
            raise ValueError('write it as JSON, as in {"clustering": {"Fb": 1.0}}') from None

    @property
    def diarization_tuning(self) -> Tuning:
        """What these settings say of the parameters; DIARIZE_PARAM_OVERRIDES has the last word."""
        overrides = self.diarize_param_overrides or Overrides()
        clustering, gap = overrides.clustering, overrides.segmentation.min_duration_off
        return Tuning(
            threshold=clustering.threshold or self.diarize_clustering_threshold,
            fa=clustering.Fa,
            fb=clustering.Fb,
            min_cluster_size=clustering.min_cluster_size,
            min_duration_off=self.diarize_min_duration_off if gap is None else gap,
            alike=self.known_speaker_similarity,
        )

    @property
    def windows_under_way(self) -> int:
        """Windows of a recording that ``diarization`` keeps with its segmentation network.

        A batch on a CPU, where more only keep others waiting, and two for each card.
        """
        if self.diarize_batch_size:
            return self.batches_under_way("segmentation") * self.diarize_batch_size
        return 64 * len(self.cards_of("segmentation")) or 8

    def processes_of(self, network: Network) -> int:
        """Processes of a leaf: one for each card that it computes on, or one on the CPU."""
        replicas = 1
        if network in ("segmentation", "speaker_embedding"):
            replicas = self.diarize_num_replicas
        return (len(self.cards_of(network)) or 1) * replicas

    @property
    def stretches_under_way(self) -> int:
        """Stretches that ``diarization`` keeps with its embedding networks, to keep them busy."""
        return (4 * len(self.cards_of("speaker_embedding")) or 1) * self.diarize_num_replicas
