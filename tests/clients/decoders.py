"""Decoding of files, and programs in ffmpeg's place."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from adapter.intake.decoding import Limits, decode
from adapter.intake.recording import Recording
from pipeline.errors import InvalidRequest

LIMITS = Limits(duration=60, time=60)


def decoded(ffmpeg: str, path: Path, limits: Limits = LIMITS, shared: bool = False) -> np.ndarray:
    """A file's PCM, INT16 [1, N]."""

    async def run() -> np.ndarray:
        with Recording(shared) as recording, path.open("rb") as file:
            await decode(ffmpeg, file.fileno(), recording, limits)
            return recording.pcm().copy()

    return asyncio.run(run())


def refusal(ffmpeg: str, path: Path, limits: Limits = LIMITS) -> str:
    """What a client hears whose file is not decoded."""
    with pytest.raises(InvalidRequest) as refused:
        decoded(ffmpeg, path, limits)
    return str(refused.value)


def script(path: Path, commands: str) -> Path:
    """A program in ffmpeg's place."""
    path.write_text(f"#!/bin/sh\n{commands}\n")
    path.chmod(0o755)
    return path
