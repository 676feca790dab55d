"""What the API's own pages say of ``/asr`` and ``/detect-language``, which read by hand."""

from adapter.asr.answers import ERRORS, TRANSCRIPTS, Schema
from adapter.asr.dialects import MEDIA_TYPES
from adapter.asr.parameters import OUTPUTS, PARAMETERS
from adapter.intake.references import MAX_CLIPS
from adapter.intake.tracks import CHOICES
from pipeline.languages import LANGUAGES
from pipeline.options import Options


def _schema(name: str) -> Schema:
    if name == "output":
        return {"type": "string", "enum": list(OUTPUTS), "default": "json"}
    if name == "encode":
        return {"type": "boolean", "default": True}
    if name == "vad_filter":
        return {"type": "boolean"}
    if name in CHOICES:
        return {"type": "string", "enum": list(CHOICES[name]), "default": CHOICES[name][0]}
    if name == "language":
        return {"type": "string", "enum": list(LANGUAGES)}
    properties = Options.model_json_schema()["properties"][name]
    # «or null» is pydantic's way to say that the parameter may be left out.
    variants = [v for v in properties.pop("anyOf", [{}]) if v.get("type") != "null"]
    schema = properties | variants[0]
    return {
        key: value
        for key, value in schema.items()
        if key != "title" and not (key == "default" and value is None)
    }


def _parameter(name: str) -> Schema:
    meaning, example = PARAMETERS[name]
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": meaning,
        "schema": _schema(name) | ({"examples": [example]} if example else {}),
    }


FILE: Schema = {
    "type": "string",
    "format": "binary",
    "description": "a recording in any usual format, or a video with sound",
}
VOICES: Schema = {
    "speaker_name": {
        "type": "array",
        "maxItems": MAX_CLIPS,
        "items": {"type": "string"},
        "description": "who may speak; a speaker_audio for each of them",
    },
    "speaker_audio": {
        "type": "array",
        "maxItems": MAX_CLIPS,
        "items": {"type": "string", "format": "binary"},
        "description": "2 to 10 seconds of each one's speech",
    },
}


def _upload(**more: Schema) -> Schema:
    properties = {"audio_file": FILE, **more}
    schema = {"type": "object", "required": ["audio_file"], "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


TEXT: Schema = {"schema": {"type": "string"}}
ASR: Schema = {
    "parameters": [_parameter(name) for name in PARAMETERS],
    "requestBody": _upload(**VOICES),
    "responses": {
        "200": {
            "description": "The transcript: JSON, or the text itself if Accept asks for it first",
            "content": {
                "application/json": {"schema": TRANSCRIPTS},
                **dict.fromkeys(MEDIA_TYPES.values(), TEXT),
            },
        },
        **ERRORS,
    },
}
DETECT_LANGUAGE: Schema = {
    "parameters": [_parameter(name) for name in ("model", "encode")],
    "requestBody": _upload(),
    "responses": {
        "200": {
            "description": "The language and how sure of it Whisper is",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["detected_language", "language_code", "confidence"],
                        "properties": {
                            "detected_language": {"type": "string", "examples": ["english"]},
                            "language_code": {"type": "string", "enum": list(LANGUAGES)},
                            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                        },
                    }
                }
            },
        },
        **ERRORS,
    },
}
