"""Folders of recordings before the real service: written, skipped, gone on with, watched."""

import json
import shutil
import signal
import subprocess
import zipfile

import pytest

from client import Client
from tests.clients.command import ASR
from tests.waiting import until

MORE = ("--language", "en")


@pytest.fixture
def inbox(tmp_path, phrase):
    """A folder with a recording below another folder."""
    target = tmp_path / "in" / "monday" / "call.wav"
    target.parent.mkdir(parents=True)
    shutil.copy(phrase, target)
    return tmp_path / "in"


def test_every_format_has_the_words_and_the_next_run_leaves_them_alone(run, inbox, clip, tmp_path):
    shutil.copy(clip, inbox / "monday" / "call.wav")
    kinds = "txt,srt,vtt,tsv,json,docx"
    (inbox / "none.mp3").write_text("this is no recording", encoding="utf-8")
    told = run("transcribe", inbox, "--out", "out", "--format", kinds, "--speakers", "2", *MORE)
    assert told.returncode == 1
    assert "asr: none.mp3: audio: could not decode the file" in told.stderr
    assert "monday/call.wav: 0:12 of sound, monday/call.txt, monday/call.srt" in told.stderr
    assert told.stderr.splitlines()[-1] == "asr: 1 done, 1 failed"
    files = {kind: tmp_path / "out" / "monday" / f"call.{kind}" for kind in kinds.split(",")}
    text = {kind: file.read_text("utf-8") for kind, file in files.items() if kind != "docx"}
    with zipfile.ZipFile(files["docx"]) as document:
        text["docx"] = document.read("word/document.xml").decode()
    for kind, content in text.items():
        assert "Diane in New Jersey." in " ".join(content.split()), kind
        assert "SPEAKER_01" in content
    assert "SPEAKER_01: " in text["txt"]
    assert text["srt"].startswith("1\n00:00:00,")
    assert text["vtt"].startswith("WEBVTT\n")
    assert text["tsv"].startswith("start\tend\ttext\tspeaker\n")
    segments = json.loads(text["json"])["segments"]
    assert {segment["speaker"] for segment in segments} == {"SPEAKER_00", "SPEAKER_01"}

    (inbox / "none.mp3").unlink()
    written = files["txt"].stat().st_mtime_ns
    again = run("transcribe", inbox, "--out", "out", "--format", "txt", "--speakers", "2", *MORE)
    assert again.returncode == 0
    assert again.stderr == "monday/call.wav: is there already, monday/call.txt\n"
    assert files["txt"].stat().st_mtime_ns == written
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".asr", "monday"]


def test_one_that_was_killed_goes_on_with_the_same_job(run, environment, service, inbox, tmp_path):
    with Client(service.base_url) as client:
        before = {job.id for job in client.jobs.list(100)}
        process = subprocess.Popen(
            [*ASR, "transcribe", "in", "--out", "out", *MORE],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
        )
        until(lambda: list((tmp_path / "out" / ".asr").glob("*.json")))
        process.kill()
        process.communicate()
        (note,) = (tmp_path / "out" / ".asr").glob("*.json")
        job = json.loads(note.read_text("utf-8"))["job"]
        assert {job} == {each.id for each in client.jobs.list(100)} - before
        assert not (tmp_path / "out" / "monday").exists()
        told = run("transcribe", "in", "--out", "out", *MORE)
        assert told.returncode == 0
        assert told.stderr == "monday/call.wav: 0:01 of sound, monday/call.txt (went on)\n"
        assert "Diane in New Jersey" in (tmp_path / "out" / "monday" / "call.txt").read_text(
            "utf-8"
        )
        # What is written is nobody's at the service any more.
        assert {each.id for each in client.jobs.list(100)} == before


def minds_ctrl_c() -> None:
    """In a process that begins: a shell has those that it starts in the background ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_folder_is_watched_until_ctrl_c(environment, tmp_path, phrase):
    (tmp_path / "in").mkdir()
    process = subprocess.Popen(
        [*ASR, "transcribe", "in", "--out", "out", "--watch", "--no-diarize", *MORE],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=minds_ctrl_c,
    )
    try:
        until(lambda: (tmp_path / "out").is_dir() or process.poll() is not None)
        shutil.copy(phrase, tmp_path / "in" / "late.wav")
        until(lambda: (tmp_path / "out" / "late.txt").exists() or process.poll() is not None)
        assert "Diane in New Jersey" in (tmp_path / "out" / "late.txt").read_text("utf-8")
        assert process.stderr.readline() == "late.wav: 0:01 of sound, late.txt\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert said == ""


def test_ctrl_c_leaves_the_job_and_says_so(environment, inbox, tmp_path, service):
    process = subprocess.Popen(
        [*ASR, "transcribe", "in", "--out", "out", "--task", "translate", *MORE],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=minds_ctrl_c,
    )
    until(lambda: list((tmp_path / "out" / ".asr").glob("*.json")))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (
        said
        == "asr: interrupted; 1 of them goes on at the service, and the same command fetches it\n"
    )
    (note,) = (tmp_path / "out" / ".asr").glob("*.json")
    with Client(service.base_url) as client:
        assert client.jobs.cancel(json.loads(note.read_text("utf-8"))["job"])
