"""A real Prometheus asks the real service: what it says of requests that were made."""

import time
from collections.abc import Iterator
from itertools import chain

import httpx
import pytest

from benchmarks.dashboard.queries import Query, of_dashboard, of_rules, unanswered
from tests.clients.asking import post
from tests.programs.prometheus import CONFIGURATION, Prometheus, promtool, running_prometheus
from tests.waiting import until

ASKED = 2


@pytest.fixture(scope="module")
def prometheus(service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    triton = service.metrics_url.removeprefix("http://").removesuffix("/metrics")
    with running_prometheus(folder, service.base_url.removeprefix("http://"), triton) as running:
        until(lambda: len(running.query("up == 1")) == 2)
        yield running


def test_the_rules_are_right():
    for command in (("check", "config", "prometheus.yml"), ("test", "rules", "rules_test.yml")):
        outcome = promtool(*command)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_what_compose_runs_finds_both_pages_and_has_every_rule(prometheus):
    """With its command line and its configuration, but for the names of the containers."""
    assert prometheus.targets() == {"adapter": "up", "triton": "up"}
    names = [query.where for query in of_rules()]
    until(lambda: prometheus.rules() == dict.fromkeys(names, "ok"))


def test_a_rule_that_is_wrong_is_noticed(tmp_path):
    """The tests of the rules would fail if a limit were another."""
    for name in ("recording.yml", "alerts.yml", "rules_test.yml"):
        text = (CONFIGURATION / name).read_text(encoding="utf-8").replace("> 2.5", "> 3.5")
        (tmp_path / name).write_text(text, encoding="utf-8")
    outcome = promtool("test", "rules", "rules_test.yml", folder=tmp_path)
    assert outcome.returncode != 0
    assert "AsrModelDiesAgainAndAgain" in outcome.stdout + outcome.stderr


def test_after_so_many_requests_prometheus_says_so(service, prometheus, clip):
    answered = 'sum(asr_requests_total{route="/asr",status="200"}) or vector(0)'
    elapsed = 'sum(asr_request_seconds_sum{route="/asr"}) or vector(0)'
    before = prometheus.value(answered), prometheus.value(elapsed)
    transcribed = prometheus.value("sum(asr_audio_seconds_total)")
    pieces = prometheus.value('sum(asr_leaf_pieces_total{leaf="segmentation"})')
    begun = time.monotonic()
    for _ in range(ASKED):
        assert post(service, clip).status_code == 200
    clock = time.monotonic() - begun
    until(lambda: prometheus.value(answered) - before[0] == ASKED)
    assert prometheus.value(elapsed) - before[1] == pytest.approx(clock, rel=0.05, abs=0.3)
    assert prometheus.value("sum(asr_audio_seconds_total)") - transcribed == 12 * ASKED
    # Windows of 10 s, one every second, in 12 s.
    windows = 'sum(asr_leaf_pieces_total{leaf="segmentation"})'
    until(lambda: prometheus.value(windows) - pieces == 3 * ASKED)


def test_every_query_of_the_dashboard_and_of_the_rules_is_answered(service, prometheus, clip):
    with clip.open("rb") as recording:
        stream = httpx.post(
            f"{service.base_url}/v1/audio/transcriptions",
            data={"model": "whisper-1", "stream": "true"},
            files={"file": recording},
            timeout=300,
        )
    assert stream.status_code == 200
    assert post(service, clip).status_code == 200
    until(lambda: unanswered(prometheus, chain(of_dashboard(), of_rules())) == [])
    alerts = {labels["alertname"] for labels, _ in prometheus.query('ALERTS{alertstate="firing"}')}
    assert "AsrDown" not in alerts


def test_a_query_without_an_answer_is_found(prometheus):
    queries = [Query("there", "up"), Query("nowhere", "no_such_metric"), Query("nan", "0 * up / 0")]
    assert [query.where for query in unanswered(prometheus, iter(queries))] == ["nowhere", "nan"]
