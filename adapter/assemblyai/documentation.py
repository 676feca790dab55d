"""What the API's own pages say of ``/v2`` and of progress, whose requests are read by hand."""

from adapter.asr.answers import MEANINGS, RETRY
from adapter.assemblyai.listing import MOST
from adapter.assemblyai.parameters import TranscriptRequest
from adapter.jobs.records import STATUSES

Schema = dict[str, object]

JSON: Schema = {"application/json": {"schema": {"type": "object"}}}
DETAIL: Schema = {
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"type": "string"}},
}
ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
}


def _answer(description: str, **properties: Schema) -> Schema:
    schema = {"type": "object", "required": list(properties), "properties": properties}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _errors(shape: Schema, *statuses: int) -> Schema:
    content = {"application/json": {"schema": shape}}
    errors = {
        str(status): {"description": MEANINGS[status], "content": content}
        for status in (*statuses, 503)
    }
    errors["503"]["headers"] = RETRY
    return errors


def _query(name: str, schema: Schema, meaning: str) -> Schema:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": meaning,
        "schema": schema,
    }


def _body(schema: Schema) -> Schema:
    """pydantic's schema of a request, in which «or null» says that a field may be left out."""
    whole = {key: value for key, value in schema.items() if key != "$defs"}
    whole["properties"] = {
        name: {key: value for key, value in field.items() if key not in ("title", "default")}
        for name, field in schema["properties"].items()
    }
    options = schema["$defs"]["SpeakerOptions"]
    whole["properties"]["speaker_options"] = {"anyOf": [options, {"type": "null"}]}
    return whole


TEXT_KINDS = ("text/vtt", "application/x-subrip", "text/plain", "text/tab-separated-values")
UNKNOWN: Schema = {
    "404": {
        "description": "There is no such transcript of this key",
        "content": {"application/json": {"schema": ERROR}},
    }
}
STATUS: Schema = {"type": "string", "enum": list(STATUSES)}
TRANSCRIPT = _answer(
    "The job; with its text when it has ended well", id={"type": "string"}, status=STATUS
)
EVENTS: Schema = {
    "description": "progress, again and again, and at last end",
    "content": {
        "text/event-stream": {
            "schema": {
                "type": "object",
                "required": ["data"],
                "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
            }
        }
    },
}

UPLOAD: Schema = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    "responses": {
        "200": _answer("Where it is", upload_url={"type": "string"}),
        **_errors(ERROR, 400, 408, 413),
    },
}
CREATE: Schema = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _body(TranscriptRequest.model_json_schema())}},
    },
    "responses": {"200": TRANSCRIPT, **_errors(ERROR, 400, 408)},
}
LIST: Schema = {
    "parameters": [
        _query("limit", {"type": "integer", "minimum": 1, "maximum": MOST}, "jobs on a page"),
        _query("status", STATUS, "only those"),
        _query("created_on", {"type": "string", "format": "date"}, "only of this day, in UTC"),
        _query("before_id", {"type": "string"}, "only older ones than this"),
        _query("after_id", {"type": "string"}, "only newer ones than this"),
    ],
    "responses": {
        "200": _answer(
            "A page, newest first", page_details={"type": "object"}, transcripts={"type": "array"}
        ),
        **_errors(ERROR, 400),
    },
}
READ: Schema = {"responses": {"200": TRANSCRIPT, **UNKNOWN, **_errors(ERROR)}}
PARTS: Schema = {
    "responses": {
        "200": {"description": "The parts", "content": JSON},
        **UNKNOWN,
        **_errors(ERROR, 400),
    }
}
SEARCH: Schema = {
    "parameters": [_query("words", {"type": "string"}, "words and phrases, separated by commas")],
    **PARTS,
}
FILES: Schema = {
    "parameters": [
        _query(
            "chars_per_caption",
            {"type": "integer", "minimum": 16, "maximum": 1000},
            "shown at once, in two lines",
        )
    ],
    "responses": {
        "200": {
            "description": "The file",
            "content": {
                **{kind: {"schema": {"type": "string"}} for kind in TEXT_KINDS},
                **JSON,
            },
        },
        **UNKNOWN,
        **_errors(ERROR, 400),
    },
}
FOLLOW_JOB: Schema = {"responses": {"200": EVENTS, **UNKNOWN, **_errors(ERROR)}}
IN_FLIGHT: Schema = {
    "404": {
        "description": "There is no such request of this key in flight",
        "content": {"application/json": {"schema": DETAIL}},
    }
}
PROGRESS: Schema = {
    "responses": {
        "200": _answer("How far it is", stage={"type": "string"}),
        **IN_FLIGHT,
        **_errors(DETAIL),
    }
}
FOLLOW: Schema = {"responses": {"200": EVENTS, **IN_FLIGHT, **_errors(DETAIL)}}
