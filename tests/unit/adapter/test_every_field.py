"""Every field of each API with values that cannot be used: 400 by its name, in that API's shape."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import httpx
import pytest
from pydantic import BaseModel

from adapter.asr.parameters import ALIASES, DIARIZE, PARAMETERS
from adapter.assemblyai.parameters import (
    REFUSED,
    REFUSED_OF_DETECTION,
    SWITCHES_THAT_ARE_ON,
    TranscriptRequest,
)
from adapter.intake.references import CLIPS, NAMES
from adapter.openai.form import FORMS
from adapter.openai.parameters import REFUSED as REFUSED_BY_OPENAI

# Text that may say whatever it likes: too much of it is cut, with a line in the log.
FREE_TEXT = {"prompt", "initial_prompt", "hotwords", "keywords[]", "context_bias[]"}
GONE = "http://service/v2/upload/6f0c5a57-5b0a-4c0e-9d5e-0d4c54a0b9c1"

# What cannot be used, of each field of POST /v2/transcript.
JSON_FIELDS: dict[str, list[object]] = {
    "audio_url": [None, 5, "", "no url", "ftp://a/b", "http://a.example/b", GONE, "x" * 5000],
    "language_code": ["klingon", 5, ["en"]],
    "language_codes": ["en", ["en", "de"], ["klingon"]],
    "language_detection": ["perhaps", 5],
    "language_confidence_threshold": [-0.1, 1.1, "sure"],
    "speaker_labels": ["perhaps", 2],
    "multichannel": ["perhaps", []],
    "speakers_expected": [0, 51, 1.5, "two", 2],  # the last one without speaker_labels
    "speaker_options": ["two", {"min_speakers_expected": 0}, {"max_speakers_expected": "many"}],
    "word_boost": ["Diane", [""], [5], ["x" * 201], ["x"] * 1001],
    "keyterms_prompt": ["Diane", [" "], {"Diane": 1}],
    "task": ["summarize", 5],
    "reuse": ["perhaps", 5],
    "prompt": [5, ["A call."]],
    "temperature": [-0.1, 1.1, "warm"],
    "speech_model": ["a-new-one", 5, "x" * 201],
    "speech_models": ["universal", ["a-new-one"], [5], ["x"] * 21],
    "webhook_url": [5, "no url", "http://a.example/hook", "x" * 5000],
    "webhook_auth_header_name": [5, "X Y", "Host", "X-Secret"],  # the last one without its value
    "webhook_auth_header_value": [5, "\n", "ü", "x" * 2001],
    **{field: [True] for field in REFUSED},
    **{field: [False] for field in SWITCHES_THAT_ARE_ON},
    "language_detection_options": [{name: True} for name in REFUSED_OF_DETECTION],
}
QUERY: dict[str, list[str]] = {
    "limit": ["0", "201", "many"],
    "status": ["done"],
    "created_on": ["today", "2026-13-01"],
    "before_id": ["5", "\0"],
    "after_id": ["5"],
    "throttled_only": ["true"],
}
# Of each field of POST /v1/audio/transcriptions; those of translations are among them.
FORM_FIELDS: dict[str, list[str]] = {
    "model": ["enormous"],
    "response_format": ["docx"],
    "temperature": ["-0.1", "1.1", "nan", "warm"],
    "language": ["klingon"],
    "languages[]": ["klingon"],
    "stream": ["perhaps"],
    "timestamp_granularities[]": ["letter", "word"],
    "reuse": ["perhaps"],
    "beam_size": ["0", "11", "1.5", "many"],
    "chunking_strategy": ["none"],
    "diarize": ["perhaps"],
    "num_speakers": ["0", "51", "1.5", "two"],
    "min_speakers": ["0", "51", "two"],
    "max_speakers": ["0", "51", "two"],
    "known_speaker_names[]": ["Ann"],  # without a clip
    "known_speaker_references[]": ["data:audio/wav;base64,UklGRg=="],  # without a name
    "return_speaker_embeddings": ["perhaps", "true"],
    "tracks": ["second"],
    "channels": ["left"],
    "include[]": ["logprobs"],
}
# Of each parameter of POST /asr.
PARAMETERS_OF_ASR: dict[str, list[str]] = {
    "output": ["docx"],
    "output_format": ["docx"],
    "encode": ["perhaps"],
    "language": ["klingon"],
    "task": ["summarize"],
    "model": ["enormous"],
    "word_timestamps": ["perhaps"],
    "alignment": ["magic"],
    "vad_filter": ["perhaps"],
    "beam_size": ["0", "11", "1.5"],
    "diarize": ["perhaps"],
    "enable_diarization": ["perhaps"],
    "num_speakers": ["0", "51", "two"],
    "min_speakers": ["0", "51", "two"],
    "max_speakers": ["0", "51", "two"],
    "return_speaker_embeddings": ["perhaps"],
    "tracks": ["second"],
    "channels": ["left"],
    "reuse": ["perhaps"],
    "speaker_name": ["Ann"],
    "speaker_audio": ["data:audio/wav;base64,UklGRg=="],
}
NAMED_AS = {
    "output_format": "output",
    "speaker_audio": "speaker_name",
    "known_speaker_references[]": "known_speaker_names[]",
    "webhook_auth_header_value": "webhook_auth_header_name",  # where there is one of the two
}

Faults = dict[str, list]
Ask = Callable[[httpx.AsyncClient, str, object], Awaitable[httpx.Response]]
Complaint = Callable[[dict], str]  # the field that the body of an answer complains of


def refused(
    run_app, faults: Faults, ask: Ask, complaint: Complaint, unknown_model: int = 400
) -> None:
    """Each value of each field, alone with a recording, is refused by the field's name."""

    async def run() -> None:
        async with run_app() as client:
            for field, values in faults.items():
                for value in values:
                    answer = await ask(client, field, value)
                    about = f"{field}={value!r}: {answer.status_code} {answer.text[:200]}"
                    status = unknown_model if field == "model" else 400
                    assert answer.status_code == status, about
                    assert complaint(answer.json()) in (field, NAMED_AS.get(field)), about

    asyncio.run(run())


