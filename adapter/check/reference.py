"""What the CPU says of the same pieces, in a process of its own that sees no card."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from adapter.check.target import ROOT, Target

SECONDS = 600
NETWORKS = ("whisper", "segmentation", "speaker_embedding", "wav2vec2")


def on_cpu(
    target: Target, pieces: dict[str, np.ndarray], folder: Path
) -> dict[str, dict[str, object]]:
    """The answer of each network, or why there is none; see :mod:`pipeline.reference`.

    Args:
        target: whose networks they are to be.
        pieces: to be asked about.
        folder: for what is handed on.
    """
    given, told = folder / "pieces.npz", folder / "answers.json"
    np.savez(given, **pieces)
    environment = {
        **os.environ,
        "DEVICE": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "COMPUTE_TYPE": "int8",
        "NETWORK_DEVICES": "",
        "PRELOAD_MODEL": str(target.about["default_model"]),
        "MODELS": "",
        "DIARIZATION": str(target.about.get("diarization") or target.settings.diarization),
    }
    command = [sys.executable, "-m", "pipeline.reference", str(given), str(told)]
    try:
        asked = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
        )
        return json.loads(told.read_text(encoding="utf-8"))
    except subprocess.TimeoutExpired:
        why = f"it took longer than {SECONDS} s"
    except (OSError, ValueError):
        why = asked.stderr.decode("utf-8", "replace")[-300:]
    return {network: {"failed": why} for network in NETWORKS}
