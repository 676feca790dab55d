"""Networks in torch ask their card once for an answer: each question stops both."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pipeline.diarization.networks.ecapa_torch import TorchEcapa
from pipeline.diarization.networks.pyannet.segmentation import TorchPyanNet
from pipeline.settings import read_settings
from pipeline.weights import segmentation_file

# What makes a number of Python's, or a shape, of values on the card.
WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "is_nonzero", "equal")


class Asked(TorchDispatchMode):
    """Counts what is computed, and the arrays that are brought to the network."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.operators: Counter[str] = Counter()
        self.brought = 0
        original = torch.from_numpy

        def counted(array: np.ndarray) -> torch.Tensor:
            self.brought += 1
            return original(array)

        monkeypatch.setattr(torch, "from_numpy", counted)

    def __torch_dispatch__(self, operator, types, arguments=(), named=None):
        self.operators[operator.overloadpacket.__name__] += 1
        return operator(*arguments, **(named or {}))


@pytest.mark.parametrize("masks", [1, 40])
def test_a_stretch_goes_to_the_card_in_two_copies_and_back_in_one(
    torch_ecapa: TorchEcapa, audio: np.ndarray, monkeypatch: pytest.MonkeyPatch, masks: int
) -> None:
    chosen = np.zeros((masks, 600), np.uint8)
    for row in range(masks):
        chosen[row, row : 400 + row] = 1
    with Asked(monkeypatch) as asked:
        embeddings = torch_ecapa(audio[: 6 * 16_000], chosen)
    assert np.isfinite(embeddings).all()
    assert asked.brought == 2  # its samples, and all indexes of all masks
    assert asked.operators["stack"] == 1
    assert [name for name in WAITING if name in asked.operators] == []


def test_windows_go_to_the_card_together(
    audio: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    file: Path = segmentation_file(read_settings(device="cpu"))
    network = TorchPyanNet(file)
    with Asked(monkeypatch) as asked:
        network(np.stack([audio[:160_000]] * 4))
    assert asked.brought == 1
    assert [name for name in WAITING if name in asked.operators] == []
