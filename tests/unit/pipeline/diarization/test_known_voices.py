"""Speakers who are recognised by their voices, and those who only sound like somebody."""

import numpy as np
import pytest

from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.known_voices import recognise
from pipeline.errors import InvalidRequest
from pipeline.options import KnownVoice, Options

ALIKE = 0.5
ANN, BEN, CLEO = np.eye(3)


def known(**voices: np.ndarray) -> list[KnownVoice]:
    return [KnownVoice(name=name, embedding=tuple(voice)) for name, voice in voices.items()]


def test_each_voice_has_the_name_of_the_one_it_is_most_like():
    heard = np.stack([3 * BEN + 0.1 * ANN, ANN - 0.1 * CLEO])
    assert recognise(heard, known(Ann=ANN, Ben=BEN), ALIKE) == {0: "Ben", 1: "Ann"}


def test_two_voices_never_share_a_name():
    heard = np.stack([ANN + 0.2 * BEN, ANN])
    assert recognise(heard, known(Ann=ANN, Ben=BEN), ALIKE) == {1: "Ann"}


def test_who_is_like_nobody_is_not_recognised():
    heard = np.stack([CLEO, np.full(3, np.nan), np.zeros(3)])
    assert recognise(heard, known(Ann=ANN, Ben=BEN), ALIKE) == {}
    barely = np.array([[ALIKE, np.sqrt(1 - ALIKE**2), 0]])
    assert recognise(barely, known(Ann=ANN), ALIKE - 0.01) == {0: "Ann"}
    assert recognise(barely, known(Ann=ANN), ALIKE + 0.01) == {}


def test_a_name_without_a_voice_is_nobody_s():
    assert recognise(ANN[None], [KnownVoice(name="unknown"), *known(Ann=ANN)], ALIKE) == {0: "Ann"}
    assert recognise(np.zeros((0, 3)), known(Ann=ANN), ALIKE) == {}


def test_a_voice_of_another_network_is_refused():
    with pytest.raises(InvalidRequest, match=r"known_voices: the voice of 'Ann' has 3 numbers.*2"):
        recognise(np.ones((1, 2)), known(Ann=ANN), ALIKE)


def test_people_of_the_sample_are_recognised_by_a_few_seconds_of_them(ungated, audio):
    one_voice = Options(num_speakers=1, return_speaker_embeddings=True)

    def voice(name: str, start: float, end: float) -> KnownVoice:
        clip = audio[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)]
        (embedding,) = ungated(clip, one_voice).speaker_embeddings.values()
        return KnownVoice(name=name, embedding=embedding)

    sheila, diane = voice("Sheila", 22.0, 27.0), voice("Diane", 18.2, 21.2)
    first_half = audio[: 15 * SAMPLE_RATE]

    def names(*voices: KnownVoice) -> list[str | None]:
        """Who is found to say «I didn't know you were there» and «Neither did I»."""
        turns = ungated(first_half, Options(num_speakers=2, known_voices=voices))
        speakers = [
            turn.speaker
            for time in (9.3, 10.2)
            for turn in turns.turns
            if turn.start < time < turn.end
        ]
        return [turns.names.get(speaker) for speaker in speakers]

    assert names(sheila, diane) == names(diane, sheila) == ["Diane", "Sheila"]
    assert names(diane) == ["Diane", None]
    assert names(sheila) == [None, "Sheila"]
