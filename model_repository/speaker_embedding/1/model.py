"""The ``speaker_embedding`` leaf: stretches of audio with masks in, an embedding a mask out."""

import numpy as np

from pipeline.diarization.networks.loading import load_embedding
from pipeline.serving.leaf import Leaf
from pipeline.serving.tensors import array_tensor, read_array


class TritonPythonModel(Leaf):
    """One network; the stretches of a batch run one after the other."""

    # Whisper's is the longer way through the graph: its batches must not wait for these.
    NICENESS = 15

    def load(self, settings):
        """Load the network."""
        self.embed = load_embedding(settings)

    def infer(self, requests):
        """Embed one batch of stretches."""
        pieces = [
            (read_array(request, "AUDIO"), read_array(request, "MASKS")) for request in requests
        ]
        return [
            answer if isinstance(answer, Exception) else [array_tensor("EMBEDDINGS", answer)]
            for answer in self.together(self._one_by_one, pieces)
        ]

    def _one_by_one(self, pieces):
        return [
            np.stack([self.embed(*row) for row in zip(audio, masks, strict=True)])
            for audio, masks in pieces
        ]
