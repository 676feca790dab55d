"""The Whisper networks of one process, by name."""

from contextlib import AbstractContextManager
from pathlib import Path

from pipeline.errors import InvalidRequest
from pipeline.hardware.failures import breaks_device, is_out_of_memory
from pipeline.network_pool import NetworkPool, OnLoadChange, ignore_load_change
from pipeline.settings import Settings
from pipeline.transcription.foreign_weights import try_elsewhere
from pipeline.transcription.recognition import Recogniser
from pipeline.transcription.whisper_names import WHISPER_REPOSITORIES
from pipeline.weights import check_offered, whisper_folder


class WhisperModels:
    """The default network, loaded at once, and others that are loaded when they are asked for."""

    def __init__(
        self,
        settings: Settings,
        on_load_change: OnLoadChange = ignore_load_change,
    ) -> None:
        self._settings = settings
        self._pool: NetworkPool[Recogniser] = NetworkPool(
            lambda name: whisper_folder(name, settings),
            self._load,
            settings.most_loaded_models,
            settings.model_keep_alive_seconds,
            on_load_change,
        )
        self._pool.load_now(settings.default_model)

    def name_of(self, name: str | None) -> str:
        """The name of the network that a request asks for by this one, or by none."""
        return name or self._settings.default_model

    def use(self, name: str | None) -> AbstractContextManager[Recogniser]:
        """The network of this name, or the default one.

        Raises:
            ModelLoading: it is not there yet.
            InvalidRequest: there is no such Whisper, or it is not offered.
            WeightsUnavailable: its weights can neither be found nor fetched.
        """
        name = self.name_of(name)
        check_offered(name, self._settings)
        return self._pool.use(name)

    def _load(self, name: str, folder: Path) -> Recogniser:
        try:
            if name not in WHISPER_REPOSITORIES:
                try_elsewhere(folder, self._settings)
        except Exception as failure:  # whatever these weights did to another process
            if is_out_of_memory(failure):
                raise
            raise self._unusable(name, failure) from failure
        try:
            return Recogniser(
                folder,
                self._settings.device_of("whisper"),
                self._settings.whisper_compute_type,
                self._settings.cores_of("whisper"),
            )
        except Exception as failure:
            # CTranslate2 and tokenizers have no kinds of their own for files that are not theirs.
            if is_out_of_memory(failure) or breaks_device(failure):
                raise
            raise self._unusable(name, failure) from failure

    @staticmethod
    def _unusable(name: str, failure: Exception) -> InvalidRequest:
        return InvalidRequest(f"model {name!r} cannot be loaded: {failure}")
