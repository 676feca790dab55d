"""The ``attribution`` step, asked through Triton about words of which some are missing."""

import numpy as np
import pytest
import tritonclient.grpc as triton

from documents import Segment, Transcript, Turn, Turns, Word
from tests.integration.conftest import RunningService
from tests.speech.scoring import Utterance, normalise, read_stm

LEFT_OUT = "I'm in New Jersey now though."


def said(utterance: Utterance) -> Segment:
    """Its words, each for as long as the others."""
    spoken = utterance.text.split()
    times = np.linspace(utterance.start, utterance.end, len(spoken) + 1)
    words = [
        Word(word=word, start=start, end=end, score=1)
        for word, start, end in zip(spoken, times, times[1:], strict=False)
    ]
    return Segment(start=words[0].start, end=words[-1].end, text=utterance.text, words=words)


@pytest.fixture(scope="module")
def call(sample) -> list[Utterance]:
    return read_stm(sample.with_suffix(".stm"))


def attributed(
    service: RunningService, audio: np.ndarray, call: list[Utterance], **options: object
) -> Transcript:
    """What the step makes of the call, all of its turns and all words but those of a sentence."""
    words = Transcript(
        model="base",
        language="en",
        language_probability=1,
        duration=30,
        segments=[said(each) for each in call if each.text != LEFT_OUT],
    )
    turns = Turns(turns=[Turn(start=u.start, end=u.end, speaker=u.speaker) for u in call])
    inputs = []
    for name, kind, array in (
        ("AUDIO", "INT16", audio),
        ("WORDS", "UINT8", np.frombuffer(words.encode(), np.uint8)),
        ("TURNS", "UINT8", np.frombuffer(turns.encode(), np.uint8)),
    ):
        inputs.append(triton.InferInput(name, [1, array.size], kind))
        inputs[-1].set_data_from_numpy(array[None])
    with triton.InferenceServerClient(service.triton_grpc) as client:
        answer = client.infer("attribution", inputs, parameters=options)
    return Transcript.decode(answer.as_numpy("TRANSCRIPT").tobytes())


def test_a_turn_without_words_is_heard_again(service, sample_audio, call):
    assert any(each.text == LEFT_OUT for each in call)
    heard = attributed(service, sample_audio, call)
    before = next(s for s in heard.segments if s.text == "Oh, I'm originally from Chicago also.")
    found = heard.segments[heard.segments.index(before) + 1]
    assert "new jersey now" in normalise(found.text)
    assert found.speaker == before.speaker  # Diane's, like all words of it
    assert {word.speaker for word in found.words} == {before.speaker}
    assert before.end - 0.2 <= found.start < found.end <= 21.8
    assert len(heard.segments) == len(call)


def test_nobody_hears_it_again_who_does_not_want_that(service, sample_audio, call):
    heard = attributed(service, sample_audio, call, hear_gaps=False)
    assert [s.text for s in heard.segments] == [u.text for u in call if u.text != LEFT_OUT]
