"""A PyanNet (Bredin and Laurent, 2021) in plain torch, with the weights of an ONNX file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import leaky_relu, max_pool1d

from pipeline.audio import INT16_SCALE
from pipeline.diarization.networks.pyannet.onnx_file import OnnxFile
from pipeline.diarization.networks.segmentation import SUBSETS
from pipeline.workers import Workers

SINC_STRIDE, POOL = 10, 3
HIDDEN, LAYERS, LINEAR = 128, 4, 128


class PyanNet(nn.Module):
    """SincNet, four layers of LSTM, two linear ones and a classifier of subsets of speakers.

    The filters of SincNet are as the file has them: what they are computed from is not in it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.samples = nn.InstanceNorm1d(1, affine=True)
        self.convolutions = nn.ModuleList(
            [
                nn.Conv1d(1, 80, 251, stride=SINC_STRIDE, bias=False),
                nn.Conv1d(80, 60, 5),
                nn.Conv1d(60, 60, 5),
            ]
        )
        self.norms = nn.ModuleList(nn.InstanceNorm1d(size, affine=True) for size in (80, 60, 60))
        self.lstm = nn.LSTM(60, HIDDEN, LAYERS, bidirectional=True, batch_first=True)
        self.linear = nn.ModuleList([nn.Linear(2 * HIDDEN, LINEAR), nn.Linear(LINEAR, LINEAR)])
        self.classifier = nn.Linear(LINEAR, len(SUBSETS))

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        """Scores [B, 589, 7] of the subsets in each frame of windows [B, 1, 160000]."""
        layer = self.convolutions[0](self.samples(samples)).abs()
        for convolution, norm in zip([None, *self.convolutions[1:]], self.norms, strict=True):
            layer = layer if convolution is None else convolution(layer)
            layer = leaky_relu(norm(max_pool1d(layer, POOL)))
        layer, _ = self.lstm(layer.transpose(1, 2))
        for linear in self.linear:
            layer = leaky_relu(linear(layer))
        return self.classifier(layer)

    @classmethod
    def from_onnx(cls, path: Path) -> "PyanNet":
        """The network of a file.

        Raises:
            ValueError: the file holds another one.
        """
        file = OnnxFile.read(path)
        network = cls()
        try:
            network.load_state_dict(
                {name: torch.tensor(value) for name, value in _weights(file).items()}
            )
        except (RuntimeError, ValueError, IndexError) as failure:
            raise ValueError(f"{path.name} is no segmentation-3.0: {failure}") from failure
        return network.eval()


def _weights(file: OnnxFile) -> dict[str, np.ndarray]:
    """By the names that they have in :class:`PyanNet`; the operators are in the same order."""
    found: dict[str, np.ndarray] = {}
    samples, *norms = file.inputs_of("InstanceNormalization")
    found["samples.weight"], found["samples.bias"] = samples
    for number, (weight, bias) in enumerate(norms):
        found[f"norms.{number}.weight"], found[f"norms.{number}.bias"] = weight, bias
    # The first layer is inside a conditional, that of another shape of windows.
    sinc = nn.Conv1d(1, 80, 251).weight.shape
    (found["convolutions.0.weight"],) = (
        tensor for tensor in file.tensors.values() if tensor.shape == sinc
    )
    for number, (weight, bias) in enumerate(file.inputs_of("Conv"), start=1):
        found[f"convolutions.{number}.weight"] = weight
        found[f"convolutions.{number}.bias"] = bias
    for number, (inputs, hidden, bias) in enumerate(file.inputs_of("LSTM")):
        for direction, suffix in enumerate(("", "_reverse")):
            layer = f"l{number}{suffix}"
            found[f"lstm.weight_ih_{layer}"] = _gates(inputs[direction])
            found[f"lstm.weight_hh_{layer}"] = _gates(hidden[direction])
            of_inputs, of_hidden = np.split(bias[direction], 2)
            found[f"lstm.bias_ih_{layer}"] = _gates(of_inputs)
            found[f"lstm.bias_hh_{layer}"] = _gates(of_hidden)
    layers = ("linear.0", "linear.1", "classifier")
    products, sums = file.inputs_of("MatMul"), file.inputs_of("Add")
    for layer, (weight,), (bias,) in zip(layers, products, sums, strict=True):
        found[f"{layer}.weight"], found[f"{layer}.bias"] = weight.T, bias
    return found


def _gates(rows: np.ndarray) -> np.ndarray:
    """ONNX has input, output, forget, cell; torch has input, forget, cell, output."""
    first, output, forget, cell = np.split(rows, 4)
    return np.concatenate([first, forget, cell, output])


class TorchPyanNet:
    """Segments windows as :class:`~pipeline.diarization.networks.segmentation.OnnxSegmentation`."""

    def __init__(self, path: Path, device: str = "cpu", cores: int = 1) -> None:
        """Load the network of an ONNX file.

        Raises:
            ValueError: the file holds another one.
        """
        # In the precision of the CPU, so that frames in which two subsets are almost alike are
        # decided as there: the network is small enough.
        torch.backends.cudnn.allow_tf32 = False
        self._device = device
        self._network = PyanNet.from_onnx(path).to(device)
        # Threads that wait for each other at every step of an LSTM take four times as long.
        self._workers = Workers(cores if device == "cpu" else 1)

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        """Segment windows, INT16 [B, 160000] to UINT8 [B, 589, 3]."""
        return np.stack(self._workers.map(self._segment, windows, size=len))

    @torch.inference_mode()
    def _segment(self, windows: Sequence[np.ndarray]) -> list[np.ndarray]:
        torch.set_num_threads(self._workers.threads)
        samples = torch.from_numpy(np.stack(windows)).to(self._device)[:, None] / INT16_SCALE
        subsets = self._network(samples).argmax(dim=2).to(torch.uint8)
        return list(SUBSETS[subsets.cpu().numpy()])  # for which the card is waited for, once
