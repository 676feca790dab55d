"""What a leaf's answer depends on, and how an answer becomes bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from documents import DocumentType
from pipeline.options import Options

FILE = "answers-1.sqlite"  # its layout has a number
KEY_BYTES = 32
PIPELINE = Path(__file__).parents[1]
LIBRARIES = ("ctranslate2", "onnxruntime", "torch")  # that compute


@dataclass(frozen=True)
class Codec:
    """How an answer is kept: JSON about it, and its content."""

    pack: Callable[[object], tuple[str, bytes]]
    unpack: Callable[[str, bytes], object]


def _pack_array(array: np.ndarray) -> tuple[str, bytes]:
    return json.dumps({"dtype": array.dtype.str, "shape": array.shape}), array.tobytes()


def _unpack_array(about: str, content: bytes) -> np.ndarray:
    described = json.loads(about)
    return np.frombuffer(bytearray(content), described["dtype"]).reshape(described["shape"])


ARRAY = Codec(_pack_array, _unpack_array)


def document_of(kind: type[DocumentType]) -> Codec:
    """A document's."""
    about = json.dumps({"document": kind.__name__})
    return Codec(
        lambda document: (about, document.encode()),
        lambda _, content: kind.model_validate_json(content),
    )


class Kept(NamedTuple):
    """An answer as it is kept."""

    key: bytes
    about: str  # JSON
    content: bytes


@dataclass(frozen=True)
class Question:
    """One piece that a leaf is asked about."""

    leaf: str
    network: str  # its weights and what it computes with, as :mod:`.networks` has them
    options: dict[str, object]  # those of the request that the answer depends on
    arrays: Sequence[np.ndarray]
    codec: Codec

    def key(self) -> bytes:
        """Two questions with the same one have the same answer."""
        shapes = [(array.dtype.str, array.shape) for array in self.arrays]
        front = [self.leaf, self.network, _code(), self.options, shapes]
        digest = hashlib.blake2b(json.dumps(front, sort_keys=True).encode(), digest_size=KEY_BYTES)
        for array in self.arrays:
            digest.update(np.ascontiguousarray(array).data)
        return digest.digest()


class Questions:
    """Those of one request to one leaf."""

    def __init__(
        self,
        leaf: str,
        network: str | None,
        options: Options,
        names: Sequence[str] = (),
        codec: Codec = ARRAY,
    ) -> None:
        """Args:
        leaf: the model.
        network: None where it is not known which one answers.
        options: the request's.
        names: of those options that matter.
        codec: of the answers.
        """
        self._leaf, self._network, self._codec = leaf, network, codec
        self._options = options.model_dump(include=set(names))
        self._are_kept = options.reuse and network is not None

    def about(self, *arrays: np.ndarray) -> Question | None:
        """The question about a piece; None if it is to be asked in any case."""
        if not self._are_kept:
            return None
        return Question(self._leaf, self._network, self._options, arrays, self._codec)


@lru_cache(maxsize=1)
def _code() -> str:
    """The version of what computes an answer: our own code and the libraries'."""
    digest = hashlib.blake2b(digest_size=KEY_BYTES)
    for library in LIBRARIES:
        try:
            digest.update(f"{library} {version(library)}\n".encode())
        except PackageNotFoundError:
            continue
    for path in sorted(PIPELINE.rglob("*.py")):
        digest.update(f"{path.relative_to(PIPELINE)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
