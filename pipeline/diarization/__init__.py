"""Who spoke when: pyannote's pipeline with its networks behind Triton.

``diarize`` cuts the recording into windows, has each segmented, has each
speaker of each window embedded, clusters the embeddings, and turns the
clusters into speaker turns.
"""

import os
import warnings

# pyannote reports each model that is loaded to its maker unless told not to.
os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "false")
# Its own decoder needs FFmpeg's shared libraries; here it only ever gets samples.
warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed correctly")
