"""``/v1/models``: the Whispers that a request may name."""

import time

from adapter.model_names import listed_names, model_name
from adapter.openai.errors import UnknownModel
from pipeline.errors import InvalidRequest
from pipeline.settings import Settings
from pipeline.transcription.whisper_names import WHISPER_REPOSITORIES

Json = dict[str, object]

OFFERED_SINCE = int(time.time())  # all that is known of a model's age: since this service runs


def resolve(name: str | None, settings: Settings) -> str | None:
    """The pipeline's name of a model; None for the default one.

    Raises:
        UnknownModel: there is no such model; lists those there are.
    """
    if name is None:
        return None
    try:
        return model_name(name, settings)
    except InvalidRequest as error:
        raise UnknownModel(str(error)) from None


def all_models(default: str, settings: Settings) -> list[Json]:
    """Every name that a request may give a Whisper, the default one first."""
    return [_model(name, default, settings) for name in listed_names(default, settings)]


def one_model(name: str, default: str, settings: Settings) -> Json:
    """One of them, under any name that a request may give it.

    Raises:
        UnknownModel: there is no such model.
    """
    return _model(name, default, settings)


def _model(name: str, default: str, settings: Settings) -> Json:
    weights = name if name == default else resolve(name, settings) or default
    repository = WHISPER_REPOSITORIES.get(weights, weights)
    owner, _, rest = repository.partition("/")
    return {
        "id": name,
        "object": "model",
        "created": OFFERED_SINCE,
        "owned_by": owner if rest and owner else "local",
    }
