"""The wav2vec2 networks that give CTC emissions, one for each language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import numpy as np

from pipeline.alignment.catalog import NETWORKS
from pipeline.alignment.ctc import Labels
from pipeline.alignment.packages import (
    check_setting,
    missing_packages,
    not_installed,
    without_torchvision,
)
from pipeline.audio import to_float
from pipeline.errors import WeightsNotFound, WeightsUnavailable
from pipeline.hardware import FLOAT16, set_torch_threads
from pipeline.network_pool import NetworkPool, OnLoadChange, ignore_load_change
from pipeline.settings import Settings
from pipeline.utf8 import as_utf8
from pipeline.weights import wav2vec2_folder
from pipeline.weights.catalog import TORCHAUDIO_FILES
from pipeline.weights.checkpoints import tensors_only

if TYPE_CHECKING:  # it costs 500 MB, before any language is asked for
    import torch

SHORTEST = 400  # samples; the receptive field of wav2vec2's first feature


class AlignmentNetwork:
    """One wav2vec2 with a CTC head."""

    def __init__(
        self,
        network: torch.nn.Module,
        labels: Labels,
        from_torchaudio: bool,
        batched: bool | None = None,
        half: bool = True,
    ) -> None:
        """Args:
        network: one that gives logits.
        labels: what they are of.
        from_torchaudio: by whose names it is asked.
        batched: whether stretches share a batch; on a card they do, unless given.
        half: whether a batch is computed in half precision.
        """
        self.labels = labels
        self._network = network.eval()
        self._from_torchaudio = from_torchaudio
        self._device = next(network.parameters()).device
        self._together: Callable[[Sequence[np.ndarray]], list[np.ndarray]] | None = None
        if self._device.type != "cpu" if batched is None else batched:
            from pipeline.alignment.together import Together, can_be_batched

            if can_be_batched(network):
                self._together = Together(network.half() if half else network)

    def emissions(self, stretches: Sequence[np.ndarray]) -> list[np.ndarray]:
        """:meth:`emission` of each of these stretches.

        On a CPU one by one, as WhisperX.  On a card in batches of like lengths, which changes
        nothing, and in half precision, which moves probabilities by a few hundredths at the most.
        """
        if self._together is None:
            return [self.emission(audio) for audio in stretches]

        import torch

        from pipeline.alignment.together import of_like_lengths

        answers: dict[int, np.ndarray] = {}
        for indexes in of_like_lengths([len(audio) for audio in stretches]):
            group = [stretches[index] for index in indexes]
            if len(group[-1]) < SHORTEST:
                emissions = [self.emission(audio) for audio in group]
            else:
                with torch.inference_mode():
                    emissions = self._together(group)
            answers |= zip(indexes, emissions, strict=True)
        return [answers[index] for index in range(len(stretches))]

    def emission(self, audio: np.ndarray) -> np.ndarray:
        """Log probabilities of the labels.

        Args:
            audio: INT16 [samples] at 16 kHz.

        Returns:
            float32 [frames, labels], a frame for every 20 ms.
        """
        import torch

        with torch.inference_mode():
            kind = next(self._network.parameters()).dtype
            waveform = torch.from_numpy(to_float(audio))[None].to(self._device, kind)
            lengths = None
            if waveform.shape[-1] < SHORTEST:
                lengths = torch.tensor([waveform.shape[-1]], device=self._device)
                waveform = torch.nn.functional.pad(waveform, (0, SHORTEST - waveform.shape[-1]))
            if self._from_torchaudio:
                logits, _ = self._network(waveform, lengths=lengths)
            else:
                logits = self._network(waveform).logits
            return logits[0].float().log_softmax(dim=-1).cpu().numpy()


class AlignmentNetworks:
    """WhisperX's networks by language, through its own loader, loaded on first use."""

    def __init__(
        self,
        settings: Settings,
        on_load_change: OnLoadChange = ignore_load_change,
    ) -> None:
        """Raises SettingsError if ALIGNMENT is ctc and its packages are not installed."""
        check_setting(settings)
        self._missing = missing_packages()
        set_torch_threads(settings.cores_of("wav2vec2"))
        self._settings = settings
        self._device = settings.device_of("wav2vec2")
        self._pool: NetworkPool[AlignmentNetwork] = NetworkPool(
            self._fetch,
            self._load,
            settings.most_loaded_models,
            settings.model_keep_alive_seconds,
            on_load_change,
        )

    def use(self, language: str) -> AbstractContextManager[AlignmentNetwork]:
        """The network for a language.

        Raises:
            InvalidRequest: torch or whisperx is not installed.
            ModelLoading: it is not there yet.
            WeightsUnavailable: there is none, or it can neither be found in
                the cache nor fetched.
        """
        if self._missing:
            raise not_installed(self._missing)
        self._name(language)
        return self._pool.use(language)

    def load_now(self, language: str) -> AlignmentNetwork:
        """The same, waiting until it is there."""
        return self._pool.load_now(language)

    def _name(self, language: str) -> str:
        name = self._settings.alignment_models.get(language) or NETWORKS.get(language)
        if name is None:
            raise WeightsNotFound(
                f"there is no alignment model for {language!r}; name one in ALIGNMENT_MODELS"
            )
        return name

    def _fetch(self, language: str) -> Path:
        name = self._name(language)
        try:
            return wav2vec2_folder(name, self._settings)
        except WeightsUnavailable as error:
            raise type(error)(f"the alignment model for {language!r}: {error}") from error

    def _load(self, language: str, folder: Path) -> AlignmentNetwork:
        name = self._name(language)
        try:
            with without_torchvision(), tensors_only():
                from whisperx import alignment as whisperx

                network, metadata = whisperx.load_align_model(
                    language,
                    self._device,
                    model_name=name if name in TORCHAUDIO_FILES else as_utf8(folder),
                    model_dir=as_utf8(folder),
                    model_cache_only=True,
                )
        except (OSError, ValueError, UnpicklingError) as error:
            raise WeightsUnavailable(
                f"the alignment model {name} for {language!r} cannot be loaded: {error}"
            ) from error
        labels = Labels(columns=metadata["dictionary"], language=language)
        # Cards that make nonsense of half precision have another default for Whisper.
        half = self._settings.derived.compute_type in FLOAT16
        return AlignmentNetwork(network, labels, metadata["type"] == "torchaudio", half=half)
