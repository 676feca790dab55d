"""One run of perf_analyzer: a model under a number of requests at once."""

import csv
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapter.triton.secret import GRPC_HEADER
from benchmarks.perf.inputs import Inputs
from benchmarks.perf.plan import WINDOWS
from benchmarks.perf.tool import Tool

PERCENTILES = (50, 90, 95, 99)
OUTPUT_BYTES = 1 << 20  # of shared memory for each output; the largest is a wav2vec2 emission
ANY_DEVIATION = 1_000_000  # in percent: a short measurement is not repeated until it is steady
PARAMETER_TYPES = {bool: "bool", str: "string", int: "int"}


class AnalyzerFailed(Exception):  # noqa: N818 - what happened to it
    """perf_analyzer measured nothing; says why."""


@dataclass(frozen=True)
class Figures:
    """What perf_analyzer saw from the outside; seconds."""

    rate: float  # answers a second
    percentiles: dict[int, float]  # of the time from a request to its answer
    queue: float  # in the model's queue, by Triton's own figures
    compute: float  # in the model's execute(), likewise


@dataclass(frozen=True)
class Load:
    """What is asked of perf_analyzer."""

    inputs: Inputs
    data: Path
    concurrency: int
    window: int  # requests
    shared_memory: bool


def command(tool: Tool, address: str, secret: str | None, load: Load, report: Path) -> list[str]:
    """perf_analyzer's command line."""
    options = {
        "-m": load.inputs.model,
        "-u": address,
        "-i": "grpc",
        "-f": report,
        "--input-data": load.data,
        "--concurrency-range": load.concurrency,
        "--measurement-mode": "count_windows",
        "--measurement-request-count": load.window,
        "--max-trials": WINDOWS,
        "--stability-percentage": ANY_DEVIATION,
        "--shared-memory": "system" if load.shared_memory else "none",
        "--output-shared-memory-size": OUTPUT_BYTES,
    }
    words = [str(tool.program), *(str(word) for option in options.items() for word in option)]
    for name, value in load.inputs.parameters.items():
        text = str(value).lower() if isinstance(value, bool) else value
        words += ["--request-parameter", f"{name}:{text}:{PARAMETER_TYPES[type(value)]}"]
    # Its help says that gRPC ignores headers, which is not so.
    return [*words, "-H", f"{GRPC_HEADER}:{secret}"] if secret else words


def measure(
    tool: Tool, address: str, secret: str | None, load: Load, report: Path, seconds: float
) -> Figures:
    """Run perf_analyzer for so many seconds at the most.

    Raises:
        AnalyzerFailed: with what it said.
    """
    report.unlink(missing_ok=True)
    try:
        outcome = subprocess.run(
            command(tool, address, secret, load, report),
            env=tool.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise AnalyzerFailed(f"it was not through within {seconds:.0f} s") from None
    if not report.is_file():
        raise AnalyzerFailed(reason(outcome.stdout + outcome.stderr))
    with report.open(encoding="utf-8", newline="") as file:
        return read_figures(next(csv.DictReader(file)))


def read_figures(row: Mapping[str, str]) -> Figures:
    """What a row of perf_analyzer's table says, whose times are microseconds."""

    def seconds(*columns: str) -> float:
        return sum(float(row[column]) for column in columns) / 1e6

    return Figures(
        rate=float(row["Inferences/Second"]),
        percentiles={each: seconds(f"p{each} latency") for each in PERCENTILES},
        queue=seconds("Server Queue"),
        compute=seconds(*(f"Server Compute {part}" for part in ("Input", "Infer", "Output"))),
    )


def reason(output: str) -> str:
    """What perf_analyzer says went wrong, in a line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if "rror" in line or "ailed" in line or "estrict" in line]
    return (told or lines or ["it said nothing"])[0]
