"""What the service's answers look like, in the terms of its OpenAPI document."""

from adapter.asr.parameters import OUTPUTS

Schema = dict[str, object]

RETRY: Schema = {
    "Retry-After": {
        "description": "seconds after which to come again",
        "required": True,
        "schema": {"type": "integer"},
    }
}
MEANINGS = {
    400: "The file or a parameter cannot be used; the answer names it, and what would be right",
    408: "The file does not arrive",
    413: "The file or the recording is too large",
    500: "A mistake of the service's own",
    503: "Busy, without room, or a model is not ready; Retry-After says when to come again",
    504: "Not finished in time",
}


def _error(status: int) -> Schema:
    """The answer of an error, as every operation gives it."""
    schema = {
        "type": "object",
        "required": ["detail"],
        "properties": {"detail": {"type": "string"}},
    }
    answer: Schema = {
        "description": MEANINGS[status],
        "content": {"application/json": {"schema": schema}},
    }
    return answer | ({"headers": RETRY} if status == 503 else {})


# Of every operation that takes a recording.
ERRORS = {str(status): _error(status) for status in MEANINGS}
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
        "language": {"type": ["string", "null"], "description": "null where nobody speaks"},
        "segments": {"type": "array", "items": SEGMENT},
        "word_segments": {"type": "array", "items": WORD},
        "diarization_model": {"enum": ["community-1", "ungated"]},
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
# What ``output`` makes of a transcript.
TRANSCRIPTS: Schema = {"anyOf": [TRANSCRIPT, SUBTITLES]}
HEALTH: dict[int | str, Schema] = {
    status: {
        "description": description,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["status"],  # all that is told without a key that is needed
                    "properties": {
                        "status": {"const": state},
                        "version": {"type": "string"},
                        "diarization": {"enum": ["community-1", "ungated"]},
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
