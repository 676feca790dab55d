"""What OpenAI's clients may ask for, and what they hear when they ask for something else."""

import pytest
from starlette.datastructures import ImmutableMultiDict

from adapter.intake.tracks import Choice
from adapter.openai.errors import UnknownModel
from adapter.openai.models import all_models, one_model
from adapter.openai.parameters import read_form
from pipeline.errors import InvalidRequest
from pipeline.settings import Settings

SETTINGS = Settings(_env_file=None, preload_model="base")


def read(*fields: tuple[str, str], task: str = "transcribe"):
    return read_form(ImmutableMultiDict(fields), task, SETTINGS)


def test_every_field_of_openai_reaches_the_pipeline():
    asked = read(
        ("model", "whisper-large-v3"),
        ("language", "en"),
        ("prompt", "A meeting."),
        ("temperature", "0.4"),
        ("response_format", "verbose_json"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
        ("keywords[]", "Triton"),
        ("keywords[]", "Speakr"),
    )
    assert asked.options.to_parameters() == {
        "model": "large-v3",
        "language": "en",
        "initial_prompt": "A meeting.",
        "temperature": "0.4",
        "hotwords": "Triton, Speakr",
        "diarize": False,
    }
    assert asked.granularities == {"word", "segment"}
    assert not asked.stream


@pytest.mark.parametrize(
    ("response_format", "document"),
    [
        ("json", "SEGMENTS"),
        ("text", "SEGMENTS"),
        ("srt", "WORDS"),
        ("vtt", "WORDS"),
        ("verbose_json", "WORDS"),
        ("diarized_json", "TRANSCRIPT"),
    ],
)
def test_triton_is_asked_for_no_more_than_the_answer_needs(response_format, document):
    assert read(("response_format", response_format)).document == document
    assert read().document == "SEGMENTS"


@pytest.mark.parametrize(
    "name",
    [
        *("whisper-1", "gpt-4o-transcribe", "gpt-4o-transcribe-diarize"),
        *("voxtral-mini-latest", "qwen3-asr-0.6b"),
    ],
)
def test_other_services_models_are_the_default_one(name):
    assert read(("model", name)).options.model is None
    assert one_model(name, "base", SETTINGS)["id"] == name


@pytest.mark.parametrize("response_format", ["verbose_json", "srt", "vtt", "json"])
def test_speakers_are_found_for_answers_that_can_name_them(response_format):
    asked = read(("response_format", response_format), ("diarize", "true"), ("num_speakers", "2"))
    assert (asked.document, asked.options.num_speakers) == ("TRANSCRIPT", 2)
    assert not read(("response_format", response_format), ("diarize", "false")).options.diarize


def test_voices_come_with_speakers():
    asked = read(
        ("response_format", "verbose_json"),
        ("diarize", "true"),
        ("return_speaker_embeddings", "true"),
    )
    assert asked.options.return_speaker_embeddings


def test_mistral_s_spelling_means_the_same_and_its_own_answer():
    asked = read(
        ("model", "voxtral-mini-latest"),
        ("diarize", "true"),
        ("context_bias", "Triton"),
        ("context_bias", "Speakr"),
        ("timestamp_granularities", "segment"),
    )
    assert asked.response_format == "segmented_json"
    assert asked.options.hotwords == "Triton, Speakr"
    assert asked.document == "TRANSCRIPT"
    words = read(("timestamp_granularities", "word"))
    assert (words.response_format, words.granularities) == ("segmented_json", {"word"})
    assert words.document == "WORDS"
    assert read(("context_bias", "Triton")).response_format == "segmented_json"
    verbose = read(("timestamp_granularities", "segment"), ("response_format", "verbose_json"))
    assert verbose.response_format == "verbose_json"


def test_known_speakers_have_names_with_or_without_brackets():
    for field in ("known_speaker_names", "known_speaker_names[]"):
        assert read((field, "B"), (field, "Ann ")).names == ("B", "Ann")


@pytest.mark.parametrize("response_format", ["verbose_json", "diarized_json", "srt", "text"])
def test_tracks_and_channels_are_speakers_where_they_are_split(response_format):
    asked = read(("response_format", response_format), ("channels", "split"))
    assert asked.choice == Choice(channels="split")
    assert read(("channels", "split")).response_format == "segmented_json"
    assert read(("tracks", "mix")).choice == Choice(tracks="mix")
    assert read(("tracks", "first"), ("channels", "mix")).choice == Choice()


def test_hotwords_and_keywords_are_expected_alike():
    assert read(("hotwords", "Triton"), ("keywords[]", "Speakr")).options.hotwords == (
        "Triton, Speakr"
    )


def test_an_empty_field_does_not_hide_those_behind_it():
    assert read(("language", " "), ("temperature", "0.2")).options.temperature == 0.2


def test_the_languages_of_newer_clients_are_the_language():
    assert read(("languages[]", "de")).options.language == "de"


@pytest.mark.parametrize(
    "fields",
    [
        [("chunking_strategy", "auto")],
        [("chunking_strategy[type]", "server_vad"), ("chunking_strategy[threshold]", "0.4")],
        [("chunking_strategy", '{"type": "server_vad"}')],
        [("user", "somebody"), ("language", " "), ("prompt", "")],
    ],
)
def test_what_changes_nothing_is_accepted(fields):
    assert read(*fields) == read()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([("response_format", "docx")], "response_format: 'docx'.*'json'.*'diarized_json'"),
        ([("temperature", "2")], "temperature: '2' cannot be used.*less than or equal to 1"),
        ([("temperature", "nan")], "temperature: 'nan'.*finite"),
        ([("temperature", "warm")], "temperature: 'warm'.*number"),
        ([("language", "klingon")], "language: unknown language 'klingon'; there are"),
        ([("languages[]", "de"), ("languages[]", "fr")], r"languages\[\].*at most 1"),
        ([("stream", "maybe")], "stream: 'maybe' cannot be used, give true or false"),
        ([("timestamp_granularities[]", "letter")], r"timestamp_granularities\[\]: 'letter'.*word"),
        ([("timestamp_granularities[]", "word")], r"timestamp_granularities\[\].*verbose_json"),
        ([("stream", "true"), ("response_format", "srt")], "stream: srt.*json, text, diarized_jso"),
        ([("chunking_strategy", "none")], "chunking_strategy: 'none'.*'auto'"),
        ([("include[]", "logprobs")], r"include\[\]: .*avg_logprob"),
        ([("known_speaker_names", "Ann")] * 17, r"known_speaker_names\[\]: .*at most 16"),
        ([("diarize", "perhaps")], "diarize: 'perhaps' cannot be used, give true or false"),
        ([("diarize", "true"), ("response_format", "text")], "diarize: .*not text; .*verbose_json"),
        ([("diarize", "false"), ("response_format", "diarized_json")], "diarize: false .*verbose"),
        ([("return_speaker_embeddings", "true")], "return_speaker_embeddings: .*diarize=true"),
        ([("tracks", "all")], "tracks: 'all' cannot be used, give first or mix or split"),
        ([("channels", "left")], "channels: 'left' cannot be used, give mix or split"),
        ([("tracks", "mix"), ("channels", "split")], "channels: split cannot be had of tracks"),
        ([("channels", "split"), ("stream", "true")], "stream: tracks and channels"),
        ([("num_speakers", "0")], "num_speakers: '0'.*greater than or equal to 1"),
        ([("min_speakers", "3"), ("max_speakers", "2")], "min_speakers .3. is larger"),
    ],
)
def test_what_cannot_be_done_is_named(fields, words):
    with pytest.raises(InvalidRequest, match=words):
        read(*fields)


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        ("beam_size", 1, 10),
        ("num_speakers", 1, 50),
        ("min_speakers", 1, 50),
        ("max_speakers", 1, 50),
        ("temperature", 0, 1),
    ],
)
def test_the_bounds_of_a_field_are_inside(field, least, most):
    for value in (least, most):
        assert getattr(read((field, str(value))).options, field) == value
    for value in (least - 1, most + 1):
        with pytest.raises(InvalidRequest, match=field):
            read((field, str(value)))


