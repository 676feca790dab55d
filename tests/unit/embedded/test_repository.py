"""The model repository that Triton reads."""

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


def test_batch_size_reaches_whisper_and_nothing_else(tmp_path):
    models = render(tmp_path / "models", Settings(batch_size=3))
    for model in models:
        rendered = (tmp_path / "models" / model / "config.pbtxt").read_text()
        source = (MODEL_REPOSITORY / model / "config.pbtxt").read_text()
        if model == "whisper":
            assert "\nmax_batch_size: 3\n" in rendered
        else:
            assert rendered == source
