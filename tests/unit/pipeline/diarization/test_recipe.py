"""What the step knows of the ungated networks."""

import pytest

from pipeline.diarization.recipe import ungated
from pipeline.diarization.stretches import excised


def test_the_shortest_audio_that_ecapa_takes_in_frames_of_a_window():
    recipe = ungated()
    assert recipe.min_samples / 16_000 == pytest.approx(0.04)
    assert recipe.min_frames == 3  # of 17 ms; two would be too short
    assert recipe.exact is excised


def test_a_threshold_that_was_asked_for_takes_the_place_of_the_chosen_one():
    assert ungated(0.6).find.threshold == 0.6
    chosen = ungated().find
    assert (chosen.threshold, chosen.min_cluster_size) == (0.7, 12)
