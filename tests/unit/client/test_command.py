"""The command line: what it takes, what it says, how it ends."""

import io
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from client.cli import asr, main
from client.commands.bench import summary
from client.commands.check import SAMPLE_RATE, TONE_SECONDS, tone
from client.commands.options import Formats, Speakers
from client.commands.statuses import FAILED, UNUSABLE
from client.commands.transcribe import options_of

ROOT = Path(__file__).parents[3]
NOTHING = dict.fromkeys(
    ("language", "task", "model", "initial_prompt", "hotwords", "no_diarize", "speakers")
) | dict.fromkeys(("num_speakers", "min_speakers", "max_speakers"))


@pytest.mark.parametrize(
    ("text", "bounds"),
    [("2..6", (2, 6)), ("3", (3, 3)), ("2..", (2, None)), ("..6", (None, 6)), (" 4..4 ", (4, 4))],
)
def test_speakers_are_a_number_or_a_range(text, bounds):
    assert Speakers().convert(text, None, None) == bounds


@pytest.mark.parametrize("text", ["6..2", "..", "", "two", "2...6", "-1", "2,6"])
def test_what_is_no_number_of_speakers_is_told_what_would_be(text):
    with pytest.raises(click.BadParameter, match=r"write \d?"):
        Speakers().convert(text, None, None)


@pytest.mark.parametrize(
    ("bounds", "asked"),
    [
        ((2, 6), {"min_speakers": 2, "max_speakers": 6}),
        ((3, 3), {"num_speakers": 3}),
        ((None, 6), {"max_speakers": 6}),
        (None, {}),
    ],
)
def test_a_number_of_speakers_is_asked_for_exactly(bounds, asked):
    options = options_of(NOTHING | {"speakers": bounds})
    assert {name: value for name, value in options.items() if value is not None} == asked


def test_formats_are_named_once_each():
    assert Formats().convert("srt, TXT,text,srt", None, None) == ("srt", "txt")
    with pytest.raises(click.BadParameter, match="'pdf' is no format; there are txt, srt"):
        Formats().convert("txt,pdf", None, None)
    offered = Formats().shell_complete(None, None, "txt,s")
    assert [item.value for item in offered] == ["txt,srt"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["transcribe"], "Missing argument"),
        (["transcribe", "a.wav", "--format", "txt,srt"], "needs --out"),
        (["transcribe", "a.wav", "--format", "docx"], "needs --out"),
        (["transcribe", "a.wav", "--watch"], "needs --out"),
        (["transcribe", "a.wav", "b.wav", "--json", "c.json"], "--json is for one recording"),
        (["transcribe", "a.wav", "--jobs", "0"], "0 is not in the range"),
        (["bench", __file__, "--at-once", "many"], "no list of numbers"),
        (["whisper"], "No such command 'whisper'"),
        (["completion", "powershell"], "'powershell'"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_one_line_with_what_to_do(arguments, told, capsys):
    assert main(arguments) == UNUSABLE
    said = capsys.readouterr().err
    assert said.startswith("asr: ")
    assert told in said
    assert "--help» says what there is" in said
    assert said.count("\n") == 1


def test_nobody_types_a_recording(monkeypatch, capsys):
    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Keyboard())
    for command in ("transcribe", "live"):
        assert main([command, "-"]) == UNUSABLE
        assert "piped into the command" in capsys.readouterr().err


def test_an_address_that_is_none_says_what_one_is(capsys):
    assert main(["health", "--url", "localhost:9000"]) == FAILED
    assert "write it as http://host:9000" in capsys.readouterr().err


def test_every_command_explains_itself(capsys):
    for name, command in asr.commands.items():
        for path in [[name], *([name, sub] for sub in getattr(command, "commands", {}))]:
            assert main([*path, "--help"]) == 0
            said = capsys.readouterr().out
            assert f"Usage: asr {' '.join(path)}" in said
            assert len(said.splitlines()) > 5


def test_help_tells_of_the_environment_and_of_how_it_ends(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for word in ("ASR_URL", "ASR_API_KEY", "NO_COLOR", "130  interrupted"):
        assert word in said


@pytest.mark.parametrize("shell", ["zsh", "fish", "bash"])
def test_a_shell_learns_to_complete_it(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_ASR_COMPLETE" in script
    assert f"{shell}_complete" in script


def completed(line: str) -> list[str]:
    """What bash is offered behind a line, by the command itself."""
    program = "import sys; from client.cli import asr; asr(prog_name='asr')"
    words = f"asr {line}".split(" ")
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"_ASR_COMPLETE": "bash_complete", "COMP_WORDS": f"asr {line}", "PATH": ""}
        | {"COMP_CWORD": str(len(words) - 1)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    return [offer.partition(",")[2] for offer in told.stdout.splitlines()]


def test_bash_completes_it_with_what_it_was_given(tmp_path):
    program = 'eval "$(asr completion bash)"; COMP_WORDS=(asr trans); COMP_CWORD=1'
    asr_here = tmp_path / "asr"
    asr_here.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m client.cli "$@"\n', "utf-8")
    asr_here.chmod(0o755)
    told = subprocess.run(
        ["bash", "-c", f"{program}; _asr_completion asr; echo ${{COMPREPLY[@]}}"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (told.stdout, told.stderr) == ("transcribe\n", "")


def test_text_in_a_pipe_is_utf_8_whatever_the_locale():
    told = subprocess.run(
        [sys.executable, "-m", "client.cli", "jobs", "--help"],
        env={"PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        timeout=60,
    )
    assert (told.returncode, told.stderr) == (0, b"")
    assert "«asr transcribe --out»" in told.stdout.decode("utf-8")


def test_commands_options_and_values_are_completed():
    assert completed("tr") == ["transcribe"]
    assert completed("transcribe --lang") == ["--language"]
    assert completed("transcribe --format js") == ["json"]


def test_the_tone_of_the_check_is_a_recording():
    assert len(tone()) == 44 + 2 * SAMPLE_RATE * TONE_SECONDS
    assert tone().startswith(b"RIFF")


def test_what_a_measurement_says():
    row = summary(2, [1.0, 3.0, 2.0, 10.0], 1, duration=30.0, whole=20.0)
    assert (row.requests, row.failed) == (5, 1)
    assert (row.median, row.percentile_95, row.worst) == (2.5, 10.0, 10.0)
    assert row.real_time == 6.0
    assert row.cells == ("2", "5", "1", "2.50", "10.00", "10.00", "6.0")
    assert summary(1, [], 2, 30.0, 1.0).cells[1:3] == ("2", "2")
