"""Which audio the embedding network sees at once, and which embeddings are made of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.masks import resample
from pipeline.diarization.pieces.cutting import Pieces
from pipeline.diarization.windows import FRAME_STEP, STEP, WINDOW, cut

# Windows overlap by 90 %, and their frames are computed once for all windows of a stretch.
# Longer stretches share more (the last window of one reaches 9 s into the next) but
# keep the leaf busy for longer; the windows that begin in 30 s are 39 s of audio.
SHARED = 30 * SAMPLE_RATE
MASK_RATE = 100  # mask frames per second in a stretch; windows start on this grid
MASKS_PER_WINDOW = WINDOW * MASK_RATE // SAMPLE_RATE


@dataclass(frozen=True)
class Stretch:
    """One request to the embedding network."""

    audio: np.ndarray  # INT16 [N]
    masks: np.ndarray  # UINT8 [P, F]
    windows: np.ndarray  # [Q], the window of each of the first embeddings
    speakers: np.ndarray  # [Q], its local speaker
    pieces: Pieces | None = None  # P - Q, whose embeddings follow


def shared(
    audio: np.ndarray,
    first: int,
    masks: np.ndarray,
    step: int = STEP,
    pieces: Pieces | None = None,
) -> Iterator[Stretch]:
    """One stretch for all windows of a block.

    Args:
        audio: INT16 [N], the recording.
        first: the number of the block's first window.
        masks: UINT8 [windows, 589, 3], the block's pooling masks.
        step: samples between the starts of two windows, which lie on the masks' grid.
        pieces: that begin before the next block's windows do.
    """
    masks_per_step = step * MASK_RATE // SAMPLE_RATE
    windows, speakers = np.nonzero(masks.any(axis=1))
    if not len(windows):
        return
    begin, end = windows.min(), windows.max()
    frames = (end - begin) * masks_per_step + MASKS_PER_WINDOW
    spread = np.zeros((len(windows), frames), np.uint8)
    for row, (window, speaker) in enumerate(zip(windows, speakers, strict=True)):
        offset = (window - begin) * masks_per_step
        mask = resample(masks[window, :, speaker], MASKS_PER_WINDOW)
        spread[row, offset : offset + MASKS_PER_WINDOW] = mask
    piece = _filled(audio, (first + begin) * step, (end - begin) * step + WINDOW)
    if pieces is not None:
        spread = np.concatenate([spread, _spans(pieces, (first + begin) * step, frames)])
    yield Stretch(piece, spread, windows + first, speakers, pieces)


def _spans(pieces: Pieces, start: int, frames: int) -> np.ndarray:
    """The masks of what pieces are embedded from, UINT8 [n, frames], from a sample on."""
    edges = (np.stack([pieces.first, pieces.last]) * FRAME_STEP - start) * MASK_RATE / SAMPLE_RATE
    first, last = edges.round().astype(np.int64)[:, :, None]
    frame = np.arange(frames)
    return ((first <= frame) & (frame < last)).astype(np.uint8)


def _filled(audio: np.ndarray, start: int, length: int) -> np.ndarray:
    """So many samples from ``start`` on, a view; from the first of them again where they end.

    The networks subtract the mean of a stretch's features.  Of a clip of three seconds with
    seven of digital silence behind it, that is the silence's: two clips of one person then had a
    cosine similarity of 0.3, and have 0.6 like this.
    """
    piece = audio[start : start + length]
    return piece if len(piece) == length else np.pad(piece, (0, length - len(piece)), "wrap")


def windowed(
    audio: np.ndarray, first: int, masks: np.ndarray, step: int = STEP
) -> Iterator[Stretch]:
    """One stretch for each window, shared by its speakers; arguments as above.

    What pyannote computes for a network that pools by weights.
    """
    for row, mask in enumerate(masks):
        speakers = np.flatnonzero(mask.any(axis=0))
        if len(speakers):
            piece = cut(audio, (first + row) * step, WINDOW)
            windows = np.full(len(speakers), first + row)
            yield Stretch(piece, np.ascontiguousarray(mask[:, speakers].T), windows, speakers)


def excised(
    audio: np.ndarray, first: int, masks: np.ndarray, step: int = STEP
) -> Iterator[Stretch]:
    """One stretch for each speaker of each window, of the speaker's samples alone.

    What pyannote computes for ECAPA.  Arguments as above.
    """
    for whole in windowed(audio, first, masks, step):
        for row, window, speaker in zip(whole.masks, whole.windows, whole.speakers, strict=True):
            samples = whole.audio[resample(row, WINDOW).astype(bool)]
            yield Stretch(
                samples, np.ones((1, 1), np.uint8), np.array([window]), np.array([speaker])
            )