def test_a_translation_has_no_speakers():
    with pytest.raises(InvalidRequest, match="response_format: 'diarized_json'"):
        read(("response_format", "diarized_json"), task="translate")
    assert read(task="translate").options.task == "translate"


def test_an_unknown_model_is_named_with_those_there_are():
    with pytest.raises(UnknownModel, match=r"model: unknown model 'enormous'; .*large-v3"):
        read(("model", "enormous"))


def test_models_are_the_default_whisper_1_and_those_known():
    models = all_models("base", SETTINGS)
    ids = [model["id"] for model in models]
    assert ids[:2] == ["base", "whisper-1"]
    assert {"large-v3", "turbo", "tiny.en"} < set(ids)
    assert len(ids) == len(set(ids))
    assert models[0]["owned_by"] == models[1]["owned_by"] == "Systran"
    turbo = models[ids.index("turbo")]
    assert (turbo["object"], turbo["owned_by"]) == ("model", "mobiuslabsgmbh")
    assert isinstance(turbo["created"], int)


def test_names_are_listed_that_clients_look_for():
    settings = Settings(_env_file=None, preload_model="base", model_aliases="scribe=turbo,*=base")
    listed = {model["id"]: model["owned_by"] for model in all_models("base", settings)}
    assert listed["whisper-large-v3"] == listed["whisper-base"] == "Systran"
    assert listed["gpt-4o-transcribe-diarize"] == listed["voxtral-mini-latest"] == "Systran"
    assert listed["scribe"] == "mobiuslabsgmbh"
    assert "*" not in listed
    for name in listed:
        read_form(ImmutableMultiDict([("model", name)]), "transcribe", settings)


def test_an_alias_is_one_of_ours():
    settings = Settings(
        _env_file=None,
        preload_model="base",
        model_aliases="voxtral-mini-latest=whisper-large-v3,ours=default,*=tiny",
    )

    def model(name: str) -> str | None:
        form = ImmutableMultiDict([("model", name)])
        return read_form(form, "transcribe", settings).options.model

    assert model("voxtral-mini-latest") == "large-v3"
    assert model("ours") is None
    assert model("whatever-there-may-be") == "tiny"
    assert model("whisper-1") is None
    assert model("small") == "small"


def test_a_default_model_may_have_slashes():
    listed = all_models("me/my-whisper", SETTINGS)
    assert (listed[0]["id"], listed[0]["owned_by"]) == ("me/my-whisper", "me")
    assert one_model("me/my-whisper", "me/my-whisper", SETTINGS) == listed[0]
    folder = all_models("/models/mine", SETTINGS)[0]
    assert (folder["id"], folder["owned_by"]) == ("/models/mine", "local")
    for name in ("enormous", "somebody/else", ""):
        with pytest.raises(UnknownModel):
            one_model(name, "base", SETTINGS)
