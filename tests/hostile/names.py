"""A good recording under names that are none."""

from collections.abc import Iterator

from tests.hostile.cases import Case, Outcome

NAMES = {
    "a path upwards": "../../../../tmp/hostile.wav",
    "a path of another system": "C:\\windows\\system32\\hostile.wav",
    "a device": "/dev/stdin",
    "an option": "-i",
    "a protocol": "concat:/etc/passwd|x",
    "a command": "$(touch /tmp/hostile).wav; rm -rf *",
    "a NUL": "a\0b.wav",
    "quotes": "a\"b'c.wav",
    "another script": "Совещание 会議 🎙.wav",
    "lines": "a\r\nX-Injected: yes\r\n.wav",
    "only dots": "..",
    "3 KB": "a" * 3000 + ".wav",
}


def names(tone: bytes) -> Iterator[Case]:
    """The name of a file never matters."""
    for what, filename in NAMES.items():
        yield Case(f"a file whose name is {what}", tone, Outcome.SOUND, filename, "audio/wav")
    # Longer than the headers of a part may be.
    yield Case("a file whose name is 10 KB", tone, Outcome.REFUSED, "a" * 10_240 + ".wav")
