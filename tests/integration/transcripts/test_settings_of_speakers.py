"""The settings by which speakers are told apart and known again, in a service that has them."""

from collections.abc import Iterator
from itertools import pairwise

import httpx
import numpy as np
import pytest
import tritonclient.grpc as triton

from documents import Turns
from pipeline.audio import SAMPLE_RATE
from tests.clients.asking import RECORDINGS, transcript_of, transcript_of_samples
from tests.clients.metrics import Page
from tests.integration.conftest import (
    RunningService,
    start_service,
    stop_service,
    wait_until_ready,
)
from tests.integration.transcripts.test_nothing_left_out import DIANE_AND_SHEILA, READER
from tests.speech.media import read_audio, write_wav

pytestmark = pytest.mark.long

GAP_SECONDS = 5
DIANE = slice(round(18.6 * SAMPLE_RATE), round(21.6 * SAMPLE_RATE))


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Voices have to be almost the same to be one person's, and the same to be a known one's."""
    running = start_service(
        tmp_path_factory.mktemp("strict"),
        DIARIZE_PARAM_OVERRIDES='{"clustering": {"threshold": 0.1, "min_cluster_size": 1}}',
        DIARIZE_CLUSTERING_THRESHOLD="2",  # the overrides have the last word
        KNOWN_SPEAKER_SIMILARITY="1",
        DIARIZE_MIN_DURATION_OFF=str(GAP_SECONDS),
        HEAR_GAPS="false",
    )
    try:
        wait_until_ready(running)
        yield running
    finally:
        stop_service(running)


def test_the_overrides_decide_how_many_people_there_are(strict, sample):
    heard = transcript_of(strict, sample)
    assert len({word["speaker"] for word in heard["word_segments"]}) > 2


def test_gaps_that_are_shorter_than_was_set_are_filled(strict, sample_audio):
    """Otherwise most of those in the sample are a second or two."""
    audio = triton.InferInput("AUDIO", [1, sample_audio.size], "INT16")
    audio.set_data_from_numpy(sample_audio[None])
    client = triton.InferenceServerClient(strict.triton_grpc)
    answer = client.infer("asr", [audio], outputs=[triton.InferRequestedOutput("TURNS")])
    turns = Turns.decode(answer.as_numpy("TURNS").tobytes()).turns
    assert len(turns) > 2
    for speaker in {turn.speaker for turn in turns}:
        own = [turn for turn in turns if turn.speaker == speaker]
        assert all(after.start - before.end >= GAP_SECONDS for before, after in pairwise(own))


def test_nothing_is_heard_again_where_that_is_not_wanted(strict, sample_audio, tmp_path):
    """What is there otherwise: test_nothing_left_out.py."""
    passage = read_audio(RECORDINGS / "passage.opus")
    speech = np.concatenate([sample_audio[DIANE_AND_SHEILA], passage[READER]])
    heard = transcript_of_samples(strict, tmp_path, speech, language="en")
    assert "much difference" in " ".join(s["text"] for s in heard["segments"])
    page = Page.at(strict.metrics_url)
    assert "asr_gaps_total" in page
    assert page.total("asr_gaps_total") == 0


def test_nobody_is_known_whose_voice_is_not_the_same(strict, sample_audio, clip, tmp_path):
    write_wav(tmp_path / "diane.wav", np.asarray(sample_audio[DIANE]), SAMPLE_RATE)
    answer = httpx.post(
        f"{strict.base_url}/asr",
        data={"speaker_name": ["Diane"]},
        files=[
            ("audio_file", clip.read_bytes()),
            ("speaker_audio", ("diane.wav", (tmp_path / "diane.wav").read_bytes())),
        ],
        timeout=300,
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    named = {word.get("speaker") for word in answer.json()["word_segments"]}
    assert "Diane" not in named
    assert "SPEAKER_00" in named
