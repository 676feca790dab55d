"""The application's answers, log and metrics page, seen from outside; its Triton is not there."""

import asyncio
import logging
import re

import httpx
import pytest

from adapter.formats import transcripts
from adapter.telemetry import observing
from adapter.telemetry.record import Record
from documents import Transcript

KEY = "a-key-that-is-long-enough"


def requests(run_app, *wanted, **settings) -> list[httpx.Response]:
    """The answers to requests one after the other; each is (method, path, arguments)."""

    async def run() -> list[httpx.Response]:
        async with run_app(**settings) as client:
            return [await client.request(m, path, **more) for m, path, more in wanted]

    return asyncio.run(run())


def values(page: httpx.Response) -> dict[str, float]:
    """The series of a metrics page."""
    assert page.status_code == 200, page.text
    lines = (line.rpartition(" ") for line in page.text.splitlines() if line[0] != "#")
    return {series: float(value) for series, _, value in lines}


@pytest.fixture
def tone(media) -> dict:
    return {"files": {"audio_file": ("secret-name.wav", (media / "tone.wav").read_bytes())}}


@pytest.fixture
def told(caplog) -> list[dict]:
    """The fields of the lines about requests."""
    caplog.set_level(logging.INFO, observing.__name__)
    return caplog


def fields(told) -> list[dict]:
    return [record.fields for record in told.records if record.name == observing.__name__]


def test_every_answer_has_the_requests_id(run_app, tone):
    answers = requests(
        run_app,
        ("POST", "/asr", {**tone, "headers": {"X-Request-ID": "call-7"}}),
        ("POST", "/asr", {"headers": {"X-Request-ID": "not an id"}}),
        ("GET", "/nothing", {"headers": {"X-Request-ID": "call-8"}}),
        ("GET", "/", {}),
        api_key=(),
    )
    assert [answer.status_code for answer in answers] == [503, 400, 404, 200]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert (ids[0], ids[2]) == ("call-7", "call-8")
    assert all(re.fullmatch("[0-9a-f]{32}", made) for made in (ids[1], ids[3]))


def test_a_refusal_for_want_of_a_key_is_observed_too(run_app):
    refused, page = requests(
        run_app,
        ("POST", "/asr", {"headers": {"X-Request-ID": "call-7"}}),
        ("GET", "/metrics", {"headers": {"X-API-Key": KEY}}),
        api_key=KEY,
    )
    assert (refused.status_code, refused.headers["x-request-id"]) == (401, "call-7")
    assert values(page)['asr_requests_total{route="/asr",status="401"}'] == 1


def test_a_mistake_of_ours_is_observed_too(run_app, told, monkeypatch):
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("adapter.routes.health.Health.report", fail)
    (answer,) = requests(run_app, ("GET", "/health", {"headers": {"X-Request-ID": "call-7"}}))
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "call-7")
    assert [(line["status"], line["outcome"]) for line in fields(told)] == [(500, "failed")]


def test_a_line_tells_what_came_of_a_request_and_where_its_time_went(run_app, tone, told):
    query = {"params": {"initial_prompt": "secret-prompt", "hotwords": "secret-word"}}
    (answer,) = requests(run_app, ("POST", "/asr", tone | query))
    (line,) = fields(told)
    assert answer.status_code == 503
    expected = {"method": "POST", "route": "/asr", "status": 503, "outcome": "unavailable"}
    assert line.items() >= expected.items()
    assert list(line["stages"]) == ["upload", "wait", "decode", "other"]
    assert 0 < sum(line["stages"].values()) <= line["seconds"] + 0.002
    assert line["received_bytes"] == int(answer.request.headers["content-length"])
    assert line["sent_bytes"] == len(answer.content)
    assert "secret" not in str(line)


def test_probes_are_told_only_when_they_fail(run_app, told):
    requests(run_app, ("GET", "/", {}), ("GET", "/metrics", {}), ("GET", "/health", {}))
    assert [(line["route"], line["status"]) for line in fields(told)] == [("/health", 503)]


def test_the_counters_say_how_many_and_the_sums_how_long(run_app, tone, told):
    *_, page = requests(run_app, *[("POST", "/asr", tone)] * 3, ("GET", "/metrics", {}))
    series = values(page)
    lines = [line for line in fields(told) if line["route"] == "/asr"]
    assert series['asr_requests_total{route="/asr",status="503"}'] == 3
    assert series['asr_transcriptions_total{outcome="unavailable"}'] == 3
    assert series['asr_request_seconds_count{route="/asr"}'] == 3
    total = sum(line["seconds"] for line in lines)
    assert series['asr_request_seconds_sum{route="/asr"}'] == pytest.approx(total, abs=0.01)
    for stage in ("upload", "wait", "decode"):
        spent = sum(line["stages"][stage] for line in lines)
        assert series[f'asr_stage_seconds_sum{{stage="{stage}"}}'] == pytest.approx(spent, abs=0.01)
    path = [value for name, value in series.items() if name.startswith("asr_critical_path_seconds")]
    assert sum(path) == pytest.approx(total, abs=0.01)
    assert series["asr_received_bytes_total"] == sum(line["received_bytes"] for line in lines)
    assert (series["asr_recordings_in_flight"], series["asr_recordings_waiting"]) == (0, 0)
    assert series["asr_recordings_most"] == 32
    assert series["asr_uploads_free_bytes"] > 0


def test_paths_that_clients_make_up_are_no_labels(run_app):
    wanted = [("GET", f"/nothing/{number}", {}) for number in range(20)]
    wanted += [("GET", f"/v1/models/no-{number}", {}) for number in range(20)]
    *_, page = requests(run_app, *wanted, ("GET", "/metrics", {}))
    series = values(page)
    assert series['asr_requests_total{route="other",status="404"}'] == 20
    assert sum(name.startswith("asr_requests_total") for name in series) == 2


@pytest.mark.parametrize(("metrics_open", "status"), [(False, 401), (True, 200)])
def test_the_page_needs_a_key_unless_it_is_open(run_app, metrics_open, status):
    settings = {"api_key": KEY, "metrics_open": metrics_open}
    stranger, known, other = requests(
        run_app,
        ("GET", "/metrics", {}),
        ("GET", "/metrics", {"headers": {"Authorization": f"Bearer {KEY}"}}),
        ("GET", "/openapi.json", {}),
        **settings,
    )
    assert (stranger.status_code, known.status_code, other.status_code) == (status, 200, 401)
    assert known.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE asr_requests_total counter" in known.text or "asr_request_seconds" in known.text


def test_no_answer_holds_the_seconds_of_the_steps():
    transcript = Transcript(
        model="base", language_probability=1, duration=1, seconds={"alignment": 1.0}
    )
    assert "seconds" not in str(transcripts.render(transcript, "json"))


def test_counting_costs_little_and_says_so(run_app):
    """Measured where it runs: well under a millisecond a request."""
    *_, page = requests(run_app, *[("GET", "/", {})] * 50, ("GET", "/metrics", {}))
    assert 0 < values(page)["asr_telemetry_cpu_seconds_total"] < 50 * 0.001


def test_a_record_that_nobody_reads_can_be_written_to():
    with Record().stage("wait"):
        pass
