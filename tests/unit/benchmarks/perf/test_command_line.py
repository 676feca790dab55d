"""What ``make perf`` can be asked for."""

import platform
from pathlib import Path

import pytest

from benchmarks.perf.__main__ import arguments
from benchmarks.perf.tool import NEW, OLD, ToolError, choices, glibc, tool_at


def test_what_it_is_asked_for():
    asked = arguments(["--url", "triton-1.example:8001", "--concurrency", "8,1,8", "--quick"])
    assert (asked.url, asked.concurrency, asked.quick) == ("triton-1.example:8001", (1, 8), True)
    assert arguments(["--url", "[::1]:8001"]).url == "[::1]:8001"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (["--url", "http://triton:8000"], "no host:port of a Triton's gRPC"),
        (["--url", "triton"], "no host:port of a Triton's gRPC"),
        (["--concurrency", "0"], "no numbers such as 1,2,4"),
        (["--concurrency", "1-8"], "no numbers such as 1,2,4"),
        (["--only", "transcription"], "invalid choice"),
    ],
)
def test_what_is_wrong_is_named(given, wrong, capsys):
    with pytest.raises(SystemExit):
        arguments(given)
    assert wrong in capsys.readouterr().err


@pytest.mark.parametrize(
    ("system", "tried"),
    [
        ((2, 41), [NEW, OLD]),
        ((2, 38), [NEW, OLD]),
        ((2, 36), [OLD]),  # Debian 12
        ((2, 31), []),
        ((0, 0), []),  # musl
    ],
)
def test_the_newest_tool_is_tried_first_that_a_system_may_run(system, tried):
    assert choices(system) == tried


def test_this_system_s_c_library_is_found():
    name, version = platform.libc_ver()
    there = ".".join(map(str, glibc()))
    assert there == (version if name == "glibc" else "0.0")


def test_a_tool_that_does_not_run_says_why(tmp_path: Path):
    program = tmp_path / "perf_analyzer"
    with pytest.raises(ToolError, match="No such file"):
        tool_at(program)
    program.write_text(
        "#!/bin/sh\necho 'libb64.so.0d: cannot open' >&2\nexit 127\n", encoding="ascii"
    )
    program.chmod(0o755)
    with pytest.raises(ToolError, match=r"does not run here: libb64\.so\.0d: cannot open"):
        tool_at(program)
