"""Cards that break or are full, in the real leaves: the faults are provoked in their processes."""

import re

import pytest

from adapter.triton.processes import live_instances
from pipeline.serving.batches.faults import Fault
from tests.clients.asking import post
from tests.clients.metrics import Page
from tests.services.provoked import provoked
from tests.waiting import until

LEAVES = ("whisper", "segmentation", "speaker_embedding")


@pytest.fixture(scope="module")
def undisturbed(service, clip) -> dict:
    answer = post(service, clip, reuse="false")
    assert answer.status_code == 200
    return answer.json()


def test_a_card_that_breaks_under_every_network_costs_a_recording_nothing(
    service, clip, undisturbed
):
    before = live_instances(service.secret)
    deaths = Page.at(f"{service.base_url}/metrics")
    with provoked(service.secret, **{leaf: Fault("broken device") for leaf in LEAVES}):
        answer = post(service, clip, reuse="false")
    assert answer.status_code == 200, answer.text
    assert answer.json()["segments"] == undisturbed["segments"]
    after = live_instances(service.secret)
    for leaf in LEAVES:
        assert not set(before[leaf].values()) & set(after[leaf].values())
        name = "asr_process_deaths_total"
        now = Page.at(f"{service.base_url}/metrics")
        assert now.total(name, model=leaf) - deaths.total(name, model=leaf) == 1
    assert "the card is broken for it" in service.triton_log.read_text(encoding="utf-8")


def test_batches_that_do_not_fit_are_computed_in_parts(service, clip, undisturbed):
    before, worked = Page.at(service.metrics_url), live_instances(service.secret)
    with provoked(service.secret, segmentation=Fault("out of memory", above=1, times=1000)):
        answer = post(service, clip, reuse="false")
    assert answer.status_code == 200, answer.text
    assert answer.json()["segments"] == undisturbed["segments"]
    assert live_instances(service.secret) == worked
    told = {"leaf": "segmentation"}
    name = "asr_leaf_out_of_memory_total"
    until(lambda: Page.at(service.metrics_url).total(name, **told) > before.total(name, **told))
    until(lambda: Page.at(service.metrics_url).total("asr_leaf_batch_limit", **told) == 1)
    log = service.triton_log.read_text(encoding="utf-8")
    # Of the three windows that a clip has, whichever come together.
    assert re.search("segmentation: no memory for [23] pieces at once; 1 of them from now on", log)


@pytest.mark.long
def test_what_does_not_fit_alone_is_503_with_retry_after(service, clip):
    with provoked(service.secret, whisper=Fault("out of memory", times=1000)):
        answer = post(service, clip, reuse="false", diarize="false")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "there is no memory for a piece of the recording in base" in answer.json()["detail"]
    assert post(service, clip, reuse="false", diarize="false").status_code == 200
