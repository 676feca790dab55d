"""What whoever starts the service checks and says once: which cards serve, and what follows."""

from collections.abc import Iterator
from typing import get_args

from pipeline import hardware
from pipeline.settings.hardware import Network
from pipeline.settings.reading import Settings, SettingsError

TAKEN = 0.85  # of a card's memory that is free: less, and somebody else is at work there


def check_compute_type(settings: Settings) -> None:
    """See that Whisper can be computed as COMPUTE_TYPE says, where Triton runs.

    Raises:
        SettingsError: it cannot; names the cards and what they have.
    """
    cards = settings.cards_of("whisper")
    types = hardware.supported_types(cards)
    if settings.compute_type and settings.compute_type not in types:
        where = " and ".join(dict.fromkeys(card.name for card in cards)) or "this CPU"
        have = "has" if len({card.name for card in cards}) < 2 else "have"
        raise SettingsError(
            f"COMPUTE_TYPE={settings.compute_type!r}: {where} {have} {', '.join(sorted(types))}; "
            f"name one of these, or none for {settings.derived_of_whisper.compute_type}"
        )


def said_at_start(settings: Settings) -> Iterator[str]:
    """A line for each card and for each default that follows from the cards.

    A CPU without any card has nothing to tell.
    """
    if settings.device == "cpu":
        return
    found, cards = hardware.survey(), settings.cards
    for card in cards:
        yield (
            f"card: {card} serves: {card.gigabytes:.1f} GB, compute capability "
            f"{card.capability[0]}.{card.capability[1]}, driver {card.driver}"
        )
        if card.free < TAKEN * card.memory:
            yield (
                f"card: {card} has {card.free / hardware.GB:.1f} GB free: another program has "
                "the rest, and the networks may not fit"
            )
    for card, reason in found.left_out:
        yield f"card: {card} is left out: {reason}"
    if not cards:
        if found.fault or found.left_out:
            yield f"card: none can serve, so the CPU does{f': {found.fault}' * bool(found.fault)}"
        return
    yield from _defaults(settings)


def _defaults(settings: Settings) -> Iterator[str]:
    derived = settings.derived
    least = min(card.gigabytes for card in settings.cards)
    yield (
        f"whisper: {settings.default_model} in {settings.whisper_compute_type}, batches of "
        f"{settings.whisper_batch_size} and {settings.most_loaded_models} loaded at once on a card "
        f"with {least:.0f} GB (PRELOAD_MODEL, COMPUTE_TYPE, BATCH_SIZE and MAX_LOADED_MODELS "
        "change it)"
    )
    if settings.whisper_compute_type in hardware.FLOAT16 and any(
        card.lacks_tensor_cores for card in settings.cards
    ):
        yield "whisper: people report «!!!!» for text in float16 on such a card; see COMPUTE_TYPE"
    method = settings.alignment_method(None)
    times = {
        "attention": "Whisper's cross-attention",
        "ctc": "wav2vec2",
        "auto": "wav2vec2 where a language has one",
    }
    yield f"alignment: {times[method]} (ALIGNMENT changes it)"
    for device, where in (("cuda", "a process on each card"), ("cpu", "on the CPU")):
        leaves = [leaf for leaf in get_args(Network) if settings.device_of(leaf) == device]
        if leaves:
            yield f"networks: {', '.join(leaves)}: {where} (NETWORK_DEVICES changes it)"
    if not derived.proved:
        yield (
            "card: cards of compute capability 6.x are unproved: Whisper has code for them, torch "
            "has none, and nobody has tried them here"
        )
