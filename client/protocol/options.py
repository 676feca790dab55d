"""What can be asked for, by the names of ``POST /asr``, and what jobs and streams call it."""

from typing import TypedDict

from client.protocol.calls import Json


class Options(TypedDict, total=False):
    """Of a transcription; what is left out or None is the service's to decide."""

    language: str | None  # code or name; detected if left out
    task: str | None  # transcribe, or translate into English
    model: str | None
    initial_prompt: str | None  # what was said before
    hotwords: str | None  # words to expect, separated by commas
    diarize: bool | None  # say who speaks
    num_speakers: int | None
    min_speakers: int | None
    max_speakers: int | None
    channels: str | None  # split: each channel is one speaker


class TranscribeOptions(Options, total=False):
    """What only a request that waits for its answer can ask for."""

    word_timestamps: bool | None
    alignment: str | None
    return_speaker_embeddings: bool | None
    tracks: str | None
    beam_size: int | None
    reuse: bool | None


class StreamOptions(TypedDict, total=False):
    """Of a text that is told while it is heard, by the names of OpenAI's API."""

    language: str | None
    model: str | None
    prompt: str | None
    hotwords: str | None
    temperature: float | None
    beam_size: int | None
    reuse: bool | None


OF_JOBS = frozenset(Options.__annotations__)
DEFAULT_MODEL = "whisper-1"  # OpenAI's API wants one named; this stands for the default


def parameters(options: TranscribeOptions | StreamOptions) -> dict[str, str]:
    """As a query or as form fields."""
    return {name: _text(value) for name, value in options.items() if value is not None}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def job_fields(options: Options) -> Json:
    """As the JSON of ``POST /v2/transcript``.

    Raises:
        TypeError: an option that jobs do not have.
    """
    for name in options:
        if name not in OF_JOBS:
            raise TypeError(f"a job has no option {name!r}; it has {', '.join(sorted(OF_JOBS))}")
    diarize = options.get("diarize") is not False
    fields: Json = {
        "language_code": options.get("language"),
        "task": options.get("task"),
        "speech_model": options.get("model"),
        "prompt": options.get("initial_prompt"),
        "keyterms_prompt": _words(options.get("hotwords")),
        "speaker_labels": diarize,
        "multichannel": options.get("channels") == "split" or None,
    }
    if diarize:
        bounds = {
            "min_speakers_expected": options.get("min_speakers"),
            "max_speakers_expected": options.get("max_speakers"),
        }
        fields["speakers_expected"] = options.get("num_speakers")
        fields["speaker_options"] = _given(bounds) or None
    return _given(fields)


def _words(hotwords: str | None) -> list[str] | None:
    return [word for part in (hotwords or "").split(",") if (word := part.strip())] or None


def _given(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
