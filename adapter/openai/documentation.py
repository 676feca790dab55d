"""What the API's own pages say of ``/v1``, whose forms are read by hand."""

from pydantic import BaseModel

from adapter.asr.answers import MEANINGS, RETRY
from adapter.intake.references import MAX_CLIPS
from adapter.openai.form import TranscriptionForm, TranslationForm

Schema = dict[str, object]

ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        },
    },
}


def _error(description: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": ERROR}}}


BUSY = _error(MEANINGS[503]) | {"headers": RETRY}
UNKNOWN = _error("There is no such model")


def _field(schema: Schema) -> Schema:
    # «or null» is pydantic's way to say that a field may be left out.
    variants = [v for v in schema.get("anyOf", [{}]) if v.get("type") != "null"]
    whole = {key: value for key, value in schema.items() if key not in ("title", "anyOf")}
    return {k: v for k, v in (whole | variants[0]).items() if (k, v) != ("default", None)}


def _audio(form: type[BaseModel], answer: str, **more: Schema) -> Schema:
    fields = form.model_json_schema(by_alias=True)["properties"]
    file = {
        "type": "string",
        "format": "binary",
        "description": "a recording in any usual format, or a video with sound",
    }
    body = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": file}
        | {name: _field(field) for name, field in fields.items()}
        | more,
    }
    text = {"schema": {"type": "string"}}
    event = {"event": {"type": "string"}, "data": {"type": "string", "description": "JSON"}}
    events = {"schema": {"type": "object", "required": ["data"], "properties": event}}
    media = {"application/json": {"schema": {"type": "object"}}, "text/plain": text}
    return {
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": {"schema": body}},
        },
        "responses": {
            "200": {
                "description": answer,
                "content": media | {"text/vtt": text, "text/event-stream": events},
            },
            **{str(status): _error(meaning) for status, meaning in MEANINGS.items()},
            "404": UNKNOWN,
            "503": BUSY,
        },
    }


TRANSCRIPTION = _audio(
    TranscriptionForm,
    "What was said",
    **{
        "known_speaker_references[]": {
            "type": "array",
            "maxItems": MAX_CLIPS,
            "items": {"type": "string"},
            "description": "a data URL of 2 to 10 seconds of each one's speech",
        }
    },
)
TRANSLATION = _audio(TranslationForm, "What was said, in English")
MODELS: Schema = {"responses": {"503": BUSY}}
MODEL: Schema = {"responses": {"404": UNKNOWN, "503": BUSY}}
