"""What is said for the third time in a row is a loop; what comes back later is not."""

from benchmarks.scoring.repeats import looped


def test_the_third_time_in_a_row_counts_with_all_its_words():
    assert looped("i know i know".split()) == 0
    assert looped("well no no no".split()) == 1
    assert looped("no no no no no".split()) == 3
    assert looped("we go on we go on we go on".split()) == 1  # from its last word on
    assert looped("we go on we go on we go on we go on".split()) == 4


def test_what_comes_back_between_other_words_does_not():
    assert looped("hello there hello here hello where".split()) == 0
    assert looped([]) == 0
