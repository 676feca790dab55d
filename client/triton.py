"""Triton itself, without the adapter: PCM in, a transcript out, over gRPC."""

import json
import time
import uuid
import wave
from pathlib import Path

import numpy as np
from tritonclient.grpc import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from adapter.triton.failures import from_triton
from documents import Transcript
from pipeline.audio import SAMPLE_RATE
from pipeline.errors import InvalidRequest
from pipeline.options import Options

DEFAULT_ADDRESS = "localhost:8001"
ENSEMBLE = "asr"


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

    def transcribe(self, audio: np.ndarray | str | Path, **options: object) -> Transcript:
        """Transcribe a recording.

        Args:
            audio: INT16 [N], mono PCM at 16 kHz, or the path of such a WAV file.
            options: As in :class:`pipeline.options.Options`.

        Raises:
            PipelineError: of the kind that says what went wrong.
            OSError: the file cannot be read.
        """
        pcm = np.asarray(audio) if isinstance(audio, np.ndarray) else read_wav(audio)
        if pcm.dtype != np.int16 or pcm.ndim != 1 or not pcm.size:
            raise InvalidRequest("audio: give a one-dimensional array of INT16 samples")
        deadline_ms = int((time.time() + self._timeout) * 1000)
        # With a key, steps that run side by side hear of each other's failure.
        request = {"deadline_ms": deadline_ms, "request_key": uuid.uuid4().hex}
        asked = Options.from_parameters(json.dumps({**options, **request}))
        tensor = InferInput("AUDIO", [1, pcm.size], "INT16")
        tensor.set_data_from_numpy(pcm[None])
        output = "TRANSCRIPT" if asked.diarize else "WORDS" if asked.word_timestamps else "SEGMENTS"
        try:
            result = self._triton.infer(
                ENSEMBLE,
                [tensor],
                outputs=[InferRequestedOutput(output)],
                parameters=asked.to_parameters(),
                client_timeout=self._timeout,
            )
        except InferenceServerException as error:
            raise from_triton(error) from None
        return Transcript.model_validate_json(result.as_numpy(output).tobytes())


def read_wav(path: str | Path) -> np.ndarray:
    """The samples of a WAV file, INT16 [N].

    Raises:
        InvalidRequest: it is not 16 bit mono PCM at 16 kHz.
        OSError: it cannot be read.
    """
    try:
        with wave.open(str(path)) as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            if shape != (SAMPLE_RATE, 1, 2):
                raise InvalidRequest(f"{path} is not 16 bit mono PCM at {SAMPLE_RATE} Hz")
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)
    except (wave.Error, EOFError) as error:
        raise InvalidRequest(f"{path} is not a WAV file: {error}") from None
