"""What Whisper's decoder said is doubted and tried again as OpenAI's decoder does."""

import zlib

import pytest

from pipeline.decoding import Decoding, compression_ratio, until_credible


def loop() -> Decoding:
    return Decoding([1], "and so on " * 40, avg_logprob=-0.1, no_speech_prob=0.0)


def fine() -> Decoding:
    return Decoding([1], "I'm Sheila in Texas.", avg_logprob=-0.3, no_speech_prob=0.0)


def unlikely(avg_logprob: float = -1.4) -> Decoding:
    return Decoding([1], "I'm Sheila in Texas.", avg_logprob, no_speech_prob=0.1)


def silent() -> Decoding:
    return Decoding([1], "Thank you.", avg_logprob=-1.4, no_speech_prob=0.9)


class Decoder:
    """Answers with what it was given, attempt by attempt, and notes what it was asked."""

    def __init__(self, *answers: list[Decoding]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[list[int], float]] = []

    def __call__(self, indexes: list[int], temperature: float) -> list[Decoding]:
        self.asked.append((indexes, temperature))
        return self.answers.pop(0)


def test_what_repeats_itself_is_doubtful():
    assert loop().is_doubtful
    assert unlikely().is_doubtful
    assert not fine().is_doubtful
    assert silent().is_silence
    assert not silent().is_doubtful


@pytest.mark.parametrize(
    ("text", "no_speech_prob", "avg_logprob", "invented"),
    [
        # What Whisper base hears in music, in silence, in a vowel without end, in breath.
        ("Thank you.", 0.84, -0.98, True),
        ("you", 0.93, -0.49, True),
        ("Bye!", 0.69, -0.9, True),
        ("Thanks for watching!", 0.54, -1.15, True),
        # What it hears when people speak: at a distance, hardly at all, and clearly.
        ("Hello?", 0.62, -0.6, False),
        ("Imsheel anta axis.", 0.2, -1.3, False),
        ("I'm Sheila in Texas.", 0.02, -0.25, False),
    ],
)
def test_what_nobody_said_is_told_from_what_somebody_did(
    text, no_speech_prob, avg_logprob, invented
):
    assert Decoding([1], text, avg_logprob, no_speech_prob).is_invented == invented


def test_the_compression_ratio_is_openais():
    text = "and so on and so on and so on"
    assert compression_ratio(text) == len(text) / len(zlib.compress(text.encode()))
    assert compression_ratio("\u00e9" * 30) == 60 / len(zlib.compress(("\u00e9" * 30).encode()))
    assert compression_ratio("") == 0.0


def test_only_the_doubtful_are_decoded_again_until_one_will_do():
    decoder = Decoder([unlikely(), fine()], [fine()])
    loops, stays, improves = until_credible([loop(), fine(), unlikely()], decoder)
    assert decoder.asked == [([0, 2], 0.2), ([0], 0.4)]
    assert [each.temperature for each in (loops, stays, improves)] == [0.4, 0.0, 0.2]
    assert {each.text for each in (loops, stays, improves)} == {fine().text}


def test_what_turns_out_to_be_silence_is_not_tried_again():
    decoder = Decoder([silent()])
    (heard,) = until_credible([loop()], decoder)
    assert heard.is_silence
    assert len(decoder.asked) == 1


@pytest.mark.parametrize("best", range(5))
def test_where_none_will_do_the_likeliest_that_does_not_loop_counts(best):
    attempts = [[unlikely(-1.2 if i == best else -2.0)] for i in range(5)]
    decoder = Decoder(*attempts)
    (heard,) = until_credible([loop()], decoder)
    assert heard is attempts[best][0]
    assert [temperature for _, temperature in decoder.asked] == [0.2, 0.4, 0.6, 0.8, 1.0]
    (heard,) = until_credible([loop()], Decoder(*([loop()] for _ in range(5))))
    assert heard.text == loop().text
