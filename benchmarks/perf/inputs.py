"""What each model is asked: pieces of real speech, as the steps would send them.

They come from thirty seconds of two people on a telephone line (the recording that
``make serve`` shows itself with), begun at several places, so that no answer is that of the
request before.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.masks import pooling_masks
from pipeline.diarization.recipe import read_recipe
from pipeline.diarization.stretches import shared
from pipeline.diarization.windows import WINDOW, cut, window_starts
from pipeline.settings import Settings
from pipeline.transcription.chunking import LONGEST_SPEECH, chunks
from pipeline.transcription.voice_activity import VoiceActivityDetector

ENSEMBLE = "asr"
LEAVES = ("whisper", "wav2vec2", "segmentation", "speaker_embedding")
MODELS = (ENSEMBLE, *LEAVES)
BEGINNINGS = 4  # places that the recording is begun at

Tensors = dict[str, np.ndarray]  # by name, without the batch's dimension
Ask = Callable[[str, Tensors], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Inputs:
    """The requests to one model, which perf_analyzer sends in turn, again and again."""

    model: str
    requests: Sequence[Tensors]
    parameters: dict[str, str | bool]

    @property
    def audio_seconds(self) -> float:
        """Of one request, on average."""
        return float(np.mean([len(each["AUDIO"]) for each in self.requests])) / SAMPLE_RATE

    def write(self, folder: Path) -> Path:
        """Write them to a file of this folder, as perf_analyzer reads them."""
        path = folder / f"{self.model}.json"
        data = [
            {
                name: {"content": array.ravel().tolist(), "shape": list(array.shape)}
                for name, array in tensors.items()
            }
            for tensors in self.requests
        ]
        path.write_text(json.dumps({"data": data}), encoding="ascii")
        return path


def begun_at(audio: np.ndarray, places: int = BEGINNINGS) -> list[np.ndarray]:
    """The recording, INT16 [N], begun at so many places that divide it evenly."""
    return [np.roll(audio, -(len(audio) * place // places)) for place in range(places)]


def make_inputs(model: str, audio: np.ndarray, ask: Ask, settings: Settings) -> Inputs:
    """What ``model`` is asked.

    Args:
        audio: INT16 [N] at 16 kHz.
        ask: sends one request to a model of the Triton that is measured; speaker embeddings
            are of the speakers that its segmentation network hears.
    """
    recordings = begun_at(audio)
    # An answer that was remembered costs nothing, and says nothing.
    parameters: dict[str, str | bool] = {"reuse": False}
    if model == ENSEMBLE:
        return Inputs(model, [{"AUDIO": each} for each in recordings], parameters)
    if model == "segmentation":
        return Inputs(model, [{"AUDIO": each} for each in _windows(audio)], parameters)
    if model == "speaker_embedding":
        least = read_recipe(settings).min_frames
        stretches = [part for each in recordings for part in _stretches(each, ask, least)]
        return Inputs(model, stretches, parameters)
    spoken = [{"AUDIO": part} for each in recordings for part in _chunks(each)]
    if model == "wav2vec2":  # which has a network for each language
        parameters["language"] = "en"
    return Inputs(model, spoken, parameters)


def _windows(audio: np.ndarray) -> list[np.ndarray]:
    return [cut(audio, start, WINDOW) for start in window_starts(len(audio))]


def _chunks(audio: np.ndarray) -> list[np.ndarray]:
    spans = VoiceActivityDetector().spans(audio, LONGEST_SPEECH)
    return [audio[span.start : span.end] for span in chunks(spans, len(audio))]


def _stretches(audio: np.ndarray, ask: Ask, min_frames: int) -> list[Tensors]:
    activity = [ask("segmentation", {"AUDIO": each})["SEGMENTATION"] for each in _windows(audio)]
    masks = pooling_masks(np.stack(activity), min_frames)
    return [{"AUDIO": each.audio, "MASKS": each.masks} for each in shared(audio, 0, masks)]
