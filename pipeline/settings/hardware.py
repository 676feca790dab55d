"""What the networks compute on."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode

from pipeline import hardware
from pipeline.settings.pairs import read_pairs

Network = Literal["whisper", "wav2vec2", "segmentation", "speaker_embedding"]
Device = Literal["cpu", "cuda"]


class HardwareSettings(BaseModel):
    """The device and its cores, and what follows from them."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    cores: int = Field(default_factory=hardware.available_cores, ge=1)
    network_cores: Annotated[dict[Network, Annotated[int, Field(ge=1)]], NoDecode] = Field({})
    network_devices: Annotated[dict[Network, Device], NoDecode] = Field({})

    @field_validator("network_devices", mode="before")
    @classmethod
    def _parse_network_devices(cls, value: object) -> object:
        return read_pairs(value, "network=device[,network=device], as in segmentation=cpu")

    @field_validator("network_cores", mode="before")
    @classmethod
    def _parse_network_cores(cls, value: object) -> object:
        return read_pairs(value, "network=cores[,network=cores], as in whisper=4,wav2vec2=2")

    @property
    def cards(self) -> tuple[hardware.Card, ...]:
        """The cards that serve; none where the CPU does."""
        return () if self.device == "cpu" else hardware.survey().serving

    @property
    def derived(self) -> hardware.Defaults:
        """What holds on this machine where nothing else is set."""
        return hardware.defaults_for(self.cards)

    @property
    def derived_of_whisper(self) -> hardware.Defaults:
        """The same of Whisper, which the CPU may have though there are cards."""
        return hardware.defaults_for(self.cards_of("whisper"))

    @property
    def torch_device(self) -> Device:
        """``device`` with ``auto`` resolved to what this machine has."""
        return "cuda" if self.cards else "cpu"

    def device_of(self, network: Network) -> Device:
        """What one network computes on."""
        if not self.cards:
            return "cpu"
        on_card = {
            "whisper": True,
            "wav2vec2": self.derived.torch_on_card,
            "segmentation": self.derived.speakers_on_card,
            "speaker_embedding": self.derived.speakers_on_card,
        }
        return self.network_devices.get(network, "cuda" if on_card[network] else "cpu")

    def cards_of(self, network: Network) -> tuple[hardware.Card, ...]:
        """The cards that a network computes on, a process on each; none where the CPU does."""
        return self.cards if self.device_of(network) == "cuda" else ()

    def cores_of(self, network: Network) -> int:
        """Threads of one network's process while it computes on the CPU."""
        return self.network_cores.get(network, self.cores)

    @property
    def leaves_share_cores(self) -> bool:
        """Whether the networks take each other's time: on a CPU, where each uses all cores."""
        return self.torch_device == "cpu"

    def batches_under_way(self, network: Network) -> int:
        """Batches of a leaf that its step keeps under way.

        One on a CPU, which takes seconds for it and milliseconds for the next;
        for each card the next one must wait in the queue already.
        """
        return 2 * len(self.cards_of(network)) or 1
