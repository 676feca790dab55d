"""The two pairs of networks, and what pyannote's configuration says of each."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from pipeline.diarization.agglomerative import Agglomerative
from pipeline.diarization.clustering import Centroids
from pipeline.diarization.stretches import Stretch, excised, windowed
from pipeline.diarization.windows import FRAMES, WINDOW
from pipeline.settings import Settings
from pipeline.settings.diarization import COMMUNITY_1, UNGATED

# Chosen with benchmarks/speakers.
ECAPA_THRESHOLD = 0.7
ECAPA_MIN_CLUSTER_SIZE = 12


@dataclass(frozen=True)
class Recipe:
    """What the ``diarization`` step must know of the networks behind it."""

    name: str  # as DIARIZATION has it
    min_samples: int  # the shortest audio that the embedding network takes, as pyannote finds it
    exact: Callable[[np.ndarray, int, np.ndarray], Iterator[Stretch]]  # as pyannote does it
    find: Centroids

    @property
    def min_frames(self) -> int:
        """Frames of a window that are as long as ``min_samples``."""
        return math.ceil(FRAMES * self.min_samples / WINDOW)


def ungated(threshold: float | None = None) -> Recipe:
    """segmentation-3.0 with ECAPA."""
    clustering = Agglomerative(threshold or ECAPA_THRESHOLD, ECAPA_MIN_CLUSTER_SIZE)
    return Recipe(UNGATED, min_samples=640, exact=excised, find=clustering)


def community(folder: Path, threshold: float | None = None) -> Recipe:
    """community-1, with the parameters of its ``config.yaml``, or another threshold."""
    from pipeline.diarization.vbx import Vbx

    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    parameters = config["params"]["clustering"]
    clustering = Vbx(
        folder / "plda",
        threshold or parameters["threshold"],
        fa=parameters["Fa"],
        fb=parameters["Fb"],
    )
    return Recipe(COMMUNITY_1, min_samples=400, exact=windowed, find=clustering)


def read_recipe(settings: Settings) -> Recipe:
    """The recipe of the networks that these settings choose."""
    from pipeline.weights import community_folder

    folder = community_folder(settings)
    threshold = settings.diarize_clustering_threshold
    return community(folder, threshold) if folder else ungated(threshold)
