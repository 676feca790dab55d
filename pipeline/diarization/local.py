"""The whole of diarization in one process, for tests and benchmarks."""

from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from documents import Turns
from pipeline.diarization.diarize import diarize
from pipeline.diarization.networks.loading import (
    Embedding,
    Segmentation,
    load_embedding,
    load_segmentation,
)
from pipeline.diarization.recipe import Recipe, read_recipe
from pipeline.options import Options
from pipeline.settings import Settings


@dataclass(frozen=True)
class LocalDiarizer:
    """A pair of networks with its recipe."""

    segmentation: Segmentation
    embedding: Embedding
    recipe: Recipe

    @classmethod
    def load(cls, settings: Settings) -> "LocalDiarizer":
        """Load the pair that these settings choose."""
        return cls(load_segmentation(settings), load_embedding(settings), read_recipe(settings))

    def __call__(
        self, audio: np.ndarray, options: Options | None = None, exact: bool = False
    ) -> Turns:
        """Find the speaker turns of a recording, INT16 [N]."""
        options = options or Options()
        return diarize(audio, options, self.segment, self.embed, self.recipe, exact)

    def segment(self, window: np.ndarray) -> Future:
        """Segment one window at once."""
        return _done(self.segmentation(window[None])[0])

    def embed(self, audio: np.ndarray, masks: np.ndarray) -> Future:
        """Embed one stretch at once."""
        return _done(self.embedding(audio, masks))


def _done(value: np.ndarray) -> Future:
    future: Future = Future()
    future.set_result(value)
    return future
