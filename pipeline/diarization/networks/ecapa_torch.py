"""ECAPA-TDNN in torch, for CUDA."""

from pathlib import Path

import numpy as np
import torch
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN, SERes2NetBlock
from speechbrain.nnet.CNN import Conv1d

from pipeline.audio import to_float
from pipeline.diarization.masks import resample
from pipeline.diarization.networks.ecapa import (
    ARCHITECTURE,
    CHECKPOINT,
    CONTEXT,
    DIMENSION,
    MEL_BANDS,
    MIN_SAMPLES,
    is_alone,
)


class TorchEcapa:
    """SpeechBrain's network (Desplanques et al., 2020), pooled by masks."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Load ``embedding_model.ckpt`` from the folder."""
        self._device = device
        self._features = Fbank(n_mels=MEL_BANDS).to(device).eval()
        self._network = ECAPA_TDNN(**ARCHITECTURE)
        weights = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
        self._network.load_state_dict(weights)
        self._network.to(device).eval()
        for layer in self._network.modules():
            if isinstance(layer, Conv1d) and layer.kernel_size == 1:
                layer.padding = "valid"  # "same" copies the layer to pad it with nothing

    @torch.inference_mode()
    def __call__(self, audio: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Embed each mask of one stretch of audio, as :class:`OnnxEcapa` does."""
        embeddings = np.full((len(masks), DIMENSION), np.nan, np.float32)
        if len(audio) < MIN_SAMPLES:
            return embeddings
        samples = torch.from_numpy(to_float(audio)).to(self._device)
        frames, shared = self._frames(samples[None])
        chosen = [np.flatnonzero(mask) for mask in resample(masks, len(frames))]
        spoken = [row for row, indexes in enumerate(chosen) if len(indexes)]
        if spoken:
            # One copy to the card, and one back, for which the card is waited for.
            indexes = torch.from_numpy(np.concatenate([chosen[row] for row in spoken]))
            each = indexes.to(self._device).split([len(chosen[row]) for row in spoken])
            pooled = [self._pool(frames[rows], shared[rows]) for rows in each]
            embeddings[spoken] = torch.stack(pooled).cpu().numpy()
        return embeddings

    def _frames(self, samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features [T, 3072], and their part in the first layer of the attention [T, 128]."""
        network = self._network
        alone = is_alone(samples.shape[1])
        layer = self._features(samples).transpose(1, 2)
        layer = layer - _mean_around(layer, alone)
        layers = []
        for block in network.blocks:
            layer = _excite(block, layer, alone) if hasattr(block, "se_block") else block(layer)
            layers.append(layer)
        frames = network.mfa(torch.cat(layers[1:], dim=1))[0].T.contiguous()
        weight, bias = self._attention()
        return frames, torch.addmm(bias, frames, weight[:, : frames.shape[1]].T)

    def _attention(self) -> tuple[torch.Tensor, torch.Tensor]:
        convolution = self._network.asp.tdnn.conv.conv
        return convolution.weight[:, :, 0], convolution.bias

    def _pool(self, frames: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        """Attentive statistics of these frames [n, 3072], as one embedding [192].

        Computes in place, and around the plain mean, so that squares stay small.
        """
        pooling = self._network.asp
        weight, _ = self._attention()
        mean = frames.mean(dim=0)
        frames = frames - mean
        deviation = frames.square().mean(dim=0).clamp(pooling.eps).sqrt()
        context = weight[:, len(mean) :] @ torch.cat([mean, deviation])
        hidden = pooling.tdnn.activation(shared + context).T[None]
        hidden = torch.tanh(pooling.tdnn.norm(hidden))[0].T
        convolution = pooling.conv.conv
        attention = torch.addmm(convolution.bias, hidden, convolution.weight[:, :, 0].T)
        attention.sub_(attention.amax(dim=0)).exp_()
        total = attention.sum(dim=0)
        shift = attention.mul_(frames).sum(dim=0) / total
        square = attention.mul_(frames).sum(dim=0) / total
        deviation = (square - shift.square()).clamp(pooling.eps).sqrt()
        statistics = torch.cat([mean + shift, deviation])[None, :, None]
        return self._network.fc(self._network.asp_bn(statistics))[0, :, 0]


def _excite(block: SERes2NetBlock, layer: torch.Tensor, alone: bool) -> torch.Tensor:
    """A squeeze-and-excitation block whose gates follow what is around each frame."""
    inner = block.tdnn2(block.res2net_block(block.tdnn1(layer)))
    gate = block.se_block
    squeezed = gate.relu(gate.conv1(_mean_around(inner, alone)))
    return torch.sigmoid(gate.conv2(squeezed)) * inner + layer


def _mean_around(layer: torch.Tensor, alone: bool) -> torch.Tensor:
    """The mean [1, C, T] of the frames around each, or [1, C, 1] of all."""
    if alone:
        return layer.mean(dim=2, keepdim=True)
    length = layer.shape[2]
    frame = torch.arange(length, device=layer.device)
    counts = (frame + CONTEXT + 1).clamp(max=length) - (frame - CONTEXT).clamp(min=0)
    sums = layer.double().cumsum(dim=2)
    around = torch.cat([sums[:, :, CONTEXT:], sums[:, :, -1:].expand(-1, -1, CONTEXT)], dim=2)
    around[:, :, CONTEXT + 1 :] -= sums[:, :, : -CONTEXT - 1]
    return around.div_(counts).to(layer.dtype)
