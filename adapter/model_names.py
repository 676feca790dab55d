"""The names that a request may give a Whisper, and which one each of them means."""

from pipeline.errors import InvalidRequest
from pipeline.settings import ALIASED_DEFAULT, ANY_NAME, Settings
from pipeline.transcription.whisper_names import WHISPER_REPOSITORIES, canonical_name

OPENAI_MODEL = "whisper-1"  # OpenAI's name for whatever Whisper there is
OPENAI_OWN = "gpt-"  # what OpenAI's other transcription models begin with
WHISPER = "whisper-"  # what clients look for in a list of models
# Other services' models, which clients have as their default or cannot change.
STAND_INS = (
    OPENAI_MODEL,
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
    "voxtral-mini-latest",  # Mistral's
    "qwen3-asr-0.6b",  # of OpenASR
)


def model_name(name: str, settings: Settings) -> str | None:
    """The pipeline's name of a model; None for the default.

    Args:
        name: One that MODEL_ALIASES has; a size (``large-v3``), or what OpenAI calls it
            (``whisper-large-v3``, ``openai/whisper-large-v3``); another Whisper that the
            settings name; or another service's name for its own, which stands for the default.

    Raises:
        InvalidRequest: there is no such model here; lists those there are.
    """
    if name in settings.model_aliases:
        return _aliased(name, settings)
    if name in STAND_INS:
        return None
    known = canonical_name(name)
    if known in settings.offered_models:
        return known
    if ANY_NAME in settings.model_aliases:
        return _aliased(ANY_NAME, settings)
    offered = ", ".join(settings.offered_models)
    if not settings.models:
        offered += "; another Whisper has to be named in MODELS, by whoever runs this service"
    reason = f"unknown model {known!r}"
    if known.startswith(OPENAI_OWN):
        reason = f"{known!r} is OpenAI's own and no Whisper"
    elif settings.models:
        reason = f"{known!r} is not offered here"
    raise InvalidRequest(f"model: {reason}; there are {offered}")


def listed_names(default: str, settings: Settings) -> list[str]:
    """Every name that is told to clients: the default Whisper first, then OpenAI's for it.

    Sizes are there under OpenAI's names for them as well, because clients show their users
    only what has ``whisper``, ``transcribe`` or ``voxtral`` in its name.
    """
    offered = settings.offered_models
    sizes = [f"{WHISPER}{name}" for name in offered if name in WHISPER_REPOSITORIES]
    aliases = [name for name in settings.model_aliases if name != ANY_NAME]
    return list(dict.fromkeys((default, OPENAI_MODEL, *offered, *sizes, *STAND_INS, *aliases)))


def _aliased(name: str, settings: Settings) -> str | None:
    ours = settings.model_aliases[name]
    return None if ours == ALIASED_DEFAULT else ours
