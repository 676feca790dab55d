"""What perf_analyzer is told, and what is read out of what it says."""

import csv
from pathlib import Path

import pytest

from benchmarks.perf.analyzer import AnalyzerFailed, Load, command, measure, read_figures, reason
from benchmarks.perf.inputs import Inputs
from benchmarks.perf.tool import Tool

# As 2.48.0 wrote it of four windows at once.
REPORT = """\
Concurrency,Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue,\
Server Compute Input,Server Compute Infer,Server Compute Output,Client Recv,\
p50 latency,p90 latency,p95 latency,p99 latency
4,1.73672,59,2908,324775,690,1933258,2189,8,609218,7221514,9556116,10685843
"""
TOOL = Tool(Path("/tools/perf_analyzer"), Path("/tools/lib"), "2.48.0")


def load(**parameters) -> Load:
    return Load(Inputs("whisper", [], parameters), Path("/in.json"), 4, 12, shared_memory=True)


def test_microseconds_become_seconds():
    (row,) = csv.DictReader(REPORT.splitlines())
    figures = read_figures(row)
    assert figures.rate == 1.73672
    assert figures.percentiles == {50: 0.609218, 90: 7.221514, 95: 9.556116, 99: 10.685843}
    assert figures.queue == 0.324775
    assert figures.compute == pytest.approx(0.00069 + 1.933258 + 0.002189)


def test_it_is_told_what_to_send_and_how_often():
    words = command(TOOL, "host:8001", None, load(language="en", reuse=False), Path("/out.csv"))
    told = dict(zip(words[1::2], words[2::2], strict=True))
    assert words[0] == "/tools/perf_analyzer"
    assert (told["-m"], told["-u"], told["-i"]) == ("whisper", "host:8001", "grpc")
    assert told["--concurrency-range"] == "4"
    assert (told["--measurement-mode"], told["--measurement-request-count"]) == (
        *("count_windows", "12"),
    )
    assert told["--shared-memory"] == "system"
    assert [words[at + 1] for at, word in enumerate(words) if word == "--request-parameter"] == [
        *("language:en:string", "reuse:false:bool"),
    ]
    assert "-H" not in words


def test_the_secret_opens_shared_memory():
    words = command(TOOL, "host:8001", "a-secret-of-tests", load(), Path("/out.csv"))
    assert words[-2:] == ["-H", "triton-grpc-protocol-triton-asr-secret:a-secret-of-tests"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            " Successfully read data for 1 stream/streams with 1 step/steps.\n"
            "error: Unable to init infer data manager: This protocol is restricted\n",
            "error: Unable to init infer data manager: This protocol is restricted",
        ),
        ("*** Measurement Settings ***\nFailed to retrieve model\n", "Failed to retrieve model"),
        ("usage\n", "usage"),
        ("", "it said nothing"),
    ],
)
def test_why_it_failed_is_the_line_that_says_so(said, why):
    assert reason(said) == why


def test_a_program_that_hangs_is_given_up(tmp_path: Path):
    program = tmp_path / "perf_analyzer"
    program.write_text("#!/bin/sh\nexec sleep 60\n", encoding="ascii")
    program.chmod(0o755)
    tool = Tool(program, None, "")
    with pytest.raises(AnalyzerFailed, match="not through within 1 s"):
        measure(tool, "localhost:1", None, load(), tmp_path / "report.csv", 1)


def test_an_old_report_is_no_answer(tmp_path: Path):
    report = tmp_path / "report.csv"
    report.write_text(REPORT, encoding="ascii")
    with pytest.raises(AnalyzerFailed, match="it said nothing"):
        measure(Tool(Path("/bin/true"), None, ""), "localhost:1", None, load(), report, 5)
