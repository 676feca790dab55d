"""What Prometheus and Grafana are given, as far as it can be seen without them."""

import json
import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from benchmarks.dashboard.plot import compact
from benchmarks.dashboard.queries import always_answered, of_dashboard, of_rules

ROOT = Path(__file__).parents[3]
DASHBOARD = json.loads(
    (ROOT / "deploy/grafana/dashboards/triton-asr.json").read_text(encoding="utf-8")
)
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
WIDTH = 24  # of Grafana's grid
METRIC = re.compile(r"(?<![:\w])((?:asr|nv)_\w+)(?![:\w])")  # rules have colons in theirs
OF_A_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")
MONITORING = ("prometheus", "grafana")


def covered(panel: dict) -> set[tuple[int, int]]:
    place = panel["gridPos"]
    return {
        (x, y)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    }


def mounts(name: str) -> dict[str, Path]:
    """What is mounted from the repository, by where it is in the container."""
    volumes = [each.split(":") for each in SERVICES[name]["volumes"] if each.startswith("./")]
    return {target: ROOT / source for source, target, _ in volumes}


def provisioned(path: str) -> dict:
    text = (mounts("grafana")["/etc/grafana/provisioning"] / path).read_text(encoding="utf-8")
    return yaml.safe_load(text)


def test_no_panel_hides_another():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert max(x for x, _ in covered(panel)) < WIDTH
    for one, other in combinations(panels, 2):
        assert covered(one).isdisjoint(covered(other)), (one["title"], other["title"])


def test_whether_people_wait_is_at_the_top_and_needs_no_scrolling():
    first = [panel["title"] for panel in DASHBOARD["panels"] if panel["gridPos"]["y"] < 6]
    assert {"Waiting", "What they wait for", "Being worked on"} <= {*first}


def test_panels_ask_the_prometheus_that_is_provisioned():
    path = ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml"
    (source,) = yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            assert target["datasource"] == {"type": source["type"], "uid": source["uid"]}


def test_every_metric_that_is_asked_for_is_documented():
    told = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    documented = {*re.findall(r"`((?:asr|nv)_\w+)`", told)}
    asked = {
        name if name in documented else OF_A_HISTOGRAM.sub("", name)
        for query in (*of_dashboard(), *of_rules())
        for name in METRIC.findall(query.expression)
    }
    assert len(asked) > 20
    assert asked - documented == set()


@pytest.mark.parametrize("name", MONITORING)
def test_what_compose_mounts_is_there(name):
    volumes = [each for each in SERVICES[name]["volumes"] if each.startswith("./")]
    assert len(volumes) == len(mounts(name)) > 0
    assert all(folder.is_dir() for folder in mounts(name).values())
    assert all(volume.endswith(":ro") for volume in volumes)


def test_grafana_finds_its_dashboard_and_opens_with_it():
    (provider,) = provisioned("dashboards/triton-asr.yml")["providers"]
    folder = mounts("grafana")[provider["options"]["path"]]
    assert [path.name for path in folder.iterdir()] == ["triton-asr.json"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/triton-asr.json"


def test_grafana_asks_the_prometheus_of_compose():
    (source,) = provisioned("datasources/prometheus.yml")["datasources"]
    (port,) = SERVICES["prometheus"]["ports"]
    assert source["url"] == f"http://prometheus:{port.rpartition(':')[2]}"


def test_prometheus_asks_the_pages_of_the_containers_at_their_ports():
    path = mounts("prometheus")["/etc/prometheus"] / "prometheus.yml"
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"]
    asked = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    settings = {name: SERVICES[name]["environment"] for name in ("adapter", "triton")}
    assert asked == {
        "adapter": [f"adapter:{settings['adapter']['PORT']}"],
        "triton": [f"triton:{settings['triton']['TRITON_METRICS_PORT']}"],
    }
    assert settings["triton"]["TRITON_HOST"] == "0.0.0.0"  # where its page is bound


@pytest.mark.parametrize("name", MONITORING)
def test_it_runs_when_asked_for_and_is_told_to_this_machine_only(name):
    service = SERVICES[name]
    assert service["profiles"] == ["monitoring"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


@pytest.mark.parametrize(
    ("alert", "answered"),
    [
        ('up{job=~"a|b"} == 0', 'up{job=~"a|b"} == bool 0'),
        ("a > 0 and deriv(a[10m]) >= 2", "a > bool 0 and deriv(a[10m]) >= bool 2"),
        ('a{b!="c"} < 0.5 * d', 'a{b!="c"} < bool 0.5 * d'),
    ],
)
def test_an_alert_can_be_asked_so_that_it_always_answers(alert, answered):
    assert always_answered(alert) == answered


def test_a_picture_is_made_smaller_and_stays_one():
    path = 'M 37.24 186.870379 \nL 356.4 45.602109 \n"'
    svg = f'<svg version="1.1">\n   <path d="{path}/>\n   <text>0.25 of 10</text>\n</svg>\n'
    smaller = compact(svg)
    path, text = ElementTree.fromstring(smaller)
    assert path.get("d").split() == "M 37.2 186.8 L 356.4 45.6".split()
    assert text.text == "0.25 of 10"  # as the numbers at an axis
    assert len(smaller) < len(svg)
