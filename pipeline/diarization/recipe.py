"""The two pairs of networks, and what pyannote's configuration says of each."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from pipeline.audio import SAMPLE_RATE, seconds
from pipeline.diarization.agglomerative import Agglomerative
from pipeline.diarization.clustering import Centroids
from pipeline.diarization.stretches import SHARED, Stretch, excised, windowed
from pipeline.diarization.windows import FRAMES, STEP, WINDOW
from pipeline.settings import Settings
from pipeline.settings.diarization import COMMUNITY_1, UNGATED, Tuning

# Chosen with benchmarks/speakers.
ECAPA_THRESHOLD = 0.7
ECAPA_MIN_CLUSTER_SIZE = 12
VOICES_APART = 0.58  # at that threshold
# Cosine similarities from which two embeddings are of one person. The first was measured
# (benchmarks/known_voices.py). The second is a guess, as community-1's weights could not be had:
# ailia's sample program for this network (ailia-models, wespeaker.py) says from 0.4 on, Speakr
# suggests a person whose profile is at 0.6.
ECAPA_ALIKE = 0.45
WESPEAKER_ALIKE = 0.45
AS_PUBLISHED = Tuning()


@dataclass(frozen=True)
class Recipe:
    """What the ``diarization`` step must know of the networks behind it."""

    name: str  # as DIARIZATION has it
    min_samples: int  # the shortest audio that the embedding network takes, as pyannote finds it
    exact: Callable[[np.ndarray, int, np.ndarray, int], Iterator[Stretch]]  # as pyannote does it
    find: Centroids
    alike: float  # cosine similarity from which two embeddings are of one person
    step: int = STEP  # samples between the starts of two windows
    min_duration_off: float = 0.0  # seconds; shorter gaps between two turns of one speaker are none
    # Cosine distance of two people's voices in pieces of speech, which are embedded too; or they
    # are not.
    apart: float | None = None

    @property
    def shared_windows(self) -> int:
        """Windows whose frames are computed at once for the embeddings."""
        return SHARED // self.step

    @property
    def lengths(self) -> tuple[float, float]:
        """Seconds of the recording by which a window, and what shares its frames, is further."""
        return seconds(self.step), seconds(self.step * self.shared_windows)

    @property
    def min_frames(self) -> int:
        """Frames of a window that are as long as ``min_samples``."""
        return math.ceil(FRAMES * self.min_samples / WINDOW)


def ungated(tuning: Tuning = AS_PUBLISHED, step: int = STEP) -> Recipe:
    """segmentation-3.0 with ECAPA."""
    # As many seconds of one person, in fewer windows.
    smallest = max(1, round(ECAPA_MIN_CLUSTER_SIZE * STEP / step))
    clustering = Agglomerative(
        tuning.threshold or ECAPA_THRESHOLD, tuning.min_cluster_size or smallest
    )
    return Recipe(
        UNGATED,
        min_samples=640,
        exact=excised,
        find=clustering,
        alike=tuning.alike or ECAPA_ALIKE,
        step=step,
        min_duration_off=tuning.min_duration_off or 0.0,
        apart=VOICES_APART / ECAPA_THRESHOLD * clustering.threshold,
    )


def community(folder: Path, tuning: Tuning = AS_PUBLISHED, step: int = STEP) -> Recipe:
    """community-1, with the parameters of its ``config.yaml`` where there are no others."""
    from pipeline.diarization.vbx import Vbx

    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    published = config["params"]
    clustering = published["clustering"]

    def chosen(value: float | None, otherwise: float) -> float:
        return otherwise if value is None else value

    off = published.get("segmentation", {}).get("min_duration_off", 0.0)
    return Recipe(
        COMMUNITY_1,
        min_samples=400,
        exact=windowed,
        find=Vbx(
            folder / "plda",
            chosen(tuning.threshold, clustering["threshold"]),
            fa=chosen(tuning.fa, clustering["Fa"]),
            fb=chosen(tuning.fb, clustering["Fb"]),
        ),
        alike=tuning.alike or WESPEAKER_ALIKE,
        step=step,
        min_duration_off=chosen(tuning.min_duration_off, off),
    )


def read_recipe(settings: Settings) -> Recipe:
    """The recipe of the networks that these settings choose."""
    from pipeline.weights import community_folder

    folder = community_folder(settings)
    tuning = settings.diarization_tuning
    step = round(settings.diarize_window_step * SAMPLE_RATE)
    return community(folder, tuning, step) if folder else ungated(tuning, step)
