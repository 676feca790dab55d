"""How alike the answers of a network in two places are, and whether that is enough."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from statistics import median

import numpy as np

from adapter.check.asking import document

# How far a card may be from the CPU: it adds in another order, and in float16.
WORDS_ALIKE = 0.9  # of Whisper's words; the CPU computes in int8
SHIFT = 0.1  # seconds, the median of the words' starts; attention has a frame for every 0.02
FRAMES_ALIKE = 0.98  # of segmentation's frames
COSINE = 0.98  # of embeddings
LABELS_ALIKE = 0.97  # of wav2vec2's frames

Verdict = tuple[bool, str, dict[str, object]]  # alike enough, how alike in words, and in figures


def same_words(answers: Sequence[np.ndarray], on_cpu: dict) -> Verdict:
    """Whisper's words, and when they begin."""
    expected = on_cpu["answer"]
    shares, shifts, invented = [], [], 0
    for index, answer in enumerate(answers):
        told = document(answer)
        which = index % (len(expected) + 1)
        ours = _words(told["text"])
        theirs = _words(expected[which % len(expected)]["text"])
        if which == len(expected) - 1:  # silence
            invented += len(ours) if ours != theirs else 0
            continue
        matcher = SequenceMatcher(a=ours, b=theirs, autojunk=False)
        shares.append(matcher.ratio())
        if told["words"] and which < len(expected):
            shifts += _shifts(told["words"], expected[which]["words"])
    share, shift = min(shares), median(shifts) if shifts else float("inf")
    told = f"{share:.0%} of the words, {shift * 1000:.0f} ms apart"
    if invented:
        told += f", and {invented} words in silence"
    figures = {"words_alike": round(share, 3), "shift_seconds": round(shift, 3)}
    return share >= WORDS_ALIKE and shift <= SHIFT and not invented, told, figures


def _words(text: str) -> list[str]:
    return "".join(each if each.isalnum() else " " for each in text.lower()).split()


def _shifts(ours: list[dict], theirs: list[dict]) -> list[float]:
    """Seconds between the starts of the words that both have heard."""
    texts = [[word["word"].strip().lower() for word in words] for words in (ours, theirs)]
    blocks = SequenceMatcher(a=texts[0], b=texts[1], autojunk=False).get_matching_blocks()
    return [
        abs(ours[block.a + each]["start"] - theirs[block.b + each]["start"])
        for block in blocks
        for each in range(block.size)
    ]


def same_frames(answers: Sequence[np.ndarray], on_cpu: dict) -> Verdict:
    """Segmentation's frames."""
    expected = np.array(on_cpu["answer"])
    alike = min(
        float((answer == expected[index % len(expected)]).all(axis=1).mean())
        for index, answer in enumerate(answers)
    )
    return alike >= FRAMES_ALIKE, f"{alike:.1%} of the frames", {"frames_alike": round(alike, 4)}


def same_voices(answers: Sequence[np.ndarray], on_cpu: dict) -> Verdict:
    """The voices of two halves of a stretch."""
    expected = _unit(np.array(on_cpu["answer"]))
    alike = min(float((_unit(answer) * expected).sum(axis=1).min()) for answer in answers)
    told = f"cosine similarity {alike:.3f}"
    return alike >= COSINE, told, {"cosine": round(alike, 4)}


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def same_labels(answers: Sequence[np.ndarray], on_cpu: dict) -> Verdict:
    """wav2vec2's likeliest label of each frame."""
    expected = np.array(on_cpu["answer"])
    alike = min(
        float((answer.argmax(axis=1) == expected).mean()) if len(answer) == len(expected) else 0.0
        for answer in answers
    )
    return alike >= LABELS_ALIKE, f"{alike:.1%} of the frames", {"frames_alike": round(alike, 4)}
