"""What Whisper's decoder said is doubted and tried again as OpenAI's decoder does."""

import zlib

import pytest

from pipeline.documents import ChunkTranscript, Word
from pipeline.transcription.decoding import (
    compression_ratio,
    is_doubtful,
    is_invented,
    is_silence,
    until_credible,
)


def chunk(text: str, avg_logprob: float, no_speech_prob: float) -> ChunkTranscript:
    return ChunkTranscript(
        language="en",
        text=text,
        tokens=[1],
        words=[Word(word=text, start=0.0, end=1.0, score=0.5)],
        avg_logprob=avg_logprob,
        compression_ratio=compression_ratio(text),
        no_speech_prob=no_speech_prob,
    )


def loop() -> ChunkTranscript:
    return chunk("and so on " * 40, avg_logprob=-0.1, no_speech_prob=0.0)


def fine() -> ChunkTranscript:
    return chunk("I'm Sheila in Texas.", avg_logprob=-0.3, no_speech_prob=0.0)


def unlikely(avg_logprob: float = -1.4) -> ChunkTranscript:
    return chunk("I'm Sheila in Texas.", avg_logprob, no_speech_prob=0.1)


def silent() -> ChunkTranscript:
    return chunk("Thank you.", avg_logprob=-1.4, no_speech_prob=0.9)


class Decoder:
    """Answers with what it was given, attempt by attempt, and notes what it was asked."""

    def __init__(self, *answers: ChunkTranscript) -> None:
        self.answers = list(answers)
        self.asked: list[float] = []

    def __call__(self, temperature: float) -> ChunkTranscript:
        self.asked.append(temperature)
        return self.answers.pop(0).model_copy(update={"temperature": temperature})


def test_what_repeats_itself_is_doubtful():
    assert is_doubtful(loop())
    assert is_doubtful(unlikely())
    assert not is_doubtful(fine())
    assert is_silence(silent())
    assert not is_doubtful(silent())


@pytest.mark.parametrize(
    ("text", "no_speech_prob", "avg_logprob", "invented"),
    [
        # What Whisper base hears in music, in silence, in a vowel without end, in breath.
        ("Thank you.", 0.84, -0.98, True),
        ("you", 0.93, -0.49, True),
        ("you", 0.92, -0.35, True),  # on another processor
        ("Bye!", 0.69, -0.9, True),
        ("Thanks for watching!", 0.54, -1.15, True),
        # What it hears when people speak: at a distance, hardly at all, and clearly.
        ("Hello?", 0.62, -0.6, False),
        ("to three minutes.", 0.76, -0.55, False),
        ("on site.", 0.71, -0.75, False),
        ("Imsheel anta axis.", 0.2, -1.3, False),
        ("I'm Sheila in Texas.", 0.02, -0.25, False),
    ],
)
def test_what_nobody_said_is_told_from_what_somebody_did(
    text, no_speech_prob, avg_logprob, invented
):
    heard = chunk(text, avg_logprob, no_speech_prob)
    assert is_invented(heard) == invented
    counts = until_credible(heard, lambda temperature: heard)
    kept = ("", [], []) if invented else (text, heard.tokens, heard.words)
    assert (counts.text, counts.tokens, counts.words) == kept


def test_a_sample_of_noise_that_repeated_itself_must_be_surer():
    """Pink noise is «4-5-5-5-5…» at first, and at a higher temperature something shorter."""

    def sampled(avg_logprob: float, no_speech_prob: float) -> str:
        first = loop().model_copy(update={"no_speech_prob": no_speech_prob})
        return until_credible(first, Decoder(chunk("four", avg_logprob, no_speech_prob))).text

    assert sampled(-0.8, 0.55) == ""
    assert sampled(-0.4, 0.55) == "four"
    assert sampled(-0.8, 0.3) == "four"
    assert until_credible(chunk("four", -0.8, 0.55), Decoder()).text == "four"


def test_the_compression_ratio_is_openais():
    text = "and so on and so on and so on"
    assert compression_ratio(text) == len(text) / len(zlib.compress(text.encode()))
    assert compression_ratio("\u00e9" * 30) == 60 / len(zlib.compress(("\u00e9" * 30).encode()))
    assert compression_ratio("") == 0.0


def test_what_is_doubtful_is_decoded_again_until_it_will_do():
    decoder = Decoder(unlikely(), fine())
    heard = until_credible(loop(), decoder)
    assert decoder.asked == [0.2, 0.4]
    assert (heard.text, heard.temperature) == (fine().text, 0.4)


def test_what_will_do_is_not_decoded_again():
    decoder = Decoder()
    assert until_credible(fine(), decoder) == fine()
    assert decoder.asked == []


def test_attempts_go_on_from_the_first_temperature():
    decoder = Decoder(loop(), loop())
    until_credible(loop().model_copy(update={"temperature": 0.6}), decoder)
    assert decoder.asked == [0.8, 1.0]


def test_what_turns_out_to_be_silence_is_not_tried_again():
    decoder = Decoder(silent())
    assert until_credible(loop(), decoder).text == ""
    assert decoder.asked == [0.2]


@pytest.mark.parametrize("best", range(5))
def test_where_none_will_do_the_likeliest_that_does_not_loop_counts(best):
    decoder = Decoder(*(unlikely(-1.2 if i == best else -2.0) for i in range(5)))
    heard = until_credible(loop(), decoder)
    assert decoder.asked == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert heard.temperature == decoder.asked[best]
    assert until_credible(loop(), Decoder(*(loop() for _ in range(5)))).text == loop().text
