"""On a CPU the ungated pair needs nothing heavy."""

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "torchaudio", "speechbrain", "pyannote", "whisperx", "sklearn", "onnx"}
AROUND = """
import json, sys
import numpy as np
from pipeline.settings import read_settings
settings = read_settings(device="cpu", diarization="ungated")
{work}
print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""
MEMORY = """
import numpy as np
from pipeline.diarization.networks.loading import load_embedding
from pipeline.settings import read_settings
masks = np.zeros((40, 3900), np.uint8)
masks[:, 500:1000] = masks[20:, 1000:3500] = 1
network = load_embedding(read_settings(device="cpu", diarization="ungated"))
network(np.random.default_rng(7).integers(-999, 999, 624_000).astype(np.int16), masks)
with open("/proc/self/smaps_rollup", encoding="utf-8") as rollup:
    print(sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) // 1024)
"""
WORK = {
    "segmentation": "from pipeline.diarization.networks.loading import load_segmentation\n"
    "load_segmentation(settings)(np.zeros((1, 160_000), np.int16))",
    "speaker_embedding": "from pipeline.diarization.networks.loading import load_embedding\n"
    "load_embedding(settings)(np.ones(16_000, np.int16), np.ones((1, 1), np.uint8))",
    "diarization": "from pipeline.diarization.diarize import conclude\n"
    "from pipeline.diarization.recipe import read_recipe\n"
    "from pipeline.options import Options\n"
    "chance = np.random.default_rng(7)\n"
    "conclude(np.ones((9, 589, 3), np.uint8), chance.normal(size=(9, 3, 192)), Options(),\n"
    "         read_recipe(settings), 18.0)",
}


@pytest.mark.parametrize("model", WORK)
def test_nothing_heavy_is_imported(model: str) -> None:
    imported = set(_run(AROUND.format(work=WORK[model])))
    assert "pipeline" in imported
    assert not imported & HEAVY


def test_after_a_long_stretch_the_embedding_holds_little_more_than_its_weights() -> None:
    megabytes = _run(MEMORY)
    assert 70 < megabytes < 200  # 46 of weights, 47 of Python, NumPy and ONNX Runtime


def _run(program: str) -> object:
    """What a Python program prints last, from JSON."""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(told.stdout.splitlines()[-1])
