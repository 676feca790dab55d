"""Names of Whispers, before anything is fetched or loaded for them."""

import pytest

from pipeline.errors import InvalidRequest
from pipeline.settings import Settings
from pipeline.transcription.whisper_models import WhisperModels


@pytest.mark.parametrize("name", ["someone/whisper", "/etc", "enormous"])
@pytest.mark.parametrize("models", ["", "base,someone/other"])
def test_a_name_that_is_not_offered_is_refused_at_once(name, models):
    whispers = WhisperModels.__new__(WhisperModels)  # a default network takes seconds
    whispers._settings = Settings(_env_file=None, models=models or ())
    with pytest.raises(InvalidRequest, match=name):
        whispers.use(name)
