"""The metrics of the real service: what they say of requests that were made."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.audio import SAMPLE_RATE
from pipeline.transcription.decoding import TEMPERATURES
from tests.clients.asking import post, transcript_of_samples
from tests.clients.metrics import Page
from tests.waiting import until

AT_ONCE = 4
LEAVES = ("whisper", "segmentation", "speaker_embedding")
STEPS = ("transcription", "diarization", "alignment", "attribution")
WINDOWS = 3  # of 10 s, one every second, in 12 s of audio: from 0, 1 and 2


def pages(service) -> tuple[Page, Page]:
    """The adapter's, and Triton's with those of the models."""
    return Page.at(f"{service.base_url}/metrics"), Page.at(service.metrics_url)


def added(name: str, before: Page, after: Page, **labels: str) -> float:
    return after.total(name, **labels) - before.total(name, **labels)


def test_after_so_many_requests_the_counters_say_so(service, clip):
    before = pages(service)
    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(lambda _: post(service, clip), range(AT_ONCE)))
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE
    ended = {"name": "asr_step_requests_total", "outcome": "answered"}
    until(lambda: added(before=before[1], after=pages(service)[1], step=STEPS[-1], **ended) >= 4)
    after = pages(service)
    asked = {"route": "/asr", "status": "200"}
    assert added("asr_requests_total", before[0], after[0], **asked) == AT_ONCE
    assert added("asr_transcriptions_total", before[0], after[0]) == AT_ONCE
    assert added("asr_audio_seconds_total", before[0], after[0]) == 12 * AT_ONCE
    assert 8 * AT_ONCE < added("asr_speech_seconds_total", before[0], after[0]) <= 12 * AT_ONCE
    for step in STEPS:
        assert added(before=before[1], after=after[1], step=step, **ended) == AT_ONCE
        seconds = {"stage": step}
        by_models = added("asr_step_seconds_sum", before[1], after[1], step=step)
        by_adapter = added("asr_stage_seconds_sum", before[0], after[0], **seconds)
        assert by_adapter == pytest.approx(by_models, rel=0.02, abs=0.05)
    elapsed = added("asr_request_seconds_sum", before[0], after[0], route="/asr")
    clock = sum(answer.elapsed.total_seconds() for answer in answers)
    assert elapsed == pytest.approx(clock, rel=0.1, abs=0.5)
    path = added("asr_critical_path_seconds_total", before[0], after[0])
    assert path == pytest.approx(elapsed, rel=0.01)


def test_the_leaves_tell_their_pieces_and_how_full_their_batches_are(service, clip):
    _, before = pages(service)
    with ThreadPoolExecutor(AT_ONCE) as clients:
        list(clients.map(lambda _: post(service, clip), range(AT_ONCE)))
    _, after = pages(service)

    def count(name: str, leaf: str) -> float:
        return added(name, before, after, leaf=leaf)

    for leaf in LEAVES:
        pieces = count("asr_leaf_pieces_total", leaf)
        assert pieces % AT_ONCE == 0
        assert count("asr_leaf_batch_pieces_sum", leaf) == pieces
        assert count("asr_leaf_queue_seconds_count", leaf) == pieces
        assert count("asr_piece_turn_seconds_count", leaf) == pieces
        batches = count("asr_leaf_batch_seconds_count", leaf)
        assert batches == count("asr_leaf_batch_pieces_count", leaf)
        assert batches <= pieces
        assert count("asr_leaf_batch_seconds_sum", leaf) > 0
        # What Triton itself counts of a leaf is right, and has the probes in it as well.
        triton = added("nv_inference_count", before, after, model=leaf)
        assert triton >= pieces
    assert count("asr_leaf_pieces_total", "segmentation") == WINDOWS * AT_ONCE
    assert count("asr_leaf_batch_seconds_count", "segmentation") < WINDOWS * AT_ONCE
    assert after.total("asr_pieces_waiting") == 0
    assert after.total("asr_loaded_networks", leaf="whisper", network="base") == 1
    assert "asr_loading_networks" in after


def test_doubt_is_counted(service, sample_audio, tmp_path):
    _, before = pages(service)
    backwards = sample_audio[20 * SAMPLE_RATE :][::-1]
    query = {"language": "en", "diarize": "false", "word_timestamps": "false"}
    (segment,) = transcript_of_samples(service, tmp_path, backwards, **query)["segments"]
    counted = round(segment["temperature"] / TEMPERATURES[0])
    _, after = pages(service)
    again = added("asr_doubtful_attempts_total", before, after, step="transcription")
    assert again in {counted, len(TEMPERATURES)} - {0}
    assert added("asr_leaf_pieces_total", before, after, leaf="whisper") == 1 + again


def test_what_is_refused_is_counted_as_that(service, clip):
    before = pages(service)
    assert post(service, clip, model="tiny.en", language="de").status_code == 400
    after = pages(service)
    assert added("asr_transcriptions_total", before[0], after[0], outcome="refused") == 1
    refused = {"step": "transcription", "outcome": "refused"}
    assert added("asr_step_requests_total", before[1], after[1], **refused) == 1
