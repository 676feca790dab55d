"""What the networks compute on."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode

from pipeline import hardware
from pipeline.settings.pairs import read_pairs

Network = Literal["whisper", "wav2vec2", "segmentation", "speaker_embedding"]


class HardwareSettings(BaseModel):
    """The device and its cores, and what follows from them."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    cores: int = Field(default_factory=hardware.available_cores, ge=1)
    network_cores: Annotated[dict[Network, Annotated[int, Field(ge=1)]], NoDecode] = Field({})

    @field_validator("network_cores", mode="before")
    @classmethod
    def _parse_network_cores(cls, value: object) -> object:
        return read_pairs(value, "network=cores[,network=cores], as in whisper=4,wav2vec2=2")

    @property
    def torch_device(self) -> Literal["cpu", "cuda"]:
        """``device`` with ``auto`` resolved to what this machine has."""
        if self.device == "auto":
            return "cuda" if hardware.cuda_is_available() else "cpu"
        return self.device

    def cores_of(self, network: Network) -> int:
        """Threads of one network's process while it computes on the CPU."""
        return self.network_cores.get(network, self.cores)

    @property
    def leaves_share_cores(self) -> bool:
        """Whether the networks take each other's time: on a CPU, where each uses all cores."""
        return self.torch_device == "cpu"

    @property
    def batches_under_way(self) -> int:
        """Batches of a leaf that its step keeps under way.

        One on a CPU, which takes seconds for it and milliseconds for the next;
        on a GPU the next one must wait in the queue already.
        """
        return 2 if self.torch_device == "cuda" else 1
