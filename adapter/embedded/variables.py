"""What a process of the service finds in its environment: the settings, and no secret of others.

``.env`` holds the secrets of all, so a child is told what stands there and reads none itself.
"""

import os
from collections.abc import Collection

from dotenv import dotenv_values

from pipeline.settings import ENV_FILE, ENV_FILE_VARIABLE, Settings

# Of the model hub, which only the models ask; the second name is an older one of the hub's.
HUB_TOKENS = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
# What only the adapter has a use for: keys of whoever uses the service (the second is our
# client's), and where jobs are kept.
KEYS = frozenset({"API_KEY", "ASR_API_KEY", "DATABASE_URL"})


def variables_without(secrets: Collection[str]) -> dict[str, str]:
    """This process's variables and the settings of ``.env``, but for the named secrets.

    As everywhere, a variable goes before a line of ``.env`` unless it is empty, and the case
    of names does not matter.
    """
    told = {name: value for name, value in os.environ.items() if name.upper() not in secrets}
    settled = {name.upper() for name, value in os.environ.items() if value}
    for line, value in dotenv_values(ENV_FILE, encoding="utf-8").items():
        name = line.upper()
        if value and name.lower() in Settings.model_fields and name not in {*settled, *secrets}:
            told[name] = value
    return {**told, ENV_FILE_VARIABLE: os.devnull}
