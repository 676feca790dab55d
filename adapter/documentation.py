"""What the API's own pages say of ``/asr``, whose parameters are read by hand."""

from adapter.parameters import OUTPUTS, PARAMETERS
from pipeline.languages import LANGUAGES
from pipeline.options import Options

Schema = dict[str, object]


def _schema(name: str) -> Schema:
    if name == "output":
        return {"type": "string", "enum": list(OUTPUTS), "default": "json"}
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


RETRY: Schema = {
    "Retry-After": {
        "description": "seconds after which to come again",
        "required": True,
        "schema": {"type": "integer"},
    }
}
ERRORS = {
    400: "The file or a parameter cannot be used; the answer names it, and what would be right",
    408: "The file does not arrive",
    413: "The file or the recording is too large",
    500: "A mistake of the service's own",
    503: "Busy, without room, or a model is not ready; Retry-After says when to come again",
    504: "Not finished in time",
}


def error(status: int) -> Schema:
    """The answer of an error, as every operation gives it."""
    schema = {
        "type": "object",
        "required": ["detail"],
        "properties": {"detail": {"type": "string"}},
    }
    answer: Schema = {
        "description": ERRORS[status],
        "content": {"application/json": {"schema": schema}},
    }
    return answer | ({"headers": RETRY} if status == 503 else {})


TIMES = {"start": {"type": "number"}, "end": {"type": "number"}}
SPEAKER = {"speaker": {"type": "string"}}
WORD = {
    "type": "object",
    "required": ["word", "start", "end", "score"],
    "properties": {"word": {"type": "string"}, **TIMES, "score": {"type": "number"}, **SPEAKER},
}
SEGMENT = {
    "type": "object",
    "required": ["start", "end", "text"],
    "properties": {
        **TIMES,
        "text": {"type": "string"},
        "words": {"type": "array", "items": WORD},
        **SPEAKER,
    },
}
TRANSCRIPT = {
    "type": "object",
    "required": ["text", "language", "segments", "word_segments"],
    "properties": {
        "text": {"type": "array", "items": SEGMENT},
        "language": {"type": "string"},
        "segments": {"type": "array", "items": SEGMENT},
        "word_segments": {"type": "array", "items": WORD},
        "speaker_embeddings": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "number"}},
        },
    },
}
SUBTITLES = {
    "type": "object",
    "maxProperties": 1,
    "properties": {
        name: {"type": "string"} for name in dict.fromkeys(OUTPUTS.values()) if name != "json"
    },
    "additionalProperties": False,
}
HEALTH: dict[int | str, Schema] = {
    status: {
        "description": description,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["status", "version", "loaded_models"],
                    "properties": {
                        "status": {"const": state},
                        "version": {"type": "string"},
                        "loaded_models": {"type": "array", "items": {"type": "string"}},
                    },
                }
            }
        },
    }
    for status, state, description in (
        (200, "healthy", "Triton and every model are ready"),
        (503, "unhealthy", "Triton or a model is not ready; detail says which"),
    )
}
HEALTH[503]["headers"] = RETRY
ASR: Schema = {
    "parameters": [_parameter(name) for name in PARAMETERS],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["audio_file"],
                    "properties": {
                        "audio_file": {
                            "type": "string",
                            "format": "binary",
                            "description": "a recording in any usual format, or a video with sound",
                        }
                    },
                }
            }
        },
    },
    "responses": {
        "200": {
            "description": "The transcript, in the shape of output",
            "content": {"application/json": {"schema": {"anyOf": [TRANSCRIPT, SUBTITLES]}}},
        },
        **{str(status): error(status) for status in ERRORS},
    },
}
