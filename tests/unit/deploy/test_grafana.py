"""The dashboard as the types of Grafana's own version have it.

They come from Grafana's schemas, and read JSON without looking closely: what they do not know is
left out, and no value is checked.  So what was read is written back and compared, and each value
is held against its type.
"""

import copy
import enum
import importlib.metadata
import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

ROOT = Path(__file__).parents[3]
DASHBOARD = json.loads(
    (ROOT / "deploy/grafana/dashboards/triton-asr.json").read_text(encoding="utf-8")
)
# Of an annotation, which the data source reads and not the dashboard.
OF_PROMETHEUS = {"dashboard.annotations.list[0].titleFormat"}

Json = typing.Any


@pytest.fixture(autouse=True, scope="module")
def _panels_and_data_sources() -> None:
    register_default_plugins()


def unknown(given: Json, written: Json, where: str) -> Iterator[str]:
    """Where something was given that is not written back as it was."""
    if isinstance(given, dict) and isinstance(written, dict):
        for name, value in given.items():
            yield from unknown(value, written.get(name), f"{where}.{name}")
    elif isinstance(given, list) and isinstance(written, list) and len(given) == len(written):
        for number, value in enumerate(given):
            yield from unknown(value, written[number], f"{where}[{number}]")
    elif given != written:
        yield where


def misfits(value: object, kind: object, where: str) -> Iterator[str]:
    """Where a value is not of its type."""
    origin, of = typing.get_origin(kind), typing.get_args(kind)
    if kind is typing.Any:
        return
    if origin in (typing.Union, types.UnionType):
        yield from min((list(misfits(value, each, where)) for each in of), key=len)
    elif origin is typing.Literal:
        if value not in of:
            yield where
    elif origin is list and isinstance(value, list):
        for number, each in enumerate(value):
            yield from misfits(each, of[0], f"{where}[{number}]")
    elif origin is dict and isinstance(value, dict):
        for name, each in value.items():
            yield from misfits(each, of[1], f"{where}.{name}")
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        if value not in {each.value for each in kind}:
            yield where
    elif not is_a(value, origin or kind):
        yield where
    elif hasattr(value, "to_json"):
        hints = typing.get_type_hints(type(value))
        for name, each in vars(value).items():
            yield from misfits(each, hints[name], f"{where}.{name}")


def is_a(value: object, kind: object) -> bool:
    """Whether a value is of a class, as JSON has it: whole numbers are floats, and no booleans."""
    if isinstance(value, bool):
        return kind in (bool, object)
    return isinstance(value, (int, float) if kind is float else kind)


def faults(given: Json) -> list[str]:
    """All of both kinds."""
    read = Dashboard.from_json(copy.deepcopy(given))
    written = json.loads(json.dumps(read, cls=JSONEncoder))
    return [*unknown(given, written, "dashboard"), *misfits(read, Dashboard, "dashboard")]


def test_every_name_and_every_value_is_one_of_grafana_s():
    assert {*faults(DASHBOARD)} == OF_PROMETHEUS


def test_the_types_are_those_of_the_grafana_that_compose_runs():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    _, version = importlib.metadata.version("grafana-foundation-sdk").split("!")
    assert services["grafana"]["image"] == f"grafana/grafana:{version}"


def test_every_unit_is_one_of_grafana_s():
    known = {value for name, value in vars(units).items() if name[0].isupper()}
    used = {panel["fieldConfig"]["defaults"]["unit"] for panel in panels()}
    assert len(used) > 3
    assert used - known == set()


def test_every_panel_asks_something_of_its_own_and_says_in_what_unit():
    for panel in panels():
        assert panel["title"]
        targets = panel["targets"]
        assert len({target["refId"] for target in targets}) == len(targets) > 0
        assert len({target["expr"] for target in targets}) == len(targets)


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ((1, "gridPos", "x"), "0", "panels[1].grid_pos.x"),
        ((1, "options", "colorMode"), "rainbow", "panels[1].options.color_mode"),
        ((7, "options", "legend", "placement"), "left", "panels[7].options.legend.placement"),
        ((7, "fieldConfig", "defaults", "minimum"), 0, "panels[7].fieldConfig.defaults.minimum"),
        ((7, "targets", 0, "expression"), "up", "panels[7].targets[0].expression"),
        ((7, "descriptoin"), "typo", "panels[7].descriptoin"),
    ],
)
def test_what_grafana_does_not_know_is_found(path, value, where):
    wrong = copy.deepcopy(DASHBOARD)
    *way, last = ("panels", *path)
    place = wrong
    for step in way:
        place = place[step]
    place[last] = value
    assert {*faults(wrong)} - OF_PROMETHEUS == {f"dashboard.{where}"}


def panels() -> list[Json]:
    """Those that show something."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
