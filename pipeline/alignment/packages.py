"""What wav2vec2 needs installed, which nothing else on a CPU does."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from pipeline.errors import InvalidRequest
from pipeline.settings import Settings, SettingsError

PACKAGES = ("torch", "whisperx")
TORCHVISION = "torchvision"


def missing_packages() -> list[str]:
    """Those that are not installed here; imports none of them."""
    return [name for name in PACKAGES if find_spec(name) is None]


def check_setting(settings: Settings) -> None:
    """See that what ALIGNMENT asks of every request can be done here, where Triton runs.

    Raises:
        SettingsError: it is ``ctc``, and a package is missing.
    """
    missing = missing_packages()
    if settings.alignment == "ctc" and missing:
        raise SettingsError(
            f"ALIGNMENT='ctc': it needs {' and '.join(missing)}, not installed here; make serve "
            "installs what it needs when ALIGNMENT is set; ALIGNMENT=auto does without on a CPU"
        )


def not_installed(missing: list[str]) -> InvalidRequest:
    """What a request hears that asks for wav2vec2 all the same."""
    return InvalidRequest(
        f"alignment: ctc needs {' and '.join(missing)}, not installed on this service; whoever "
        "runs it can set ALIGNMENT=ctc, with which make serve installs them; attention does without"
    )


@contextmanager
def without_torchvision() -> Iterator[None]:
    """While this is on, what may use torchvision does without, unless it is there already.

    Its wheel brings a CUDA runtime of its own, beside torch's in one process; transformers imports
    it where it is installed, and speech needs none of it.
    """
    hidden = TORCHVISION not in sys.modules
    if hidden:
        sys.modules[TORCHVISION] = None  # as importlib has it: there is none
    try:
        yield
    finally:
        if hidden:
            del sys.modules[TORCHVISION]
