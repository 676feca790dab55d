"""Word times from CTC are those of WhisperX, with the same weights, for every word."""

import itertools

import numpy as np
import pytest
from nltk.tokenize.punkt import PunktSentenceTokenizer
from whisperx import alignment as whisperx

from documents import Segment, Transcript
from pipeline.alignment.align import Emission, align
from pipeline.alignment.ctc import Labels, align_characters, align_words
from pipeline.alignment.networks import AlignmentNetworks
from pipeline.audio import to_float
from pipeline.errors import WeightsNotFound
from pipeline.settings import read_settings
from tests.futures import done
from tests.speech.wav2vec2 import save_small_wav2vec2

SEGMENTS = [
    (6.5, 12.4, "Hello? Oh, hello. I didn't know you were there. Neither did I."),
    (12.5, 18.0, "This is Diane in New Jersey, and I paid $25 at 3:30 for 100 % of Чикаго."),
    (18.05, 29.95, "Oh, I'm originally from Chicago also -- I'm in New Jersey now, though!"),
]


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> AlignmentNetworks:
    folder = save_small_wav2vec2(tmp_path_factory.mktemp("wav2vec2"))
    return AlignmentNetworks(read_settings(device="cpu", alignment_models={"en": str(folder)}))


def test_words_and_times_are_those_of_whisperx(networks, sample_audio, monkeypatch):
    # Its sentence splitter wants a download; the words do not depend on it.
    monkeypatch.setattr(whisperx, "nltk_load", lambda _: PunktSentenceTokenizer())
    network = networks.load_now("en")
    model, metadata = whisperx.load_align_model(
        "en", "cpu", model_name=networks._settings.alignment_models["en"]
    )
    theirs = whisperx.align(
        [{"start": start, "end": end, "text": text} for start, end, text in SEGMENTS],
        model,
        metadata,
        to_float(sample_audio),
        "cpu",
    )["word_segments"]
    ours = align(
        sample_audio,
        Transcript(
            model="base",
            language="en",
            language_probability=1.0,
            duration=30.0,
            segments=[Segment(start=s, end=e, text=text) for s, e, text in SEGMENTS],
        ),
        lambda audio: done(Emission(network.emission(audio), network.labels)),
    )
    words = [word for segment in ours.segments for word in segment.words]
    assert [word.word for word in words] == [word["word"] for word in theirs]
    assert [word.word for word in words] == " ".join(text for *_, text in SEGMENTS).split()
    for mine, other in zip(words, theirs, strict=True):
        assert mine.start == pytest.approx(other["start"], abs=0.02), mine.word
        assert mine.end == pytest.approx(other["end"], abs=0.02), mine.word
        assert mine.score == pytest.approx(other["score"], abs=0.01), mine.word


def test_the_path_follows_what_the_emission_says():
    columns = {"<pad>": 0, "|": 1, "a": 2, "b": 3}
    heard = ["<pad>", "a", "a", "<pad>", "|", "b", "<pad>", "b", "<pad>", "<pad>"]
    probabilities = np.full((len(heard), 4), 0.01, np.float32)
    for frame, label in enumerate(heard):
        probabilities[frame, columns[label]] = 0.97
    words = align_words("A bb", np.log(probabilities), Labels(columns, "en"), 5.0, 6.0)
    assert [word.word for word in words] == ["A", "bb"]
    first, second = words
    assert first.start == pytest.approx(5.1, abs=0.11)
    assert second.start == pytest.approx(5.5, abs=0.01)
    assert second.end >= 5.8
    assert second.score > 0.9


@pytest.mark.parametrize("language", ["en", "ja"])
def test_signs_that_no_network_knows_have_times_between_their_neighbours(language):
    columns = {"<pad>": 0, "a": 1, "b": 2}
    emission = np.log(np.full((50, 3), 1 / 3, np.float32))
    words = align_words("a | €5 Чикаго ½ 北京 b", emission, Labels(columns, language), 5.0, 6.0)
    assert "".join(word.word for word in words) == "a|€5Чикаго½北京b"
    assert words[0].start >= 5.0
    assert words[-1].end <= 6.0
    assert all(word.start < word.end for word in words)
    assert all(one.end <= other.start for one, other in itertools.pairwise(words))


def test_a_text_that_cannot_fit_has_no_path():
    emission = np.log(np.full((3, 4), 0.25, np.float32))
    assert align_characters(emission, [2, 3, 2, 3, 2], blank=0) is None


def test_a_language_without_weights_is_named(networks):
    with pytest.raises(WeightsNotFound, match="no alignment model for 'xx'"):
        networks.load_now("xx")
