"""Speaker embeddings with ECAPA-TDNN, its frame-level layers run once for all speakers."""

from pathlib import Path

import numpy as np
import torch
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN, SERes2NetBlock
from torch.nn import functional

from pipeline.audio import to_float
from pipeline.diarization.masks import resample
from pipeline.diarization.windows import WINDOW

MEL_BANDS = 80
# Its widest convolution reflects 4 frames of 10 ms at either end, so it needs 5.
MIN_SAMPLES = 640
# Frames of 10 ms on either side of one that it is compared with in a stretch of several
# speakers. The network was trained on 3 s of one speaker. Over the whole stretch, a voice
# would depend on who else happens to be in it, and look like two in two stretches.
CONTEXT = 150
# The architecture of spkrec-ecapa-voxceleb, from its hyperparams.yaml.
ARCHITECTURE = {
    "input_size": MEL_BANDS,
    "channels": [1024, 1024, 1024, 1024, 3072],
    "kernel_sizes": [5, 3, 3, 3, 1],
    "dilations": [1, 2, 3, 4, 1],
    "attention_channels": 128,
    "lin_neurons": 192,
}


class Ecapa:
    """SpeechBrain's ``spkrec-ecapa-voxceleb`` (Desplanques et al., 2020), pooled by masks.

    The frame-level layers see the whole stretch.  Attention and statistics see
    the frames of one mask at a time, as if the rest were padding.
    """

    dimension = ARCHITECTURE["lin_neurons"]

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Load ``embedding_model.ckpt`` from the folder."""
        self._device = device
        self._features = Fbank(n_mels=MEL_BANDS).to(device).eval()
        self._network = ECAPA_TDNN(**ARCHITECTURE)
        weights = torch.load(folder / "embedding_model.ckpt", map_location="cpu", weights_only=True)
        self._network.load_state_dict(weights)
        self._network.to(device).eval()

    @torch.inference_mode()
    def __call__(self, audio: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Embed each mask of one stretch of audio.

        Args:
            audio: INT16 [N] at 16 kHz.
            masks: UINT8 [P, F], 1 where the frame belongs to the embedding; the F
                frames share the stretch evenly.

        Returns:
            FP32 [P, 192]; a mask without frames and audio below 40 ms give NaN.
        """
        embeddings = np.full((len(masks), self.dimension), np.nan, np.float32)
        if len(audio) < MIN_SAMPLES:
            return embeddings
        samples = torch.from_numpy(to_float(audio)).to(self._device)
        frames, shared = self._frames(samples[None])
        masks = resample(masks, len(frames))
        for row, mask in enumerate(masks):
            chosen = torch.from_numpy(np.flatnonzero(mask)).to(self._device)
            if len(chosen):
                embeddings[row] = self._pool(frames[chosen], shared[chosen]).cpu().numpy()
        return embeddings

    def _frames(self, samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features [T, 3072], and their part in the first layer of the attention [T, 128]."""
        network = self._network
        # One speaker of one window is compared with all he says there, as SpeechBrain does it.
        alone = samples.shape[1] <= WINDOW
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
        """Attentive statistics of these frames [n, 3072], as one embedding [192]."""
        pooling = self._network.asp
        channels = frames.shape[1]
        weight, _ = self._attention()
        mean = frames.mean(dim=0)
        deviation = (frames - mean).square().mean(dim=0).clamp(pooling.eps).sqrt()
        context = weight[:, channels:] @ torch.cat([mean, deviation])
        hidden = pooling.tdnn.activation(shared + context).T[None]
        attention = pooling.conv(torch.tanh(pooling.tdnn.norm(hidden)))[0].T.softmax(dim=0)
        mean = (attention * frames).sum(dim=0)
        deviation = (attention * (frames - mean).square()).sum(dim=0).clamp(pooling.eps).sqrt()
        statistics = torch.cat([mean, deviation])[None, :, None]
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
    sums = functional.pad(layer.double().cumsum(dim=2), (1, 0))
    frame = torch.arange(layer.shape[2], device=layer.device)
    begin = (frame - CONTEXT).clamp(min=0)
    end = (frame + CONTEXT + 1).clamp(max=len(frame))
    return ((sums[:, :, end] - sums[:, :, begin]) / (end - begin)).to(layer.dtype)
