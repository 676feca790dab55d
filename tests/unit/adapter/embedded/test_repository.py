"""The model repository that Triton reads."""

from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from adapter.embedded.repository import MODEL_REPOSITORY, render
from pipeline import hardware
from pipeline.settings import Settings
from tests.cards.table import card


def test_every_model_is_there_as_it_is_in_the_repository(tmp_path):
    for _ in range(2):
        models = render(tmp_path / "models", Settings(batch_size=8))
    assert set(models) == {path.parent.name for path in MODEL_REPOSITORY.glob("*/config.pbtxt")}
    for model in models:
        assert (tmp_path / "models" / model / "1").is_dir()
        source = MODEL_REPOSITORY / model / "1" / "model.py"
        if source.exists():
            assert (
                tmp_path / "models" / model / "1" / "model.py"
            ).read_text() == source.read_text()


def test_settings_reach_whisper_and_nothing_else(tmp_path):
    settings = Settings(batch_size=3, device="cpu", preload_model='a "strange" folder')
    models = render(tmp_path / "models", settings)
    for model in models:
        rendered = (tmp_path / "models" / model / "config.pbtxt").read_text()
        source = (MODEL_REPOSITORY / model / "config.pbtxt").read_text()
        if model == "whisper":
            config = text_format.Parse(rendered, ModelConfig())
            assert config.max_batch_size == 3
            assert config.parameters["device"].string_value == "cpu"
            assert config.parameters["default_model"].string_value == 'a "strange" folder'
        else:
            assert rendered == source


def test_settings_of_diarization_reach_its_networks(tmp_path):
    settings = Settings(
        diarize_batch_size=4, diarize_batch_wait_timeout=0.2, diarize_num_replicas=2
    )
    configs = {}
    for model in render(tmp_path / "models", settings):
        text = (tmp_path / "models" / model / "config.pbtxt").read_text()
        configs[model] = text_format.Parse(text, ModelConfig())
    segmentation = configs["segmentation"]
    assert segmentation.max_batch_size == 4
    assert list(segmentation.dynamic_batching.preferred_batch_size) == []
    assert segmentation.dynamic_batching.max_queue_delay_microseconds == 200_000
    counts = {
        model: config.instance_group[0].count
        for model, config in configs.items()
        if config.instance_group
    }
    doubled = {model for model, count in counts.items() if count == 2}
    assert doubled == {"segmentation", "speaker_embedding"}


def test_a_process_of_each_leaf_for_each_card_and_no_card_for_triton(tmp_path, monkeypatch):
    cards = tuple(card("RTX 3090", number) for number in range(6))
    monkeypatch.setattr(hardware, "survey", lambda: hardware.Survey(cards))
    settings = Settings(_env_file=None, device="auto", batch_size=32, diarize_num_replicas=2)
    configs = {}
    for model in render(tmp_path / "models", settings):
        text = (tmp_path / "models" / model / "config.pbtxt").read_text()
        configs[model] = text_format.Parse(text, ModelConfig())
    groups = {
        model: [(group.kind, group.count) for group in config.instance_group]
        for model, config in configs.items()
    }
    on_cpu = ModelInstanceGroup.KIND_CPU  # of what Triton sees
    assert groups.pop("asr") == []
    assert groups == {
        "whisper": [(on_cpu, 6)],
        "wav2vec2": [(on_cpu, 6)],
        "segmentation": [(on_cpu, 12)],
        "speaker_embedding": [(on_cpu, 12)],
        **{
            step: [(on_cpu, 1)]
            for step in (
                *("alignment", "attribution", "diarization"),
                *("transcription", "transcription_stream"),
            )
        },
    }
    # Twice what the steps keep there: 2 batches for each card.
    queue = configs["whisper"].dynamic_batching.default_queue_policy.max_queue_size
    assert queue == 2 * (2 * 6 * 32)
