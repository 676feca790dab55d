"""Whisper base on real speech: words, times, languages, and chunks that share a batch."""

import ctranslate2
import numpy as np
import pytest
from faster_whisper import WhisperModel

from pipeline.audio import SAMPLE_RATE, to_float
from pipeline.errors import InvalidRequest
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.settings import read_settings
from pipeline.transcription.chunking import CHUNK_SAMPLES, LONGEST_SPEECH, Chunk, chunks
from pipeline.transcription.decoding import is_silence, until_credible
from pipeline.transcription.recognition import Recogniser, rows_of
from pipeline.transcription.voice_activity import VoiceActivityDetector
from pipeline.weights import whisper_folder
from tests.cores import CORES
from tests.speech.scoring import word_error_rate
from tests.speech.sounds import sound

INTRODUCTION = slice(int(12.4 * SAMPLE_RATE), int(18.0 * SAMPLE_RATE))


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(whisper_folder("base", read_settings()), "cpu", "int8", cores=CORES)


@pytest.fixture(scope="module")
def introduction(sample_audio) -> np.ndarray:
    """«This is Diane in New Jersey.» «And I'm Sheila in Texas, originally from Chicago.»"""
    return sample_audio[INTRODUCTION]


@pytest.mark.words
def test_words_are_heard_where_they_were_said(recogniser, introduction):
    (chunk,) = recogniser.recognise([Chunk(introduction, Options())])
    assert "New Jersey" in chunk.text
    assert chunk.text.split() == [word.word for word in chunk.words]
    starts = {word.word.strip(".,"): 12.4 + word.start for word in chunk.words}
    assert starts["This"] == pytest.approx(12.54, abs=0.25)
    assert starts["Chicago"] == pytest.approx(17.1, abs=0.4)
    for before, after in zip(chunk.words, chunk.words[1:], strict=False):
        assert before.start < before.end <= after.end
        assert before.start <= after.start
    assert all(0.0 < word.score <= 1.0 for word in chunk.words)
    assert [t for word in chunk.words for t in word.tokens] == chunk.tokens


class Ear:
    """A network that notes how many frames it hears."""

    def __init__(self, network: ctranslate2.models.Whisper) -> None:
        self._network = network
        self.frames: list[int] = []

    def encode(self, features: ctranslate2.StorageView) -> ctranslate2.StorageView:
        self.frames.append(features.shape[2])
        return self._network.encode(features)

    def __getattr__(self, name: str) -> object:
        return getattr(self._network, name)


def test_the_encoder_hears_a_short_chunk_and_not_half_a_minute(
    recogniser, introduction, sample_audio, monkeypatch
):
    ear = Ear(recogniser._network)
    monkeypatch.setattr(recogniser, "_network", ear)
    chunks = [Chunk(introduction, Options()), Chunk(sample_audio, Options())]
    (short,) = recogniser.recognise(chunks[:1])
    assert "New Jersey" in short.text
    recogniser.detect(chunks[1:])
    assert ear.frames == [1500, 3000]  # 5.6 and 30 s


