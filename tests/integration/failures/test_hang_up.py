"""A client hangs up on the running service: the networks are free for others at once."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout

import httpx
import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from adapter.intake.recording import SHARED_MEMORY
from documents import Segment, StepFailed, Transcript
from pipeline.audio import SAMPLE_RATE
from tests.clients.asking import hang_up_on
from tests.clients.metrics import Page
from tests.speech.media import write_wav
from tests.waiting import until

NETWORKS = ("whisper", "segmentation", "speaker_embedding")
MINUTES = 10
SECONDS = 30  # of the sample
WAIT_SECONDS = 120
MOST_FAILURES = 6  # until the pools have room for all that steps hold at once
TELLING_SECONDS = 3  # until every step has been told


@pytest.fixture(scope="module")
def long(sample_audio, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("long") / "long.wav"
    write_wav(path, np.tile(sample_audio, MINUTES * 60 // SECONDS), SAMPLE_RATE)
    return path.read_bytes()


def until_idle(counts, *models: str) -> dict[str, int]:
    """What they have run when they begin nothing more."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        assert time.monotonic() < deadline
        before = counts(*models)
        time.sleep(2)
        if counts(*models) == before:
            return before


def test_every_network_is_free_within_two_chunks(service, long, counts):
    """Ten minutes are 7 batches of ``whisper`` and 75 of ``segmentation``."""
    before = counts(*NETWORKS)

    async def hang_up_when_all_work() -> None:
        async with httpx.AsyncClient(timeout=None) as client:
            post = asyncio.create_task(
                client.post(f"{service.base_url}/asr", files={"audio_file": ("long.wav", long)})
            )
            while any(counts(model)[model] < before[model] + 1 for model in NETWORKS):
                assert not post.done()
                await asyncio.sleep(0.05)
            post.cancel()

    asyncio.run(hang_up_when_all_work())
    time.sleep(TELLING_SECONDS)
    left = counts(*NETWORKS)
    after = until_idle(counts, *NETWORKS)
    # What was running, and what had been sent beside it.
    assert all(after[model] - left[model] <= 2 for model in NETWORKS), (left, after)


def test_alignment_is_left_too(service, sample_audio, counts):
    """Asked directly, as the ensemble does: a recording whose text is known already."""
    audio = np.tile(sample_audio, 80)[None]
    text = Transcript(
        model="base",
        language="en",
        language_probability=1.0,
        duration=audio.size / SAMPLE_RATE,
        segments=[
            Segment(start=start, end=start + 10, text="neither did I")
            for start in range(0, audio.size // SAMPLE_RATE, 10)
        ],
    )
    document = np.frombuffer(text.encode(), np.uint8)[None]
    inputs = []
    for name, kind, array in (("AUDIO", "INT16", audio), ("SEGMENTS", "UINT8", document)):
        tensor = triton.InferInput(name, array.shape, kind)
        tensor.set_data_from_numpy(array)
        inputs.append(tensor)
    answers = []
    before = counts("wav2vec2")["wav2vec2"]
    client = triton.InferenceServerClient(service.triton_grpc)
    client.async_infer(
        "alignment",
        inputs,
        lambda result, error: answers.append(result),
        parameters={"alignment": "ctc", "request_key": "left"},
    )
    until(lambda: answers or counts("wav2vec2")["wav2vec2"] >= before + 3)
    assert not answers
    hang_up_on(service, "left")
    left = counts("wav2vec2")["wav2vec2"]
    until(lambda: answers)
    with pytest.raises(StepFailed, match="Cancelled: "):
        Transcript.decode(answers[0].as_numpy("WORDS").tobytes())
    assert until_idle(counts, "wav2vec2")["wav2vec2"] - left <= 2


@pytest.mark.parametrize("leaf", ["whisper", "segmentation"])
def test_a_piece_of_who_has_left_is_not_computed(service, sample_audio, counts, leaf):
    piece = triton.InferInput("AUDIO", [1, 10 * SAMPLE_RATE], "INT16")
    piece.set_data_from_numpy(sample_audio[None, : 10 * SAMPLE_RATE])
    client = triton.InferenceServerClient(service.triton_grpc)
    hang_up_on(service, f"left {leaf}")

    def dropped() -> float:
        page = Page.at(service.metrics_url)
        return page.total("asr_leaf_dropped_pieces_total", leaf=leaf)

    until_idle(counts, leaf)  # those whom the tests before have left may have more to ask
    before = dropped()
    with pytest.raises(InferenceServerException, match="Cancelled: the caller has gone"):
        client.infer(leaf, [piece], parameters={"request_key": f"left {leaf}"})
    until(lambda: dropped() == before + 1)
    client.infer(leaf, [piece], parameters={"request_key": f"stays {leaf}"})
    assert dropped() == before + 1


def fail_in_transcription(service, recording: bytes) -> None:
    answer = httpx.post(
        f"{service.base_url}/asr",
        params={"model": "tiny.en", "language": "de"},
        files={"audio_file": ("long.wav", recording)},
        timeout=300,
    )
    assert answer.status_code == 400, answer.text
    assert "this Whisper knows English only" in answer.json()["detail"]


def memory_of_steps(service) -> int:
    """Bytes of shared memory in which Triton's processes hold what they work on."""
    port = service.triton_http.rpartition(":")[2]
    return sum(path.stat().st_blocks * 512 for path in SHARED_MEMORY.glob(f"triton-asr-*-{port}-*"))


def test_what_fails_in_one_step_frees_the_others_and_their_memory(service, long, counts):
    """Triton's pools never shrink, but what the next one needs has room there."""

    def fail() -> int:
        before = counts("segmentation")["segmentation"]
        fail_in_transcription(service, long)
        # Its answer would otherwise come after all 75 batches, and nobody would be told to stop.
        assert until_idle(counts, "segmentation")["segmentation"] - before <= 50
        return memory_of_steps(service)

    held = [fail()]
    assert held[0] > len(long)
    while len(held) < MOST_FAILURES:
        held.append(fail())
        if held[-1] - held[-2] < len(long) / 4:
            return
    pytest.fail(f"each failure takes more: {held}")


def test_a_full_queue_is_waited_for(service, sample):
    client = triton.InferenceServerClient(service.triton_grpc)
    nothing = triton.InferInput("AUDIO", [1, 1], "INT16")
    nothing.set_data_from_numpy(np.zeros((1, 1), np.int16))
    calls = []
    enough = threading.Event()

    def send() -> None:
        calls.append(client.async_infer("whisper", [nothing], send_again))

    def send_again(result: object, error: Exception | None) -> None:
        if error is None and not enough.is_set():  # it has left the queue
            send()

    for _ in range(160):
        send()

    def post() -> httpx.Response:
        return httpx.post(
            f"{service.base_url}/asr",
            params={"diarize": "false"},
            files={"audio_file": sample.read_bytes()},
            timeout=300,
        )

    with ThreadPoolExecutor(1) as waiting:
        try:
            answer = waiting.submit(post)
            with pytest.raises(FutureTimeout):
                answer.result(5)
        finally:
            enough.set()
            for call in list(calls):
                call.cancel()
        assert answer.result().is_success, answer.result().text
