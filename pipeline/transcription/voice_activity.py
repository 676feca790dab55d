"""Where somebody speaks: Silero's voice activity detector, block by block.

The network is the one that ``faster-whisper`` ships (Silero VAD v6, MIT).  It
is recurrent; its state is carried over from block to block, so the first
spans of a long recording are known before its end has been looked at.
"""

import copy
import os
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime

from pipeline.audio import SAMPLE_RATE, Span, to_float
from pipeline.utf8 import as_utf8

FRAME = 512  # samples that one probability stands for, 32 ms; fixed by the network
CONTEXT = 64  # samples before a frame that the network also sees; fixed by the network
FRAMES_PER_SECOND = SAMPLE_RATE / FRAME
# 16 s: ONNX Runtime keeps for good what the most blocks at once have needed, 11 MB each; of two
# minutes it were 90 MB. What is heard is the same to the last bit.
BLOCK = FRAME * 512

SPEECH = 0.5  # probability at which speech starts
SILENCE = 0.35  # probability under which it may end; between the two nothing changes
MIN_SILENCE = round(0.16 * FRAMES_PER_SECOND)  # frames; shorter silences are inside a word
MIN_SPEECH = round(0.1 * FRAMES_PER_SECOND)  # frames; shorter speech is a click


class VoiceActivityDetector:
    """Silero on one core: 2 MB of weights, 500 times faster than the speech it listens to."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.log_severity_level = 4
        self._check_cancelled: Callable[[], None] = lambda: None
        # More at once than cores would only have more memory kept.
        self._turn = threading.BoundedSemaphore(os.cpu_count() or 1)
        # Importing the package would bring Whisper's libraries, 40 MB, into a step.
        assets = Path(find_spec("faster_whisper").origin).parent / "assets"
        weights = next(assets.glob("silero_vad*.onnx"))
        self._network = onnxruntime.InferenceSession(
            as_utf8(weights), options, providers=["CPUExecutionProvider"]
        )

    def cancellable(self, check: Callable[[], None]) -> "VoiceActivityDetector":
        """The same detector; what ``check`` raises before a block ends the listening."""
        other = copy.copy(self)
        other._check_cancelled = check
        return other

    def probabilities(self, audio: np.ndarray) -> Iterator[np.ndarray]:
        """The probability of speech in each frame of 32 ms.

        Args:
            audio: INT16 [samples] at 16 kHz, of any length.

        Yields:
            float32 [frames] for each block; the last frame is padded with silence.
        """
        hidden = cell = np.zeros((1, 1, 128), np.float32)
        context = np.zeros((1, CONTEXT), np.float32)
        for start in range(0, len(audio), BLOCK):
            self._check_cancelled()
            block = to_float(audio[start : start + BLOCK])
            frames = np.pad(block, (0, -len(block) % FRAME)).reshape(-1, FRAME)
            contexts = np.concatenate([context, frames[:-1, -CONTEXT:]])
            context = frames[-1:, -CONTEXT:]
            given = {"input": np.hstack([contexts, frames]), "h": hidden, "c": cell}
            with self._turn:
                probabilities, hidden, cell = self._network.run(None, given)
            yield probabilities.reshape(-1)

    def spans(self, audio: np.ndarray, longest: int) -> Iterator[Span]:
        """Stretches of speech without a pause, in order.

        Args:
            audio: INT16 [samples] at 16 kHz.
            longest: samples; speech that goes on for longer is cut where the
                detector was least sure of it.
        """
        frames = (p for block in self.probabilities(audio) for p in block.tolist())
        for start, end in _speech(frames, longest // FRAME):
            yield Span(start * FRAME, min(end * FRAME, len(audio)))


def _speech(probabilities: Iterator[float], longest: int) -> Iterator[tuple[int, int]]:
    """(start, end) in frames; ``longest`` is in frames as well."""
    start = quiet_since = None
    seen: list[float] = []  # probabilities since start
    position = -1
    for position, probability in enumerate(probabilities):
        if start is None:
            if probability >= SPEECH:
                start, quiet_since, seen = position, None, [probability]
            continue
        seen.append(probability)
        if probability >= SPEECH:
            quiet_since = None
        elif probability < SILENCE and quiet_since is None:
            quiet_since = position
        if quiet_since is not None and position - quiet_since >= MIN_SILENCE:
            if quiet_since - start >= MIN_SPEECH:
                yield start, quiet_since
            start = None
        elif len(seen) >= longest:
            # The last third: a cut there wastes little of the chunk.
            first = 2 * longest // 3
            cut = start + first + int(np.argmin(seen[first:]))
            yield start, cut
            seen = seen[cut - start :]
            start, quiet_since = cut, None
    if start is not None and position + 1 - start >= MIN_SPEECH:
        yield start, (quiet_since or position + 1)
