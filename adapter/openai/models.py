"""``/v1/models``: the Whispers that a request may name."""

import time

from adapter.asr.parameters import OPENAI_MODEL, model_name
from adapter.openai.errors import UnknownModel
from pipeline.errors import InvalidRequest
from pipeline.settings import Settings
from pipeline.transcription.whisper_names import WHISPER_REPOSITORIES

Json = dict[str, object]

# OpenAI's own models, which clients have as their default or cannot change: the default Whisper.
OPENAI_MODELS = (
    OPENAI_MODEL,
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
)
OFFERED_SINCE = int(time.time())  # all that is known of a model's age: since this service runs


def resolve(name: str | None, settings: Settings) -> str | None:
    """The pipeline's name of a model; None for the default one.

    Raises:
        UnknownModel: there is no such model; lists those there are.
    """
    if name is None or name in OPENAI_MODELS:
        return None
    try:
        return model_name(name, settings)
    except InvalidRequest as error:
        raise UnknownModel(str(error)) from None


def all_models(default: str, settings: Settings) -> list[Json]:
    """The default Whisper, OpenAI's name for it, and the others that may be asked for."""
    names = dict.fromkeys((default, OPENAI_MODEL, *settings.offered_models))
    return [_model(name, default) for name in names]


def one_model(name: str, default: str, settings: Settings) -> Json:
    """One of them, under any name that a request may give it.

    Raises:
        UnknownModel: there is no such model.
    """
    if name != default:
        resolve(name, settings)
    return _model(name, default)


def _model(name: str, default: str) -> Json:
    weights = default if name in OPENAI_MODELS else name
    repository = WHISPER_REPOSITORIES.get(weights, weights)
    owner, _, rest = repository.partition("/")
    return {
        "id": name,
        "object": "model",
        "created": OFFERED_SINCE,
        "owned_by": owner if rest and owner else "local",
    }
