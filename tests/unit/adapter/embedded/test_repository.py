"""The model repository that Triton reads."""

from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from adapter.embedded.repository import MODEL_REPOSITORY, render
from pipeline.settings import Settings


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
