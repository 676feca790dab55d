"""Settings fail by name, and their defaults follow the hardware."""

import pytest

from pipeline import hardware
from pipeline.hardware import Survey
from pipeline.settings import SettingsError, read_settings, reading
from tests.cards.table import card


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no .env
    for name in (
        "DEVICE",
        "COMPUTE_TYPE",
        "PRELOAD_MODEL",
        "ALIGNMENT_MODELS",
        "BATCH_SIZE",
        "MODELS",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEVICE", "gpu"),
        ("COMPUTE_TYPE", "float8"),
        ("NETWORK_DEVICES", "segmentation"),
        ("BATCH_SIZE", "many"),
        ("BATCH_SIZE", "0"),
        ("HEAR_GAPS", "sometimes"),
        ("ALIGNMENT_MODELS", "en"),
        ("NETWORK_CORES", "whisper"),
        ("DIARIZE_MAX_SPEAKERS", "none"),
        ("DIARIZE_CLUSTERING_THRESHOLD", "0"),
        ("DIARIZE_MIN_DURATION_OFF", "-1"),
        ("DIARIZE_PARAM_OVERRIDES", "clustering.Fb=1"),
        ("DIARIZE_PARAM_OVERRIDES", '{"clustering": {"Fc": 1}}'),
        ("DIARIZE_PARAM_OVERRIDES", '{"clustering": {"threshold": 3}}'),
        ("DIARIZE_FILL_NEAREST", "perhaps"),
        ("MODELS", "base,enormous"),
        ("MODELS", "base,,tiny"),
        ("MODELS", "whisper-1"),
        ("MODEL_ALIASES", "voxtral"),
        ("MODEL_ALIASES", "voxtral=enormous"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as failure:
        read_settings()
    assert value in str(failure.value)


def test_speakers_out_of_order_are_refused(monkeypatch):
    monkeypatch.setenv("DIARIZE_MIN_SPEAKERS", "3")
    monkeypatch.setenv("DIARIZE_MAX_SPEAKERS", "2")
    with pytest.raises(SettingsError, match=r"DIARIZE_MAX_SPEAKERS='2'.*DIARIZE_MIN_SPEAKERS is 3"):
        read_settings()


def test_traces_without_opentelemetry_are_refused(monkeypatch):
    endpoint = "http://collector:4318"
    assert read_settings(otel_exporter_otlp_endpoint=endpoint).otel_exporter_otlp_endpoint
    monkeypatch.setattr(reading, "find_spec", lambda name: None)
    with pytest.raises(
        SettingsError, match=r"ENDPOINT: OpenTelemetry is not installed.*make serve"
    ):
        read_settings(otel_exporter_otlp_endpoint=endpoint)


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        (Survey(), "no driver reports a card"),
        (Survey(fault="CUDA_VISIBLE_DEVICES='' hides every card"), "CUDA.*'' hides every card"),
        (Survey(left_out=(("GT 710", "it is old"),)), "GT 710: it is old"),
    ],
)
def test_cuda_that_is_not_there_is_refused(monkeypatch, found, complaint):
    monkeypatch.setattr(hardware, "survey", lambda: found)
    with pytest.raises(SettingsError, match=f"DEVICE='cuda': no card can serve: {complaint}"):
        read_settings(device="cuda")


@pytest.mark.parametrize(
    ("cuda", "setting", "asked", "method"),
    [
        (False, "auto", None, "attention"),
        (True, "auto", None, "auto"),
        (False, "ctc", None, "ctc"),
        (False, "ctc", "auto", "attention"),
        (True, "attention", "auto", "auto"),
        (False, "attention", "ctc", "ctc"),
        (True, "ctc", "attention", "attention"),
    ],
)
def test_auto_is_cross_attention_where_there_is_no_gpu(monkeypatch, cuda, setting, asked, method):
    monkeypatch.setattr(hardware, "survey", lambda: Survey((card("RTX 3090"),) if cuda else ()))
    assert read_settings(alignment=setting).alignment_method(asked) == method


def test_what_is_set_goes_before_the_defaults(monkeypatch):
    monkeypatch.setenv("PRELOAD_MODEL", "small")
    monkeypatch.setenv("COMPUTE_TYPE", "float32")
    monkeypatch.setenv("ALIGNMENT_MODELS", "en=/models/english, de=some/german")
    settings = read_settings()
    assert settings.default_model == "small"
    assert settings.whisper_compute_type == "float32"
    assert settings.alignment_models == {"en": "/models/english", "de": "some/german"}


