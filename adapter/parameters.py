"""The parameters of ``/asr``: from the query or the form, checked, as the pipeline's options."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from pipeline.errors import InvalidRequest
from pipeline.languages import language_code
from pipeline.options import Options
from pipeline.settings import Settings
from pipeline.weights import KNOWN_WHISPER_MODELS, REPOSITORY

# What a parameter means, and a value to try it with; the order is that of the API's pages.
PARAMETERS = {
    "output": ("json, text (or txt), srt, vtt or tsv; also output_format", "json"),
    "language": ("code or name of the language; detected if left out", "en"),
    "task": ("transcribe, or translate into English", "transcribe"),
    "model": ("a Whisper size, or a CTranslate2 Whisper on the model hub as org/name", "base"),
    "initial_prompt": ("text that Whisper takes as what was said before", ""),
    "hotwords": ("words to expect, such as names", ""),
    "word_timestamps": ("give the time of every word", "true"),
    "alignment": ("where word times come from: auto, ctc or attention", "auto"),
    "beam_size": ("how many readings Whisper weighs, 1 to 10", "5"),
    "diarize": ("say who speaks; also enable_diarization, and either can switch it off", "true"),
    "num_speakers": ("how many people speak, if known", "2"),
    "min_speakers": ("at least so many people speak", "1"),
    "max_speakers": ("at most so many people speak", "4"),
    "return_speaker_embeddings": ("give a vector for each speaker's voice", "false"),
}
ALIASES = {"output_format": "output"}  # a second name; the first one wins
DIARIZE = ("diarize", "enable_diarization")
OUTPUTS = {"json": "json", "text": "text", "txt": "text", "srt": "srt", "vtt": "vtt", "tsv": "tsv"}
OPENAI_MODEL = "whisper-1"  # OpenAI's name for whatever Whisper there is
OPENAI_PREFIXES = ("openai/whisper-", "whisper-")
# pydantic's kinds of fault in words that say what would be right
EXPECTATIONS = {
    "bool_parsing": "give true or false",
    "int_parsing": "give a whole number",
    "int_from_float": "give a whole number",
}


@dataclass(frozen=True)
class Parameters:
    """What one request to ``/asr`` asks for."""

    options: Options
    output: str  # a value of OUTPUTS

    @property
    def document(self) -> str:
        """The ensemble's output that holds it: Triton runs nothing that this one does not need."""
        if self.options.diarize:
            return "TRANSCRIPT"
        return "WORDS" if self.options.word_timestamps else "SEGMENTS"


def read_parameters(
    query: Mapping[str, str], form: Mapping[str, str], settings: Settings
) -> Parameters:
    """Read the parameters; the query wins over the form, unknown and empty ones are left aside.

    Raises:
        InvalidRequest: naming the parameter that cannot be used and what would do.
    """
    given = {name: value for name, value in {**form, **query}.items() if value.strip()}
    for alias, name in ALIASES.items():
        if alias in given:
            given.setdefault(name, given[alias])
    output = given.get("output", "json").strip().lower()
    if output not in OUTPUTS:
        raise InvalidRequest(f"output: {output!r} is none; there are {', '.join(OUTPUTS)}")
    values: dict[str, object] = {
        name: given[name]
        for name in PARAMETERS
        if name in given and name in Options.model_fields and name != "diarize"
    }
    values["diarize"] = all(_flag(name, given[name]) for name in DIARIZE if name in given)
    if language := given.get("language"):
        values["language"] = None if language.lower() == "auto" else _language(language)
    if model := given.get("model"):
        values["model"] = model_name(model.strip(), settings)
    return Parameters(_options(values), OUTPUTS[output])


def model_name(name: str, settings: Settings) -> str | None:
    """The pipeline's name of a model; None for the default.

    Raises:
        InvalidRequest: there is no such model; lists those there are.
    """
    if name == OPENAI_MODEL:
        return None
    if name == settings.preload_model:
        return name  # a folder, perhaps
    for prefix in OPENAI_PREFIXES:
        if name.removeprefix(prefix) in KNOWN_WHISPER_MODELS:
            return name.removeprefix(prefix)
    if name in KNOWN_WHISPER_MODELS or REPOSITORY.fullmatch(name):
        return name
    raise InvalidRequest(
        f"model: unknown model {name!r}; there are {', '.join(KNOWN_WHISPER_MODELS)}, "
        "and any CTranslate2 Whisper on the model hub as organisation/name"
    )


def _language(text: str) -> str:
    try:
        return language_code(text)
    except InvalidRequest as error:
        raise InvalidRequest(f"language: {error}") from None


def _flag(name: str, value: str) -> bool:
    try:
        return Options(diarize=value.strip()).diarize
    except ValidationError:
        raise InvalidRequest(f"{name}: {value!r} cannot be used, give true or false") from None


def _options(values: dict[str, object]) -> Options:
    try:
        return Options(**values)
    except ValidationError as error:
        fault = error.errors()[0]
        message = fault["msg"].removeprefix("Value error, ")
        if not fault["loc"]:
            raise InvalidRequest(message) from None
        expectation = EXPECTATIONS.get(fault["type"], message[0].lower() + message[1:])
        raise InvalidRequest(
            f"{fault['loc'][0]}: {fault['input']!r} cannot be used, {expectation}"
        ) from None
