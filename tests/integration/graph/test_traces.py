"""One trace of a request through the real service, as a collector of OpenTelemetry has it."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.clients.jobs import Leaving
from tests.clients.request_log import explained, told
from tests.integration.conftest import (
    RunningService,
    start_service,
    stop_service,
    wait_until_ready,
)
from tests.services.otlp_receiver import Receiver, Span, otlp_receiver

STEPS = {"transcription", "alignment", "diarization", "attribution"}
LEAVES = {"whisper": "transcription", "segmentation": "diarization"}
LEAVES["speaker_embedding"] = "diarization"
WINDOWED = "segmentation"
WINDOWS = 3  # of ten seconds, one each second, in twelve
CALLER = "b7ad6b7169203331"  # a span of the client


@pytest.fixture(scope="module")
def traced(tmp_path_factory) -> Iterator[tuple[RunningService, Receiver]]:
    """A service that tells its spans to a receiver, and that."""
    with otlp_receiver() as receiver:
        running = start_service(
            tmp_path_factory.mktemp("traced"),
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
            OTEL_BSP_SCHEDULE_DELAY="100",  # milliseconds: nobody waits five seconds here
        )
        try:
            wait_until_ready(running)
            yield running, receiver
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


class Trace:
    """The spans of one trace."""

    def __init__(self, spans: list[Span]) -> None:
        self.spans = spans
        self._by_id = {span.span_id: span for span in spans}
        self._by_name = defaultdict(list)
        for span in spans:
            self._by_name[span.name].append(span)

    def of(self, name: str) -> list[Span]:
        """Those of this name."""
        return self._by_name[name]

    def only(self, name: str) -> Span:
        """The one of this name."""
        (span,) = self._by_name[name]
        return span

    def parents(self, name: str) -> set[str]:
        """The names of what they are parts of."""
        return {self.parent(span).name for span in self._by_name[name]}

    def parent(self, span: Span) -> Span:
        """What this one is a part of."""
        return self._by_id[span.parent_id]


def trace_of(receiver: Receiver, trace: str, *names: str, windows: int = 0) -> Trace:
    """A trace, once there are spans of all these names, and batches of so many windows.

    Each process sends its own, and no order is kept between them.
    """

    def mine(spans: list[Span]) -> list[Span]:
        return [span for span in spans if span.trace_id == trace]

    def is_over(spans: list[Span]) -> bool:
        there = mine(spans)
        segmented = (span.attributes["asr.pieces"] for span in there if span.name == WINDOWED)
        return {*names} <= {span.name for span in there} and sum(segmented) >= windows

    return Trace(mine(receiver.wait_for(is_over)))


def parent_of(trace: str) -> dict[str, str]:
    """The header of a client that has begun this trace."""
    return {"traceparent": f"00-{trace}-{CALLER}-01"}


def check_batches(trace: Trace, leaves: dict[str, str]) -> None:
    """Each batch is a part of the step that asked, and in the network's own process."""
    for leaf, step in leaves.items():
        # What Whisper left out of somebody's turn is asked about once all turns are known.
        again = {"attribution"} if leaf == "whisper" else set()
        assert {step} <= trace.parents(leaf) <= {step, *again}
        for batch in trace.of(leaf):
            within = trace.parent(batch)
            assert within.start <= batch.start < batch.end <= within.end
            assert batch.service == f"triton-asr-{leaf}"
            assert 1 <= batch.attributes["asr.pieces"] <= batch.attributes["asr.batch_size"]


