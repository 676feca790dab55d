"""The tensors of a torch checkpoint, without torch and without running what a pickle says.

A checkpoint is a zip archive: ``data.pkl`` describes the tensors, ``data/0``, ``data/1``, … hold
their storages.  The pickle is read by an unpickler that knows tensors and Python's containers;
whatever else it names becomes a stand-in that keeps nothing and calls nothing.
"""

import collections
import os
import pickle
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ONLY_TENSORS, ANYTHING = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
BFLOAT16 = np.dtype(("<u2", [("bfloat16", "<u2")]))
STORAGES = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": BFLOAT16,
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}
# What torch writes can be read by Python 2, where these modules had other names.
PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg"}
# The standard library can do anything, and a checkpoint needs this of it.
PLAIN_DATA = {
    "_codecs.encode",  # bytes
    "argparse.Namespace",
    "builtins.bool",
    "builtins.bytearray",
    "builtins.bytes",
    "builtins.complex",
    "builtins.dict",
    "builtins.float",
    "builtins.frozenset",
    "builtins.int",
    "builtins.list",
    "builtins.object",
    "builtins.set",
    "builtins.slice",
    "builtins.str",
    "builtins.tuple",
    "collections.Counter",
    "collections.defaultdict",
    "collections.deque",
    "copyreg._reconstructor",
    "datetime.date",
    "datetime.datetime",
    "datetime.timedelta",
    "datetime.timezone",
    "functools.partial",
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "typing.Any",
}


_torch_variables = threading.Lock()


@contextmanager
def tensors_only() -> Iterator[None]:
    """Have ``torch.load`` take tensors only meanwhile, whoever calls it in this process.

    torchaudio asks it for whatever a pickle says, and it heeds these variables more.  Whoever else
    comes waits.
    """
    with _torch_variables:
        before = {name: os.environ.pop(name, None) for name in (ONLY_TENSORS, ANYTHING)}
        os.environ[ONLY_TENSORS] = "1"
        try:
            yield
        finally:
            del os.environ[ONLY_TENSORS]
            os.environ.update({name: value for name, value in before.items() if value is not None})


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Read the tensors of a checkpoint by their names.

    Args:
        path: what ``torch.save`` wrote since torch 1.6: a dict of tensors, or one that has such
            a dict as ``state_dict`` beside other things, as Lightning writes it.

    Returns:
        Read-only arrays in the tensors' shapes and types; bfloat16 as float32, which holds it.

    Raises:
        ValueError: it is no such file, or its pickle wants something called that is neither a
            tensor nor plain data; the message names the file and, if so, what was to be called.
        OSError: the file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            saved = _Unpickler(archive).load()
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    except OSError:
        raise
    except Exception as error:  # a damaged pickle fails in any way
        raise ValueError(f"{path}: no checkpoint of torch's ({error!r})") from error
    if isinstance(saved, dict) and isinstance(saved.get("state_dict"), dict):
        saved = saved["state_dict"]
    if not isinstance(saved, dict):
        raise ValueError(f"{path}: no checkpoint of torch's, but {_named(saved)}")
    for name, value in saved.items():
        if not isinstance(value, np.ndarray):
            raise ValueError(f"{path}: {name} is no tensor, but {_named(value)}")
    return dict(saved)


class _Unpickler(pickle.Unpickler):
    """Knows tensors; ``find_class`` imports nothing."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError("no checkpoint of torch's: it has no data.pkl")
        self._archive = archive
        self._folder = pickles[0].removesuffix("data.pkl")
        self._storages: dict[str, np.ndarray] = {}
        if f"{self._folder}byteorder" in archive.namelist():
            order = archive.read(f"{self._folder}byteorder")
            if order != b"little":
                raise ValueError(f"written in the byte order {order!r}")
        super().__init__(archive.open(pickles[0]))

    def find_class(self, module: str, name: str) -> object:
        module = PYTHON_2.get(module, module)
        known = f"{module}.{name}"
        if known == "collections.OrderedDict":
            return collections.OrderedDict
        if module == "torch" and name in STORAGES:
            return _Storage(STORAGES[name])
        if known in REBUILDING:
            return _Rebuild(REBUILDING[known])
        if module.split(".")[0] in sys.stdlib_module_names and known not in PLAIN_DATA:
            raise ValueError(f"its pickle wants to call {known}; nothing was called")
        return type(name, (_StandIn,), {"__module__": module})

    def persistent_load(self, pid: tuple) -> np.ndarray:
        kind, storage, key, _, _ = pid
        if kind != "storage" or not isinstance(storage, _Storage):
            raise ValueError(f"unknown storage {_named(storage)}")
        if key not in self._storages:
            content = self._archive.read(f"{self._folder}data/{key}")
            self._storages[key] = np.frombuffer(content, storage.dtype)
        return self._storages[key]


class _StandIn:
    """An object of a class that is not imported; takes what a pickle does to it, and keeps none."""

    def __new__(cls, *args: object, **named: object) -> "_StandIn":
        return super().__new__(cls)

    def __init__(self, *args: object, **named: object) -> None:
        pass

    def _take(self, *args: object) -> None:
        pass

    __setstate__ = __setitem__ = append = extend = add = _take


class _Storage:
    """The type of a storage."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype


class _Rebuild:
    """One of torch's functions that make a tensor of its parts."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., np.ndarray]) -> None:
        self._function = function

    def __call__(self, *args: object) -> np.ndarray:
        return self._function(*args)


def _tensor(
    storage: np.ndarray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> np.ndarray:
    """A view of a storage; NumPy refuses one that reaches beyond it."""
    size = storage.itemsize
    steps = tuple(stride * size for stride in strides)
    view = np.ndarray(shape, storage.dtype, storage.data, offset * size, steps)
    if storage.dtype != BFLOAT16:
        return view
    return (view.astype(np.uint32) << 16).view(np.float32)


def _parameter(data: np.ndarray, *_: object) -> np.ndarray:
    return data


REBUILDING: dict[str, Callable[..., np.ndarray]] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
}


def _named(value: object) -> str:
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"
