"""Real networks and real speech, loaded once."""

import wave
from pathlib import Path

import numpy as np
import pytest
from pyannote.audio.core.plda import PLDA
from pyannote.audio.pipelines import SpeakerDiarization

from benchmarks.running.stand_ins import save_community
from pipeline.diarization.local import LocalDiarizer
from pipeline.diarization.networks.ecapa_torch import TorchEcapa
from pipeline.diarization.windows import WINDOW, cut, window_starts
from pipeline.settings import current_settings
from pipeline.weights import speaker_embedding_folder
from tests.unit.pipeline.diarization import stock


@pytest.fixture(scope="session")
def audio(sample: Path) -> np.ndarray:
    """The sample, INT16 [480000]."""
    with wave.open(str(sample)) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), np.int16)


@pytest.fixture(scope="session")
def ungated() -> LocalDiarizer:
    """segmentation-3.0 and ECAPA, with their real weights."""
    return LocalDiarizer.load(
        current_settings().model_copy(update={"diarization": "ungated", "device": "cpu"})
    )


@pytest.fixture(scope="session")
def torch_ecapa() -> TorchEcapa:
    """ECAPA as CUDA has it, with SpeechBrain's own network and features inside."""
    return TorchEcapa(speaker_embedding_folder(current_settings()))


@pytest.fixture(scope="session")
def activity(ungated: LocalDiarizer, audio: np.ndarray) -> np.ndarray:
    """Who speaks in the sample's windows, UINT8 [21, 589, 3]."""
    starts = window_starts(len(audio))
    return ungated.segmentation(np.stack([cut(audio, start, WINDOW) for start in starts]))


@pytest.fixture(scope="session")
def community_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like community-1's, with networks of its architectures."""
    return save_community(tmp_path_factory.mktemp("weights") / "community")


@pytest.fixture
def stock_pipeline(
    torch_ecapa: TorchEcapa, community_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> SpeakerDiarization:
    """pyannote's pipeline with the ungated pair, without weights in its segmentation."""
    plda = PLDA.from_pretrained(community_folder, subfolder="plda")
    return stock.ungated_pipeline(torch_ecapa, plda, monkeypatch)
