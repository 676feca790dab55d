"""Which lock an environment is made from: what the settings say, and what the machine has."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT"
SETTINGS = ("DEVICE", "ALIGNMENT", TRACES)
# A line of .env as python-dotenv reads it.
ASSIGNMENT = re.compile(
    r"\s*(?:export\s+)?(?P<name>\w+)\s*=[^\S\n]*"
    r"""(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>.*?))\s*(?:(?<=\s)#.*)?"""
)


class Choice(NamedTuple):
    """A lock of ``requirements/``, and why it is that one: what «making .venv …» goes on with."""

    lock: str
    reason: str


def choose(
    settings: Mapping[str, str], gpu: bool, why_none: str = "no driver reports a card"
) -> Choice:
    """The lock that serves.

    Args:
        settings: What DEVICE, ALIGNMENT and TRACES are set to, as far as they are. Whether they
            can be used is for the settings themselves to say, from the smaller environment.
        gpu: Whether there is a card that can serve.
        why_none: Why there is none.
    """
    choice = _for_networks(settings, gpu, why_none)
    if choice.lock == "cpu" and settings.get(TRACES):
        return Choice("cpu-traces", f"{choice.reason}, with OpenTelemetry, as {TRACES} is set")
    return choice


def _for_networks(settings: Mapping[str, str], gpu: bool, why_none: str) -> Choice:
    device = settings.get("DEVICE", "auto")
    if device == "cuda":
        return Choice("cuda", "for CUDA, as DEVICE says")
    if device == "auto" and gpu:
        return Choice("cuda", "for CUDA, as there is a GPU (DEVICE=cpu goes without)")
    if settings.get("ALIGNMENT") == "ctc":
        return Choice(
            "cuda",
            "with torch, which ALIGNMENT=ctc needs (the package index has its CUDA build)",
        )
    if device == "cpu":
        return Choice("cpu", "for a CPU, as DEVICE says")
    return Choice("cpu", f"for a CPU, as {why_none}")


def read_choice_settings(env_file: Path, environment: Mapping[str, str]) -> "dict[str, str]":
    """SETTINGS from the environment, or else from ``.env``, where they are set."""
    found = {}
    if env_file.is_file():
        for line in env_file.read_text(encoding="utf-8").splitlines():
            match = ASSIGNMENT.fullmatch(line)
            if match:
                value = next(filter(None, match.group("single", "double", "bare")), "")
                found[match["name"].upper()] = value
    found.update({name.upper(): value for name, value in environment.items() if value})
    return {name: found[name] for name in SETTINGS if found.get(name)}
