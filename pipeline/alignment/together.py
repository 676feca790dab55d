"""Stretches of several lengths through one wav2vec2 at once, each as it would be alone.

The transformer of these networks is told where a stretch ends, and what is behind does not count.
Only the first layer of some (wav2vec2-base) takes it in: a group normalisation over the whole
stretch, padding and all, which is why stretches cannot share a batch as these networks are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn
from torchaudio.models import Wav2Vec2Model
from transformers import Wav2Vec2ForCTC

from pipeline.audio import to_float

LIKE = 0.75  # of the longest one's length, so that at most a quarter is computed for nothing


def can_be_batched(network: nn.Module) -> bool:
    """Whether this is a network of a kind that is understood here.

    torchaudio wraps those whose samples it normalises, over a batch as a whole.
    """
    return isinstance(network, Wav2Vec2Model | Wav2Vec2ForCTC)


class Together:
    """One network, for batches."""

    def __init__(self, network: nn.Module) -> None:
        """Change the normalisation of the first layer in place; alone it computes as before."""
        self._network = network
        self._norm: OverEach | None = None
        extractor = (
            network.wav2vec2.feature_extractor
            if isinstance(network, Wav2Vec2ForCTC)
            else network.feature_extractor
        )
        first = extractor.conv_layers[0]
        if isinstance(first.layer_norm, nn.GroupNorm):
            first.layer_norm = self._norm = OverEach(first.layer_norm, first.conv)

    def __call__(self, stretches: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Log probabilities of stretches INT16 [samples] of like lengths, FP32 [frames, labels].

        One copy to the card and one back.
        """
        parameter = next(self._network.parameters())
        lengths = [len(stretch) for stretch in stretches]
        padded = np.zeros((len(stretches), max(lengths)), np.float32)
        for row, stretch in zip(padded, stretches, strict=True):
            row[: len(stretch)] = to_float(stretch)
        waveforms = torch.from_numpy(padded).to(parameter.device, parameter.dtype)
        samples = torch.tensor(lengths, device=parameter.device)
        if self._norm is not None:
            self._norm.samples = samples
        try:
            logits, frames = self._forward(waveforms, samples, lengths)
        finally:
            if self._norm is not None:
                self._norm.samples = None
        answer = logits.float().log_softmax(dim=-1).cpu().numpy()
        return [row[:count] for row, count in zip(answer, frames, strict=True)]

    def _forward(
        self, waveforms: torch.Tensor, samples: torch.Tensor, lengths: list[int]
    ) -> tuple[torch.Tensor, list[int]]:
        """Logits, and how many frames of each stretch there are."""
        if isinstance(self._network, Wav2Vec2ForCTC):
            position = torch.arange(waveforms.shape[1], device=waveforms.device)
            mask = (position < samples[:, None]).long()
            frames = self._network._get_feat_extract_output_lengths(torch.tensor(lengths))
            return self._network(waveforms, attention_mask=mask).logits, frames.tolist()
        logits, frames = self._network(waveforms, lengths=samples)
        return logits, frames.tolist()


class OverEach(nn.Module):
    """A group normalisation of single channels over the part of a row that is a stretch's."""

    def __init__(self, norm: nn.GroupNorm, convolution: nn.Conv1d) -> None:
        super().__init__()
        self.norm = norm
        self.samples: torch.Tensor | None = None  # of each row; None where all of it counts
        self._kernel, self._stride = convolution.kernel_size[0], convolution.stride[0]

    def forward(self, layer: torch.Tensor) -> torch.Tensor:
        if self.samples is None:
            return self.norm(layer)
        frames = torch.div(self.samples - self._kernel, self._stride, rounding_mode="floor") + 1
        position = torch.arange(layer.shape[2], device=layer.device)
        counts = (position < frames[:, None])[:, None]  # [B, 1, T]
        number = frames[:, None, None]
        values = layer.float()
        mean = (values * counts).sum(dim=2, keepdim=True) / number
        values = (values - mean) * counts
        variance = values.square().sum(dim=2, keepdim=True) / number
        values = values * (variance + self.norm.eps).rsqrt()
        scaled = values * self.norm.weight[:, None] + self.norm.bias[:, None]
        return scaled.to(layer.dtype)


def of_like_lengths(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The indexes of stretches that are to share a batch, the longest ones first."""
    group: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        if group and lengths[index] < LIKE * lengths[group[0]]:
            yield group
            group = []
        group.append(index)
    if group:
        yield group
