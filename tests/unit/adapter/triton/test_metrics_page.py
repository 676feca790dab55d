"""What is read off Triton's metrics page."""

import asyncio

import httpx
import pytest

from adapter.triton.metrics_page import FAILED_IN_A_ROW, SECONDS_IN_A_ROW, MetricsPage

LABELS = 'instance="whisper_0_0",leaf="whisper"'


def page(*lines: str) -> MetricsPage:
    """One that says this."""
    read = MetricsPage("http://triton/metrics")
    text = "\n".join(("# HELP asr_x what", *lines, ""))
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=text))
    read._client = httpx.AsyncClient(transport=transport)
    return read


@pytest.mark.parametrize(
    ("batches", "seconds", "fails"),
    [
        (FAILED_IN_A_ROW, SECONDS_IN_A_ROW, True),
        (FAILED_IN_A_ROW - 1, 1000, False),
        (1000, SECONDS_IN_A_ROW - 1, False),  # one recording, all of whose pieces fail at once
        (0, 0, False),
    ],
)
def test_who_fails_often_and_for_long_is_failing(batches, seconds, fails):
    read = page(
        f"asr_leaf_failed_batches{{{LABELS}}} {batches}.000000",
        f"asr_leaf_failing_seconds{{{LABELS}}} {seconds:.6f}",
        'asr_leaf_failed_batches{instance="segmentation_0_0",leaf="segmentation"} 0.000000',
    )
    assert asyncio.run(read.failing()) == ({"whisper"} if fails else set())


def test_another_instance_that_works_does_not_hide_one_that_fails():
    read = page(
        f"asr_leaf_failed_batches{{{LABELS}}} 0",
        f"asr_leaf_failing_seconds{{{LABELS}}} 0",
        'asr_leaf_failed_batches{leaf="whisper",instance="whisper_0_1"} 9',
        'asr_leaf_failing_seconds{leaf="whisper",instance="whisper_0_1"} 99.5',
    )
    assert asyncio.run(read.failing()) == {"whisper"}


def test_networks_that_are_loaded_are_told():
    read = page(
        f'asr_loaded_networks{{{LABELS},network="base"}} 1.000000',
        f'asr_loaded_networks{{{LABELS},network="tiny"}} 0.000000',
        'asr_loaded_networks{instance="w",leaf="wav2vec2",network="en"} 1.000000',
    )
    assert asyncio.run(read.loaded_models()) == ["base"]


def test_a_page_that_is_not_there_says_nothing():
    read = MetricsPage("http://127.0.0.1:1/metrics")
    assert asyncio.run(read.failing()) == set()
    assert asyncio.run(MetricsPage("http://127.0.0.1:1/metrics").loaded_models()) is None
