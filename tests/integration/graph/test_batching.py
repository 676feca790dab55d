"""Recordings that come at once share the networks' batches and disturb nobody."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import tritonclient.http as triton

from pipeline.audio import SAMPLE_RATE
from pipeline.transcription.decoding import TEMPERATURES
from tests.clients.asking import transcript_of_samples
from tests.waiting import until

AT_ONCE = 8


def batch_sizes(service, model: str) -> dict[int, int]:
    """How many batches of each size the model has run so far."""
    client = triton.InferenceServerClient(service.triton_http)
    (statistics,) = client.get_inference_statistics(model)["model_stats"]
    return {
        int(batch["batch_size"]): int(batch["compute_infer"]["count"])
        for batch in statistics.get("batch_stats", [])
    }


def large_batches(before: dict[int, int], after: dict[int, int]) -> int:
    """Batches of more than one piece between two readings; Triton counts after it answers."""
    return sum(count - before.get(size, 0) for size, count in after.items() if size > 1)


@pytest.fixture(scope="module")
def post(service, clip):
    content = clip.read_bytes()

    def post(number: int = 0, **query: str) -> httpx.Response:
        return httpx.post(
            f"{service.base_url}/asr",
            params={"output": "json", "reuse": "false", **query},
            files={"audio_file": (f"call-{number}.wav", content)},
            timeout=600,
        )

    return post


def test_eight_at_once_all_come_back_right_from_shared_batches(service, post):
    alone = post().json()
    leaves = ("whisper", "segmentation")
    before = {leaf: batch_sizes(service, leaf) for leaf in leaves}
    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(post, range(AT_ONCE)))
    assert [answer.status_code for answer in answers] == [httpx.codes.OK] * AT_ONCE
    for answer in answers:
        assert answer.json()["segments"] == alone["segments"]
    for leaf in leaves:
        until(lambda leaf=leaf: large_batches(before[leaf], batch_sizes(service, leaf)))


def test_a_request_that_fails_leaves_its_neighbours_alone(service, post):
    """What its Whisper cannot do reaches the same batch of ``whisper`` as the others."""
    before = batch_sizes(service, "whisper")
    queries = [{}, {"model": "tiny.en", "language": "de"}, {}, {"language": "de"}]
    with ThreadPoolExecutor(len(queries)) as clients:
        answers = list(clients.map(lambda query: post(**query), queries))
    assert [answer.status_code for answer in answers] == [200, 400, 200, 200]
    assert "this Whisper knows English only" in answers[1].json()["detail"]
    assert answers[0].json()["segments"] == answers[2].json()["segments"]
    until(lambda: large_batches(before, batch_sizes(service, "whisper")))


def test_doubt_does_not_hold_up_a_batch(service, sample_audio, tmp_path):
    """Speech played backwards is doubtful, and each further attempt goes through the queue."""
    query = {"language": "en", "diarize": "false", "word_timestamps": "false"}
    for first in (20, 10, 0):  # what is doubtful on one processor need not be so on another
        before = batch_sizes(service, "whisper")
        backwards = sample_audio[first * SAMPLE_RATE : (first + 10) * SAMPLE_RATE][::-1]
        segments = transcript_of_samples(service, tmp_path, backwards, **query)["segments"]
        if len(segments) == 1 and segments[0]["temperature"]:
            break
    (segment,) = segments
    counted = 1 + round(segment["temperature"] / TEMPERATURES[0])

    def attempts() -> int:
        after = batch_sizes(service, "whisper")
        return sum(size * (count - before.get(size, 0)) for size, count in after.items())

    # Triton counts after it has answered.
    until(lambda: attempts() in {counted, 1 + len(TEMPERATURES)} - {1})
