"""Spans, as a collector of OpenTelemetry receives them."""

import re
import subprocess
import sys
import time

import pytest

from pipeline.settings import Settings
from pipeline.telemetry import traces
from tests.services.otlp_receiver import otlp_receiver
from tests.services.ports import free_ports

CLIENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def configured(monkeypatch):
    """Configures the spans of this process, for the time of a test."""
    monkeypatch.setattr(traces, "_tracer", traces.Tracer())

    def configure(endpoint: str | None, **settings: object) -> None:
        settings = Settings(_env_file=None, otel_exporter_otlp_endpoint=endpoint, **settings)
        traces.configure(settings, "adapter")

    return configure


@pytest.fixture
def receiver():
    with otlp_receiver() as running:
        yield running


def told(receiver) -> dict[str, object]:
    traces.flush()
    return {span.name: span for span in receiver.spans}


def test_a_trace_goes_on_through_what_is_handed_over(configured, receiver):
    configured(receiver.endpoint)
    root = traces.begin("not known yet", CLIENT, "server")
    with traces.span("graph", root.traceparent, "client") as graph:
        graph.tell({"asr.audio_seconds": 12.5, "asr.speakers": None})
    root.tell({}, name="POST /asr")
    root.end()
    spans = told(receiver)
    assert spans["POST /asr"].trace_id == spans["graph"].trace_id == CLIENT.split("-")[1]
    assert spans["POST /asr"].parent_id == CLIENT.split("-")[2]
    assert spans["graph"].parent_id == spans["POST /asr"].span_id
    assert graph.traceparent.split("-")[2] == spans["graph"].span_id
    assert spans["POST /asr"].kind == "SPAN_KIND_SERVER"
    assert spans["graph"].attributes == {"asr.audio_seconds": 12.5}
    assert {span.service for span in receiver.spans} == {"triton-asr-adapter"}
    assert spans["POST /asr"].start <= spans["graph"].start <= spans["graph"].end


def test_without_a_parent_a_trace_begins(configured, receiver):
    configured(receiver.endpoint)
    traces.begin("one").end()
    traces.begin("other").end()
    spans = told(receiver)
    assert spans["one"].parent_id == spans["other"].parent_id == ""
    assert spans["one"].trace_id != spans["other"].trace_id


def test_a_failure_is_told_by_its_kind_and_not_by_its_words(configured, receiver):
    configured(receiver.endpoint)
    with pytest.raises(ValueError, match="patient"), traces.span("decode"):
        raise ValueError("the patient's name")
    (span,) = told(receiver).values()
    assert span.failed
    assert span.attributes == {"error.type": "ValueError"}
    assert "patient" not in repr(span)


def test_a_batch_is_in_every_trace_that_it_works_for(configured, receiver):
    configured(receiver.endpoint)
    mine, yours = traces.begin("mine"), traces.begin("yours")
    parents = [mine.traceparent, None, mine.traceparent, yours.traceparent, "00-no-trace-01"]
    before = time.time()
    traces.batch("whisper", parents, 1.5, [None, None, None, "InvalidRequest", None])
    mine.end()
    yours.end()
    spans = told(receiver)
    batches = {span.trace_id: span for span in receiver.spans if span.name == "whisper"}
    assert set(batches) == {spans["mine"].trace_id, spans["yours"].trace_id}
    for name, pieces, failed in (("mine", 2, False), ("yours", 1, True)):
        batch = batches[spans[name].trace_id]
        assert batch.parent_id == spans[name].span_id
        assert batch.attributes["asr.batch_size"] == 5
        assert batch.attributes["asr.pieces"] == pieces
        assert batch.failed is failed
        assert batch.start == pytest.approx(before - 1.5, abs=0.5)
        assert batch.end - batch.start >= 1.5


def test_who_is_not_sampled_is_not_told_of(configured, receiver):
    configured(receiver.endpoint)
    unsampled = f"{CLIENT[:-1]}0"
    with traces.span("graph", unsampled) as graph:
        assert graph.traceparent.endswith("-00")
        traces.begin("whisper", graph.traceparent).end()
    assert told(receiver) == {}


def test_the_collector_is_shown_what_it_asks_for(configured, receiver):
    configured(receiver.endpoint, otel_exporter_otlp_headers="authorization=Bearer%20of-tests")
    traces.begin("one").end()
    assert set(told(receiver)) == {"one"}
    assert receiver.headers[0]["authorization"] == "Bearer of-tests"


def test_a_collector_that_is_not_there_holds_nobody_up(configured):
    (port,) = free_ports(1)
    configured(f"http://127.0.0.1:{port}")
    for _ in range(3000):  # more than are kept for it
        traces.begin("one").end()
    traces.flush()


def test_without_an_endpoint_nothing_is_told_or_imported(configured):
    configured(None)
    with traces.span("one", CLIENT) as span:
        span.tell({"asr.model": "base"})
        assert span.traceparent is None
    program = (
        "import sys\nfrom pipeline.settings import Settings\n"
        "from pipeline.telemetry import traces\n"
        "traces.configure(Settings(_env_file=None, otel_exporter_otlp_endpoint=None), 'adapter')\n"
        "traces.batch('whisper', [None], 1.0, [None])\ntraces.begin('one').end()\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert "pipeline.telemetry.traces" in loaded
    assert re.search(r"\bopentelemetry\b", loaded) is None
