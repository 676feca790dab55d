"""What the step knows of the ungated networks."""

import pytest

from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.recipe import community, read_recipe, ungated
from pipeline.diarization.stretches import excised
from pipeline.settings import read_settings
from pipeline.settings.diarization import Tuning


def test_the_shortest_audio_that_ecapa_takes_in_frames_of_a_window():
    recipe = ungated()
    assert recipe.min_samples / 16_000 == pytest.approx(0.04)
    assert recipe.min_frames == 3  # of 17 ms; two would be too short
    assert recipe.exact is excised


def test_a_threshold_that_was_asked_for_takes_the_place_of_the_chosen_one():
    assert ungated(Tuning(threshold=0.6)).find.threshold == 0.6
    chosen = ungated().find
    assert (chosen.threshold, chosen.min_cluster_size) == (0.7, 12)


def test_fewer_windows_are_as_much_of_a_person(monkeypatch):
    monkeypatch.setenv("DIARIZE_WINDOW_STEP", "3")
    recipe = ungated(step=3 * SAMPLE_RATE)
    assert recipe.find.min_cluster_size == 4
    assert recipe.shared_windows == 10
    assert recipe.lengths == (3, 30)
    assert read_recipe(read_settings()).step == recipe.step
    assert ungated().lengths == (1, 30)


def test_overrides_are_merged_last_into_what_is_published(community_folder, monkeypatch):
    def recipe():
        return community(community_folder, read_settings().diarization_tuning)

    published = recipe()
    monkeypatch.setenv("DIARIZE_CLUSTERING_THRESHOLD", "0.5")
    monkeypatch.setenv("DIARIZE_MIN_DURATION_OFF", "0.25")
    assert (recipe().find._threshold, recipe().min_duration_off) == (0.5, 0.25)
    overrides = '{"clustering": {"threshold": 0.7, "Fb": 1.5}, "segmentation": {}}'
    monkeypatch.setenv("DIARIZE_PARAM_OVERRIDES", overrides)
    merged = recipe()
    assert (merged.find._threshold, merged.find._fb) == (0.7, 1.5)
    assert merged.find._fa == published.find._fa
    assert merged.min_duration_off == 0.25
    monkeypatch.setenv("DIARIZE_PARAM_OVERRIDES", '{"segmentation": {"min_duration_off": 0}}')
    assert (recipe().find._threshold, recipe().min_duration_off) == (0.5, 0)


def test_the_ungated_pair_has_overrides_of_its_own(monkeypatch):
    monkeypatch.setenv("DIARIZE_PARAM_OVERRIDES", '{"clustering": {"min_cluster_size": 5}}')
    tuned = ungated(read_settings().diarization_tuning)
    assert (tuned.find.min_cluster_size, tuned.find.threshold) == (5, ungated().find.threshold)


def test_who_is_recognised_can_be_set_for_both_pairs(community_folder, monkeypatch):
    def alike() -> list[float]:
        tuning = read_settings().diarization_tuning
        return [ungated(tuning).alike, community(community_folder, tuning).alike]

    assert alike() == [0.45, 0.45]
    monkeypatch.setenv("KNOWN_SPEAKER_SIMILARITY", "0.6")
    assert alike() == [0.6, 0.6]
