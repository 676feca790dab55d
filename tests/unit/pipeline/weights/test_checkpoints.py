"""Checkpoints are read as torch reads them, and nothing in one is run."""

import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.running.stand_ins import save_community
from pipeline.settings import current_settings
from pipeline.weights import speaker_embedding_folder
from pipeline.weights.checkpoints import read_tensors


def assert_same(found: dict[str, np.ndarray], expected: dict[str, torch.Tensor]) -> None:
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.numpy().dtype
        assert found[name].shape == tuple(tensor.shape)
        np.testing.assert_array_equal(found[name], tensor.numpy())


def test_ecapa() -> None:
    path = speaker_embedding_folder(current_settings()) / "embedding_model.ckpt"
    assert_same(read_tensors(path), torch.load(path, map_location="cpu", weights_only=True))


def test_lightning_checkpoints(tmp_path: Path) -> None:
    for network in ("segmentation", "embedding"):
        path = save_community(tmp_path / network) / network / "pytorch_model.bin"
        expected = torch.load(path, map_location="cpu", weights_only=False)["state_dict"]
        assert_same(read_tensors(path), expected)


def test_every_type_and_shape(tmp_path: Path) -> None:
    numbers = torch.arange(-12, 12).reshape(2, 3, 4)
    tensors = {
        str(dtype): numbers.to(dtype)
        for dtype in (
            *(torch.float64, torch.float32, torch.float16, torch.bool),
            *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8),
        )
    }
    tensors |= {
        "transposed": numbers.mT,
        "a part of a storage": numbers[1, 1:, ::2],
        "repeated": torch.tensor([1.5]).expand(3, 4),
        "one number": torch.tensor(7),
        "none": torch.empty(0, 3),
    }
    torch.save(tensors, tmp_path / "tensors.ckpt")
    assert_same(read_tensors(tmp_path / "tensors.ckpt"), tensors)


def test_parameters_are_tensors(tmp_path: Path) -> None:
    torch.save({"weight": torch.nn.Parameter(torch.ones(2))}, tmp_path / "parameter.ckpt")
    np.testing.assert_array_equal(read_tensors(tmp_path / "parameter.ckpt")["weight"], [1, 1])


def test_bfloat16_is_held_in_single_precision(tmp_path: Path) -> None:
    tensor = torch.randn(3, 5, generator=torch.Generator().manual_seed(7)).bfloat16()
    torch.save({"weight": tensor, "transposed": tensor.T}, tmp_path / "half.ckpt")
    found = read_tensors(tmp_path / "half.ckpt")
    assert_same(found, {"weight": tensor.float(), "transposed": tensor.T.float()})


class Call:
    """Pickled, it asks whoever reads it to call a function."""

    def __init__(self, function: object, *args: object) -> None:
        self._call = function, args

    def __reduce__(self) -> tuple:
        return self._call


@pytest.mark.parametrize("place", ["state_dict", "hyper_parameters"])
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda path: Call(os.system, f"touch {path}"), r"posix\.system"),
        (lambda path: Call(eval, f"open({str(path)!r}, 'w')"), r"builtins\.eval"),
        (lambda path: Call(open, str(path), "w"), r"io\.open"),
        (lambda path: Call(getattr, "", "join"), r"builtins\.getattr"),
    ],
)
def test_no_function_is_called(tmp_path: Path, place: str, call, name: str) -> None:
    content = {"state_dict": {"weight": torch.ones(2)}, "hyper_parameters": {}}
    content[place]["calls"] = call(tmp_path / "called")
    torch.save(content, tmp_path / "bad.ckpt")
    with pytest.raises(ValueError, match=rf"bad\.ckpt.*{name}"):
        read_tensors(tmp_path / "bad.ckpt")
    assert not (tmp_path / "called").exists()


def test_what_other_packages_bring_is_not_imported_and_not_called(tmp_path: Path) -> None:
    content = {
        "state_dict": OrderedDict(weight=torch.ones(2)),
        "call": Call(torch.save, {}, str(tmp_path / "called")),
    }
    torch.save(content, tmp_path / "other.ckpt")
    assert list(read_tensors(tmp_path / "other.ckpt")) == ["weight"]
    assert not (tmp_path / "called").exists()


def test_a_tensor_that_is_none_is_named(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(2), "layer.bias": torch.device("cpu")}, tmp_path / "odd.ckpt")
    with pytest.raises(ValueError, match=r"odd\.ckpt: layer\.bias .*torch\.device"):
        read_tensors(tmp_path / "odd.ckpt")


def test_a_tensor_never_reaches_beyond_its_storage(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.ckpt", tmp_path / "bad.ckpt"
    torch.save({"weight": torch.ones(2)}, good)
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(bad, "w") as damaged:
        for name in archive.namelist():
            content = archive.read(name)
            damaged.writestr(name, content[:4] if name.endswith("data/0") else content)
    with pytest.raises(ValueError, match=r"bad\.ckpt"):
        read_tensors(bad)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a zip", pickle.dumps({"weight": [1, 2]})],
    ids=["empty", "text", "pickle"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.ckpt").write_bytes(content)
    with pytest.raises(ValueError, match=r"other\.ckpt"):
        read_tensors(tmp_path / "other.ckpt")


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(1000)}, tmp_path / "whole.ckpt")
    whole = (tmp_path / "whole.ckpt").read_bytes()
    (tmp_path / "cut.ckpt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"cut\.ckpt"):
        read_tensors(tmp_path / "cut.ckpt")
