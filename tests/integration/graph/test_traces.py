"""One trace of a request through the real service, as a collector of OpenTelemetry has it."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.conftest import start_service, stop_service, wait_until_ready
from tests.services.otlp_receiver import Receiver, Span, otlp_receiver

STEPS = {"transcription", "alignment", "diarization", "attribution"}
LEAVES = {"whisper": "transcription", "segmentation": "diarization"}
LEAVES["speaker_embedding"] = "diarization"
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(scope="module")
def traced(tmp_path_factory) -> Iterator[tuple[str, Receiver]]:
    """A service that tells its spans to a receiver; its URL and that."""
    with otlp_receiver() as receiver:
        running = start_service(
            tmp_path_factory.mktemp("traced"),
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
            OTEL_BSP_SCHEDULE_DELAY="100",  # milliseconds: nobody waits five seconds here
        )
        try:
            wait_until_ready(running)
            yield running.base_url, receiver
        finally:
            stop_service(running)


def ask(url: str, path: Path, **headers: str) -> httpx.Response:
    with path.open("rb") as recording:
        return httpx.post(
            f"{url}/asr",
            params={"initial_prompt": "a-secret-prompt"},
            files={"audio_file": ("secret-name.wav", recording)},
            headers=headers,
            timeout=300,
        )


def is_over(trace: str) -> bool:
    """Whether the spans of a trace have all come: the one of the request ends last."""

    def enough(spans: list[Span]) -> bool:
        mine = [span for span in spans if span.trace_id == trace]
        names = {span.name for span in mine}
        return {"POST /asr", "answer", *STEPS, *LEAVES} <= names

    return enough


def test_a_request_is_one_trace_from_the_client_to_the_networks(traced, clip):
    url, receiver = traced
    answer = ask(url, clip, traceparent=f"00-{TRACE}-{CALLER}-01", **{"X-Request-ID": "traced"})
    assert answer.status_code == httpx.codes.OK
    mine = [span for span in receiver.wait_for(is_over(TRACE)) if span.trace_id == TRACE]
    by_id = {span.span_id: span for span in mine}
    by_name = defaultdict(list)
    for span in mine:
        by_name[span.name].append(span)

    (request,) = by_name["POST /asr"]
    assert (request.parent_id, request.kind) == (CALLER, "SPAN_KIND_SERVER")
    about = request.attributes
    assert about["http.route"] == "/asr"
    assert about["http.response.status_code"] == 200
    assert (about["asr.request_id"], about["asr.outcome"]) == ("traced", "answered")
    assert (about["asr.audio_seconds"], about["asr.speakers"]) == (12.0, 2)

    def parents(name: str) -> set[str]:
        return {by_id[span.parent_id].name for span in by_name[name]}

    for stage in ("upload", "wait", "decode", "graph", "answer"):
        assert parents(stage) == {"POST /asr"}
    for step in STEPS:
        assert len(by_name[step]) == 1
        assert parents(step) == {"graph"}
    for leaf, step in LEAVES.items():
        assert parents(leaf) == {step}
        for batch in by_name[leaf]:
            within = by_id[batch.parent_id]
            assert within.start <= batch.start < batch.end <= within.end
            assert batch.service == f"triton-asr-{leaf}"
            assert 1 <= batch.attributes["asr.pieces"] <= batch.attributes["asr.batch_size"]
    # Twelve seconds are three windows of ten, one each second.
    assert sum(batch.attributes["asr.pieces"] for batch in by_name["segmentation"]) == 3
    assert all(request.start <= span.start <= span.end <= request.end for span in mine)
    assert not any(span.failed for span in mine)
    # The stages follow each other, and the graph is where the time goes.
    order = ["upload", "decode", "graph", "answer"]
    ends = [by_name[name][0].end for name in order]
    assert ends == sorted(ends)
    assert "secret" not in repr(mine)


def test_what_fails_says_so_in_its_trace_and_two_requests_are_two_traces(traced, tmp_path):
    url, receiver = traced
    before = {span.trace_id for span in receiver.spans}
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"this is no recording")
    answers = [ask(url, noise, traceparent="00-this-is-no-trace-01") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 400]

    def of_these(spans: list[Span]) -> list[Span]:
        return [span for span in spans if span.trace_id not in before]

    def ended(spans: list[Span]) -> bool:
        return sum(span.name == "POST /asr" for span in of_these(spans)) == 2

    mine = of_these(receiver.wait_for(ended))
    requests = [span for span in mine if span.name == "POST /asr"]
    assert len({span.trace_id for span in requests}) == 2
    assert {span.parent_id for span in requests} == {""}
    assert {span.attributes["asr.outcome"] for span in requests} == {"refused"}
    decoding = [span for span in mine if span.name == "decode"]
    assert [span.failed for span in decoding] == [True, True]
    assert {span.attributes["error.type"] for span in decoding} == {"InvalidRequest"}


def test_who_only_looks_is_not_traced(traced):
    url, receiver = traced
    assert httpx.get(f"{url}/health").status_code == httpx.codes.OK
    assert not any("/health" in span.name for span in receiver.spans)
