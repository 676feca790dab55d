"""Speaker embeddings with ECAPA-TDNN, its frame-level layers run once for all speakers."""

from pathlib import Path

import numpy as np
import torch
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN

from pipeline.audio import to_float
from pipeline.diarization.masks import resample

MEL_BANDS = 80
# Its widest convolution reflects 4 frames of 10 ms at either end, so it needs 5.
MIN_SAMPLES = 640
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
        features = self._features(samples)
        layer = (features - features.mean(dim=1, keepdim=True)).transpose(1, 2)
        layers = []
        for block in network.blocks:
            layer = block(layer)
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