def test_a_request_is_one_trace_from_the_client_to_the_networks(traced, clip):
    service, receiver = traced
    number = "0af7651916cd43dd8448eb211c80319c"
    answer = ask(service.base_url, clip, **parent_of(number), **{"X-Request-ID": "traced"})
    assert answer.status_code == httpx.codes.OK
    names = ("POST /asr", "answer", *STEPS, *LEAVES)
    trace = trace_of(receiver, number, *names, windows=WINDOWS)

    request = trace.only("POST /asr")
    assert (request.parent_id, request.kind) == (CALLER, "SPAN_KIND_SERVER")
    about = request.attributes
    assert about["http.route"] == "/asr"
    assert about["http.response.status_code"] == 200
    assert (about["asr.request_id"], about["asr.outcome"]) == ("traced", "answered")
    assert (about["asr.audio_seconds"], about["asr.speakers"]) == (12.0, 2)

    for stage in ("upload", "wait", "decode", "graph", "answer"):
        assert trace.parents(stage) == {"POST /asr"}
    for step in STEPS:
        assert trace.parent(trace.only(step)).name == "graph"
    check_batches(trace, LEAVES)
    assert sum(batch.attributes["asr.pieces"] for batch in trace.of(WINDOWED)) == WINDOWS
    assert all(request.start <= span.start <= span.end <= request.end for span in trace.spans)
    assert not any(span.failed for span in trace.spans)
    # The stages follow each other, and the graph is where the time goes.
    order = ["upload", "decode", "graph", "answer"]
    ends = [trace.of(name)[0].end for name in order]
    assert ends == sorted(ends)
    assert "secret" not in repr(trace.spans)


def test_a_job_is_in_the_trace_of_who_left_it(traced, clip):
    """And its line in the log explains its time, as that of a request does."""
    service, receiver = traced
    number = "1af7651916cd43dd8448eb211c80319c"
    client = Leaving(service.base_url, **parent_of(number))
    job = client.create(client.upload(clip.read_bytes()), speaker_labels=True)
    assert client.ended(job)["status"] == "completed"
    trace = trace_of(receiver, number, "JOB job", "answer", *STEPS, *LEAVES)
    for route in ("POST /v2/upload", "POST /v2/transcript"):
        assert trace.only(route).parent_id == CALLER
    work = trace.only("JOB job")
    assert trace.parent(work).name == "POST /v2/transcript"
    about = work.attributes
    assert (about["asr.request_id"], about["asr.outcome"]) == (job, "answered")
    assert (about["asr.audio_seconds"], about["asr.speakers"]) == (12.0, 2)
    assert trace.parents("upload") == {"POST /v2/upload"}
    for stage in ("wait", "decode", "graph", "answer"):
        assert trace.parents(stage) == {"JOB job"}
    for step in STEPS:
        assert trace.parent(trace.only(step)).name == "graph"
    check_batches(trace, LEAVES)
    line = told(service.log, job)
    assert explained(line) == pytest.approx(float(line["seconds"]), rel=0.05, abs=0.05)


def test_a_stream_is_one_trace_and_its_line_explains_its_time(traced, clip):
    service, receiver = traced
    number = "2af7651916cd43dd8448eb211c80319c"
    with clip.open("rb") as recording:
        answer = httpx.post(
            f"{service.base_url}/v1/audio/transcriptions",
            data={"model": "whisper-1", "stream": "true"},
            files={"file": recording},
            headers={**parent_of(number), "X-Request-ID": "streamed"},
            timeout=300,
        )
    assert answer.headers["content-type"].startswith("text/event-stream")
    route = "POST /v1/audio/transcriptions"
    trace = trace_of(receiver, number, route, "answer", "transcription_stream", "whisper")
    assert trace.only(route).parent_id == CALLER
    for stage in ("upload", "wait", "decode", "graph", "answer"):
        assert trace.parents(stage) == {route}
    assert trace.parents("transcription_stream") == {"graph"}
    check_batches(trace, {"whisper": "transcription_stream"})
    line = told(service.log, "streamed")
    assert float(line["transcription"]) > 0
    assert explained(line) == pytest.approx(float(line["seconds"]), rel=0.05, abs=0.05)


def test_what_fails_says_so_in_its_trace_and_two_requests_are_two_traces(traced, tmp_path):
    service, receiver = traced
    before = {span.trace_id for span in receiver.spans}
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"this is no recording")
    answers = [ask(service.base_url, noise, traceparent="00-this-is-no-trace-01") for _ in range(2)]
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
    service, receiver = traced
    assert httpx.get(f"{service.base_url}/health").status_code == httpx.codes.OK
    assert not any("/health" in span.name for span in receiver.spans)
