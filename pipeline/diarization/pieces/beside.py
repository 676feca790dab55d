"""Who is heard beside whom: local speakers of one window are different people."""

import numpy as np

from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.reconstruction import SILENT
from pipeline.diarization.windows import FRAME_STEP, FRAMES, SPEAKERS

# Frames, 1.5 s, in which two are heard at once, who are two people then. For less than that one
# person is heard twice, in a hall or where somebody else says a word.
AT_ONCE = round(1.5 * SAMPLE_RATE / FRAME_STEP)
OFTEN = 0.25  # of the windows that hear anybody, which hear three
PAIRS = ((0, 1), (0, 2), (1, 2))


def heard_beside(activity: np.ndarray, at_once: np.ndarray) -> int:
    """How many people there are at least, by those who are heard beside each other: 1 to 3.

    Args:
        activity: UINT8 [W, 589, speakers].
        at_once: INT64 [frames], how many people speak in each frame of the recording.
    """
    speak = activity.any(axis=1).sum(axis=1)
    if (speak > 2).sum() >= OFTEN * (speak > 0).sum():
        return 3
    edges = np.flatnonzero(np.diff(at_once > 1, prepend=False, append=False))
    return 2 if (edges[1::2] - edges[::2]).max(initial=0) >= AT_ONCE else 1


def local_speakers(
    activity: np.ndarray, clusters: np.ndarray, named: np.ndarray, number: int, begins: np.ndarray
) -> np.ndarray:
    """Whom each window's speakers are for most of the time in which somebody speaks alone.

    Two who are heard at once are two people: who is less of the one they would both be is
    somebody else. Who is never alone is whom the others of the cluster are.

    Args:
        activity: UINT8 [W, 589, speakers].
        clusters: INT [W, speakers], or SILENT.
        named: INT64 [frames], who speaks alone in each frame of the recording, or NOT_NAMED.
        number: of people.
        begins: INT64 [W], the first frame of each window.

    Returns:
        INT of the shape of ``clusters``.
    """
    people = np.arange(number)
    times = np.zeros((len(activity), SPEAKERS, number), np.float32)
    at_once = np.zeros((len(activity), SPEAKERS, SPEAKERS), np.float32)
    for window, begin in enumerate(begins):
        frames = named[begin : begin + FRAMES]
        heard = activity[window].T.astype(np.float32)
        times[window] = heard[:, : len(frames)] @ (frames[:, None] == people).astype(np.float32)
        at_once[window] = heard @ heard.T
    speaks = clusters != SILENT
    known = speaks & times.any(axis=2)
    told = np.where(known, times.argmax(axis=2), clusters)
    usual = times.sum(axis=(0, 1), dtype=np.float64)
    same = np.zeros((clusters.max() + 1, number))
    np.add.at(same, clusters[known], times[known])
    unknown = speaks & ~known
    told[unknown] = _most(same, usual).argmax(axis=1)[clusters[unknown]]
    _part(told, times, usual, at_once >= AT_ONCE)
    return told


def _part(told: np.ndarray, times: np.ndarray, usual: np.ndarray, at_once: np.ndarray) -> None:
    """Let two who are heard at once be two, where there are as many people."""
    for one, other in PAIRS:
        both = at_once[:, one, other] & (told[:, one] == told[:, other]) & (told[:, one] >= 0)
        for window in np.flatnonzero(both):
            own = times[window, :, told[window, one]]
            less = one if own[one] < own[other] else other
            likely = _most(times[window, less], times[window].sum(axis=0), usual)
            beside = at_once[window, less] & (told[window] >= 0)
            beside[less] = False
            likely[told[window, beside]] = -1
            if likely.max() >= 0:
                told[window, less] = likely.argmax()


def _most(times: np.ndarray, *otherwise: np.ndarray) -> np.ndarray:
    """The same order as of these times, and where they are equal that of the others in turn."""
    order = np.zeros(times.shape)
    for each in reversed((times, *otherwise)):
        order = each + order / (2 * max(order.max(), 0.5))
    return order
