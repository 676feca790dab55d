"""A step that answers with the sum of its samples and the process of its leaf."""

import os
import time
from pathlib import Path

import numpy as np

from pipeline.documents import Segment, Transcript
from pipeline.errors import InvalidRequest
from pipeline.serving.step import Step, call_leaf
from pipeline.serving.tensors import document_tensor, read_array


class TritonPythonModel(Step):
    """Obeys ``hotwords``: ``sleep 2``, ``refuse``, ``fail``, ``step dies once FILE``."""

    def answer(self, request, options):
        """Obey, then ask the leaf."""
        match (options.hotwords or "").split():
            case ["sleep", seconds]:
                time.sleep(float(seconds))
            case ["refuse"]:
                raise InvalidRequest("this cannot be done")
            case ["fail"]:
                raise KeyError("a mistake of ours")
            case ["step", "dies", "once", file] if not Path(file).exists():
                Path(file).touch()
                os._exit(1)
        audio = read_array(request, "AUDIO")
        reply = call_leaf("whisper", {"AUDIO": audio[:, :1].copy()}, ["PROCESS"], options)
        total = int(audio.astype(np.int64).sum())
        transcript = Transcript(
            model=str(read_array(reply, "PROCESS")[0, 0]),
            language="en",
            language_probability=1.0,
            duration=audio.size / 16_000,
            segments=[Segment(start=0.0, end=1.0, text=str(total))],
        )
        return [document_tensor("SEGMENTS", transcript)]
