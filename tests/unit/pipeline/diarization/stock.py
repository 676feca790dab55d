"""pyannote's own pipeline, on the networks of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
import torch
from pyannote.audio.core.plda import PLDA
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.pipelines import SpeakerDiarization, speaker_verification
from pyannote.audio.pipelines.speaker_diarization import DiarizeOutput
from pyannote.core import SlidingWindow, SlidingWindowFeature
from speechbrain.inference import EncoderClassifier
from speechbrain.processing.features import InputNormalization

from benchmarks.running.stand_ins import segmentation_task
from documents import Turns
from pipeline.audio import SAMPLE_RATE, to_float
from pipeline.diarization.networks.ecapa_torch import TorchEcapa
from pipeline.diarization.recipe import ECAPA_MIN_CLUSTER_SIZE, ECAPA_THRESHOLD
from pipeline.diarization.windows import WINDOW, cut, window_starts


def recording(audio: np.ndarray) -> dict:
    """What pyannote takes for a file."""
    waveform = torch.from_numpy(to_float(audio))[None]
    return {"waveform": waveform, "sample_rate": SAMPLE_RATE, "uri": "test"}


def windows(activity: np.ndarray) -> SlidingWindowFeature:
    """Activity, UINT8 [W, 589, 3], as pyannote's segmentation returns it."""
    return SlidingWindowFeature(
        activity.astype(np.float32), SlidingWindow(start=0.0, duration=10.0, step=1.0)
    )


def frames() -> SlidingWindow:
    """The frames of the segmentation network."""
    return PyanNet().receptive_field


@contextmanager
def ties_in_order() -> Iterator[None]:
    """pyannote chooses between speakers whom as many windows hear by how NumPy happens to sort."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "argsort", partial(np.argsort, kind="stable"))
        yield


def ungated_pipeline(
    embedding: TorchEcapa, plda: PLDA, monkeypatch: pytest.MonkeyPatch
) -> SpeakerDiarization:
    """pyannote's pipeline with ECAPA in its SpeechBrain wrapper; its segmentation has no weights.

    The wrapper does not fit current SpeechBrain, so it is handed a classifier that is ready.
    """

    class Classifier:
        @classmethod
        def from_hparams(cls, **_: object) -> EncoderClassifier:
            return EncoderClassifier(
                modules={
                    "compute_features": embedding._features,
                    "mean_var_norm": InputNormalization(norm_type="sentence", std_norm=False),
                    "embedding_model": embedding._network,
                    "classifier": torch.nn.Identity(),
                },
                hparams={"label_encoder": None},
            )

    monkeypatch.setattr(speaker_verification, "SpeechBrain_EncoderClassifier", Classifier)
    segmentation = PyanNet()
    segmentation.specifications = segmentation_task()
    segmentation.build()
    pipeline = SpeakerDiarization(
        segmentation=segmentation,
        embedding="speechbrain/spkrec-ecapa-voxceleb",
        embedding_exclude_overlap=True,
        clustering="AgglomerativeClustering",
        plda=plda,
    )
    clustering = {
        "method": "average",
        "threshold": ECAPA_THRESHOLD,
        "min_cluster_size": ECAPA_MIN_CLUSTER_SIZE,
    }
    return pipeline.instantiate(
        {"segmentation": {"min_duration_off": 0.0}, "clustering": clustering}
    )


def cut_windows(audio: np.ndarray) -> list[np.ndarray]:
    """The recording's windows."""
    return [cut(audio, start, WINDOW) for start in window_starts(len(audio))]


def assert_same(ours: Turns, theirs: DiarizeOutput) -> None:
    """The same turns and voices.

    Speakers whom no window hears are pyannote's alone, and so is the order of its labels.
    """
    voices = {
        label: vector
        for label, vector in zip(
            theirs.speaker_diarization.labels(), theirs.speaker_embeddings, strict=True
        )
        if vector.any()
    }
    match = {
        name: min(voices, key=lambda label: np.abs(voices[label] - vector).max())
        for name, vector in ours.speaker_embeddings.items()
    }
    assert sorted(match.values()) == sorted(voices)
    for name, vector in ours.speaker_embeddings.items():
        scale = np.abs(voices[match[name]]).max()
        np.testing.assert_allclose(vector, voices[match[name]], atol=1e-3 * scale)
    end = max(turn.end for turn in ours.turns)
    expected = sorted(
        (segment.start, min(segment.end, end), label)
        for segment, _, label in theirs.speaker_diarization.itertracks(yield_label=True)
        if label in voices
    )
    found = sorted((turn.start, turn.end, match[turn.speaker]) for turn in ours.turns)
    assert [label for *_, label in found] == [label for *_, label in expected]
    np.testing.assert_allclose(
        [times for *times, _ in found], [times for *times, _ in expected], atol=0.001
    )
