"""What the graph ``ecapa_frames`` computes with, from the tensors of ECAPA's checkpoint."""

from collections.abc import Mapping

import numpy as np

from pipeline.diarization.networks.ecapa import ARCHITECTURE

# Seven tenths of what a frame costs.  In eight bits as well, the first layers of the blocks (tdnn1)
# cost accuracy: with the number of people given, one conversation of 26 went from 35 to 52 % DER.
# The network's first layer costs more than all the others (cosines of 0.993, not 0.998), the
# Res2Net blocks save nothing.
QUANTISED = frozenset(
    [*(f"blocks.{block}.tdnn2.conv.conv" for block in (1, 2, 3)), "mfa.conv.conv"]
)
# The part of the attention's first layer that sees frames, not the statistics of a mask.
ATTENTION, CHANNELS = "asp.tdnn.conv.conv", ARCHITECTURE["channels"][-1]
# Without VNNI, processors add two products of an input (at most 255) and a weight in 16 bits, and
# what is more than 32767 is cut off.  With weights of seven bits nothing is, and every processor
# computes the same numbers.
LARGEST = 64
EPSILON = 1e-5  # of batch normalisation


def frame_level(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors, and what is made of them for layers on frames in rows, [T, C].

    ``….matrix`` is a convolution's weight as FP32 [taps * inputs, outputs], ``….int8`` the same
    in eight bits, to be multiplied by ``….scale``, FP32 [outputs]; ``….slope`` and ``….offset``,
    FP32 [C], are batch normalisation as it is once trained.  What a tensor is missing for is
    left out.
    """
    made = dict(tensors)
    for name, tensor in tensors.items():
        layer, _, what = name.rpartition(".")
        if what == "weight" and tensor.ndim == 3:
            matrix = tensor.transpose(2, 1, 0).reshape(-1, len(tensor))
            if layer in QUANTISED:
                made[f"{layer}.int8"], made[f"{layer}.scale"] = quantise(matrix)
            else:
                made[f"{layer}.matrix"] = matrix[:CHANNELS] if layer == ATTENTION else matrix
        elif what == "running_var" and f"{layer}.running_mean" in tensors:
            slope = tensors[f"{layer}.weight"] / np.sqrt(tensor + np.float32(EPSILON))
            made[f"{layer}.slope"] = slope
            made[f"{layer}.offset"] = (
                tensors[f"{layer}.bias"] - tensors[f"{layer}.running_mean"] * slope
            )
    return made


def quantise(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """INT8 [K, N] of at most :data:`LARGEST`, and the FP32 [N] to multiply its columns by."""
    scale = np.abs(matrix).max(axis=0) / np.float32(LARGEST)
    scale = np.maximum(scale, np.finfo(np.float32).tiny)  # of outputs without weights
    return np.rint(matrix / scale).astype(np.int8), scale
