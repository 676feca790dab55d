"""What is told of a sweep."""

import csv
from pathlib import Path

import pytest

from benchmarks.perf.analyzer import Figures
from benchmarks.perf.report import in_order, table, write
from benchmarks.perf.sweep import Measured, batch_sizes
from benchmarks.perf.target import Counts

FIGURES = Figures(2.0, {50: 1.5, 90: 1.75, 95: 1.875, 99: 2.5}, queue=0.25, compute=1.25)
LEAF = Measured("whisper", False, 4, 6, 24.0, FIGURES, {"whisper": 3.5})
GRAPH = Measured("asr", True, 8, 4, 30.0, FIGURES, {"whisper": 2.0, "segmentation": 8.0})
MISSING = Measured("wav2vec2", fault="its packages are not installed")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_says_what_a_user_waits_and_how_full_the_batches_are():
    _, _, graph, leaf, missing = map(cells, table(in_order([LEAF, MISSING, GRAPH])).splitlines())
    assert leaf == [
        *("whisper", "4", "2", "48", "1.5", "1.75", "1.88", "2.5", "0.25", "1.25", "3.5"),
    ]
    # Its steps answer through senders: Triton's own figures of them are of something else.
    assert graph == [
        *("asr, shared memory", "8", "2", "60", "1.5", "1.75", "1.88", "2.5", "", ""),
        "whisper 2.0, segmentation 8.0",
    ]
    assert missing[0] == "wav2vec2"
    assert missing[-1] == "its packages are not installed"


def test_the_files_say_the_same(tmp_path: Path):
    write(tmp_path, in_order([LEAF, MISSING, GRAPH]), {"cores": 2})
    with (tmp_path / "perf.csv").open(encoding="utf-8", newline="") as file:
        graph, leaf, missing = csv.DictReader(file)
    assert (leaf["model"], leaf["concurrency"], leaf["shared_memory"]) == ("whisper", "4", "0")
    assert float(leaf["audio_seconds_per_second"]) == 48
    assert (leaf["p99_seconds"], leaf["queue_seconds"], leaf["whisper_batch"]) == (
        *("2.5", "0.25", "3.5"),
    )
    assert (graph["shared_memory"], graph["queue_seconds"]) == ("1", "")
    assert (graph["segmentation_batch"], graph["wav2vec2_batch"]) == ("8.0", "")
    assert (missing["requests_per_second"], missing["fault"]) == (
        *("", "its packages are not installed"),
    )
    assert "cores: 2" in (tmp_path / "perf.md").read_text(encoding="utf-8")
    plot = (tmp_path / "perf.svg").read_text(encoding="utf-8")
    assert all(word in plot for word in ("whisper", "asr", "requests a second", "in a batch"))


def test_where_nothing_was_measured_there_is_no_plot(tmp_path: Path):
    write(tmp_path, [MISSING], {})
    assert not (tmp_path / "perf.svg").exists()


def test_batches_are_what_came_between_two_looks():
    before = {"whisper": Counts(100, 50), "segmentation": Counts(7, 7)}
    after = {"whisper": Counts(112, 54), "segmentation": Counts(7, 7), "wav2vec2": Counts(4, 2)}
    assert batch_sizes(before, after) == {"whisper": pytest.approx(3.0), "wav2vec2": 2.0}