def test_figures_are_the_networks_own(introduction, sample_audio):
    """Those that faster-whisper gives for the same audio, from its own reading of OpenAI's."""
    # 30 s each: behind a shorter one, theirs pads the spectrogram and not the audio.
    requests = [
        Chunk(np.pad(audio, (0, CHUNK_SAMPLES - len(audio))), Options(language="en"))
        for audio in (introduction, sample_audio[int(27.5 * SAMPLE_RATE) :])
    ]
    # In single precision: int8 turns the smallest difference of features into other words.
    folder = whisper_folder("base", read_settings())
    recogniser = Recogniser(folder, "cpu", "float32", cores=CORES)
    theirs = WhisperModel(str(folder), "cpu", compute_type="float32")
    tokenizer = theirs.hf_tokenizer
    seen = []
    for request in requests:
        (chunk,) = recogniser.recognise([request])
        segments, _ = theirs.transcribe(
            to_float(request.audio), language="en", without_timestamps=True
        )
        (segment,) = segments
        assert chunk.text == segment.text.strip()
        assert chunk.tokens == segment.tokens
        assert tokenizer.decode(chunk.tokens).strip() == chunk.text
        assert chunk.avg_logprob == pytest.approx(segment.avg_logprob, abs=0.02)
        assert chunk.no_speech_prob == pytest.approx(segment.no_speech_prob, abs=0.02)
        assert chunk.compression_ratio == pytest.approx(segment.compression_ratio)
        assert chunk.temperature == segment.temperature == 0.0
        for word in chunk.words:
            assert len(word.logprobs) == len(word.tokens)
            assert max(word.logprobs) <= 0.0
        logprobs = [logprob for word in chunk.words for logprob in word.logprobs]
        assert np.mean(logprobs) == pytest.approx(chunk.avg_logprob, abs=0.1)
        seen.append(chunk)
    figures = ("avg_logprob", "no_speech_prob", "compression_ratio")
    assert all(getattr(seen[0], name) != getattr(seen[1], name) for name in figures)


def credible(recogniser: Recogniser, audio: np.ndarray) -> ChunkTranscript:
    """What is believed of a chunk once every temperature was tried."""
    asked = Chunk(audio, Options())

    def attempt(temperature: float) -> ChunkTranscript:
        (answer,) = recogniser.recognise([asked.at(temperature)])
        return answer

    return until_credible(attempt(0.0), attempt)


@pytest.mark.words
@pytest.mark.parametrize("name", ["silence", "chords", "drums", "50 Hz hum"])
def test_no_words_are_invented_even_where_the_detector_is_fooled(recogniser, name):
    chunk = credible(recogniser, sound(name)[: 5 * SAMPLE_RATE])
    assert (chunk.text, chunk.tokens, chunk.words) == ("", [], [])
    assert chunk.no_speech_prob > 0.5
    assert np.isfinite([chunk.avg_logprob, chunk.compression_ratio]).all()


@pytest.mark.words
def test_the_noise_that_fools_the_detector_has_no_words(recogniser):
    noise = np.random.default_rng(4).standard_normal(7 * SAMPLE_RATE) * 0.3
    audio = (np.clip(noise, -1, 1) * 32767).astype(np.int16)
    spans = VoiceActivityDetector().spans(audio, LONGEST_SPEECH)
    taken_for_speech = list(chunks(spans, len(audio)))
    assert taken_for_speech
    for span in taken_for_speech:
        assert credible(recogniser, audio[span.start : span.end]).text == ""


@pytest.mark.parametrize("length", [0.1, pytest.param(2, marks=pytest.mark.words), 29])
def test_silence_is_told_from_speech_with_a_margin(recogniser, length):
    """«you» it is that Whisper hears, as likely as a word that somebody said."""
    silence = np.zeros(int(length * SAMPLE_RATE), np.int16)
    (chunk,) = recogniser.recognise([Chunk(silence, Options())])
    surer = chunk.model_copy(update={"avg_logprob": chunk.avg_logprob + 0.2})
    assert is_silence(surer)


def test_the_language_is_heard(recogniser, introduction):
    (chunk,) = recogniser.recognise([Chunk(introduction, Options())])
    assert chunk.language == "en"
    assert chunk.language_probabilities["en"] > 0.9


def test_a_batch_answers_as_its_chunks_would_alone(recogniser, introduction, sample_audio):
    requests = [
        Chunk(introduction, Options()),
        Chunk(sample_audio[: 2 * SAMPLE_RATE], Options(language="en")),
        Chunk(introduction, Options(language="de", task="translate", word_timestamps=False)),
        Chunk(introduction, Options(initial_prompt="Sheila and Diane talk about Texas.")),
        Chunk(sample_audio[int(21.5 * SAMPLE_RATE) :], Options(beam_size=1)),
    ]
    together = recogniser.recognise(requests)
    alone = [recogniser.recognise([request])[0] for request in requests]
    for answer, expected in zip(together, alone, strict=True):
        assert word_error_rate(expected.text, answer.text) <= 0.3
    assert together[0].words
    assert together[2].words == []


