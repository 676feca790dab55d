"""Cards as their driver describes them, and what a machine with one of each is to have.

Memory is what nvidia-smi reports in MiB, as far as it is published, which is up to 7 % less than
is printed on the box.
"""

from typing import NamedTuple

from pipeline.hardware import Card, Defaults

TURBO_ALONE = Defaults("turbo", "int8_float16", 2, 1, ctc=False, speakers_on_card=False)
TURBO = Defaults("turbo", "int8_float16", 4, 1, ctc=False, speakers_on_card=True)
LARGE_IN_INT8 = Defaults("large-v3", "int8_float16", 4, 1, ctc=False, speakers_on_card=True)
LARGE = Defaults("large-v3", "float16", 8, 1, ctc=True, speakers_on_card=True)
LARGE_AND_ANOTHER = Defaults("large-v3", "float16", 8, 2, ctc=True, speakers_on_card=True)
THREE = Defaults("large-v3", "float16", 8, 3, ctc=True, speakers_on_card=True)
LARGE_BATCHES = Defaults("large-v3", "float16", 32, 3, ctc=True, speakers_on_card=True)


def _pascal(model: str, compute_type: str, batch: int, loaded: int) -> Defaults:
    return Defaults(
        *(model, compute_type, batch, loaded),
        ctc=False,
        speakers_on_card=False,
        torch_on_card=False,
        proved=False,
    )


def _in_float32(model: str, batch: int, speakers_on_card: bool) -> Defaults:
    return Defaults(model, "int8_float32", batch, 1, ctc=False, speakers_on_card=speakers_on_card)


class Known(NamedTuple):
    """A card, and what is due on it: None where it cannot serve."""

    name: str
    capability: tuple[int, int]
    mebibytes: int
    due: Defaults | None


KNOWN = (
    # Kepler and Maxwell
    Known("NVIDIA GeForce GT 710", (3, 5), 2002, None),
    Known("Tesla K80", (3, 7), 11441, None),
    Known("NVIDIA GeForce GTX 980 Ti", (5, 2), 6083, None),
    # Pascal
    Known("NVIDIA GeForce GT 1030", (6, 1), 2048, None),  # too small
    Known("NVIDIA GeForce GTX 1060 3GB", (6, 1), 3072, _pascal("turbo", "int8_float32", 2, 1)),
    Known("NVIDIA GeForce GTX 1060 6GB", (6, 1), 6144, _pascal("turbo", "int8_float32", 4, 1)),
    Known("NVIDIA GeForce GTX 1080", (6, 1), 8192, _pascal("large-v3", "int8_float32", 4, 1)),
    Known("NVIDIA GeForce GTX 1080 Ti", (6, 1), 11264, _pascal("large-v3", "int8_float32", 4, 1)),
    Known("Tesla P40", (6, 1), 24451, _pascal("large-v3", "int8_float32", 8, 3)),
    Known("Tesla P100-PCIE-16GB", (6, 0), 16280, _pascal("large-v3", "float32", 4, 2)),
    # Volta
    Known("Tesla V100-SXM2-16GB", (7, 0), 16160, LARGE_AND_ANOTHER),
    Known("Tesla V100-SXM2-32GB", (7, 0), 32510, THREE),
    # Turing
    Known("NVIDIA GeForce GTX 1650", (7, 5), 4096, _in_float32("turbo", 2, False)),
    Known("NVIDIA GeForce GTX 1660 SUPER", (7, 5), 6144, _in_float32("turbo", 4, True)),
    Known("NVIDIA T1000 8GB", (7, 5), 8192, _in_float32("large-v3", 4, True)),
    Known("NVIDIA GeForce RTX 2060", (7, 5), 6144, TURBO),
    Known("NVIDIA GeForce RTX 2080 Ti", (7, 5), 11264, LARGE_IN_INT8),
    Known("Tesla T4", (7, 5), 15360, LARGE),
    # Ampere
    Known("NVIDIA GeForce RTX 3050 Laptop GPU", (8, 6), 4096, TURBO_ALONE),
    Known("NVIDIA GeForce RTX 3060 Ti", (8, 6), 8192, LARGE_IN_INT8),
    Known("NVIDIA GeForce RTX 3060", (8, 6), 12288, LARGE),
    Known("NVIDIA GeForce RTX 3080", (8, 6), 10240, LARGE_IN_INT8),
    Known("NVIDIA GeForce RTX 3090", (8, 6), 24576, THREE),
    Known("NVIDIA RTX A2000 12GB", (8, 6), 12282, LARGE),
    Known("NVIDIA RTX A4000", (8, 6), 16376, LARGE_AND_ANOTHER),
    Known("NVIDIA A10", (8, 6), 23028, THREE),
    Known("NVIDIA A40", (8, 6), 46068, LARGE_BATCHES),
    Known("NVIDIA A100-PCIE-40GB", (8, 0), 40960, LARGE_BATCHES),
    Known("NVIDIA A100-SXM4-80GB", (8, 0), 81920, LARGE_BATCHES),
    Known("NVIDIA A100-SXM4-40GB MIG 1g.5gb", (8, 0), 4864, TURBO_ALONE),
    Known("NVIDIA A100-SXM4-40GB MIG 3g.20gb", (8, 0), 19968, LARGE_AND_ANOTHER),
    # Ada
    Known("NVIDIA GeForce RTX 4060", (8, 9), 8188, LARGE_IN_INT8),
    Known("NVIDIA GeForce RTX 4070 Ti", (8, 9), 12282, LARGE),
    Known("NVIDIA GeForce RTX 4090", (8, 9), 24564, THREE),
    Known("NVIDIA L4", (8, 9), 23034, THREE),
    Known("NVIDIA L40S", (8, 9), 46068, LARGE_BATCHES),
    # Hopper
    Known("NVIDIA H100 80GB HBM3", (9, 0), 81559, LARGE_BATCHES),
    Known("NVIDIA H100 80GB HBM3 MIG 1g.10gb", (9, 0), 9984, LARGE_IN_INT8),
    Known("NVIDIA H200", (9, 0), 143771, LARGE_BATCHES),
    # Blackwell
    Known("NVIDIA GeForce RTX 5060 Ti", (12, 0), 16311, LARGE_AND_ANOTHER),
    Known("NVIDIA GeForce RTX 5090", (12, 0), 32607, THREE),
    Known("NVIDIA B200", (10, 0), 183359, LARGE_BATCHES),
)


def card(name: str, number: int = 0, **facts: object) -> Card:
    """A card of the table.

    Args:
        name: a part of it that no other has.
        number: tells cards of one name apart.
        facts: that are others than the driver of a well-kept machine would tell.
    """
    (known,) = (each for each in KNOWN if each.name.endswith(name))
    memory = known.mebibytes * 1024**2
    place = KNOWN.index(known) * 16 + number
    return Card(
        **{
            "uuid": f"GPU-{place:08x}-0000-4000-8000-{place:012x}",
            "name": known.name,
            "capability": known.capability,
            "memory": memory,
            "free": memory - 400 * 1024**2,
            "driver": "575.57.08",
            **facts,
        }
    )
