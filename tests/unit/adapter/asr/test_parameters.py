"""What a request to /asr may ask for, and what it hears when it asks for something else."""

import pytest

from adapter.asr.parameters import read_parameters
from pipeline.errors import InvalidRequest
from pipeline.settings import Settings

SETTINGS = Settings(_env_file=None, preload_model="base")


def read(query=None, form=None):
    return read_parameters(query or {}, form or {}, SETTINGS)


def options(query=None, form=None):
    return read(query, form).options


def test_a_request_that_says_nothing_gets_words_and_speakers_in_json():
    parameters = read()
    assert (parameters.output, parameters.document) == ("json", "TRANSCRIPT")
    assert parameters.options.to_parameters() == {}


def test_what_speakr_sends():
    query = {
        "encode": "true",
        "task": "transcribe",
        "output": "json",
        "diarize": "true",
        "enable_diarization": "true",
        "language": "en",
        "return_speaker_embeddings": "true",
        "min_speakers": "2",
        "max_speakers": "4",
        "initial_prompt": "A meeting.",
        "hotwords": "Triton, Speakr",
        "model": "large-v3",
    }
    assert options(query).to_parameters() == {
        "language": "en",
        "return_speaker_embeddings": True,
        "min_speakers": 2,
        "max_speakers": 4,
        "initial_prompt": "A meeting.",
        "hotwords": "Triton, Speakr",
        "model": "large-v3",
    }


def test_the_form_says_what_the_query_does_not():
    asked = options({"language": "de"}, {"language": "fr", "task": "translate"})
    assert (asked.language, asked.task) == ("de", "translate")


def test_an_empty_query_parameter_is_not_given():
    asked = options({"language": "", "model": " "}, {})
    assert (asked.language, asked.model) == (None, None)


@pytest.mark.parametrize(
    ("query", "diarize"),
    [
        ({}, True),
        ({"diarize": "true"}, True),
        ({"diarize": "false"}, False),
        ({"enable_diarization": "False"}, False),
        ({"diarize": "true", "enable_diarization": "0"}, False),
        ({"diarize": "no", "enable_diarization": "yes"}, False),
    ],
)
def test_either_name_switches_speakers_off(query, diarize):
    assert options(query).diarize is diarize


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ({"diarize": "false"}, "WORDS"),
        ({"diarize": "false", "word_timestamps": "false"}, "SEGMENTS"),
        ({"word_timestamps": "false"}, "TRANSCRIPT"),
    ],
)
def test_only_what_is_wanted_is_asked_of_triton(query, document):
    assert read(query).document == document


@pytest.mark.parametrize("value", ["json", "text", "txt", "srt", "vtt", "tsv", "SRT"])
def test_outputs_by_both_names(value):
    expected = {"txt": "text"}.get(value, value.lower())
    assert read({"output": value}).output == expected
    assert read({"output_format": value}).output == expected
    assert read({"output": "json", "output_format": value}).output == "json"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("English", "en"),
        ("pt-BR", "pt"),
        ("zh_TW", "zh"),
        ("mandarin", "zh"),
        ("yue", "yue"),
        ("haitian creole", "ht"),
        ("auto", None),
    ],
)
def test_languages_by_code_and_by_name(text, code):
    assert options({"language": text}).language == code


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("whisper-1", None),
        ("base", "base"),
        ("large-v3", "large-v3"),
        ("whisper-large-v3", "large-v3"),
        ("openai/whisper-small", "small"),
        ("Systran/faster-whisper-tiny", "tiny"),
        ("large-v3-turbo", "turbo"),
        ("openai/whisper-large-v3-turbo", "turbo"),
    ],
)
def test_models_by_their_names(name, model):
    assert options({"model": name}).model == model


OFFERED = Settings(_env_file=None, models="tiny.en, whisper-small ,somebody/whisper,/models/ours")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("whisper-1", None),
        ("tiny.en", "tiny.en"),
        ("openai/whisper-small", "small"),
        ("Systran/faster-whisper-small", "small"),
        ("somebody/whisper", "somebody/whisper"),
        ("/models/ours", "/models/ours"),
    ],
)
def test_models_that_are_offered_by_their_names(name, model):
    assert read_parameters({"model": name}, {}, OFFERED).options.model == model


@pytest.mark.parametrize("name", ["base", "somebody/other", "/models/theirs", "large"])
def test_a_model_that_is_not_offered_is_refused_with_those_that_are(name):
    refusal = (
        r"^model: '.*' is not offered here; .*tiny\.en, small, somebody/whisper, /models/ours$"
    )
    with pytest.raises(InvalidRequest, match=refusal):
        read_parameters({"model": name}, {}, OFFERED)


