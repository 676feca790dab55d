"""The form of ``/v1/audio/…``, checked, as the pipeline's options.

Fields are OpenAI's, and a few of ours that the pipeline has anyway.  What
cannot be done is refused by name where a client would take silence for
consent; hints that change nothing here (``chunking_strategy``: the audio is
always cut at silences) are accepted.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import ImmutableMultiDict

from adapter.asr.parameters import EXPECTATIONS
from adapter.openai.models import resolve
from pipeline.errors import InvalidRequest
from pipeline.languages import language_code
from pipeline.options import Options
from pipeline.settings import Settings

STREAMED = ("json", "text", "diarized_json")
AS_THEY_ARE = {"beam_size", "temperature", "num_speakers", "min_speakers", "max_speakers"}
REFUSED = {
    "include[]": "log probabilities of single tokens are not given; the segments of "
    "verbose_json have avg_logprob",
    "known_speaker_names[]": "speakers cannot be named here; without it they are called A, B, …",
    "known_speaker_references[]": "voices cannot be recognised here; without it speakers are "
    "called A, B, …",
}


class TranslationForm(BaseModel):
    """``/v1/audio/translations``: the fields beside ``file``."""

    model_config = ConfigDict(extra="ignore")

    model: str | None = Field(
        None,
        description="an id of /v1/models, or whisper-1 and OpenAI's other names for the default",
    )
    prompt: str | None = Field(None, description="text that Whisper takes as what was said before")
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt"] = "json"
    temperature: float = Field(
        0, ge=0, le=1, allow_inf_nan=False, description="0 takes the likeliest reading"
    )
    language: str | None = Field(
        None, description="code or name of what is spoken; detected if left out"
    )
    stream: bool = Field(False, description="answer with server-sent events as text is ready")
    granularities: list[Literal["word", "segment"]] = Field(
        ["segment"], alias="timestamp_granularities[]", description="parts of a verbose_json"
    )
    keywords: list[str] = Field([], alias="keywords[]", description="words to expect")
    beam_size: int = Field(5, ge=1, le=10, description="how many readings Whisper weighs")


class TranscriptionForm(TranslationForm):
    """``/v1/audio/transcriptions``: the fields beside ``file``."""

    response_format: Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"] = "json"
    languages: list[str] = Field(
        [], alias="languages[]", max_length=1, description="the same as language, as a list of one"
    )
    chunking_strategy: Literal["auto", "server_vad"] = Field(
        "auto", description="accepted; the audio is always cut at silences"
    )
    num_speakers: int | None = Field(None, ge=1, le=50, description="for diarized_json, if known")
    min_speakers: int | None = Field(None, ge=1, le=50, description="for diarized_json")
    max_speakers: int | None = Field(None, ge=1, le=50, description="for diarized_json")


FORMS: dict[str, type[TranslationForm]] = {
    "transcribe": TranscriptionForm,
    "translate": TranslationForm,
}


@dataclass(frozen=True)
class Parameters:
    """What one request asks for."""

    options: Options
    response_format: str
    granularities: frozenset[str]  # of word, segment; parts of a verbose_json
    stream: bool

    @property
    def document(self) -> str:
        """The ensemble's output that holds it: Triton runs nothing that this one does not need."""
        if self.options.diarize:
            return "TRANSCRIPT"
        return "WORDS" if self.options.word_timestamps else "SEGMENTS"


def read_form(fields: ImmutableMultiDict[str, str], task: str, settings: Settings) -> Parameters:
    """Read the fields; unknown and empty ones are left aside.

    Args:
        task: transcribe or translate.

    Raises:
        InvalidRequest: naming the field that cannot be used and what would do.
        UnknownModel: there is no such model.
    """
    given = _given(fields, FORMS[task])
    for name, why in REFUSED.items():
        if name in given:
            raise InvalidRequest(f"{name}: {why}")
    form = _checked(FORMS[task], given)
    if form.stream and form.response_format not in STREAMED:
        raise InvalidRequest(
            f"stream: {form.response_format} cannot be streamed, give {', '.join(STREAMED)}"
        )
    if "word" in form.granularities and form.response_format != "verbose_json":
        raise InvalidRequest(
            "timestamp_granularities[]: 'word' needs response_format=verbose_json, "
            f"not {form.response_format}"
        )
    return Parameters(
        _options(form, task, settings),
        form.response_format,
        frozenset(form.granularities),
        form.stream,
    )


def _given(fields: ImmutableMultiDict[str, str], form: type[BaseModel]) -> dict[str, object]:
    """The fields that hold something, lists under their names with brackets."""
    lists = {info.alias for info in form.model_fields.values() if info.alias} | REFUSED.keys()
    given: dict[str, object] = {}
    for name, value in fields.multi_items():
        if not value.strip():
            continue
        if name in lists or f"{name}[]" in lists:
            given.setdefault(f"{name.removesuffix('[]')}[]", []).append(value.strip())
        else:
            given[name] = value.strip()
    # An object comes as fields with brackets, or as JSON.
    strategy = str(given.get("chunking_strategy", ""))
    if strategy.startswith("{") and "server_vad" in strategy:
        strategy = "server_vad"
    if strategy := given.get("chunking_strategy[type]", strategy):
        given["chunking_strategy"] = strategy
    return given


def _checked(form: type[BaseModel], given: dict[str, object]) -> TranslationForm:
    try:
        return form(**given)
    except ValidationError as error:
        fault = error.errors()[0]
        message = fault["msg"]
        expectation = EXPECTATIONS.get(fault["type"], message[0].lower() + message[1:])
        raise InvalidRequest(
            f"{fault['loc'][0]}: {fault['input']!r} cannot be used, {expectation}"
        ) from None


def _options(form: TranslationForm, task: str, settings: Settings) -> Options:
    diarize = form.response_format == "diarized_json"
    try:
        return Options(
            model=resolve(form.model, settings),
            language=_language(form),
            task=task,
            initial_prompt=form.prompt,
            hotwords=", ".join(form.keywords) or None,
            word_timestamps=diarize or form.response_format in ("verbose_json", "srt", "vtt"),
            diarize=diarize,
            **form.model_dump(include=AS_THEY_ARE),
        )
    except ValidationError as error:
        raise InvalidRequest(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


def _language(form: TranslationForm) -> str | None:
    name, text = "language", form.language
    if text is None and getattr(form, "languages", None):
        name, (text,) = "languages[]", form.languages
    try:
        return text and language_code(text)
    except InvalidRequest as error:
        raise InvalidRequest(f"{name}: {error}") from None