def fields_of(form: type[BaseModel]) -> set[str]:
    return {info.alias or name for name, info in form.model_fields.items()}


def test_the_tables_have_every_field():
    fields = {*TranscriptRequest.model_fields, *REFUSED, *SWITCHES_THAT_ARE_ON}
    assert JSON_FIELDS.keys() == fields | {"language_detection_options"}
    form = set.union(*map(fields_of, FORMS.values()))
    assert FORM_FIELDS.keys() | FREE_TEXT >= form
    assert FORM_FIELDS.keys() >= {*REFUSED_BY_OPENAI, NAMES[0], CLIPS[0]}
    assert PARAMETERS_OF_ASR.keys() | FREE_TEXT >= {*PARAMETERS, *ALIASES, *DIARIZE}
    assert PARAMETERS_OF_ASR.keys() >= {NAMES[2], CLIPS[2]}


def before_a_colon(message: str) -> str:
    return message.partition(":")[0].partition(".")[0]


def test_assemblyai(run_app, tmp_path):
    uploads = []

    async def ask(client: httpx.AsyncClient, field: str, value: object) -> httpx.Response:
        if not uploads:
            uploads.append((await client.post("/v2/upload", content=b"sound")).json()["upload_url"])
        body = {"audio_url": uploads[0], field: value}
        return await client.post("/v2/transcript", json=body)

    def complaint(shape: dict) -> str:
        assert shape.keys() == {"error"}
        return before_a_colon(shape["error"])

    refused(partial(run_app, data_dir=tmp_path), JSON_FIELDS, ask, complaint)


def test_the_pages_of_assemblyais_list(run_app, tmp_path):
    async def ask(client: httpx.AsyncClient, field: str, value: object) -> httpx.Response:
        return await client.get("/v2/transcript", params={field: value})

    def complaint(shape: dict) -> str:
        assert shape.keys() == {"error"}
        return before_a_colon(shape["error"])

    refused(partial(run_app, data_dir=tmp_path), QUERY, ask, complaint)


@pytest.mark.parametrize(
    ("path", "task"), [("transcriptions", "transcribe"), ("translations", "translate")]
)
def test_openai(run_app, media, path, task):
    recording = (media / "tone.wav").read_bytes()
    known = fields_of(FORMS[task]) | {*REFUSED_BY_OPENAI}

    async def ask(client: httpx.AsyncClient, field: str, value: object) -> httpx.Response:
        return await client.post(
            f"/v1/audio/{path}", files={"file": ("a.wav", recording)}, data={field: value}
        )

    def complaint(shape: dict) -> str:
        assert shape["error"].keys() == {"message", "type", "param", "code"}
        assert shape["error"]["type"] == "invalid_request_error"
        return shape["error"]["param"]

    faults = {field: values for field, values in FORM_FIELDS.items() if field in known}
    refused(run_app, faults, ask, complaint, unknown_model=404)


def test_asr(run_app, media):
    recording = (media / "tone.wav").read_bytes()

    async def ask(client: httpx.AsyncClient, field: str, value: object) -> httpx.Response:
        files = {"audio_file": ("a.wav", recording)}
        return await client.post("/asr", files=files, data={field: value})

    def complaint(shape: dict) -> str:
        assert shape.keys() == {"detail"}
        return before_a_colon(shape["detail"])

    refused(run_app, PARAMETERS_OF_ASR, ask, complaint)