def test_networks_may_have_other_cores_than_the_rest(monkeypatch):
    monkeypatch.setenv("CORES", "8")
    monkeypatch.setenv("NETWORK_CORES", "whisper=6, segmentation=1")
    settings = read_settings()
    assert settings.cores_of("whisper") == 6
    assert settings.cores_of("segmentation") == 1
    assert settings.cores_of("speaker_embedding") == 8


@pytest.mark.parametrize(
    ("pair", "complaint"),
    [("whisper=0", "'0'.*greater than"), ("whisper=all", "'all'.*integer"), ("wisper=2", "wisper")],
)
def test_cores_that_no_network_can_use_are_refused(monkeypatch, pair, complaint):
    monkeypatch.setenv("NETWORK_CORES", pair)
    with pytest.raises(SettingsError, match=f"^NETWORK_CORES=.*{complaint}"):
        read_settings()


@pytest.mark.parametrize("pair", ["segmentation=gpu", "clustering=cpu"])
def test_devices_that_no_network_can_use_are_refused(monkeypatch, pair):
    monkeypatch.setenv("NETWORK_DEVICES", pair)
    with pytest.raises(SettingsError, match=r"^NETWORK_DEVICES=.*(gpu|clustering)"):
        read_settings()


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("PRELOAD_MODEL", "")
    assert read_settings(device="cpu").default_model == "base"


def test_a_file_beside_the_service_is_read(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("PRELOAD_MODEL=turbo\nSOMETHING_ELSE=1\n", encoding="utf-8")
    assert read_settings().default_model == "turbo"


def test_the_first_of_the_models_is_the_default(monkeypatch):
    monkeypatch.setenv("MODELS", "openai/whisper-small, large, large-v3")
    settings = read_settings()
    assert settings.models == ("small", "large-v3")
    assert settings.default_model == "small"
    monkeypatch.setenv("PRELOAD_MODEL", "whisper-large")
    assert read_settings().default_model == "large-v3"


def test_a_default_model_that_is_not_offered_is_refused(monkeypatch):
    monkeypatch.setenv("MODELS", "small,medium")
    monkeypatch.setenv("PRELOAD_MODEL", "base")
    with pytest.raises(SettingsError, match=r"^PRELOAD_MODEL=.base. is not .*small, medium"):
        read_settings()


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ("short", "key 1 of 1 has 5 characters; give at least 16"),
        ("a-key-that-is-long-enough,short", "key 2 of 2 has 5 characters"),
        ("a-key-that-is-long-enough,,a-key-that-is-as-long", "key 2 of 3 has 0 characters"),
        ("a-key-that-is-long-enough,", "key 2 of 2 has 0 characters"),
        (" ", "key 1 of 1 has 0 characters"),
        ("ключ-который-достаточно-длинный", "key 1 of 1 has a character that not every"),
        ("a key that has spaces in it", "key 1 of 1 has a character that not every"),
        ("", "set and empty, which protects nothing"),
    ],
)
def test_keys_that_protect_nothing_are_refused_and_not_shown(monkeypatch, keys, complaint):
    monkeypatch.setenv("API_KEY", keys)
    with pytest.raises(SettingsError, match=r"^API_KEY: ") as failure:
        read_settings()
    assert complaint in str(failure.value)
    assert not keys.strip() or keys not in str(failure.value)


def test_an_empty_key_in_the_file_is_refused_too(tmp_path):
    (tmp_path / ".env").write_text("API_KEY=\n")
    with pytest.raises(SettingsError, match="API_KEY: it is set and empty"):
        read_settings()


def test_secrets_are_not_shown(monkeypatch):
    monkeypatch.setenv("API_KEY", "the-old-key-of-speakr, the-new-key-of-speakr")
    monkeypatch.setenv("HF_TOKEN", "hf_the-token")
    settings = read_settings()
    assert [key.get_secret_value() for key in settings.api_key] == [
        "the-old-key-of-speakr",
        "the-new-key-of-speakr",
    ]
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "of-speakr" not in shown
        assert "the-token" not in shown
