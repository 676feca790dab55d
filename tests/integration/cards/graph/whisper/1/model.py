"""A leaf that writes down what it sees, and then loads the libraries that speak to CUDA."""

import json
import os
import sys
from pathlib import Path

from pipeline.serving.leaf import Leaf

SPEAKING = ("torch", "ctranslate2", "onnxruntime")


class TritonPythonModel(Leaf):
    """Leaves a file named after its instance in the folder ``seen`` of CACHE_DIR."""

    def load(self, settings):
        """Look around, as a network that is loaded now would find it."""
        seen = {
            "card": self.card and self.card.uuid,
            "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "loaded_before": [name for name in SPEAKING if name in sys.modules],
        }
        import ctranslate2  # noqa: F401
        import torch

        mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
        seen["libraries"] = sorted(file for file in mapped if "/lib" in file and ".so" in file)
        seen["torch_sees"] = torch.cuda.device_count()
        seen["torch_was_built_for"] = torch.version.cuda
        folder = Path(settings.cache_dir, "seen")
        folder.mkdir(exist_ok=True)
        (folder / f"{self.instance}.json").write_text(json.dumps(seen), encoding="utf-8")

    def infer(self, requests):
        """Nobody asks."""
        return [[] for _ in requests]
