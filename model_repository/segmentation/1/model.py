"""The ``segmentation`` leaf: windows of any recordings in, their local speakers out."""

import numpy as np

from pipeline.diarization.networks.loading import load_segmentation
from pipeline.serving.leaf import Leaf
from pipeline.serving.tensors import array_tensor, read_array


class TritonPythonModel(Leaf):
    """One network; all windows of a batch run together."""

    # Whisper's is the longer way through the graph: its batches must not wait for these.
    NICENESS = 15

    def load(self, settings):
        """Load the network."""
        self.segment = load_segmentation(settings)

    def infer(self, requests):
        """Segment one batch of windows."""
        windows = [read_array(request, "AUDIO") for request in requests]
        return [
            answer if isinstance(answer, Exception) else [array_tensor("SEGMENTATION", answer)]
            for answer in self.together(self._segment, windows)
        ]

    def _segment(self, windows):
        ends = np.cumsum([len(each) for each in windows])
        return np.split(self.segment(np.concatenate(windows)), ends[:-1])
