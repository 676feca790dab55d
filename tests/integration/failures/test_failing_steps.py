"""A step that fails, while another has still to read the recording: a tiny graph.

Triton 2.51 crashes where an ensemble ends before: the memory is given up that the other reads.
"""

import os
import time
from collections.abc import Iterator

import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from adapter.intake.recording import SHARED_MEMORY
from documents import Transcript
from tests.services.tiny_triton import PCM, TEXT, client, pcm_input
from tests.waiting import until

REGION = f"test-failing-steps-{os.getpid()}"
STANDSTILL_SECONDS = 2  # in which the step that failed could have ended the ensemble
ASKED = [triton.InferRequestedOutput("TRANSCRIPT")]


@pytest.fixture
def lent(tiny) -> Iterator[triton.InferInput]:
    """PCM as the adapter lends it."""
    path = SHARED_MEMORY / REGION
    path.write_bytes(PCM.tobytes())
    connection = client(tiny)
    connection.register_system_shared_memory(REGION, f"/{REGION}", PCM.nbytes)
    audio = triton.InferInput("AUDIO", [1, PCM.size], "INT16")
    audio.set_shared_memory(REGION, PCM.nbytes)
    yield audio
    connection.unregister_system_shared_memory(REGION)
    path.unlink()


def test_the_recording_stays_until_every_step_has_read_it(tiny, lent, tmp_path):
    connection = client(tiny)
    gate = tmp_path / "gate"
    answers: dict[str, tuple[triton.InferResult | None, Exception | None]] = {}

    def send(name: str, audio: triton.InferInput, command: str) -> None:
        connection.async_infer(
            "asr",
            [audio],
            lambda result, error: answers.update({name: (result, error)}),
            outputs=ASKED,
            parameters={"request_key": name, "hotwords": command},
        )

    try:
        send("first", pcm_input(), f"stand still until {gate}")
        time.sleep(STANDSTILL_SECONDS / 4)
        send("second", lent, "refuse")
        time.sleep(STANDSTILL_SECONDS)
        assert not answers
        with pytest.raises(InferenceServerException, match="in use"):
            connection.unregister_system_shared_memory(REGION)
    finally:
        gate.touch()
    until(lambda: len(answers) == 2)
    result, error = answers["first"]
    assert error is None
    transcript = Transcript.decode(result.as_numpy("TRANSCRIPT").tobytes())
    assert transcript.segments[0].text == TEXT
    result, error = answers["second"]
    assert "InvalidRequest: this cannot be done" in error.message()
    assert error.status() == "StatusCode.INVALID_ARGUMENT"


def test_what_began_it_is_told_and_not_that_the_others_were_stopped(tiny):
    connection = client(tiny)
    for number in range(20):
        options = {"request_key": f"refused {number}", "hotwords": "refuse"}
        with pytest.raises(InferenceServerException, match="this cannot be done"):
            connection.infer("asr", [pcm_input()], outputs=ASKED, parameters=options)
