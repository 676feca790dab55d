"""A leaf that says which process it is."""

import os
import time
from pathlib import Path

import numpy as np

from pipeline.options import Options
from pipeline.serving.leaf import Leaf
from pipeline.serving.tensors import array_tensor


class TritonPythonModel(Leaf):
    """Obeys ``hotwords``.

    ``leaf dies``; ``leaf dies|hangs once FILE``; ``leaf sleeps 2``, with ``FILE NAME`` behind it
    it writes the name there.
    """

    def load(self, settings):
        """There is nothing to load."""

    def infer(self, requests):
        """Obey, then answer."""
        return self.together(self._answer, requests)

    def _answer(self, requests):
        for request in requests:
            match (Options.from_parameters(request.parameters()).hotwords or "").split():
                case ["leaf", "dies"]:
                    os._exit(1)
                case ["leaf", "dies", "once", file] if not Path(file).exists():
                    Path(file).touch()
                    os._exit(1)
                case ["leaf", "hangs", "once", file] if not Path(file).exists():
                    Path(file).touch()
                    time.sleep(3600)
                case ["leaf", "sleeps", seconds, *noted]:
                    if noted:
                        with Path(noted[0]).open("a", encoding="utf-8") as file:
                            file.write(f"{noted[1]}\n")
                    time.sleep(float(seconds))
        return [[array_tensor("PROCESS", np.array([[os.getpid()]]))] for _ in requests]
