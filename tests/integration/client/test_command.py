"""The command before the real service: what it prints, in a pipe and on a terminal."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from client import Client
from tests.clients.command import ASR, SECONDS
from tests.services.ports import free_ports


def test_in_a_pipe_it_prints_plain_text_only(environment, phrase, tmp_path):
    told = subprocess.run(
        [*ASR, "transcribe", phrase, "--language", "en", "--speakers", "..2"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert re.fullmatch(r"\[00:00\.\d\] SPEAKER_00: This is Diane in New Jersey\.\n", told.stdout)


def test_several_are_printed_in_their_order_and_one_that_is_none_does_not_stop_them(
    run, phrase, tmp_path
):
    (tmp_path / "none.wav").write_text("this is no recording", encoding="utf-8")
    more = ("--language", "en", "--no-diarize")
    told = run("transcribe", "none.wav", "-", *more, stdin=phrase.read_bytes())
    assert told.returncode == 1
    assert "could not decode the file" in told.stderr
    assert "(none.wav)" in told.stderr
    assert re.fullmatch(r"== stdin\n\[00:00\.\d\] This is Diane in New Jersey\.\n\n", told.stdout)


def test_live_prints_the_text(run, phrase):
    told = run("live", phrase, "--language", "en")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == "This is Diane in New Jersey.\n"


def terminal(environment: dict[str, str], folder, *arguments: object) -> tuple[int, str]:
    """The exit status and what a terminal of 100 columns would have been sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [*ASR, *map(str, arguments)],
        cwd=folder,
        env={**environment, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    content, end = b"", time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.5)[0]:
                continue
            try:
                block = os.read(ours, 65536)
            except OSError:  # Linux says so where others say that it has ended
                break
            if not block:
                break
            content += block
        return process.wait(SECONDS), content.decode()
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_on_a_terminal_it_shows_how_far_it_is_and_colours_speakers(environment, clip, tmp_path):
    status, sent = terminal(
        environment, tmp_path, "transcribe", clip, "--language", "en", "--speakers", "2"
    )
    assert status == 0
    cyan, yellow = "\x1b[36m\x1b[1mSPEAKER_00: ", "\x1b[33m\x1b[1mSPEAKER_01: "
    assert cyan in sent
    assert yellow in sent
    shown = sent[: sent.index(cyan)]
    assert re.search(r"clip\.wav +(upload|decode|transcription|diarization|alignment)", shown)
    assert "\x1b[1A\r\x1b[0J" in shown  # the line is drawn again in its place
    assert sent.rstrip().endswith("\x1b[?25h")  # and the cursor is there again


def test_models_health_and_jobs(run, service, phrase):
    assert run("models").stdout.splitlines()[0].split() == ["base", "Systran,", "the", "default"]
    assert json.loads(run("models", "--json").stdout)[0] == {"id": "base", "owned_by": "Systran"}
    health = run("health")
    assert (health.returncode, json.loads(health.stdout)["status"]) == (0, "healthy")
    with Client(service.base_url) as client:
        job = client.jobs.submit(phrase, language="en", diarize=False).id
        client.jobs.wait(job)
    (found,) = [
        each for each in json.loads(run("jobs", "list", "--json").stdout) if each["id"] == job
    ]
    assert found["status"] == "completed"
    assert run("jobs", "show", job).stdout.split()[:2] == [job, "completed"]
    assert "Diane in New Jersey." in run("jobs", "show", job, "--format", "vtt").stdout
    assert run("jobs", "cancel", job).stdout == f"{job}  gone\n"
    unknown = run("jobs", "cancel", job)
    assert unknown.returncode == 1
    assert unknown.stderr == (
        f"asr: there is no job {job!r}; «asr jobs list» has those there are (status 404)\n"
    )


def test_check_asks_for_everything(run):
    told = run("check")
    assert told.returncode == 0
    rows = [line.split() for line in told.stdout.splitlines()]
    assert [row[:2] for row in rows] == [
        ["ok", step] for step in ("address", "health", "models", "request", "stream", "job")
    ]
    assert "2.0 s of sound, nobody speaks" in told.stdout
    (port,) = free_ports(1)
    nowhere = run("check", "--url", f"http://127.0.0.1:{port}")
    assert nowhere.returncode == 1
    assert nowhere.stdout.startswith("FAIL  address")
    assert "is the service running" in nowhere.stdout


def test_bench_measures_over_http(run, phrase):
    wanted = ("--at-once", "2", "--rounds", "1", "--no-diarize", "--language", "en", "--json")
    told = run("bench", phrase, *wanted)
    assert told.returncode == 0, told.stderr
    (two,) = json.loads(told.stdout)
    assert (two["at_once"], two["requests"], two["failed"]) == (2, 2, 0)
    assert 0 < two["median"] <= two["percentile_95"] == two["worst"]
    # Both were answered when the slower one was: 3.8 s of sound.
    assert two["real_time"] == pytest.approx(3.8 / two["worst"], rel=0.2)


def test_whoever_reads_may_have_enough(environment, tmp_path):
    process = subprocess.Popen(
        [*ASR, "models"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    process.stdout.close()
    assert process.wait(SECONDS) in (0, 128 + signal.SIGPIPE)
    assert process.stderr.read() == ""
