"""Every word has a time, whatever the network says."""

import numpy as np
import pytest

from documents import Segment, Transcript, Word
from pipeline.alignment.align import Emission, align
from pipeline.alignment.ctc import Labels
from tests.futures import done

AUDIO = np.zeros(10 * 16_000, np.int16)
LABELS = Labels({"<pad>": 0, "|": 1, "a": 2, "b": 3}, "en")


def transcript(text: str, words: list[Word] | None = None) -> Transcript:
    return Transcript(
        model="base",
        language="en",
        language_probability=1.0,
        duration=10.0,
        segments=[Segment(start=2.0, end=6.0, text=text, words=words or [])],
    )


def words_of(aligned: Transcript) -> list[Word]:
    return [word for segment in aligned.segments for word in segment.words]


def test_the_times_of_attention_are_kept_and_sentences_cut():
    spoken = [
        Word(word="Hello?", start=2.0, end=2.5, score=0.9),
        Word(word="Oh.", start=3.0, end=3.5, score=0.9),
    ]
    aligned = align(AUDIO, transcript("Hello? Oh.", spoken), None)
    assert words_of(aligned) == spoken
    assert [(s.text, s.start, s.end) for s in aligned.segments] == [
        ("Hello?", 2.0, 2.5),
        ("Oh.", 3.0, 3.5),
    ]


def test_the_network_hears_the_segment_only():
    heard = []

    def emit(audio: np.ndarray):
        heard.append(len(audio))
        return done(Emission(np.log(np.full((200, 4), 0.25, np.float32)), LABELS))

    words = words_of(align(AUDIO, transcript("a bb"), emit))
    assert heard == [4 * 16_000]
    assert [word.word for word in words] == ["a", "bb"]
    assert all(2.0 <= word.start <= word.end <= 6.0 for word in words)


def test_a_text_too_long_for_its_audio_keeps_the_times_it_had():
    emission = Emission(np.log(np.full((3, 4), 0.25, np.float32)), LABELS)
    spoken = [Word(word="abababab", start=2.5, end=3.0, score=0.5)]
    assert words_of(align(AUDIO, transcript("abababab", spoken), lambda _: done(emission))) == (
        spoken
    )


def test_a_text_too_long_for_its_audio_is_spread_over_it():
    emission = Emission(np.log(np.full((3, 4), 0.25, np.float32)), LABELS)
    first, second = words_of(align(AUDIO, transcript("aaab bb"), lambda _: done(emission)))
    assert (first.start, second.end) == (2.0, 6.0)
    assert first.end == second.start == pytest.approx(2.0 + 4.0 * 4 / 6)
    assert first.score == second.score == 0.0


def test_words_of_ctc_keep_their_tokens():
    spoken = [Word(word="a", start=2.5, end=3.0, score=0.5, tokens=[17], logprobs=[-0.7])]
    emission = Emission(np.log(np.full((50, 4), 0.25, np.float32)), LABELS)
    (word,) = words_of(align(AUDIO, transcript("a", spoken), lambda _: done(emission)))
    assert word.tokens == [17]
    assert word.logprobs == [-0.7]
    assert word.start != 2.5


def test_characters_of_ctc_share_the_tokens_of_whispers_words():
    spoken = [
        Word(word="a", start=2.5, end=3.0, score=0.5, tokens=[1], logprobs=[-0.1]),
        Word(word="ab。", start=3.0, end=3.5, score=0.5, tokens=[2, 3], logprobs=[-0.2, -0.3]),
        Word(word="b", start=3.5, end=4.0, score=0.5, tokens=[4], logprobs=[-0.4]),
    ]
    emission = Emission(np.log(np.full((50, 4), 0.25, np.float32)), Labels(LABELS.columns, "zh"))
    aligned = align(AUDIO, transcript("aab。b", spoken), lambda _: done(emission))
    assert [word.word for word in words_of(aligned)] == ["a", "a", "b", "。", "b"]
    assert [(s.text, s.tokens) for s in aligned.segments] == [("aab。", [1, 2, 3]), ("b", [4])]
    assert [s.avg_logprob for s in aligned.segments] == pytest.approx([-0.2, -0.4])
