"""``make perf`` against the service that runs."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.perf.inputs import LEAVES, MODELS
from tests.integration.conftest import REPOSITORY_ROOT, RunningService

SECONDS = 600


def perf(service: RunningService, folder: Path, *options: str) -> list[dict[str, str]]:
    """What it wrote, row by row."""
    command = [sys.executable, "-m", "benchmarks.perf", "--url", service.triton_grpc]
    done = subprocess.run(
        [*command, "--quick", "--results", str(folder), *options],
        cwd=REPOSITORY_ROOT,
        env=service.environment,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert "| model" in done.stdout
    with (folder / "perf.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(row: dict[str, str], column: str) -> float:
    return float(row[column])


def test_a_leaf_is_measured_with_shared_memory_and_without(service, counts, tmp_path: Path):
    before = counts("segmentation")["segmentation"]
    rows = perf(
        *(service, tmp_path, "--only", "segmentation", "--concurrency", "2"),
        *("--shared-memory", "both"),
    )
    ran = counts("segmentation")["segmentation"] - before
    assert [(row["model"], row["shared_memory"], row["concurrency"]) for row in rows] == [
        *(("segmentation", "0", "2"), ("segmentation", "1", "2")),
    ]
    for row in rows:
        assert row["fault"] == ""
        assert number(row, "window_requests") >= 1
        assert 0 < number(row, "p50_seconds") <= number(row, "p99_seconds")
        assert 1 <= number(row, "segmentation_batch") <= 2  # no more are in flight
        # A window is ten seconds of audio; what is waited for is the queue and the batch.
        assert number(row, "audio_seconds_per_second") == pytest.approx(
            10 * number(row, "requests_per_second")
        )
        # Little's law: so many in flight are the rate times the time that each takes.
        inside = number(row, "queue_seconds") + number(row, "compute_seconds")
        assert 0 < number(row, "requests_per_second") * inside < 2.5
    # At the most two in a batch: three windows of each row, by the server's own count.
    asked = sum(3 * number(row, "window_requests") for row in rows)
    assert ran >= asked / 2


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_graph_and_every_leaf_are_measured(service, tmp_path: Path):
    rows = perf(service, tmp_path, "--minutes", "8")
    assert {row["model"] for row in rows} == set(MODELS)
    assert [row["fault"] for row in rows if row["fault"]] == []
    graph = [row for row in rows if row["model"] == "asr"]
    # All leaves but wav2vec2, whose times are not asked for, worked for the graph.
    for leaf in set(LEAVES) - {"wav2vec2"}:
        assert number(graph[0], f"{leaf}_batch") >= 1
    assert (tmp_path / "perf.svg").stat().st_size > 10_000
