"""Word times from a CTC network: characters laid along its emission.

The same trellis and path as ``whisperx.alignment`` (after torchaudio's forced
alignment tutorial), so that the times are the same; computed a row at a time
instead of an element at a time.
"""

from dataclasses import dataclass

import numpy as np

from documents import Word

UNSPACED_LANGUAGES = {"ja", "zh"}  # those that whisperx aligns by the character
WORD_SEPARATOR = "|"


@dataclass(frozen=True)
class Labels:
    """What the columns of an emission stand for."""

    columns: dict[str, int]  # lower-case character → column
    language: str

    @property
    def blank(self) -> int:
        """The column of CTC's blank."""
        pads = [self.columns[name] for name in ("[pad]", "<pad>") if name in self.columns]
        return pads[-1] if pads else 0

    @property
    def spaced(self) -> bool:
        """Whether the language separates its words by spaces."""
        return self.language not in UNSPACED_LANGUAGES


@dataclass(frozen=True)
class CharacterSpan:
    """Frames ``[start, end)`` of one character of the text, and its probability."""

    start: int
    end: int
    score: float


def align_words(
    text: str, emission: np.ndarray, labels: Labels, start: float, end: float
) -> list[Word] | None:
    """Times for each word of a text.

    Characters that the network does not know (digits, symbols, another
    script) match whatever it hears best, as in whisperx.

    Args:
        text: what was said between ``start`` and ``end``.
        emission: float32 [frames, labels], log probabilities.
        start, end: seconds; the stretch of audio that the emission covers.

    Returns:
        Words in seconds of the recording; ``None`` if the text has more
        characters than the emission can take.
    """
    text = text.strip()
    characters = [c.lower() for c in text]
    if labels.spaced:
        characters = [WORD_SEPARATOR if c == " " else c for c in characters]
    # A separator that the network has no column for is no sound and takes no frame.
    sounding = [i for i, c in enumerate(characters) if c in labels.columns or text[i] != " "]
    if not sounding:
        return None
    columns = [labels.columns.get(characters[i], emission.shape[1]) for i in sounding]
    spans = align_characters(_with_wildcard(emission, labels.blank), columns, labels.blank)
    if spans is None:
        return None
    seconds_per_frame = (end - start) / len(emission)
    by_position = dict(zip(sounding, spans, strict=True))
    words = []
    for first, last in _word_bounds(text, labels.spaced):
        heard = [by_position[i] for i in range(first, last) if i in by_position]
        words.append(
            Word(
                word=text[first:last],
                start=round(start + heard[0].start * seconds_per_frame, 3),
                end=round(start + heard[-1].end * seconds_per_frame, 3),
                score=round(float(np.mean([span.score for span in heard])), 3),
            )
        )
    return words


def align_characters(
    emission: np.ndarray, columns: list[int], blank: int
) -> list[CharacterSpan] | None:
    """The likeliest way of the characters through the emission.

    Args:
        emission: float32 [frames, labels], log probabilities.
        columns: the label of each character.
        blank: the label of CTC's blank.

    Returns:
        A span for each character; ``None`` if there is no way.
    """
    frames, count = len(emission), len(columns)
    spoken = emission[:, columns]
    silent = emission[:, blank]
    # trellis[t, j]: the best score of having spoken j characters after t frames.
    trellis = np.full(count + 1, -np.inf, np.float32)
    waited = np.concatenate([[0.0], np.cumsum(silent, dtype=np.float32)]).astype(np.float32)
    waited[max(frames + 1 - count, 0) :] = np.inf  # too late to say all that is left
    advanced = np.zeros((frames, count), bool)
    last_column = np.empty(frames + 1, np.float32)
    last_column[0] = trellis[-1]
    trellis[0] = waited[0]
    stay, advance = np.empty(count, np.float32), np.empty(count, np.float32)
    before, here = trellis[:-1], trellis[1:]
    for t, (score, scores) in enumerate(zip(silent.tolist(), spoken, strict=True)):
        np.add(here, score, out=stay)
        np.add(before, scores, out=advance)
        np.greater(advance, stay, out=advanced[t])
        np.maximum(stay, advance, out=here)
        trellis[0] = waited[t + 1]
        last_column[t + 1] = trellis[-1]
    return _backtrack(advanced, int(np.argmax(last_column)), spoken, silent)


def _backtrack(
    advanced: np.ndarray, end: int, spoken: np.ndarray, silent: np.ndarray
) -> list[CharacterSpan] | None:
    """Follow the decisions back from frame ``end``; see :func:`align_characters`."""
    starts = np.empty(advanced.shape[1] + 1, int)
    starts[-1] = end
    frame = end
    for character in range(advanced.shape[1] - 1, -1, -1):
        column = advanced[:frame, character]
        if not column.any():
            return None
        frame -= int(column[::-1].argmax()) + 1  # behind the frames in which it waits
        starts[character] = frame
    probabilities = np.exp(silent, dtype=float)
    first = starts[:-1]
    probabilities[first] = np.exp(spoken[first, np.arange(len(first))], dtype=float)
    sums = np.add.reduceat(probabilities[:end], first)
    return [
        CharacterSpan(*span)
        for span in zip(
            first.tolist(),
            starts[1:].tolist(),
            (sums / np.diff(starts)).tolist(),
            strict=True,
        )
    ]


def _with_wildcard(emission: np.ndarray, blank: int) -> np.ndarray:
    """The emission with one more column: the best label of each frame that is not the blank."""
    best = np.delete(emission, blank, axis=1).max(axis=1, keepdims=True)
    return np.hstack([emission, best])


def _word_bounds(text: str, spaced: bool) -> list[tuple[int, int]]:
    """(first, last) of each word in the text."""
    if not spaced:
        return [(i, i + 1) for i, character in enumerate(text) if not character.isspace()]
    bounds, first = [], 0
    for word in text.split(" "):
        if word:
            bounds.append((first, first + len(word)))
        first += len(word) + 1
    return bounds
