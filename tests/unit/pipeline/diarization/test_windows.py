"""A recording is cut as pyannote cuts it."""

import numpy as np
import pytest
import torch
from pyannote.audio import Inference
from pyannote.audio.models.segmentation import PyanNet

from benchmarks.running.stand_ins import segmentation_task
from pipeline.audio import SAMPLE_RATE
from pipeline.diarization import windows
from pipeline.diarization.windows import STEP, WINDOW, cut, window_starts


class Listener(PyanNet):
    """Notes the windows that pyannote gives a network."""

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        self.heard += [each[0].numpy() for each in waveforms]
        return torch.zeros(len(waveforms), windows.FRAMES, 7)


@pytest.mark.parametrize("step", [STEP, 2 * STEP, 5 * STEP])
@pytest.mark.parametrize(
    "samples", [1, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + STEP, WINDOW + STEP + 1, 31 * STEP + 5]
)
def test_windows_hold_the_samples_that_pyannote_cuts(samples: int, step: int) -> None:
    network = Listener()
    network.specifications = segmentation_task()
    network.heard = []
    audio = np.arange(1, samples + 1, dtype=np.float32)
    Inference(network, duration=10.0, step=step / SAMPLE_RATE, skip_aggregation=True)(
        {"waveform": torch.from_numpy(audio)[None], "sample_rate": SAMPLE_RATE}
    )
    ours = [cut(audio, start, WINDOW) for start in window_starts(samples, step)]
    np.testing.assert_array_equal(np.stack(ours), np.stack(network.heard))


def test_no_audio_has_no_windows() -> None:
    assert len(window_starts(0)) == 0


def test_frames_are_those_of_the_network() -> None:
    network = PyanNet()
    frames = network.receptive_field
    assert network.num_frames(WINDOW) == windows.FRAMES
    assert frames.step * SAMPLE_RATE == pytest.approx(windows.FRAME_STEP)
    assert frames.duration * SAMPLE_RATE == pytest.approx(windows.FRAME_SIZE)
    assert windows.frame_middle(100) == pytest.approx(frames[100].middle)
