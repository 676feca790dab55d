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


def _error(description: str) -> Schema:
    schema = {
        "type": "object",
        "required": ["detail"],
        "properties": {"detail": {"type": "string"}},
    }
    return {"description": description, "content": {"application/json": {"schema": schema}}}


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
        "400": _error("The file or a parameter cannot be used"),
        "413": _error("The file or the recording is too large"),
        "503": _error("Busy, or a model is not ready; Retry-After says when to come again"),
        "504": _error("Not finished in time"),
    },
}
