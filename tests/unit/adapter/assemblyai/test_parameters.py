"""The JSON of a job: what becomes of each field, and what is refused by its name."""

import pytest

from adapter.assemblyai.parameters import options_of, read_request
from pipeline.errors import InvalidRequest
from pipeline.settings import Settings

SETTINGS = Settings(_env_file=None, preload_model="base", model_aliases={"nano": "tiny"})
URL = {"audio_url": "http://service/v2/upload/1"}


def options(**fields: object):
    return options_of(read_request({**URL, **fields}), SETTINGS)


def refusal(body: object) -> str:
    with pytest.raises(InvalidRequest) as refused:
        options_of(read_request(body), SETTINGS)
    return str(refused.value)


def test_nothing_but_a_recording_is_its_text_in_the_language_that_is_heard():
    asked = options()
    assert (asked.language, asked.diarize, asked.model) == (None, False, None)
    assert asked.word_timestamps


@pytest.mark.parametrize(
    ("code", "language"),
    [("en_us", "en"), ("en_uk", "en"), ("de_ch", "de"), ("uk", "uk"), ("auto", None), ("", None)],
)
def test_languages_are_theirs(code, language):
    assert options(language_code=code).language == language
    assert options(language_codes=[code] if code else []).language == language


def test_speakers():
    asked = options(speaker_labels=True, speakers_expected=3)
    assert (asked.diarize, asked.num_speakers) == (True, 3)
    bounds = {
        "min_speakers_expected": 2,
        "max_speakers_expected": 4,
        "use_two_stage_clustering": True,
    }
    asked = options(speaker_labels=True, speaker_options=bounds)
    assert (asked.min_speakers, asked.max_speakers) == (2, 4)


def test_words_to_expect_are_told_once():
    asked = options(word_boost=["Yankee ", "Diane"], keyterms_prompt=["Diane"], prompt="A call.")
    assert asked.hotwords == "Yankee, Diane"
    assert asked.initial_prompt == "A call."


def test_a_translation_is_asked_for_by_whispers_own_name():
    assert (options().task, options(task="translate").task) == ("transcribe", "translate")
    assert [options(**asked).reuse for asked in ({}, {"reuse": True}, {"reuse": False})] == [
        *(True, True, False)
    ]
    assert refusal({**URL, "task": "summarize"}).startswith("task: 'summarize' cannot be used")


@pytest.mark.parametrize(
    ("fields", "model"),
    [
        ({"speech_models": ["universal-3-pro", "universal-2"]}, None),
        ({"speech_model": "best"}, None),
        ({"speech_models": ["a-new-one", "whisper-small"]}, "small"),
        ({"speech_model": "nano"}, "tiny"),  # an alias goes before what their name means
        ({"speech_models": []}, None),
    ],
)
def test_their_models_are_our_default_and_ours_are_ours(fields, model):
    assert options(**fields).model == model


@pytest.mark.parametrize(
    "fields",
    [
        {"summarization": False, "redact_pii": None, "custom_spelling": []},
        {"boost_param": "high", "language_detection": True, "punctuate": True, "format_text": True},
        {"keyterms_prompt_options": {"boost": 1}, "something_new": {"a": 1}},
        {"language_detection_options": {"code_switching": False}},
    ],
)
def test_what_is_off_or_changes_nothing_is_left_aside(fields):
    assert options(**fields) == options()


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"summarization": True}, "summarization: the text is not analysed"),
        ({"speech_understanding": {"request": {"translation": {}}}}, "speech_understanding: "),
        ({"redact_pii": True}, "redact_pii: nothing is taken out"),
        ({"sentiment_analysis": True}, "sentiment_analysis: "),
        ({"audio_start_from": 1000}, "audio_start_from: the whole recording"),
        ({"punctuate": False}, "punctuate: .* always"),
        ({"language_detection_options": {"code_switching": True}}, "code_switching: "),
        ({"language_code": "klingon"}, "language_code: unknown language 'klingon'"),
        ({"language_codes": ["en", "es"]}, "language_codes: "),
        ({"speakers_expected": 2}, "speakers_expected: it needs speaker_labels"),
        ({"speaker_labels": True, "speakers_expected": 0}, "speakers_expected: '0' cannot be used"),
        ({"speaker_labels": "perhaps"}, "speaker_labels: 'perhaps' cannot be used"),
        (
            {
                "speaker_labels": True,
                "speaker_options": {"min_speakers_expected": 3, "max_speakers_expected": 2},
            },
            r"speaker_options: min_speakers_expected \(3\)",
        ),
        ({"word_boost": "Diane"}, "word_boost: 'Diane' cannot be used"),
        ({"word_boost": [""]}, "word_boost: .* give words"),
        ({"speech_models": ["a-new-one"]}, "speech_models: unknown model 'a-new-one'; there are "),
        ({"temperature": 2}, "temperature: '2' cannot be used"),
        ({"webhook_auth_header_name": "X Y"}, "webhook_auth_header_name: 'X Y' cannot be used"),
    ],
)
def test_what_cannot_be_served_is_refused_by_its_name(fields, complaint):
    with pytest.raises(InvalidRequest, match=f"^(language_detection_options.)?{complaint}"):
        options(**fields)


@pytest.mark.parametrize("body", [None, [], "x", 1])
def test_a_body_that_is_no_object_says_what_one_is(body):
    assert refusal(body).startswith("the body: send a JSON object")


def test_a_recording_is_needed():
    assert refusal({}) == "audio_url: it is missing; send what /v2/upload answers"


def test_a_webhooks_header_has_both_halves_and_is_not_https():
    both = {"webhook_auth_header_name": "X-Secret", "webhook_auth_header_value": "abc"}
    assert read_request({**URL, **both}).webhook_headers() == {"X-Secret": "abc"}
    assert read_request(URL).webhook_headers() == {}
    for fields in ({"webhook_auth_header_name": "X"}, {**both, "webhook_auth_header_name": "Host"}):
        with pytest.raises(InvalidRequest, match=r"^webhook_auth_header_name: "):
            read_request({**URL, **fields}).webhook_headers()
