"""Each network's process computes with the threads that its settings say."""

import subprocess
import sys

import pytest

LOADED = {
    "whisper": "from pipeline.transcription.whisper_models import WhisperModels\n"
    "with WhisperModels(read_settings()).use(None) as whisper:\n"
    "    print(whisper._workers.count * whisper._workers.threads)",
    "segmentation": "from pipeline.diarization.networks.loading import load_segmentation\n"
    "network = load_segmentation(read_settings())\n"
    "each = network._session.get_session_options().intra_op_num_threads\n"
    "print(network._workers.count * each)",
    "wav2vec2": "from pipeline.alignment.networks import AlignmentNetworks\n"
    "AlignmentNetworks(read_settings())\n"
    "import torch\n"
    "print(torch.get_num_threads())",
    "speaker_embedding": "from pipeline.diarization.networks.loading import load_embedding\n"
    "network = load_embedding(read_settings())\n"
    "print(network._frames.get_session_options().intra_op_num_threads)",
}


@pytest.mark.parametrize("network", LOADED)
def test_a_network_has_its_cores(monkeypatch, network):
    monkeypatch.setenv("DEVICE", "cpu")
    monkeypatch.setenv("CORES", "4")
    monkeypatch.setenv("NETWORK_CORES", f"{network}=1")
    program = f"from pipeline.settings import read_settings\n{LOADED[network]}"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert told.stdout.split()[-1] == "1"
