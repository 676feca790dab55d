"""A step that hears nobody."""

import time
from pathlib import Path

from documents import Turns
from pipeline.options import Options
from pipeline.serving.step import Step
from pipeline.serving.tensors import document_tensor


class TritonPythonModel(Step):
    """Obeys ``stand still until FILE`` as it takes a request; those behind it are not read then."""

    def execute(self, requests):
        """Obey first."""
        for request in requests:
            match (Options.from_parameters(request.parameters()).hotwords or "").split():
                case ["stand", "still", "until", file]:
                    while not Path(file).exists():
                        time.sleep(0.02)
        super().execute(requests)

    def answer(self, request, options):
        """No turns."""
        return [document_tensor("TURNS", Turns())]
