"""What the start says of cards, and what it refuses."""

from dataclasses import replace

import pytest

from pipeline import hardware
from pipeline.hardware import GB, Survey
from pipeline.settings import SettingsError, check_compute_type, read_settings, said_at_start
from tests.cards.table import card


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no .env
    for name in ("DEVICE", "COMPUTE_TYPE", "PRELOAD_MODEL", "ALIGNMENT", "BATCH_SIZE", "MODELS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def found(monkeypatch):
    def set_up(*cards: hardware.Card, **more: object) -> None:
        monkeypatch.setattr(hardware, "survey", lambda: Survey(cards, **more))

    return set_up


def said(**settings: object) -> list[str]:
    return list(said_at_start(read_settings(**settings)))


def test_a_machine_without_cards_says_nothing(found):
    found()
    assert said() == []


def test_each_card_and_each_default_is_said(found):
    found(card("RTX 3080"), left_out=(("NVIDIA GeForce GT 710 (GPU-0000…)", "it is old"),))
    lines = said()
    assert lines[0].startswith("card: NVIDIA GeForce RTX 3080 (GPU-")
    assert lines[0].endswith("serves: 10.0 GB, compute capability 8.6, driver 575.57.08")
    assert lines[1:] == [
        "card: NVIDIA GeForce GT 710 (GPU-0000…) is left out: it is old",
        "whisper: large-v3 in int8_float16, batches of 4 and 1 loaded at once on a card with 10 GB "
        "(PRELOAD_MODEL, COMPUTE_TYPE, BATCH_SIZE and MAX_LOADED_MODELS change it)",
        "alignment: Whisper's cross-attention (ALIGNMENT changes it)",
        "networks: whisper, wav2vec2, segmentation, speaker_embedding: a process on each card "
        "(NETWORK_DEVICES changes it)",
    ]


def test_what_is_set_is_what_is_said(found):
    found(card("RTX 3080"))
    text = "\n".join(said(preload_model="small", compute_type="float16", alignment="ctc"))
    assert "whisper: small in float16" in text
    assert "alignment: wav2vec2 (" in text


def test_speakers_on_the_cpu_and_a_card_that_nobody_has_tried_are_said(found):
    found(card("GTX 1080"))
    text = "\n".join(said())
    assert "networks: whisper: a process on each card" in text
    assert "networks: wav2vec2, segmentation, speaker_embedding: on the CPU" in text
    assert "6.x are unproved" in text


def test_memory_that_others_have_is_said(found):
    found(replace(card("RTX 3080"), free=6 * GB))
    assert "has 6.0 GB free: another program has the rest" in said()[1]


def test_float16_on_a_chip_that_is_reported_to_fail_is_said(found):
    found(card("GTX 1660 SUPER"))
    assert "«!!!!»" not in "\n".join(said())
    assert "«!!!!»" in "\n".join(said(compute_type="float16"))


def test_why_the_cpu_serves_is_said(found):
    found(left_out=(("GT 710", "it is old"),))
    assert said() == [
        "card: GT 710 is left out: it is old",
        "card: none can serve, so the CPU does",
    ]
    found(fault="CUDA cannot be initialised: error 803")
    assert said() == [
        "card: none can serve, so the CPU does: CUDA cannot be initialised: error 803"
    ]
    assert said(device="cpu") == []


@pytest.mark.parametrize(
    ("name", "compute_type", "complaint"),
    [
        (None, "float16", "this CPU has float32, int16, int8, int8_float32; .* or none for int8"),
        (None, "int8", None),
        ("GTX 1080", "float16", "GTX 1080 has float32, int8, int8_float32;"),
        ("Tesla P100-PCIE-16GB", "int8", "P100-PCIE-16GB has float32; .* or none for float32"),
        ("RTX 2060", "bfloat16", "RTX 2060 has float16, float32, int8, int8_float16, int8_float32"),
        ("RTX 2060", "int16", "RTX 2060 has float16"),
        ("RTX 3090", "bfloat16", None),
        ("RTX 5090", "int8_float16", None),
    ],
)
def test_a_compute_type_that_the_device_does_not_have_is_refused(
    found, name, compute_type, complaint
):
    found(*([card(name)] if name else []))
    settings = read_settings(compute_type=compute_type)
    if complaint is None:
        check_compute_type(settings)
    else:
        with pytest.raises(SettingsError, match=f"^COMPUTE_TYPE='{compute_type}': .*{complaint}"):
            check_compute_type(settings)
