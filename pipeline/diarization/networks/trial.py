"""``python -m pipeline.diarization.networks.trial FOLDER``: can a community-1 be loaded?

Hears a window of noise with its networks, on the CPU. Prints why it cannot, if it cannot.
"""

import sys
from pathlib import Path

import numpy as np

from pipeline import children
from pipeline.diarization.networks.community_onnx import OnnxWeSpeaker, open_segmentation
from pipeline.diarization.recipe import community
from pipeline.diarization.windows import FRAMES, WINDOW


def main() -> int:
    """Run the command; the exit status is 0 when it can."""
    children.begin()
    folder = Path(sys.argv[1])
    noise = np.random.default_rng(0).integers(-3000, 3000, WINDOW).astype(np.int16)
    try:
        community(folder)
        open_segmentation(folder / "segmentation", cores=1)(noise[None])
        OnnxWeSpeaker(folder / "embedding", cores=1)(noise, np.ones((1, FRAMES), np.uint8))
    except Exception as failure:  # a damaged file fails in any way
        print(f"{type(failure).__name__}: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
