"""What a failed call to Triton means, read from its status and text."""

import logging
import re

from tritonclient.utils import InferenceServerException

from documents import StepFailed
from pipeline.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    ModelLoading,
    OutOfMemory,
    Overloaded,
    PipelineError,
    WeightsNotFound,
    WeightsUnavailable,
)


class Unreachable(PipelineError):  # noqa: N818 - a state, not a fault
    """Triton does not answer at its address."""


class NotAdmitted(Unreachable):
    """Triton asks for a secret that this adapter does not have."""


class Restarted(Unreachable):
    """Triton is another one than before, and does not know the recording."""


class NotReady(PipelineError):  # noqa: N818 - a state, not a fault
    """A model of the graph is not loaded."""


class ProcessDied(PipelineError):  # noqa: N818 - what happened
    """The process of a model's instance is gone; Triton never starts it again by itself."""

    def __init__(self, model: str) -> None:
        super().__init__(f"the process of the model {model} has died")
        self.model = model


class Interrupted(ProcessDied):
    """The process is that of a step, and a call was under way: no answer may ever come."""


# Kinds that the models write in front of their text (pipeline.serving.failures).
KINDS = {
    kind.__name__: kind
    for kind in (
        Cancelled,
        DeadlineExceeded,
        InvalidRequest,
        ModelLoading,
        OutOfMemory,
        Overloaded,
        WeightsNotFound,
        WeightsUnavailable,
    )
}
KIND = re.compile(rf"\b({'|'.join(KINDS)}): (.*)", re.DOTALL)
DEAD_PROCESS = re.compile(r"Stub process '(\w+)_\d+_\d+' is not healthy")
# Folders of a path, of which the last name says enough; /dev/shm is everybody's.
FOLDERS = re.compile(r"(?<![\w.:/…])/(?!dev/shm\b)(?:[^\s/'\"(),;:]+/)+")
NOT_LOADED = re.compile(r"[Mm]odel:? '(\w+)' (is not ready|is not found|has no available versions)")

logger = logging.getLogger(__name__)


def from_triton(error: InferenceServerException) -> PipelineError:
    """The error that Triton's answer stands for.

    A kind written by a model comes first: text of the client's own may follow
    it, and must not pass for Triton's.  Clients are told no folders of its machine.
    """
    text, status = error.message() or "", error.status() or ""
    if kind := KIND.search(text):
        told = FOLDERS.sub("…/", kind[2])
        if told != kind[2]:
            logger.warning("Triton says: %s", text)
        return KINDS[kind[1]](told)
    if dead := DEAD_PROCESS.search(text):
        return ProcessDied(dead[1])
    if absent := NOT_LOADED.search(text):
        return NotReady(f"the model {absent[1]} is not loaded")
    if "Unable to find shared memory region" in text:
        return Restarted(text)
    if "protocol is restricted" in text:
        return NotAdmitted(
            "Triton asks for its secret; set TRITON_SECRET here and there to the same, or run both "
            "on one machine as one user"
        )
    if "Exceeds maximum queue size" in text:
        return Overloaded("a queue of the graph is full")
    if "Failed to increase the shared memory pool size" in text:
        return Overloaded("/dev/shm, which Triton needs for the recording, is too small or full")
    if status.endswith("DEADLINE_EXCEEDED"):
        return DeadlineExceeded("no answer from Triton in time")
    if status.endswith("UNAVAILABLE"):
        return Unreachable(text)
    return PipelineError(text)


def from_step(failed: StepFailed) -> PipelineError:
    """The error that a step told of in the place of its document."""
    return from_triton(InferenceServerException(failed.failure.failure, failed.failure.status))
