"""Words that a network that has lost its way says over and over."""

from collections.abc import Sequence

LONGEST = 8  # words that are repeated
TIMES = 3  # somebody may say «no» twice


def looped(words: Sequence[str]) -> int:
    """How many words belong to what is said for the third time in a row, or oftener."""
    return sum(
        any(_repeated(words[: end + 1], n) for n in range(1, LONGEST + 1))
        for end in range(len(words))
    )


def _repeated(words: Sequence[str], length: int) -> bool:
    last = words[-length * TIMES :]
    return len(last) == length * TIMES and list(last) == list(last[:length]) * TIMES
