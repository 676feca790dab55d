"""The form of ``/v1/audio/…``, checked, as the pipeline's options.

What cannot be done is refused by name where a client would take silence for
consent; hints that change nothing here (``chunking_strategy``: the audio is
always cut at silences) are accepted.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from starlette.datastructures import ImmutableMultiDict

from adapter.asr.parameters import EXPECTATIONS
from adapter.intake.tracks import FIRST_MIXED, Choice, read_choice
from adapter.openai.form import FORMS, TranslationForm
from adapter.openai.models import resolve
from pipeline.errors import InvalidRequest
from pipeline.languages import language_code
from pipeline.options import Options
from pipeline.settings import Settings

STREAMED = ("json", "text", "diarized_json")
AS_THEY_ARE = {
    *("beam_size", "temperature", "num_speakers", "min_speakers", "max_speakers"),
    *("return_speaker_embeddings", "reuse"),
}
SPOKEN_FOR = ("verbose_json", "diarized_json", "json", "srt", "vtt")  # that can say who speaks
TIMED = ("verbose_json", "segmented_json")  # that can have the times of words
WITHOUT_VOICES = ("srt", "vtt", "text")  # which have no room for embeddings
GRANULARITIES = "timestamp_granularities"  # Mistral's name of it; OpenAI's has brackets
REFUSED = {
    "include[]": "log probabilities of single tokens are not given; the segments of "
    "verbose_json have avg_logprob",
}


@dataclass(frozen=True)
class Parameters:
    """What one request asks for."""

    options: Options
    response_format: str  # of the form, or segmented_json, which is Mistral's
    granularities: frozenset[str]  # of word, segment; parts of a verbose_json
    stream: bool
    names: tuple[str, ...] = ()  # of speakers whose voices are known
    choice: Choice = FIRST_MIXED  # of tracks and channels

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
    diarize = _diarize(form)
    choice = read_choice(getattr(form, "tracks", None), getattr(form, "channels", None))
    if form.stream and choice.splits:
        raise InvalidRequest(
            "stream: tracks and channels that are split come all at once, leave it out"
        )
    response_format = form.response_format
    if response_format == "json" and (
        diarize or choice.splits or GRANULARITIES in fields or getattr(form, "context_bias", None)
    ):
        response_format = "segmented_json"
    if "word" in form.granularities and response_format not in TIMED:
        raise InvalidRequest(
            "timestamp_granularities[]: 'word' needs response_format=verbose_json, "
            f"not {form.response_format}"
        )
    return Parameters(
        _options(form, task, settings, response_format, diarize),
        response_format,
        frozenset(form.granularities),
        form.stream,
        tuple(getattr(form, "names", ())),
        choice,
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


def _diarize(form: TranslationForm) -> bool:
    """Whether to say who speaks, which the answer must have room for."""
    asked, shape = getattr(form, "diarize", None), form.response_format
    if shape == "diarized_json":
        if asked is False:
            raise InvalidRequest(
                "diarize: false cannot be had with response_format=diarized_json, which says who "
                "speaks; give verbose_json"
            )
        return True
    if asked and shape not in SPOKEN_FOR:
        raise InvalidRequest(
            f"diarize: true needs a response_format that says who speaks, not {shape}; give "
            f"{', '.join(SPOKEN_FOR)}"
        )
    if getattr(form, "return_speaker_embeddings", False) and (not asked or shape in WITHOUT_VOICES):
        raise InvalidRequest(
            "return_speaker_embeddings: true needs diarize=true, and response_format=verbose_json "
            "or diarized_json"
        )
    return bool(asked)


def _options(
    form: TranslationForm, task: str, settings: Settings, response_format: str, diarize: bool
) -> Options:
    hints = [form.hotwords, *form.keywords, *getattr(form, "context_bias", ())]
    try:
        return Options(
            model=resolve(form.model, settings),
            language=_language(form),
            task=task,
            initial_prompt=form.prompt,
            hotwords=", ".join(filter(None, hints)) or None,
            word_timestamps=diarize or response_format in (*TIMED, "srt", "vtt"),
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
