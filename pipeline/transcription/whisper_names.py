"""The names that Whisper goes by: sizes, their repositories on the model hub, OpenAI's names."""

import re

# Of two names for one repository the first is the one that is used inside.
WHISPER_REPOSITORIES = {
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "tiny": "Systran/faster-whisper-tiny",
    "base.en": "Systran/faster-whisper-base.en",
    "base": "Systran/faster-whisper-base",
    "small.en": "Systran/faster-whisper-small.en",
    "small": "Systran/faster-whisper-small",
    "medium.en": "Systran/faster-whisper-medium.en",
    "medium": "Systran/faster-whisper-medium",
    "large-v1": "Systran/faster-whisper-large-v1",
    "large-v2": "Systran/faster-whisper-large-v2",
    "large-v3": "Systran/faster-whisper-large-v3",
    "large": "Systran/faster-whisper-large-v3",
    "distil-large-v2": "Systran/faster-distil-whisper-large-v2",
    "distil-medium.en": "Systran/faster-distil-whisper-medium.en",
    "distil-small.en": "Systran/faster-distil-whisper-small.en",
    "distil-large-v3": "Systran/faster-distil-whisper-large-v3",
    "distil-large-v3.5": "distil-whisper/distil-large-v3.5-ct2",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
}

# organisation/name, as long as the hub allows them to be
REPOSITORY = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}", re.ASCII)
OPENAI_PREFIXES = ("openai/whisper-", "whisper-")

_SIZES: dict[str, str] = {}
for _size, _repository in WHISPER_REPOSITORIES.items():
    _SIZES.setdefault(_repository, _size)


def canonical_name(name: str) -> str:
    """The one name of a network that has several, so that it is loaded once.

    ``openai/whisper-large-v3``, ``large`` and ``Systran/faster-whisper-large-v3`` are all
    ``large-v3``.  A name that is not known comes back as it is.
    """
    name = name.strip()
    for prefix in OPENAI_PREFIXES:
        if name.removeprefix(prefix) in WHISPER_REPOSITORIES:
            name = name.removeprefix(prefix)
            break
    return _SIZES.get(WHISPER_REPOSITORIES.get(name, name), name)
