"""``asr check``: asks a service for everything that this client needs of it."""

import io
import math
import struct
import time
import wave
from collections.abc import Callable
from pathlib import Path

import click

from client.commands.options import Service, of_service
from client.commands.statuses import FAILED
from client.errors import ServiceError
from client.http import Client
from client.protocol.retries import Retries
from client.terminal import give, plain
from client.text import turns

SAMPLE_RATE = 16_000  # Hz
TONE_SECONDS, TONE_HERTZ, TONE_LOUDNESS = 2.0, 440.0, 0.1  # of full scale
CHECK_SECONDS = 300.0


@click.command()
@click.argument("recording", required=False, type=click.Path(dir_okay=False, path_type=Path))
@of_service
@click.option("--timeout", type=float, default=CHECK_SECONDS, show_default=True, help="Seconds.")
def check(recording: Path | None, url: str, api_key: str | None, timeout: float) -> int:
    """Ask whether a service works: is it there, healthy, and does it transcribe, as a request, as a
    stream and as a job?

    A tone of two seconds is sent, in which nobody speaks, or a RECORDING of yours.  Each line says
    what was asked, what came of it and how long it took; the exit status is 0 if all went well.
    """
    content = recording.read_bytes() if recording else tone()
    name = recording.name if recording else "tone.wav"
    with Service(url, api_key, timeout).client(Retries(times=1)) as client:
        steps: dict[str, Callable[[], str]] = {
            "address": lambda: _identity(client),
            "health": lambda: _health(client),
            "models": lambda: _models(client),
            "request": lambda: _request(client, content, name),
            "stream": lambda: _stream(client, content, name),
            "job": lambda: _job(client, content, name),
        }
        failed = 0
        for step, ask in steps.items():
            begun = time.monotonic()
            try:
                mark, told = click.style("ok  ", fg="green"), ask()
            except ServiceError as failure:
                failed += 1
                mark, told = click.style("FAIL", fg="red", bold=True), str(failure)
                if failure.advice:
                    told += f"; {failure.advice}"
            seconds = time.monotonic() - begun
            give(f"{mark}  {step:8} {seconds:6.2f} s  {plain(' '.join(told.split()))}")
            if step == "address" and failed:
                break
    return FAILED if failed else 0


def tone() -> bytes:
    """A WAV file in which nobody speaks."""
    count = int(TONE_SECONDS * SAMPLE_RATE)
    step = 2 * math.pi * TONE_HERTZ / SAMPLE_RATE
    samples = (int(32767 * TONE_LOUDNESS * math.sin(step * at)) for at in range(count))
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(struct.pack(f"<{count}h", *samples))
    return content.getvalue()


def _identity(client: Client) -> str:
    found = client.identity()
    return f"{client.url}: {found.service} {found.version or ''}".rstrip()


def _health(client: Client) -> str:
    found = client.health()
    loaded = ", ".join(found.loaded_models) or "none"
    return f"{found.status}; device {found.device or 'unknown'}; loaded models: {loaded}"


def _models(client: Client) -> str:
    found = client.models()
    if not found:
        raise ServiceError(None, "it names no model")
    return f"{len(found)}, the default is {found[0].id}"


def _request(client: Client, content: bytes, name: str) -> str:
    transcript = client.transcribe(content, name=name)
    lines = list(turns(transcript))
    said = f"«{lines[0].text[:60]}»" if lines else "nobody speaks"
    return f"{transcript.duration:.1f} s of sound, {said}"


def _stream(client: Client, content: bytes, name: str) -> str:
    *deltas, last = client.stream(content, name=name)
    if "".join(delta.text for delta in deltas) != last.text:
        raise ServiceError(None, "the deltas are not the whole text")
    return f"{len(deltas)} deltas, {len(last.text)} characters"


def _job(client: Client, content: bytes, name: str) -> str:
    job = client.jobs.submit(content, name=name)
    try:
        client.jobs.wait(job.id)
        transcript = client.jobs.result(job.id)
    finally:
        client.jobs.cancel(job.id)
    return f"{transcript.duration:.1f} s of sound, {len(transcript.segments)} segments"
