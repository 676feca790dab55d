"""Each network's process computes with the threads that its settings say."""

import subprocess
import sys

import pytest

PROGRAM = """
from pipeline.settings import read_settings
{load}
import torch
print(torch.get_num_threads())
"""
LOADERS = {
    "wav2vec2": "from pipeline.alignment.networks import AlignmentNetworks\n"
    "AlignmentNetworks(read_settings())",
    "speaker_embedding": "from pipeline.diarization.networks.loading import load_embedding\n"
    "load_embedding(read_settings())",
}


@pytest.mark.parametrize("network", LOADERS)
def test_torch_has_the_cores_of_its_network(monkeypatch, network):
    monkeypatch.setenv("CORES", "2")
    monkeypatch.setenv("NETWORK_CORES", f"{network}=1")
    program = [sys.executable, "-c", PROGRAM.format(load=LOADERS[network])]
    told = subprocess.run(program, capture_output=True, text=True, check=True, timeout=120)
    assert told.stdout.split()[-1] == "1"
