"""A step that answers with the sum of its samples and the process of its leaf."""

import os
import time
from functools import partial
from pathlib import Path

import numpy as np

from documents import Segment, Transcript, Word
from pipeline.errors import InvalidRequest
from pipeline.serving.fanout import FanOut
from pipeline.serving.requests_in_flight import IN_FLIGHT, pieces
from pipeline.serving.step import Step, call_leaf
from pipeline.serving.tensors import document_tensors, read_array


class TritonPythonModel(Step):
    """Obeys ``hotwords``.

    ``sleep 2``; ``wait FILE`` and ``until FILE``, which fails or goes on when it is there;
    ``refuse``; ``fail``; ``step dies once FILE``; ``pieces 9 0.5`` takes half a second each time,
    and with ``FILE NAME`` behind it the leaf writes the name there for each piece.
    """

    def load(self, settings):
        """Prepare the fan-out."""
        self.pieces = FanOut(window=1)

    def answer(self, request, options):
        """Obey, then ask the leaf: once, or ``pieces`` times so many seconds."""
        count = 1
        match (options.hotwords or "").split():
            case ["sleep", seconds]:
                time.sleep(float(seconds))
            case ["wait", file]:
                while not Path(file).exists():
                    IN_FLIGHT.of(options).pause(0.05)
                raise InvalidRequest("this cannot be done")
            case ["refuse"]:
                raise InvalidRequest("this cannot be done")
            case ["fail"]:
                raise KeyError("a mistake of ours")
            case ["step", "dies", "once", file] if not Path(file).exists():
                Path(file).touch()
                os._exit(1)
            case ["until", file]:
                while not Path(file).exists():
                    IN_FLIGHT.of(options).pause(0.02)
            case ["pieces", number, *piece]:
                count = int(number)
                command = f"leaf sleeps {' '.join(piece)}"
                options = options.model_copy(update={"hotwords": command})
        audio = read_array(request, "AUDIO")
        ask = partial(call_leaf, "whisper", {"AUDIO": audio[:, :1].copy()}, ["PROCESS"], options)
        with pieces(self.pieces, options) as mine:
            replies = [answer.result() for answer in [mine.submit(ask) for _ in range(count)]]
        total = int(audio.astype(np.int64).sum())
        transcript = Transcript(
            model=str(read_array(replies[-1], "PROCESS")[0, 0]),
            language="en",
            language_probability=1.0,
            duration=audio.size / 16_000,
            segments=[Segment(start=0.0, end=1.0, text=str(total), words=[_word(total)])],
        )
        # All the same: nothing is aligned.
        return document_tensors(("SEGMENTS", "SEGMENTS_ONWARD", "WORDS"), transcript)


def _word(total):
    return Word(word=str(total), start=0.0, end=1.0, score=1.0)
