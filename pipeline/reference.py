"""``python -m pipeline.reference PIECES ANSWERS``: what the networks say on this machine's CPU.

A process of its own, whose libraries see no card, for ``make check``: what a card says of the
same pieces is to be the same.  Reads arrays (``numpy.savez``) and writes what each network
answers as JSON, with the reason where one cannot be had.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline.options import Options
from pipeline.settings import Settings, read_settings
from pipeline.weights.defaults import settled

CHUNKS, WINDOWS, STRETCH, MASKS = "chunks", "windows", "stretch", "masks"  # names of arrays


def answers(pieces: dict[str, np.ndarray], settings: Settings) -> dict[str, object]:
    """What each network says, or ``{"failed": why}``, and the seconds that it took.

    Args:
        pieces: ``chunks`` INT16 [C, N], ``windows`` INT16 [W, 160000], ``stretch`` INT16 [N] with
            ``masks`` UINT8 [P, F].
        settings: with a CPU as the device.
    """
    asked: dict[str, Callable[[], object]] = {
        "whisper": lambda: _whisper(pieces[CHUNKS], settings),
        "segmentation": lambda: _segmentation(pieces[WINDOWS], settings),
        "speaker_embedding": lambda: _embeddings(pieces[STRETCH], pieces[MASKS], settings),
        "wav2vec2": lambda: _emissions(pieces[CHUNKS][0], settings),
    }
    told = {}
    for network, ask in asked.items():
        begin = time.monotonic()
        try:
            told[network] = {"answer": ask()}
        except Exception as failure:  # whatever keeps one network from answering, others may
            told[network] = {"failed": f"{type(failure).__name__}: {failure}"}
        told[network]["seconds"] = round(time.monotonic() - begin, 2)
    return told


def _whisper(chunks: np.ndarray, settings: Settings) -> list[dict[str, object]]:
    from pipeline.transcription.chunking import Chunk
    from pipeline.transcription.whisper_models import WhisperModels

    options = Options(language="en")
    with WhisperModels(settings).use(None) as recogniser:
        transcripts = recogniser.recognise([Chunk(chunk, options) for chunk in chunks])
    return [transcript.model_dump(include={"text", "words"}) for transcript in transcripts]


def _segmentation(windows: np.ndarray, settings: Settings) -> list:
    from pipeline.diarization.networks.loading import load_segmentation

    return load_segmentation(settings)(windows).tolist()


def _embeddings(stretch: np.ndarray, masks: np.ndarray, settings: Settings) -> list:
    from pipeline.diarization.networks.loading import load_embedding

    return load_embedding(settings)(stretch, masks).tolist()


def _emissions(chunk: np.ndarray, settings: Settings) -> list:
    from pipeline.alignment.networks import AlignmentNetworks

    networks = AlignmentNetworks(settings)
    networks.load_now("en")
    with networks.use("en") as network:
        return network.emission(chunk).argmax(axis=1).tolist()


def main() -> int:
    """Run the command."""
    pieces, told = map(Path, sys.argv[1:])
    with np.load(pieces) as arrays:
        given = dict(arrays)
    settings = settled(read_settings(device="cpu"))
    told.write_text(json.dumps(answers(given, settings)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
