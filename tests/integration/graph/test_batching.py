"""Recordings that come at once share the networks' batches and disturb nobody."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import tritonclient.http as triton

from pipeline.audio import SAMPLE_RATE
from tests.speech.media import write_wav
from tests.waiting import until

AT_ONCE = 8
INTRODUCTION = slice(12 * SAMPLE_RATE, 18 * SAMPLE_RATE)  # of both people, by their names


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
def post(service, sample_audio, tmp_path_factory):
    path = tmp_path_factory.mktemp("batching") / "introduction.wav"
    write_wav(path, sample_audio[INTRODUCTION], SAMPLE_RATE)
    content = path.read_bytes()

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
    assert "Sheila" in " ".join(segment["text"] for segment in alone["segments"])
    assert {segment["speaker"] for segment in alone["segments"]} == {"SPEAKER_00", "SPEAKER_01"}
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
