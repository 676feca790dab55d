"""Which groups make bench measures by itself."""

from benchmarks.__main__ import GROUPS, usual


def test_a_card_has_what_is_about_cards_and_a_cpu_the_rest():
    assert usual(False, "cuda") == usual(True, "cuda") == ["cards"]
    assert set(usual(True, "cpu")) == GROUPS.keys() - {"cards"}
    assert set(usual(False, "cpu")) == GROUPS.keys() - {"cards", "full"}