@pytest.mark.parametrize("name", ["enormous", "somebody/whisper-of-theirs", "/models/theirs"])
def test_only_known_sizes_are_offered_where_no_others_are_named(name):
    with pytest.raises(InvalidRequest, match=r"^model: unknown model '.*base.*named in MODELS"):
        options({"model": name})
    preloaded = SETTINGS.model_copy(update={"preload_model": name})
    assert read_parameters({"model": name}, {}, preloaded).options.model == name


@pytest.mark.parametrize("name", ["gpt-4o-transcribe", "voxtral-mini-latest", "qwen3-asr-0.6b"])
@pytest.mark.parametrize("settings", [SETTINGS, OFFERED])
def test_names_that_clients_have_as_their_default_are_ours(name, settings):
    assert read_parameters({"model": name}, {}, settings).options.model is None


def test_a_name_that_the_settings_alias():
    settings = Settings(_env_file=None, preload_model="base", model_aliases="scribe=turbo")
    assert read_parameters({"model": "scribe"}, {}, settings).options.model == "turbo"
    with pytest.raises(InvalidRequest, match="unknown model 'scribe-2'"):
        read_parameters({"model": "scribe-2"}, {}, settings)


@pytest.mark.parametrize("name", ["gpt-5-transcribe", "gpt-image"])
@pytest.mark.parametrize("settings", [SETTINGS, OFFERED])
def test_openai_s_own_models_are_refused_by_name(name, settings):
    with pytest.raises(InvalidRequest, match=f"^model: '{name}' is OpenAI's own and no Whisper"):
        read_parameters({"model": name}, {}, settings)


def test_the_models_that_are_listed():
    assert OFFERED.offered_models == ("tiny.en", "small", "somebody/whisper", "/models/ours")
    everything = SETTINGS.model_copy(update={"preload_model": "/models/ours"}).offered_models
    assert everything[0] == "/models/ours"
    assert {"tiny", "base.en", "large-v3", "turbo"} < set(everything)
    assert len(everything) == len(set(everything))


@pytest.mark.parametrize(
    ("query", "named", "choices"),
    [
        ({"output": "docx"}, "output", "json, text, txt, srt, vtt, tsv"),
        ({"task": "sing"}, "task", "'transcribe' or 'translate'"),
        ({"language": "klingon"}, "language", "en, es"),
        ({"model": "enormous"}, "model", "base, tiny.en, tiny"),
        ({"model": "enormous"}, "model", "turbo; another Whisper has to be named"),
        ({"model": "../../etc"}, "model", "base, tiny.en, tiny"),
        ({"model": "/etc"}, "model", "base, tiny.en, tiny"),
        ({"encode": "perhaps"}, "encode", "true or false"),
        ({"vad_filter": "x"}, "vad_filter", "true or false"),
        ({"diarize": "maybe"}, "diarize", "true or false"),
        ({"enable_diarization": "maybe"}, "enable_diarization", "true or false"),
        ({"word_timestamps": "2"}, "word_timestamps", "true or false"),
        ({"min_speakers": "two"}, "min_speakers", "whole number"),
        ({"max_speakers": "nan"}, "max_speakers", "whole number"),
        ({"num_speakers": "2.5"}, "num_speakers", "whole number"),
        ({"num_speakers": "0"}, "num_speakers", "greater than or equal to 1"),
        ({"num_speakers": "-1"}, "num_speakers", "greater than or equal to 1"),
        ({"max_speakers": "1000"}, "max_speakers", "less than or equal to 50"),
        ({"beam_size": "0"}, "beam_size", "greater than or equal to 1"),
        ({"alignment": "magic"}, "alignment", "'auto', 'ctc' or 'attention'"),
        ({"min_speakers": "3", "max_speakers": "2"}, "min_speakers (3)", "max_speakers (2)"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_can(query, named, choices):
    with pytest.raises(InvalidRequest) as refused:
        read(query)
    assert str(refused.value).startswith(named)
    assert choices in str(refused.value)


def test_what_is_not_known_is_left_aside():
    query = {"timeout_ms": "1", "deadline_ns": "1", "clock": "x", "request_key": "k"}
    query |= {"detect_language": "true", "batch_size": "16"}
    assert options(query).to_parameters() == {}


def test_what_is_uploaded_without_a_header_is_told_by_encode():
    assert read({"encode": "false"}).pcm
    assert not read({"encode": "true", "vad_filter": "false"}).pcm
    assert not read({}).pcm
