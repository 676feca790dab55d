"""The Whisper networks of one process, by name."""

from pipeline.recognition import Recogniser
from pipeline.settings import Settings
from pipeline.weights import whisper_folder


class WhisperModels:
    """Networks that are loaded when they are first asked for."""

    def __init__(self, settings: Settings, device_index: int = 0) -> None:
        self._settings = settings
        self._device_index = device_index
        self._loaded: dict[str, Recogniser] = {}
        self.get(None)

    def get(self, name: str | None) -> Recogniser:
        """The network of this name, or the default one.

        Raises:
            InvalidRequest: there is no such Whisper.
            WeightsUnavailable: its weights can neither be found nor fetched.
        """
        name = name or self._settings.default_model
        if name not in self._loaded:
            self._loaded[name] = Recogniser(
                whisper_folder(name, self._settings),
                self._settings.torch_device,
                self._settings.whisper_compute_type,
                self._device_index,
                self._settings.cores,
            )
        return self._loaded[name]
