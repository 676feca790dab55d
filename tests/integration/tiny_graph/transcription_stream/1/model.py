"""A step that tells three parts, each with the sum of its samples."""

import os
import time
from pathlib import Path

import numpy as np

from documents import Segment, Transcript
from pipeline.errors import Cancelled, InvalidRequest
from pipeline.serving.step import call_leaf
from pipeline.serving.streaming_step import StreamingStep
from pipeline.serving.tensors import document_tensor, read_array

PARTS = 3


class TritonPythonModel(StreamingStep):
    """Obeys ``hotwords`` after its first part.

    ``refuse``; ``step dies once FILE``; ``talks until left FILE``: it writes how
    many parts it told before nobody waited for them any more.
    """

    def answer(self, request, options):
        """Tell, obey, tell on."""
        audio = read_array(request, "AUDIO")
        total = int(audio.astype(np.int64).sum())
        told, most = 0, PARTS
        try:
            while told < most:
                call_leaf("whisper", {"AUDIO": audio[:, :1].copy()}, ["PROCESS"], options)
                yield [document_tensor("SEGMENTS", _part(told, total))]
                told += 1
                match (options.hotwords or "").split():
                    case ["refuse"]:
                        raise InvalidRequest("this cannot be done")
                    case ["step", "dies", "once", file] if not Path(file).exists():
                        Path(file).touch()
                        os._exit(1)
                    case ["talks", "until", "left", _]:
                        most = 1000
                        time.sleep(0.02)
        except (GeneratorExit, Cancelled):
            Path(options.hotwords.split()[-1]).write_text(str(told))
            raise
        yield [document_tensor("SEGMENTS", _part(told, total, last=True))]


def _part(number, total, last=False):
    segment = Segment(start=number, end=number + 1, text=f"{number} {total}")
    return Transcript(
        model="tiny",
        language="en",
        language_probability=1.0,
        duration=9.0,
        segments=[] if last else [segment],
    )
