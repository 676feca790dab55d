"""``python -m pipeline.transcription.trial FOLDER DEVICE TYPE CORES``: can it be loaded?

Loads a Whisper and hears a second of noise with it.  Prints why it cannot, if it cannot; what
CTranslate2 makes of crafted weights ends this process and no other.
"""

import sys
from pathlib import Path

import numpy as np

from pipeline import children
from pipeline.audio import SAMPLE_RATE
from pipeline.options import Options
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.recognition import Recogniser


def main() -> int:
    """Run the command; the exit status is 0 when it can."""
    children.begin()
    folder, device, compute_type, cores = sys.argv[1:]
    noise = np.random.default_rng(0).integers(-3000, 3000, SAMPLE_RATE).astype(np.int16)
    try:
        recogniser = Recogniser(Path(folder), device, compute_type, int(cores))
        recogniser.recognise([Chunk(noise, Options(language="en"))])
    except Exception as failure:  # CTranslate2 and tokenizers have no kinds of their own
        print(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
