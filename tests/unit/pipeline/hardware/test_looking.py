"""Which cards serve: read through the driver's library, whose answers are data here."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from pipeline.hardware import looking
from pipeline.hardware.card import GB, to_text
from pipeline.hardware.looking import CudaError, Survey, look, take_card
from pipeline.hardware.visible import digits
from tests.cards.library import Library, Slot
from tests.cards.table import card

FIRST, SECOND = card("RTX 3090"), card("RTX 3090", 1)
OLD = card("GT 710")
H100 = card("H100 80GB HBM3")
SLICES = [
    replace(
        card("MIG 1g.10gb", number),
        uuid=f"MIG-{number:08x}-1111-5111-8111-{number:012x}",
        parent=H100.uuid,
        instances=(7 + number, 0),
    )
    for number in range(2)
]
DIVIDED = Slot(H100, SLICES, mig=True)


def found(slots, environment=None, order=None) -> Survey:
    """What is found on a machine; CUDA counts as the bus does unless told otherwise."""
    slots = [slot if isinstance(slot, Slot) else Slot(slot) for slot in slots]
    counted = [digits(slot.card.uuid) for slot in slots] if order is None else order
    return look(Library(slots), environment or {}, lambda _: counted)


def reason(survey: Survey) -> str:
    ((_, why),) = survey.left_out
    return why


def test_no_library_is_no_card():
    assert look(None, {}) == Survey()
    assert look(None, {}).why_none == "no driver reports a card"


def test_facts_are_what_the_driver_says():
    survey = found([FIRST, H100])
    assert survey.serving == (FIRST, H100)
    assert survey.serving[0].free < survey.serving[0].memory == 24 * GB
    assert survey.left_out == ()


def test_every_card_that_can_serve_does_and_the_other_is_left_out_by_name():
    survey = found([FIRST, OLD, SECOND])
    assert survey.serving == (FIRST, SECOND)
    ((name, why),) = survey.left_out
    assert "GT 710" in name
    assert "capability is 3.5" in why


@pytest.mark.parametrize(
    ("driver", "name", "complaint"),
    [
        ("550.54.14", "H100 80GB HBM3", "9.0 needs driver 570 or later.*550.54.14; update"),
        ("565.77", "RTX 5090", "12.0 needs driver 570 or later.*565.77; update"),
        ("570.26", "RTX 5090", None),
        ("550.54.14", "RTX 4090", None),
        ("525.60.13", "RTX 3090", None),
        ("525.60.11", "RTX 3090", "CUDA 12 needs driver 525.60.13 or later"),
        ("470.256.02", "Tesla T4", "CUDA 12 needs driver 525.60.13 or later"),
    ],
)
def test_the_driver_is_new_enough_for_the_card(driver, name, complaint):
    survey = look(Library([Slot(card(name))], driver), {}, lambda _: [digits(card(name).uuid)])
    if complaint is None:
        assert [each.driver for each in survey.serving] == [driver]
    else:
        assert survey.serving == ()
        assert re.search(complaint, reason(survey))


def test_a_card_on_which_nobody_may_compute_is_left_out():
    survey = found([replace(FIRST, compute_mode="prohibited"), SECOND])
    assert survey.serving == (SECOND,)
    assert f"nvidia-smi -i {FIRST.uuid} -c DEFAULT" in reason(survey)


def test_one_process_at_a_time_is_not_enough_without_mps(tmp_path):
    alone = replace(FIRST, compute_mode="exclusive_process")
    why = reason(found([alone], {"CUDA_MPS_PIPE_DIRECTORY": str(tmp_path)}))
    assert "EXCLUSIVE_PROCESS" in why
    assert "nvidia-cuda-mps-control" in why
    (tmp_path / "control").touch()
    assert found([alone], {"CUDA_MPS_PIPE_DIRECTORY": str(tmp_path)}).serving == (alone,)


def test_a_card_that_the_driver_has_lost_is_left_out_and_the_others_serve():
    survey = found([Slot(FIRST, lost=True), SECOND], order=[digits(SECOND.uuid)])
    assert survey.serving == (SECOND,)
    assert reason(survey) == "card 0 does not answer: GPU is lost"


def test_a_library_that_does_not_answer_is_named():
    survey = look(Library([Slot(FIRST)], fails_at_once=18), {})
    assert survey.why_none == (
        "the driver's libnvidia-ml.so.1 says: Driver/library version mismatch"
    )


def test_a_cuda_that_cannot_be_initialised_serves_nobody():
    def fails(_):
        raise CudaError("error 803 (system has unsupported display driver)")

    survey = look(Library([Slot(FIRST)]), {}, fails)
    assert survey.serving == ()
    assert survey.why_none.startswith("CUDA cannot be initialised: error 803")


def test_a_card_that_cuda_does_not_see_is_left_out():
    survey = found([FIRST, SECOND], order=[digits(SECOND.uuid)])
    assert survey.serving == (SECOND,)
    assert reason(survey) == "CUDA does not see it, though the driver does"


def test_drivers_without_mig_have_whole_cards():
    library = Library([Slot(H100)], without=frozenset({"nvmlDeviceGetMigMode"}))
    assert look(library, {}, lambda _: [digits(H100.uuid)]).serving == (H100,)


def test_each_instance_of_mig_serves_and_the_card_itself_does_not():
    survey = found([DIVIDED, FIRST], {"CUDA_VISIBLE_DEVICES": f"{H100.uuid}"})
    assert list(survey.serving) == SLICES
    assert [each.instances for each in survey.serving] == [(7, 0), (8, 0)]
    assert survey.serving[0].gigabytes == pytest.approx(9.75)


def test_mig_without_instances_says_what_to_do():
    assert "nvidia-smi mig -cgi" in reason(found([Slot(H100, mig=True)]))


@pytest.mark.parametrize(
    ("value", "serving"),
    [
        (None, [FIRST, SECOND]),
        ("0", [SECOND]),  # CUDA counts the other way round
        ("1,0", [FIRST, SECOND]),
        (" 1 ", [FIRST]),
        ("0,7,1", [SECOND]),  # what cannot be read ends the list
        ("0,-1,1", [SECOND]),
        (SECOND.uuid, [SECOND]),
        (SECOND.uuid[:12], [SECOND]),
        (f"{SECOND.uuid},{FIRST.uuid},{SECOND.uuid}", [SECOND, FIRST]),
        (FIRST.uuid.lower(), [FIRST]),
        ("GPU-", []),  # which of them?
        ("GPU-ffff", []),
        ("none", []),
        ("", []),
        ("-1", []),
    ],
)
def test_the_operators_choice_is_read_as_cuda_reads_it(value, serving):
    environment = {} if value is None else {"CUDA_VISIBLE_DEVICES": value}
    order = [digits(SECOND.uuid), digits(FIRST.uuid)]
    survey = found([FIRST, SECOND], environment, order)
    assert list(survey.serving) == serving
    if not serving:
        assert survey.why_none.startswith(f"CUDA_VISIBLE_DEVICES={value!r} ")


@pytest.mark.parametrize(
    ("value", "places"),
    [
        (SLICES[1].uuid, [1]),
        (f"{SLICES[1].uuid},{SLICES[0].uuid}", [1, 0]),
        (SLICES[1].uuid[:12], [1]),
        (f"MIG-{H100.uuid}/8/0", [1]),
        (f"MIG-{H100.uuid}/9/0", []),
    ],
)
def test_instances_are_chosen_by_their_names_old_and_new(value, places):
    survey = found([DIVIDED, FIRST], {"CUDA_VISIBLE_DEVICES": value})
    assert list(survey.serving) == [SLICES[place] for place in places]


def test_a_small_card_beside_a_large_one_is_left_out_unless_it_is_named():
    small = card("RTX 3050 Laptop GPU")
    survey = found([FIRST, small])
    assert survey.serving == (FIRST,)
    assert "all cards would run Whisper turbo in int8_float16" in reason(survey)
    named = {"CUDA_VISIBLE_DEVICES": "0,1"}
    assert found([FIRST, small], named).serving == (FIRST, small)


def test_a_card_without_torch_serves_alone_and_not_beside_a_newer_one():
    pascal = card("GTX 1080 Ti")
    assert found([pascal]).serving == (pascal,)
    survey = found([card("RTX 3080"), pascal])
    assert survey.serving == (card("RTX 3080"),)
    assert "RTX 3080 is good for large-v3 in int8_float16" in reason(survey)


def test_processes_see_the_cards_that_their_starter_tells_them(monkeypatch):
    monkeypatch.setenv(looking.CARDS_VARIABLE, to_text([FIRST, SLICES[0]]))
    monkeypatch.setattr(looking.nvml, "open_library", lambda: pytest.fail("it looks itself"))
    assert looking.survey.__wrapped__() == Survey((FIRST, SLICES[0]))
    for text in ("{", "[{}]", '[{"uuid": 1, "colour": "red"}]'):
        monkeypatch.setenv(looking.CARDS_VARIABLE, text)
        with pytest.raises(ValueError, match="ASR_CARDS is for the service's own processes"):
            looking.survey.__wrapped__()


@pytest.mark.parametrize(
    ("instance", "cards", "taken"),
    [
        ("whisper_0", [FIRST, SECOND], FIRST),
        ("whisper_0_1", [FIRST, SECOND], SECOND),
        ("segmentation_0_3", [FIRST, SECOND], SECOND),  # two processes on each card
        ("whisper_0_11", [FIRST], FIRST),
        ("whisper_0", [], None),
    ],
)
def test_an_instance_takes_the_card_of_its_number(monkeypatch, instance, cards, taken):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    assert take_card(cards, instance) == taken
    assert os.environ["CUDA_VISIBLE_DEVICES"] == (taken.uuid if taken else "")


def test_cuda_is_asked_in_another_process_and_says_why_it_has_no_answer():
    if looking.nvml.open_library() is None:
        with pytest.raises(CudaError, match=r"libcuda\.so\.1 is not there|error 100"):
            looking.counted_by_cuda(os.environ)
    else:
        assert looking.counted_by_cuda(os.environ)


def test_looking_needs_nothing_that_is_installed():
    command = "from pipeline.hardware import survey; print(survey())"
    asked = subprocess.run(
        [sys.executable, "-S", "-c", command], capture_output=True, encoding="utf-8"
    )
    assert asked.stdout.startswith("Survey("), asked.stderr
