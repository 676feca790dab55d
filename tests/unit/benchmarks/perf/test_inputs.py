"""The requests: pieces of real speech as the steps would send them."""

import json
from pathlib import Path

import numpy as np

from benchmarks.perf.inputs import Inputs, begun_at, make_inputs
from pipeline.settings import read_settings


def unasked(model, tensors):
    raise AssertionError("nobody has to be asked")


def test_a_file_holds_the_samples_as_they_are(tmp_path: Path):
    masks = np.array([[1, 0], [0, 1]], np.uint8)
    audio = np.array([-32768, 0, 32767], np.int16)
    inputs = Inputs("speaker_embedding", [{"AUDIO": audio, "MASKS": masks}], {})
    assert json.loads(inputs.write(tmp_path).read_text(encoding="ascii")) == {
        "data": [
            {
                "AUDIO": {"content": [-32768, 0, 32767], "shape": [3]},
                "MASKS": {"content": [1, 0, 0, 1], "shape": [2, 2]},
            }
        ]
    }
    assert inputs.audio_seconds == 3 / 16_000


def test_a_recording_is_begun_at_several_places():
    assert [each.tolist() for each in begun_at(np.arange(4), 2)] == [[0, 1, 2, 3], [2, 3, 0, 1]]


def test_each_model_hears_real_speech(sample_audio: np.ndarray):
    settings = read_settings()
    made = {
        model: make_inputs(model, sample_audio, unasked, settings)
        for model in ("asr", "whisper", "wav2vec2", "segmentation")
    }
    assert {len(each["AUDIO"]) for each in made["asr"].requests} == {480_000}
    assert len({each["AUDIO"].tobytes() for each in made["asr"].requests}) == 4
    assert {len(each["AUDIO"]) for each in made["segmentation"].requests} == {160_000}
    assert len(made["segmentation"].requests) == 21  # one each second, of ten seconds
    for leaf in ("whisper", "wav2vec2"):
        assert all(16_000 < len(each["AUDIO"]) <= 480_000 for each in made[leaf].requests)
        # The call is silent for its first 6 s, and nobody is paid to listen to that.
        assert 20 < sum(len(each["AUDIO"]) for each in made[leaf].requests) / 16_000 / 4 < 25
    assert made["wav2vec2"].parameters["language"] == "en"
    assert all(each.parameters["reuse"] is False for each in made.values())
