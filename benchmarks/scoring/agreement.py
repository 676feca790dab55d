"""Two lists of timed words that should be the same."""

from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

TOLERANCE = 0.0205  # seconds; 20 ms, and times are rounded to the millisecond


@dataclass(frozen=True)
class Agreement:
    """How far two alignments agree."""

    same_words: float  # share of the reference's words that are there
    within: float  # share of the common words with both times within 20 ms
    median_ms: float  # median difference of the common words' boundaries


def agreement(theirs: list[dict], ours: list[dict]) -> Agreement:
    """Compare words with ``word``, ``start`` and ``end`` in seconds."""
    matcher = SequenceMatcher(
        None, [word["word"] for word in theirs], [word["word"] for word in ours], autojunk=False
    )
    differences = []
    for block in matcher.get_matching_blocks():
        pairs = zip(
            theirs[block.a : block.a + block.size],
            ours[block.b : block.b + block.size],
            strict=True,
        )
        differences += [
            (abs(a["start"] - b["start"]), abs(a["end"] - b["end"]))
            for a, b in pairs
            if "start" in a and "end" in a
        ]
    times = np.array(differences).reshape(-1, 2)
    return Agreement(
        same_words=len(times) / max(len(theirs), 1),
        within=float((times.max(axis=1) <= TOLERANCE).mean()) if len(times) else 0.0,
        median_ms=float(np.median(times) * 1000) if len(times) else float("nan"),
    )
