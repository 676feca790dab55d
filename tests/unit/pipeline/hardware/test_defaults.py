"""What follows from a card, over a table of real ones."""

import pytest

from pipeline import hardware
from pipeline.hardware.fitness import fault_of
from pipeline.settings import read_settings
from tests.cards.table import KNOWN, LARGE_IN_INT8, card


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no .env
    for name in ("DEVICE", "COMPUTE_TYPE", "PRELOAD_MODEL", "ALIGNMENT", "BATCH_SIZE", "MODELS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("known", KNOWN, ids=[known.name for known in KNOWN])
def test_each_card_serves_with_what_it_has_room_for_or_does_not_serve(known):
    one = card(known.name)
    assert (fault_of(one) is None) == (known.due is not None)
    if known.due is not None:
        assert hardware.defaults_for([one]) == known.due
        assert known.due.compute_type in hardware.supported_types([one])


@pytest.mark.parametrize(
    ("names", "due"),
    [
        (("RTX 3090", "RTX 3090"), ("large-v3", "float16", 8, 3)),
        (("RTX 4090", "RTX 4070 Ti"), ("large-v3", "float16", 8, 1)),
        (("RTX 3080", "GTX 1080"), ("large-v3", "int8_float32", 4, 1)),
        (("RTX 2060", "GTX 1660 SUPER"), ("turbo", "int8_float32", 4, 1)),
    ],
)
def test_several_cards_have_what_the_least_of_them_has_room_for(names, due):
    defaults = hardware.defaults_for([card(name, number) for number, name in enumerate(names)])
    whisper = (defaults.model, defaults.compute_type, defaults.batch_size, defaults.loaded_models)
    assert whisper == due


def test_a_card_without_torch_leaves_speakers_to_the_cpu():
    defaults = hardware.defaults_for([card("RTX 3080"), card("GTX 1080")])
    assert not defaults.speakers_on_card
    assert not defaults.torch_on_card
    assert not defaults.proved


def test_a_machine_without_cards_has_a_cpus_defaults():
    defaults = hardware.defaults_for([])
    assert (defaults.model, defaults.compute_type, defaults.batch_size) == ("base", "int8", 4)
    assert not defaults.ctc


def test_settings_take_what_follows_from_the_card(monkeypatch):
    cards = (card("RTX 3080"), card("RTX 3080", 1))
    monkeypatch.setattr(hardware, "survey", lambda: hardware.Survey(cards))
    settings = read_settings()
    assert settings.torch_device == "cuda"
    assert settings.default_model == LARGE_IN_INT8.model
    assert settings.whisper_compute_type == LARGE_IN_INT8.compute_type
    assert settings.whisper_batch_size == LARGE_IN_INT8.batch_size
    assert settings.most_loaded_models == LARGE_IN_INT8.loaded_models
    assert settings.alignment_method(None) == "attention"
    assert read_settings(device="cpu").default_model == "base"


def test_what_is_set_goes_before_what_follows(monkeypatch):
    monkeypatch.setattr(hardware, "survey", lambda: hardware.Survey((card("RTX 3080"),)))
    settings = read_settings(
        preload_model="small",
        compute_type="float16",
        batch_size=7,
        max_loaded_models=2,
        alignment="ctc",
        network_devices={"segmentation": "cpu"},
    )
    assert settings.default_model == "small"
    assert settings.whisper_compute_type == "float16"
    assert settings.whisper_batch_size == 7
    assert settings.most_loaded_models == 2
    assert settings.alignment_method(None) == "ctc"
    assert settings.device_of("segmentation") == "cpu"
    assert settings.device_of("speaker_embedding") == "cuda"


def test_what_the_cpu_is_given_beside_a_card_has_a_cpus_defaults(monkeypatch):
    monkeypatch.setattr(hardware, "survey", lambda: hardware.Survey((card("RTX 3090"),)))
    settings = read_settings(network_devices={"whisper": "cpu", "wav2vec2": "cpu"})
    assert settings.default_model == "base"
    assert settings.whisper_compute_type == "int8"
    assert settings.whisper_batch_size == 4
    assert settings.alignment_method(None) == "attention"
    assert settings.device_of("segmentation") == "cuda"


def test_what_is_under_way_and_the_processes_grow_with_the_cards(monkeypatch):
    def under_way(count: int, name: str = "RTX 3090") -> list[tuple[int, int]]:
        cards = tuple(card(name, number) for number in range(count))
        monkeypatch.setattr(hardware, "survey", lambda: hardware.Survey(cards))
        settings = read_settings(device="auto" if count else "cpu")
        return [
            (settings.pieces_under_way(leaf), settings.processes_of(leaf))
            for leaf in ("whisper", "wav2vec2", "segmentation", "speaker_embedding")
        ]

    assert under_way(0) == [(4, 1), (4, 1), (8, 1), (1, 1)]
    assert under_way(1) == [(16, 1), (16, 1), (64, 1), (4, 1)]
    assert under_way(3) == [(48, 3), (48, 3), (192, 3), (12, 3)]
    # Speakers on the CPU: one process, whatever the number of cards.
    assert under_way(2, "GTX 1080") == [(16, 2), (4, 1), (8, 1), (1, 1)]
