"""Two requests of one key, straight to Triton: the second is refused, and that hits nobody."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from documents import Transcript
from tests.clients.asking import hang_up_on
from tests.waiting import until


def pcm(samples: np.ndarray) -> triton.InferInput:
    audio = triton.InferInput("AUDIO", [1, samples.size], "INT16")
    audio.set_data_from_numpy(samples[None])
    return audio


def test_a_second_request_of_the_same_key_does_not_end_the_first(service, sample_audio, counts):
    audio = pcm(sample_audio)
    client = triton.InferenceServerClient(service.triton_grpc)
    answers = []
    asked = {
        "outputs": [triton.InferRequestedOutput("TRANSCRIPT")],
        "parameters": {"request_key": "twice"},
    }
    before = counts("segmentation")["segmentation"]
    client.async_infer(
        "asr", [audio], lambda result, error: answers.append((result, error)), **asked
    )
    until(lambda: counts("segmentation")["segmentation"] > before)
    with pytest.raises(InferenceServerException, match="'twice' is taken"):
        client.infer("asr", [audio], **asked)
    assert not answers
    until(lambda: answers)
    ((result, error),) = answers
    assert error is None
    transcript = Transcript.model_validate_json(result.as_numpy("TRANSCRIPT").tobytes())
    assert "there" in " ".join(segment.text for segment in transcript.segments)


@pytest.mark.long
def test_refusals_on_a_busy_machine_do_not_lock_triton_up(service, sample_audio, counts):
    """An ensemble that fails while it is being handed to its steps does."""
    long, audio = pcm(np.tile(sample_audio, 20)), pcm(np.tile(sample_audio, 4))
    client = triton.InferenceServerClient(service.triton_grpc)
    before = counts("segmentation")["segmentation"]
    held = client.async_infer(
        "asr", [long], lambda result, error: None, parameters={"request_key": "held"}
    )
    until(lambda: counts("segmentation")["segmentation"] > before)

    def is_refused(_: int) -> bool:
        with pytest.raises(InferenceServerException) as refusal:
            client.infer("asr", [audio], parameters={"request_key": "held"}, client_timeout=60)
        return "'held' is taken" in str(refusal.value)

    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]
    try:
        with ThreadPoolExecutor(4) as clients:
            assert all(clients.map(is_refused, range(100)))
    finally:
        for other in others:
            other.kill()
            other.wait()
        held.cancel()
        hang_up_on(service, "held")
