"""The metrics of the real service: what they say of requests that were made."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from pipeline.audio import SAMPLE_RATE
from pipeline.transcription.decoding import TEMPERATURES
from tests.clients.asking import post, transcript_of_samples
from tests.clients.metrics import Page
from tests.services.processes import descendants, processor_seconds
from tests.waiting import until

AT_ONCE = 4
LEAVES = ("whisper", "segmentation", "speaker_embedding")
STEPS = ("transcription", "diarization", "alignment", "attribution")
WINDOWS = 3  # of 10 s, one every second, in 12 s of audio: from 0, 1 and 2


class Pages:
    """The adapter's page and Triton's, and what has been added to them since."""

    def __init__(self, service) -> None:
        self._urls = f"{service.base_url}/metrics", service.metrics_url
        self._pid = service.process.pid
        self._before = self.now = self._read()
        self._used_before = self._processor_seconds()
        self.used = 0.0  # processor seconds of the whole service since

    def look(self) -> None:
        self.used = self._processor_seconds() - self._used_before
        self.now = self._read()

    def _processor_seconds(self) -> float:
        return sum(map(processor_seconds, {self._pid, *descendants(self._pid)}))

    def added(self, name: str, **labels: str) -> float:
        return sum(
            after.total(name, **labels) - before.total(name, **labels)
            for before, after in zip(self._before, self.now, strict=True)
        )

    def until_added(self, least: float, name: str, **labels: str) -> None:
        """The models tell a moment after they have answered, on Triton's page."""
        _, page = self._urls  # writing the other one costs what is measured here

        def is_there() -> bool:
            self.now = self.now[0], Page.at(page)
            return self.added(name, **labels) >= least

        until(is_there)

    def _read(self) -> tuple[Page, Page]:
        adapter, triton = self._urls
        return Page.at(adapter), Page.at(triton)


@pytest.fixture(scope="module")
def four(service, clip) -> tuple[list[httpx.Response], Pages]:
    """The answers to four requests at once, and what they have added."""
    pages = Pages(service)
    with ThreadPoolExecutor(AT_ONCE) as clients:
        # Each has work of its own.
        answers = list(clients.map(lambda _: post(service, clip, reuse="false"), range(AT_ONCE)))
    for step in STEPS:
        pages.until_added(AT_ONCE, "asr_step_requests_total", step=step)
    for leaf in LEAVES:
        pages.until_added(AT_ONCE, "asr_leaf_pieces_total", leaf=leaf)
    pages.until_added(WINDOWS * AT_ONCE, "asr_leaf_queue_seconds_count", leaf="segmentation")
    pages.until_added(AT_ONCE, "nv_inference_count", model="whisper")
    pages.look()
    return answers, pages


def test_after_so_many_requests_the_counters_say_so(four):
    answers, pages = four
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE
    assert pages.added("asr_requests_total", route="/asr", status="200") == AT_ONCE
    assert pages.added("asr_transcriptions_total", outcome="answered") == AT_ONCE
    assert pages.added("asr_transcriptions_total") == AT_ONCE
    assert pages.added("asr_audio_seconds_total") == pytest.approx(12 * AT_ONCE)
    assert 8 * AT_ONCE < pages.added("asr_speech_seconds_total") <= 12 * AT_ONCE
    for step in STEPS:
        assert pages.added("asr_step_requests_total", step=step, outcome="answered") == AT_ONCE


def test_the_sums_fit_the_clock_and_each_other(four):
    answers, pages = four
    elapsed = pages.added("asr_request_seconds_sum", route="/asr")
    clock = sum(answer.elapsed.total_seconds() for answer in answers)
    assert elapsed == pytest.approx(clock, rel=0.1, abs=0.1 * AT_ONCE)
    assert pages.added("asr_critical_path_seconds_total") == pytest.approx(elapsed, rel=0.01)
    for step in STEPS:
        by_models = pages.added("asr_step_seconds_sum", step=step)
        by_adapter = pages.added("asr_stage_seconds_sum", stage=step)
        # The models' have the sending of their answers in them.
        assert by_adapter == pytest.approx(by_models, rel=0.02, abs=0.1 * AT_ONCE)


def test_the_leaves_tell_their_pieces_and_how_full_their_batches_are(four):
    _, pages = four
    for leaf in LEAVES:
        pieces = pages.added("asr_leaf_pieces_total", leaf=leaf)
        assert pieces >= AT_ONCE
        assert pages.added("asr_leaf_batch_pieces_sum", leaf=leaf) == pieces
        assert pages.added("asr_leaf_queue_seconds_count", leaf=leaf) == pieces
        # What is asked about a gap is asked in the turn of its chunk.
        gaps = pages.added("asr_gaps_total", step="transcription") if leaf == "whisper" else 0
        assert pages.added("asr_piece_turn_seconds_count", leaf=leaf) == pieces - gaps
        batches = pages.added("asr_leaf_batch_seconds_count", leaf=leaf)
        assert batches == pages.added("asr_leaf_batch_pieces_count", leaf=leaf) <= pieces
        assert pages.added("asr_leaf_batch_seconds_sum", leaf=leaf) > 0
    assert pages.added("asr_leaf_pieces_total", leaf="segmentation") == WINDOWS * AT_ONCE
    windows = pages.added("asr_leaf_batch_pieces_count", leaf="segmentation")
    assert windows < WINDOWS * AT_ONCE  # several in a batch
    triton = pages.now[1]
    assert triton.total("asr_pieces_waiting") == 0
    assert triton.total("asr_loaded_networks", leaf="whisper", network="base") == 1
    assert "asr_loading_networks" in triton


def test_the_metrics_cost_less_than_a_hundredth_of_the_work(four):
    """Their page among them, which was written once."""
    _, pages = four
    cost = pages.added("asr_telemetry_cpu_seconds_total")
    cost += pages.added("asr_model_telemetry_cpu_seconds_total")
    assert 0 < cost < 0.01 * pages.used


def test_doubt_is_counted(service, sample_audio, tmp_path):
    pages = Pages(service)
    english = sample_audio[20 * SAMPLE_RATE :]
    query = {"language": "ja", "diarize": "false", "word_timestamps": "false"}
    (segment,) = transcript_of_samples(service, tmp_path, english, **query)["segments"]
    pages.until_added(1, "asr_doubtful_attempts_total", step="transcription")
    again = pages.added("asr_doubtful_attempts_total", step="transcription")
    # The attempt that counts is the last one, or the likeliest of all.
    assert again in {round(segment["temperature"] / TEMPERATURES[0]), len(TEMPERATURES)}
    pages.until_added(1 + again, "asr_leaf_pieces_total", leaf="whisper")
    assert pages.added("asr_leaf_pieces_total", leaf="whisper") == 1 + again


def test_what_is_refused_is_counted_as_that(service, clip):
    pages = Pages(service)
    assert post(service, clip, model="tiny.en", language="de").status_code == 400
    pages.until_added(1, "asr_step_requests_total", step="transcription", outcome="refused")
    pages.look()
    assert pages.added("asr_step_requests_total", step="transcription", outcome="refused") == 1
    assert pages.added("asr_transcriptions_total", outcome="refused") == 1
