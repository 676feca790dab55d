"""UTF-8 in Triton's stubs, whose Python takes every text and file name for ASCII.

They embed Python so that no variable reaches it: LC_ALL, LANG, PYTHONUTF8 and
PYTHONIOENCODING change nothing there.
"""

import locale
import os
import sys
from contextlib import suppress
from pathlib import Path

# As Linux distributions call a locale whose letters are Unicode's.
UNICODE_LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8")


def speak_utf8() -> None:
    """Have this process read, write and print UTF-8 where a library does not say what it wants.

    Our own code names the encoding of each text, because no locale of UNICODE_LOCALES need exist.
    """
    for name in UNICODE_LOCALES:
        with suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, name)
            break
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def as_utf8(path: Path) -> str:
    """The path for a library that opens files itself: text whose UTF-8 is the file's name.

    In a stub, Python's own text of it has surrogates for what is not ASCII, for good.
    """
    return os.fsencode(path).decode("utf-8")
