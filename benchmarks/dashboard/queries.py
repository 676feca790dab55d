"""What the dashboard and the rules ask of Prometheus."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from benchmarks.running.worker import ROOT
from tests.programs.prometheus import Prometheus

DASHBOARD = ROOT / "deploy/grafana/dashboards/triton-asr.json"
RULES = ROOT / "deploy/prometheus"
# A comparison outside of a selector's braces, where it leaves only those for whom it holds.
COMPARISON = re.compile(r"\s(==|!=|>=|<=|>|<)\s(?!bool)")


@dataclass(frozen=True)
class Query:
    """An expression, and where it stands."""

    where: str
    expression: str
    legend: str = ""


def of_dashboard() -> Iterator[Query]:
    """One for each line of each panel."""
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield Query(panel["title"], target["expr"], target["legendFormat"])


def of_rules() -> Iterator[Query]:
    """One for each rule; those of alerts always have an answer, 1 where it would be told."""
    for name in ("recording.yml", "alerts.yml"):
        for group in yaml.safe_load((RULES / name).read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    yield Query(rule["alert"], always_answered(rule["expr"]))
                else:
                    yield Query(rule["record"], rule["expr"])


def always_answered(expression: str) -> str:
    """The expression of an alert, with 0 or 1 for each comparison instead of nothing or a value."""
    return COMPARISON.sub(r" \1 bool ", expression)


def unanswered(prometheus: Prometheus, queries: Iterator[Query]) -> list[Query]:
    """Those to which there is no answer that is a number."""
    return [
        query
        for query in queries
        if not any(math.isfinite(value) for _, value in prometheus.query(query.expression))
    ]
