"""What a folder of transcripts remembers of the recordings that they are of.

``.asr`` in it has a small file for each: while it is worked on, the job's id, so that the next run
goes on; when it is done, which files it became, so that the next run leaves it alone.  A recording
is known by its content and by what was asked for, whatever it is called.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from client.batch.files import candidates, target, write
from client.protocol.options import Options

FOLDER = ".asr"


@dataclass
class Entry:
    """What is remembered of one recording.

    Attributes:
        source: where it was found.
        url: of the service that has its job.
        job: its id, while it is not done.
        files: its transcripts by their format, below the folder.
    """

    source: str
    url: str = ""
    job: str | None = None
    files: dict[str, str] = field(default_factory=dict)


class Memory:
    """The entries of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._notes = folder / FOLDER
        self._owners: dict[str, str] = {}  # of files: the recordings' paths
        for note in self._notes.glob("*.json"):
            if (entry := _read(note)) is not None:
                self._owners |= dict.fromkeys(entry.files.values(), entry.source)

    def recall(self, key: str) -> Entry | None:
        """What is known of a recording."""
        return _read(self._note(key))

    def keep(self, key: str, entry: Entry) -> None:
        """Remember it from now on.

        Raises:
            OSError: that cannot be written.
        """
        write(self._note(key), json.dumps(asdict(entry), indent=1) + "\n")

    def forget(self, key: str) -> None:
        """Know nothing of it any more."""
        with suppress(OSError):
            self._note(key).unlink()

    def is_done(self, entry: Entry, kinds: tuple[str, ...]) -> bool:
        """Whether its transcripts are there in all these formats."""
        if entry.job is not None:
            return False
        files = [entry.files.get(kind) for kind in kinds]
        return all(name is not None and (self.folder / name).is_file() for name in files)

    def name(self, base: Path, source: str, kinds: tuple[str, ...]) -> dict[str, str]:
        """The files for a recording's transcripts, which are nobody else's from now on.

        A file that this folder's recordings have not become is never written over.
        """
        for candidate in candidates(base):
            files = {kind: str(target(candidate, kind)) for kind in kinds}
            if all(self._is_free(name, source) for name in files.values()):
                self._owners |= dict.fromkeys(files.values(), source)
                return files
        raise AssertionError("names do not end")

    def _is_free(self, name: str, source: str) -> bool:
        owner = self._owners.get(name)
        return owner == source or (owner is None and not (self.folder / name).exists())

    def _note(self, key: str) -> Path:
        return self._notes / f"{key}.json"


def key_of(content: str, options: Options) -> str:
    """A recording by the hash of its content, with what is asked of it."""
    given = {name: value for name, value in options.items() if value is not None}
    asked = json.dumps(given, sort_keys=True)
    return hashlib.sha256(f"{content} {asked}".encode()).hexdigest()[:32]


def _read(note: Path) -> Entry | None:
    try:
        return Entry(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # nothing, or what another version has left: it is done again