def test_a_translation_has_the_words_of_english(recogniser, introduction):
    """Whisper's tokenizer would tell them apart as the spoken language does."""
    options = Options(language="zh", task="translate")
    (chunk,) = recogniser.recognise([Chunk(introduction, options)])
    assert len(chunk.words) > 5
    assert [word.word for word in chunk.words] == chunk.text.split()


@pytest.mark.words
def test_hotwords_reach_the_decoder(recogniser, sample_audio):
    names = ("Dyanne", "Shiela", "Shicago")  # as nobody spells them
    speech = sample_audio[8 * SAMPLE_RATE : 18 * SAMPLE_RATE]
    (plain,) = recogniser.recognise([Chunk(speech, Options(language="en"))])
    (hinted,) = recogniser.recognise(
        [Chunk(speech, Options(language="en", hotwords=", ".join(names)))]
    )
    assert not any(name in plain.text for name in names)
    assert sum(name in hinted.text for name in names) > 1


def test_an_english_whisper_says_what_it_cannot_do():
    english = Recogniser(whisper_folder("tiny.en", read_settings()), "cpu", "int8", cores=CORES)
    with pytest.raises(InvalidRequest, match=r"language.*English only"):
        english.check(Options(language="de"))
    with pytest.raises(InvalidRequest, match=r"task.*cannot translate"):
        english.check(Options(task="translate"))
    english.check(Options(language="en"))


def test_each_chunk_is_decoded_at_its_own_temperature(recogniser, introduction):
    warm = Options(language="en", temperature=1.0, word_timestamps=False)
    cold = warm.model_copy(update={"temperature": 0.0})
    chunks = [Chunk(introduction, options) for options in (warm, cold)]
    answers = [recogniser.recognise(chunks) for _ in range(3)]
    assert [answer.temperature for answer in answers[0]] == [1.0, 0.0]
    sampled, searched = zip(*answers, strict=True)
    assert len({answer.avg_logprob for answer in searched}) == 1
    assert len({answer.avg_logprob for answer in sampled}) > 1


def test_words_of_a_batch_with_an_empty_chunk_are_timed_as_alone(introduction, sample_audio):
    """It is aligned in parts then, as one with several languages is."""
    # In single precision, in which a batch changes nothing that decides between words.
    folder = whisper_folder("tiny.en", read_settings())
    recogniser = Recogniser(folder, "cpu", "float32", cores=1)
    requests = [
        Chunk(introduction, Options(language="en")),
        Chunk(introduction, Options(language="en", word_timestamps=False)),
        Chunk(sample_audio[8 * SAMPLE_RATE : 13 * SAMPLE_RATE], Options(language="en")),
    ]
    together = recogniser.recognise(requests)
    assert together[1].words == []
    for row in (0, 2):
        answer, (alone,) = together[row], recogniser.recognise([requests[row]])
        assert answer.text == alone.text
        assert len(answer.words) > 3
        assert [word.word for word in answer.words] == [word.word for word in alone.words]
        for word, expected in zip(answer.words, alone.words, strict=True):
            times = (word.start, word.end)
            assert times == pytest.approx((expected.start, expected.end), abs=0.021)


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_rows_of_an_encoder_output_are_its_own(kind):
    values = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)
    view = ctranslate2.StorageView.from_array(values.copy())
    encoded = view.to(getattr(ctranslate2.DataType, kind))
    assert rows_of(encoded, [0, 1, 2]) is encoded
    rows = rows_of(encoded, [2, 0])
    assert rows.device == "cpu"
    np.testing.assert_allclose(np.asarray(rows), values[[2, 0]], rtol=1e-2)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(np.asarray(rows), values[[1, 0]], rtol=1e-2)
