"""How bad a break between two words is."""

from types import SimpleNamespace

import pytest

from adapter.formats.phrases import break_cost


def cost(before: str, after: str, pause: float = 0.0) -> float:
    return break_cost(
        SimpleNamespace(text=before, start=0.0, end=1.0),
        SimpleNamespace(text=after, start=1.0 + pause, end=2.0 + pause),
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (("Hello.", "Who"), ("Hello;", "who")),
        (("Hello;", "who"), ("Hello,", "who")),
        (("Hello,", "he"), ("hello", "and")),
        (("hello", "and"), ("hello", "he")),
        (("hello", "he"), ("the", "hello")),
    ],
)
def test_the_end_of_a_sentence_is_better_than_of_its_parts_and_a_bound_word_is_worst(better, worse):
    assert 0 <= cost(*better) < cost(*worse) <= 9


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("said.\u201d", "said."),  # marks before a quotation ends
        ("said,'", "said,"),
        ("(he)", "he,"),
        ("The", "the"),
        ("?!", "?"),
        ("d'accord", "accord"),
    ],
)
def test_what_a_word_ends_with_counts(text, like):
    assert cost(text, "he") == cost(like, "he")


def test_a_word_in_quotation_marks_is_a_joint_too():
    assert cost("he", '"und"') == cost("he", "und") < cost("he", "went")


def test_a_pause_makes_a_place_better_by_its_length_up_to_a_limit():
    anywhere = cost("he", "went")
    assert cost("he", "went", 0.5) == pytest.approx(anywhere - 2)
    assert cost("he", "went", 1.25) == pytest.approx(anywhere - 5)
    assert cost("he", "went", 60.0) == pytest.approx(anywhere - 5)
    assert cost("he", "went", -0.5) == anywhere
    assert cost("went.", "He", 60.0) == 0
