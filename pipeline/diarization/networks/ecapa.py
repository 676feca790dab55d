"""What both ways to compute ECAPA-TDNN share: SpeechBrain's ``spkrec-ecapa-voxceleb``.

The frame-level layers see a whole stretch, once for all its speakers.  Attention and
statistics see the frames of one mask at a time, as if the rest were padding.
"""

import numpy as np

from pipeline.diarization.windows import WINDOW

CHECKPOINT = "embedding_model.ckpt"
MEL_BANDS = 80
# Its widest convolution reflects 4 frames of 10 ms at either end, so it needs 5.
MIN_SAMPLES = 640
# Frames of 10 ms on either side of one that it is compared with in a stretch of several
# speakers. The network was trained on 3 s of one speaker. Over the whole stretch, a voice
# would depend on who else happens to be in it, and look like two in two stretches.
CONTEXT = 150
DIMENSION = 192  # of an embedding
# The architecture, from its hyperparams.yaml.
ARCHITECTURE = {
    "input_size": MEL_BANDS,
    "channels": [1024, 1024, 1024, 1024, 3072],
    "kernel_sizes": [5, 3, 3, 3, 1],
    "dilations": [1, 2, 3, 4, 1],
    "attention_channels": 128,
    "lin_neurons": DIMENSION,
}


def is_alone(samples: int) -> bool:
    """Whether so much audio is taken for one speaker's, compared with all that he says there.

    A window at most, of one speaker: so SpeechBrain does it.
    """
    return samples <= WINDOW


def frames_around(frames: int, alone: bool) -> tuple[np.ndarray, np.ndarray]:
    """The first frame that each is compared with, and the one after the last, INT64 [T]."""
    if alone:
        return np.zeros(frames, np.int64), np.full(frames, frames, np.int64)
    frame = np.arange(frames)
    return np.maximum(frame - CONTEXT, 0), np.minimum(frame + CONTEXT + 1, frames)
