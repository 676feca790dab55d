"""Signals: requests without work, told from others by a parameter.

``cancel`` names the key of a request that nobody waits for any more, ``probe``
asks whether the model answers at all, ``prepare`` asks a leaf for the network
that the options name; these are answered without output.  ``progress`` names the
key of a request, and is answered with how far it is.
"""

from __future__ import annotations

import json

import numpy as np
import triton_python_backend_utils as pb_utils

from pipeline.serving.tensors import array_tensor

CANCEL, PROBE, PREPARE, PROGRESS = "cancel", "probe", "prepare", "progress"
# Beside the options of a piece: when its step sent it, by the monotonic clock of this machine,
# on which all models of one Triton run.
SENT_NS = "sent_ns"
# The steps that have something to stop, and what Triton wants a request to them to hold.
STEPS = {
    "transcription": {"AUDIO": np.int16},
    "diarization": {"AUDIO": np.int16},
    "alignment": {"AUDIO": np.int16, "SEGMENTS": np.uint8},
}


def parameters_of(request: object) -> dict[str, object]:
    """The parameters of a request."""
    return json.loads(request.parameters() or "{}")


def is_signal(parameters: dict[str, object]) -> bool:
    """Whether a request with these parameters is one."""
    return not parameters.keys().isdisjoint((CANCEL, PROBE, PREPARE, PROGRESS))


def signal_of(request: object) -> dict[str, object] | None:
    """The parameters of a request that is a signal."""
    parameters = parameters_of(request)
    return parameters if is_signal(parameters) else None


def send_signal(step: str, parameters: dict[str, str | bool]) -> None:
    """Send a signal to a step of this Triton, and wait for its answer."""
    pb_utils.InferenceRequest(
        model_name=step,
        requested_output_names=[],
        inputs=[array_tensor(name, np.zeros((1, 1), kind)) for name, kind in STEPS[step].items()],
        parameters=parameters,
    ).exec()
