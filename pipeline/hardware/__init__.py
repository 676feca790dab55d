"""What this machine has: processor cores, and NVIDIA cards.

The only place that knows cards.  The standard library only, as an environment is chosen by what
the machine has before anything is installed; no CUDA context is opened, whoever asks.
"""

from pipeline.hardware.card import GB, Card, to_text
from pipeline.hardware.cores import available_cores
from pipeline.hardware.defaults import FLOAT16, Defaults, defaults_for, supported_types
from pipeline.hardware.looking import CARDS_VARIABLE, Survey, survey, take_card, used_memory
from pipeline.hardware.process import give_memory_back, set_torch_threads

__all__ = [
    "CARDS_VARIABLE",
    "FLOAT16",
    "GB",
    "Card",
    "Defaults",
    "Survey",
    "available_cores",
    "defaults_for",
    "give_memory_back",
    "set_torch_threads",
    "supported_types",
    "survey",
    "take_card",
    "to_text",
    "used_memory",
]
