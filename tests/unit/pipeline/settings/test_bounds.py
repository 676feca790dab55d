"""The least and the most of each setting, and what the networks' settings become on a device."""

import pytest

from pipeline import hardware
from pipeline.settings import Settings, SettingsError, read_settings
from tests.cards.table import card

ABOVE_ZERO = (
    "BATCH_TIMEOUT_SECONDS",
    "DECODE_TIMEOUT_SECONDS",
    "DIARIZE_CLUSTERING_THRESHOLD",
    "DOWNLOAD_TIMEOUT_SECONDS",
    "KEEP_ANSWERS_MB",
    "JOB_TIMEOUT_SECONDS",
    "KNOWN_SPEAKER_SIMILARITY",
    "MAX_CACHE_MB",
    "MAX_DURATION_SECONDS",
    "MAX_FILE_SIZE_MB",
    "REQUEST_TIMEOUT_SECONDS",
    "RETAIN_HOURS",
    "UPLOAD_STALL_SECONDS",
    "UPLOAD_TIMEOUT_SECONDS",
)
LEAST = {
    "BATCH_SIZE": 1,
    "CORES": 1,
    "DIARIZE_WINDOW_STEP": 1,
    "DIARIZE_BATCH_SIZE": 1,
    "DIARIZE_BATCH_WAIT_TIMEOUT": 0,
    "DIARIZE_MAX_SPEAKERS": 1,
    "DIARIZE_MIN_DURATION_OFF": 0,
    "DIARIZE_MIN_SPEAKERS": 1,
    "DIARIZE_NUM_REPLICAS": 1,
    "MAX_JOBS": 1,
    "KEEP_ANSWERS_SECONDS": 0,
    "MAX_LOADED_MODELS": 1,
    "MAX_REQUESTS": 1,
    "MAX_WAITING": 0,
    "MAX_WAIT_SECONDS": 0,
    "MIN_FREE_CACHE_MB": 0,
    "MIN_FREE_DISK_MB": 0,
    "MODEL_KEEP_ALIVE_SECONDS": 0,
    "PORT": 1,
    "REQUEST_TIMEOUT_PER_AUDIO_SECOND": 0,
    "TRITON_GRPC_PORT": 1,
    "TRITON_HTTP_PORT": 1,
    "TRITON_METRICS_PORT": 1,
}
MOST = {
    "BATCH_SIZE": 128,
    "DIARIZE_WINDOW_STEP": 5,
    "DIARIZE_BATCH_SIZE": 256,
    "DIARIZE_BATCH_WAIT_TIMEOUT": 10,
    "DIARIZE_CLUSTERING_THRESHOLD": 2,
    "DIARIZE_MAX_SPEAKERS": 50,
    "DIARIZE_MIN_DURATION_OFF": 10,
    "DIARIZE_MIN_SPEAKERS": 50,
    "DIARIZE_NUM_REPLICAS": 16,
    "KNOWN_SPEAKER_SIMILARITY": 1,
    "PORT": 65535,
    "TRITON_GRPC_PORT": 65535,
    "TRITON_HTTP_PORT": 65535,
    "TRITON_METRICS_PORT": 65535,
}


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no .env
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_every_number_has_a_least_value():
    numbers = {
        name.upper()
        for name, field in Settings.model_fields.items()
        if any(kind in str(field.annotation).split("[")[0] for kind in ("int", "float"))
    }
    assert numbers == {*ABOVE_ZERO, *LEAST}


@pytest.mark.parametrize(("name", "value", "step"), [
    *((name, least, -1) for name, least in LEAST.items()),
    *((name, most, 1) for name, most in MOST.items()),
])  # fmt: skip
def test_the_bounds_of_a_setting_are_inside(monkeypatch, name, value, step):
    monkeypatch.setenv(name, str(value))
    assert getattr(read_settings(), name.lower()) == value
    monkeypatch.setenv(name, str(value + step))
    with pytest.raises(SettingsError, match=f"^{name}='{value + step}': .*{value}"):
        read_settings()


@pytest.mark.parametrize("name", ABOVE_ZERO)
def test_a_time_or_size_of_nothing_is_refused(monkeypatch, name):
    monkeypatch.setenv(name, "0.5")
    assert getattr(read_settings(), name.lower()) == 0.5
    monkeypatch.setenv(name, "0")
    with pytest.raises(SettingsError, match=f"^{name}='0': .*greater than 0"):
        read_settings()


def test_the_longest_recording_that_is_taken_has_the_time_that_it_needs():
    """On two cores, where four hours took 44 minutes, and four of them at once."""
    settings = read_settings()
    longest = settings.max_duration_seconds
    assert settings.request_timeout(longest) > 4 * longest * (44 * 60) / (4 * 3600)


def test_the_time_for_a_recording_grows_with_its_length(monkeypatch):
    monkeypatch.setenv("REQUEST_TIMEOUT_SECONDS", "100")
    monkeypatch.setenv("REQUEST_TIMEOUT_PER_AUDIO_SECOND", "0.5")
    settings = read_settings()
    assert settings.request_timeout(0) == 100
    assert settings.request_timeout(60) == 130


def test_as_many_speakers_at_least_as_at_most():
    settings = read_settings(diarize_min_speakers=3, diarize_max_speakers=3)
    assert (settings.diarize_min_speakers, settings.diarize_max_speakers) == (3, 3)


def test_a_key_of_sixteen_characters_is_long_enough(monkeypatch):
    monkeypatch.setenv("API_KEY", "!0123456789abcd~")
    (key,) = read_settings().api_key
    assert key.get_secret_value() == "!0123456789abcd~"


def test_the_cache_in_the_home_folder_is_found_from_everywhere(monkeypatch):
    monkeypatch.setenv("HOME", "/somebody")
    monkeypatch.setenv("CACHE_DIR", "~/weights")
    assert str(read_settings().cache_dir) == "/somebody/weights"


@pytest.mark.parametrize(
    ("cards", "chunks", "windows", "windows_of_batches_of_3", "share"),
    [((), 4, 8, 3, True), ((card("RTX 3090"),), 8, 64, 6, False)],
    ids=["cpu", "card"],
)
def test_how_much_is_under_way_follows_the_device(
    monkeypatch, cards, chunks, windows, windows_of_batches_of_3, share
):
    monkeypatch.setattr(hardware, "survey", lambda: hardware.Survey(cards))
    settings = read_settings()
    assert settings.whisper_batch_size == chunks
    assert settings.windows_under_way == windows
    assert settings.leaves_share_cores is share
    assert read_settings(batch_size=5).whisper_batch_size == 5
    assert read_settings(diarize_batch_size=3).windows_under_way == windows_of_batches_of_3
