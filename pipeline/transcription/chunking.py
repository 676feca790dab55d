"""Chunks: what one call of Whisper hears, cut where nobody speaks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipeline.audio import SAMPLE_RATE, Span
from pipeline.options import Options

CHUNK_SAMPLES = 30 * SAMPLE_RATE  # what Whisper's encoder hears at once
PADDING = round(0.2 * SAMPLE_RATE)  # audio kept before and after speech: soft onsets are missed
LONGEST_SPEECH = CHUNK_SAMPLES - 2 * PADDING
LONGEST_PAUSE = 3 * SAMPLE_RATE  # silence inside a chunk invites Whisper to invent words
FILLED = round(0.6 * CHUNK_SAMPLES)  # from here on the longest pause is looked for


@dataclass(frozen=True)
class Chunk:
    """One request to Whisper: INT16 [samples], at most 30 s, and what is asked about it."""

    audio: np.ndarray
    options: Options
    until: float = 0.0  # seconds of the recording at its end
    speech: tuple[tuple[float, float], ...] = ()  # when somebody speaks, seconds from its start

    def at(self, temperature: float) -> "Chunk":
        """The same, to be attempted at another temperature."""
        options = self.options.model_copy(update={"temperature": temperature})
        return replace(self, options=options)


def chunks(spans: Iterable[Span], samples: int) -> Iterator[Span]:
    """Join spans of speech into chunks of at most 30 s.

    A chunk ends at the longest pause in its last 40 %, or at any pause of 3 s.

    Args:
        spans: stretches of speech in order, none longer than ``LONGEST_SPEECH``.
        samples: the length of the recording.
    """
    last_end = 0
    for group, next_start in _groups(spans, samples):
        start = max(group[0].start - PADDING, last_end)
        # Half a pause each: the next chunk's padding must not be cut off.
        pause = next_start - group[-1].end
        last_end = group[-1].end + min(PADDING, (pause + 1) // 2)
        yield Span(start, last_end)


def _groups(spans: Iterable[Span], samples: int) -> Iterator[tuple[list[Span], int]]:
    """The spans of each chunk, and where the speech after it starts."""
    waiting: list[Span] = []
    for span in spans:
        while waiting and _too_far(waiting, span):
            count = _cut(waiting, span)
            group, waiting = waiting[:count], waiting[count:]
            yield group, (waiting or [span])[0].start
        waiting.append(span)
    if waiting:
        yield waiting, samples


def _too_far(waiting: list[Span], span: Span) -> bool:
    return (
        span.end - waiting[0].start > LONGEST_SPEECH or span.start - waiting[-1].end > LONGEST_PAUSE
    )


def _cut(waiting: list[Span], span: Span) -> int:
    """How many of the waiting spans the chunk takes."""
    if span.start - waiting[-1].end > LONGEST_PAUSE:
        return len(waiting)
    followers = [*waiting[1:], span]
    pauses = [after.start - before.end for before, after in zip(waiting, followers, strict=True)]
    late = [i for i, before in enumerate(waiting) if before.end - waiting[0].start >= FILLED]
    return 1 + max(late or [len(waiting) - 1], key=pauses.__getitem__)
