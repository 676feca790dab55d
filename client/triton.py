"""Triton itself, without the adapter: PCM in, a transcript out, over gRPC."""

import uuid
import wave
from pathlib import Path

import numpy as np
from tritonclient.grpc import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from client.errors import ServiceError
from documents import StepFailed, Transcript

DEFAULT_ADDRESS = "localhost:8001"
ENSEMBLE = "asr"
SAMPLE_RATE = 16_000  # Hz

Option = str | int | float | bool | None


class TritonClient:
    """The ensemble ``asr`` of a Triton server."""

    def __init__(self, address: str = DEFAULT_ADDRESS, timeout: float = 1800.0) -> None:
        """Args:
        address: Host and port of Triton's gRPC.
        timeout: Seconds that an answer may take.
        """
        self._triton = InferenceServerClient(address)
        self._timeout = timeout

    def __enter__(self) -> "TritonClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._triton.close()

    def transcribe(self, audio: np.ndarray | str | Path, **options: Option) -> Transcript:
        """Transcribe a recording.

        Args:
            audio: INT16 [N], mono PCM at 16 kHz, or the path of such a WAV file.
            options: The graph's request parameters, such as ``language`` or ``diarize``.

        Raises:
            ServiceError: Triton refused, failed or does not answer.
            ValueError: this is no such audio.
            OSError: the file cannot be read.
        """
        pcm = np.asarray(audio) if isinstance(audio, np.ndarray) else read_wav(audio)
        if pcm.dtype != np.int16 or pcm.ndim != 1 or not pcm.size:
            raise ValueError("audio: give a one-dimensional array of INT16 samples")
        given: dict[str, Option] = {
            name: value for name, value in options.items() if value is not None
        }
        given["timeout_ms"] = int(self._timeout * 1000)
        # With a key, steps that run side by side hear of each other's failure.
        given["request_key"] = uuid.uuid4().hex
        tensor = InferInput("AUDIO", [1, pcm.size], "INT16")
        tensor.set_data_from_numpy(pcm[None])
        output = _output_for(given)
        try:
            result = self._triton.infer(
                ENSEMBLE,
                [tensor],
                outputs=[InferRequestedOutput(output)],
                parameters=given,
                client_timeout=self._timeout,
            )
        except InferenceServerException as error:
            raise _from_triton(error) from None
        try:
            return Transcript.decode(result.as_numpy(output).tobytes())
        except StepFailed as failed:
            raise ServiceError(failed.failure.status, failed.failure.failure) from None


def _output_for(options: dict[str, Option]) -> str:
    """The tensor that holds what was asked for; Triton runs only what it needs."""
    if options.get("diarize", True):
        return "TRANSCRIPT"
    return "WORDS" if options.get("word_timestamps", True) else "SEGMENTS"


def _from_triton(error: InferenceServerException) -> ServiceError:
    status = (error.status() or "").removeprefix("StatusCode.") or None
    return ServiceError(status, error.message().removeprefix(f"in ensemble '{ENSEMBLE}', "))


def read_wav(path: str | Path) -> np.ndarray:
    """The samples of a WAV file, INT16 [N].

    Raises:
        ValueError: it is not 16 bit mono PCM at 16 kHz.
        OSError: it cannot be read.
    """
    try:
        with wave.open(str(path)) as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            if shape != (SAMPLE_RATE, 1, 2):
                raise ValueError(f"{path} is not 16 bit mono PCM at {SAMPLE_RATE} Hz")
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is not a WAV file: {error}") from None
