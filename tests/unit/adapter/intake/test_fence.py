"""ffmpeg in namespaces of its own, where the system lets it have them."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from adapter.errors import TooLarge
from adapter.intake.decoding import Limits
from adapter.intake.fence import NAMESPACES, find_fence
from tests.clients.decoders import decoded, script

# A program in ffmpeg's place that passes the trial.
ANSWER = "case $2 in -protocols) echo fd; exit;; esac"


@pytest.fixture(scope="module")
def allowed() -> bool:
    """Whether this system lets a process have such namespaces."""
    return subprocess.run(["unshare", *NAMESPACES, "--", "true"], check=False).returncode == 0


def test_it_is_there_where_it_is_allowed(ffmpeg, allowed):
    assert bool(find_fence(ffmpeg)) is allowed


def test_a_request_s_decoder_has_no_network_and_reads_nobody_s_memory(
    run_app, media, tmp_path: Path, allowed
):
    spy = script(
        tmp_path / "spy",
        f"{ANSWER}\ncd {tmp_path}\nfor kind in user net ipc; do\n"
        "readlink /proc/self/ns/$kind >> namespaces\ndone\n"
        f"head -c 1 /proc/{os.getpid()}/environ > environ\nexit 1",
    )

    async def post() -> int:
        async with run_app(ffmpeg=str(spy)) as client:
            files = {"audio_file": (media / "tone.wav").read_bytes()}
            return (await client.post("/asr", files=files)).status_code

    assert asyncio.run(post()) == 400
    theirs = (tmp_path / "namespaces").read_text(encoding="utf-8").split()
    for kind, namespace in zip(("user", "net", "ipc"), theirs, strict=True):
        assert (namespace != os.readlink(f"/proc/self/ns/{kind}")) is allowed
    assert ((tmp_path / "environ").read_bytes() == b"") is allowed


def test_what_is_decoded_is_the_same(ffmpeg, media):
    fenced = Limits(duration=60, time=60, fence=find_fence(ffmpeg))
    for name in ("tone.wav", "tone.mp3"):
        pcm = decoded(ffmpeg, media / name, fenced)
        np.testing.assert_array_equal(pcm, decoded(ffmpeg, media / name))


def test_limits_reach_into_it(tmp_path: Path):
    endless = script(tmp_path / "endless", f"{ANSWER}\nexec cat /dev/zero")
    limits = Limits(duration=1, time=60, fence=find_fence(str(endless)))
    with pytest.raises(TooLarge):
        decoded(str(endless), endless, limits)


@pytest.mark.parametrize("refusal", ["exit 1", "shift 4; exec false"])
def test_where_it_is_not_allowed_ffmpeg_runs_without(tmp_path: Path, monkeypatch, refusal):
    unshare = script(tmp_path / "unshare", refusal)
    monkeypatch.setattr(shutil, "which", lambda name: str(unshare))
    assert find_fence(str(script(tmp_path / "ffmpeg", ANSWER))) == ()


def test_without_unshare_ffmpeg_runs_without(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert find_fence(str(script(tmp_path / "ffmpeg", ANSWER))) == ()
