"""Words and their times from Whisper's cross-attention.

The heads that attend to what is being said, and the dynamic time warping over
their attention, are OpenAI's (``whisper/timing.py``); CTranslate2 does both.
"""

from typing import Protocol

import numpy as np

from documents import Word
from pipeline.languages import UNSPACED_LANGUAGES

SECONDS_PER_STEP = 0.02  # one position of Whisper's encoder
OPENING = "「『（《〈【“‘«([{"  # marks that belong to the word after them
SMALLEST = 1e-10  # probability that counts as none: its logarithm is a number


class Alignment(Protocol):
    """``ctranslate2.models.WhisperAlignmentResult``."""

    alignments: list[tuple[int, int]]  # (token, encoder position), monotonic
    text_token_probs: list[float]


class WordTokenizer(Protocol):
    """The part of ``faster_whisper.tokenizer.Tokenizer`` that is needed here."""

    eot: int
    language_code: str

    def split_to_word_tokens(self, tokens: list[int]) -> tuple[list[str], list[list[int]]]: ...


def words_of(tokens: list[int], alignment: Alignment, tokenizer: WordTokenizer) -> list[Word]:
    """The words of a chunk with times from the chunk's start and scores.

    Every character of the text belongs to a word: punctuation goes with the
    word that it is written at, and does not count for that word's end, since
    attention on it wanders through the pause that follows.

    Args:
        tokens: of the text, without special tokens.
        alignment: of these tokens to the encoder's positions.
    """
    if not tokens or not alignment.alignments:
        return []
    probabilities = alignment.text_token_probs
    positions, steps = np.array(alignment.alignments).T
    is_first = np.diff(positions, prepend=-1) > 0
    token_times = steps[is_first] * SECONDS_PER_STEP
    texts, groups = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    spaced = tokenizer.language_code not in UNSPACED_LANGUAGES
    words: list[Word] = []
    first = 0
    for text, group in zip(texts[:-1], groups[:-1], strict=True):
        last = first + len(group)
        letters = any(map(str.isalnum, text))
        begins = text.startswith(" ") if spaced else letters or text[0] in OPENING
        open_word = bool(words) and (words[-1].word == "" or words[-1].word[-1] in OPENING)
        score = float(np.mean(probabilities[first:last]))
        logprobs = np.log(np.maximum(probabilities[first:last], SMALLEST)).round(4).tolist()
        end = float(token_times[min(last, len(token_times) - 1)])
        if words and (not begins or text.isspace() or open_word):
            word = words[-1]
            if not any(map(str.isalnum, word.word)):
                word.score = score
            word.word = (word.word + text).lstrip()
            word.tokens += group
            word.logprobs += logprobs
            if letters:
                word.end = end
        else:
            start = float(token_times[first])
            words.append(
                Word(
                    word=text.strip(),
                    start=start,
                    end=max(end, start + SECONDS_PER_STEP),
                    score=score,
                    tokens=group,
                    logprobs=logprobs,
                )
            )
        first = last
    for word in words:
        word.word = word.word.rstrip()
    return [word for word in words if word.word]
