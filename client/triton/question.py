"""A request of the ensemble and its answer, for either client."""

import uuid
from typing import Any

from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from client.errors import ServiceError, TimedOutError, UnavailableError
from client.triton.audio import Audio, samples_of
from client.triton.regions import Region
from documents import StepFailed, Transcript

ENSEMBLE = "asr"
KINDS: dict[str, type[ServiceError]] = {
    "UNAVAILABLE": UnavailableError,
    "DEADLINE_EXCEEDED": TimedOutError,
}

Option = str | int | float | bool | None


class Question:
    """One recording, and what is asked of it."""

    def __init__(self, audio: Audio, options: dict[str, Option], timeout: float) -> None:
        """Raises:
        ValueError: this is no such audio.
        OSError: the file cannot be read.
        """
        self._samples = samples_of(audio)
        self._timeout = timeout
        self._parameters: dict[str, Option] = {
            name: value for name, value in options.items() if value is not None
        }
        self._output = _output_for(self._parameters)
        self._parameters["timeout_ms"] = int(timeout * 1000)
        # With a key, steps that run side by side hear of each other's failure.
        self._parameters["request_key"] = uuid.uuid4().hex

    def region(self) -> Region | None:
        """The samples in shared memory; None where there is no room for them."""
        try:
            return Region(self._samples)
        except OSError:
            return None

    def asked(self, region: Region | None) -> dict[str, Any]:
        """The arguments of the call; the samples themselves go with it where they are not lent."""
        tensor = InferInput("AUDIO", [1, self._samples.size], "INT16")
        if region is None:
            tensor.set_data_from_numpy(self._samples[None])
        else:
            tensor.set_shared_memory(region.name, region.size)
        return {
            "inputs": [tensor],
            "outputs": [InferRequestedOutput(self._output)],
            "parameters": self._parameters,
            "client_timeout": self._timeout,
        }

    def read(self, result: Any) -> Transcript:
        """The transcript in an answer.

        Raises:
            ServiceError: it says what failed.
        """
        try:
            return Transcript.decode(result.as_numpy(self._output).tobytes())
        except StepFailed as failed:
            raise ServiceError(failed.failure.status, failed.failure.failure) from None


def _output_for(options: dict[str, Option]) -> str:
    """The tensor that holds what was asked for; Triton runs only what it needs."""
    if options.get("diarize", True):
        return "TRANSCRIPT"
    return "WORDS" if options.get("word_timestamps", True) else "SEGMENTS"


def error_of(error: InferenceServerException) -> ServiceError:
    """What Triton says, as this package's error."""
    status = (error.status() or "").removeprefix("StatusCode.") or None
    detail = error.message().removeprefix(f"in ensemble '{ENSEMBLE}', ")
    return KINDS.get(status or "", ServiceError)(status, detail)
