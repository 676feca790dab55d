"""The model repository as the server reads it: this one, with what the settings change in it."""

import json
import re
import shutil
from pathlib import Path
from typing import get_args

from pipeline.settings import Network, Settings

LEAVES = get_args(Network)
MODEL_REPOSITORY = Path(__file__).parents[2] / "model_repository"


def render(target: Path, settings: Settings, source: Path = MODEL_REPOSITORY) -> list[str]:
    """Lay out ``source`` in ``target``, replacing what is there.

    Everything is linked but ``config.pbtxt``, which is copied.

    Returns:
        The models' names.
    """
    if target.exists():
        shutil.rmtree(target)
    models = sorted(path.parent.name for path in source.glob("*/config.pbtxt"))
    for model in models:
        folder = target / model
        folder.mkdir(parents=True)
        for path in sorted((source / model).iterdir()):
            if path.name != "config.pbtxt":
                (folder / path.name).symlink_to(path.resolve())
        config = (source / model / "config.pbtxt").read_text(encoding="utf-8")
        (folder / "config.pbtxt").write_text(configured(model, config, settings), encoding="utf-8")
        # Triton demands a version directory of an ensemble too, and git keeps no empty ones.
        (folder / "1").mkdir(exist_ok=True)
    return models


def configured(model: str, config: str, settings: Settings) -> str:
    """The text of a model's ``config.pbtxt`` with what the settings change in it."""
    if model == "whisper":
        config = with_batch_size(config, settings.whisper_batch_size)
        config += described(
            device=settings.torch_device,
            default_model=settings.default_model,
            diarization=settings.diarization,
        )
    if model == "segmentation" and settings.diarize_batch_size:
        config = with_batch_size(config, settings.diarize_batch_size)
        # Triton refuses preferences larger than the largest batch.
        config = re.sub(r"(?m)^ *preferred_batch_size:.*\n", "", config)
    if model == "segmentation" and settings.diarize_batch_wait_timeout is not None:
        delay = round(settings.diarize_batch_wait_timeout * 1e6)
        config = re.sub(r"(?<=max_queue_delay_microseconds: )\d+", str(delay), config)
    if model in LEAVES:
        config = re.sub(r"(?<=KIND_CPU count: )1", str(settings.processes_of(model)), config)
        config = with_room_for(config, settings.pieces_under_way(model))
    return config


def with_batch_size(config: str, size: int) -> str:
    """The text of a ``config.pbtxt`` with another ``max_batch_size``."""
    return re.sub(r"(?m)^max_batch_size:.*$", f"max_batch_size: {size}", config)


def with_room_for(config: str, pieces: int) -> str:
    """The text of a ``config.pbtxt`` whose queue takes twice so many pieces, or more."""

    def room(queue: re.Match[str]) -> str:
        return str(max(int(queue[0]), 2 * pieces))

    return re.sub(r"(?<=max_queue_size: )\d+", room, config)


def described(**parameters: str) -> str:
    """Parameters of a ``config.pbtxt``: what an adapter on another machine cannot know."""
    texts = {key: json.dumps(value, ensure_ascii=False) for key, value in parameters.items()}
    return "".join(
        f'\nparameters {{ key: "{key}" value: {{ string_value: {text} }} }}'
        for key, text in texts.items()
    )
