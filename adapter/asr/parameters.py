"""The parameters of ``/asr``: from the query or the form, checked, as the pipeline's options."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from adapter.asr.accept import preferred_output
from adapter.intake.tracks import FIRST_MIXED, Choice, read_choice
from adapter.model_names import model_name
from pipeline.errors import InvalidRequest
from pipeline.languages import language_code
from pipeline.options import Options
from pipeline.settings import Settings

# What a parameter means, and a value to try it with; the order is that of the API's pages.
PARAMETERS = {
    "output": ("json, text (or txt), srt, vtt or tsv; also output_format", "json"),
    "encode": ("false: the file is bare PCM, 16 bit little-endian mono at 16 kHz", "true"),
    "language": ("code or name of the language; detected if left out", "en"),
    "task": ("transcribe, or translate into English", "transcribe"),
    "model": ("a Whisper size, or another Whisper that MODELS names", "base"),
    "initial_prompt": ("text that Whisper takes as what was said before", ""),
    "hotwords": ("words to expect, such as names", ""),
    "word_timestamps": ("give the time of every word", "true"),
    "alignment": ("where word times come from: auto, ctc or attention", "auto"),
    "vad_filter": ("accepted from other services' clients; speech is always looked for", ""),
    "beam_size": ("how many readings Whisper weighs, 1 to 10", "5"),
    "diarize": ("say who speaks; also enable_diarization, and either can switch it off", "true"),
    "num_speakers": ("how many people speak, if known", "2"),
    "min_speakers": ("at least so many people speak", "1"),
    "max_speakers": ("at most so many people speak", "4"),
    "return_speaker_embeddings": ("give a vector for each speaker's voice", "false"),
    "tracks": ("first, mix, or split: each track is one speaker's", "first"),
    "channels": ("mix, or split: each channel is one speaker's", "mix"),
    "reuse": ("false: compute all of it anew, and keep nothing of it", "true"),
}
ALIASES = {"output_format": "output"}  # a second name; the first one wins
DIARIZE = ("diarize", "enable_diarization")
FLAGS = ("encode", "vad_filter", "word_timestamps")
OUTPUTS = {"json": "json", "text": "text", "txt": "text", "srt": "srt", "vtt": "vtt", "tsv": "tsv"}
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
    words: bool = True  # whether the answer lists them; their times may be needed all the same
    plain: bool = False  # whether the client would rather have the text itself than JSON
    pcm: bool = False  # whether the upload is bare PCM
    dialect: str = "whisperx"  # or webservice
    choice: Choice = FIRST_MIXED  # of tracks and channels

    @property
    def document(self) -> str:
        """The ensemble's output that holds it: Triton runs nothing that this one does not need."""
        if self.options.diarize:
            return "TRANSCRIPT"
        return "WORDS" if self.options.word_timestamps else "SEGMENTS"


def read_parameters(
    query: Mapping[str, str],
    form: Mapping[str, str],
    settings: Settings,
    accept: str | None = None,
) -> Parameters:
    """Read the parameters; the query wins over the form, unknown and empty ones are left aside.

    Args:
        accept: the request's ``Accept`` header; it has no say in the webservice's dialect.

    Raises:
        InvalidRequest: naming the parameter that cannot be used and what would do.
    """
    given = {name: value for name, value in {**form, **query}.items() if value.strip()}
    for alias, name in ALIASES.items():
        if alias in given:
            given.setdefault(name, given[alias])
    webservice = settings.asr_dialect == "webservice"
    preferred = None if webservice else preferred_output(accept)
    output = given.get("output", "txt" if webservice else preferred or "json").strip().lower()
    if output not in OUTPUTS:
        raise InvalidRequest(f"output: {output!r} is none; there are {', '.join(OUTPUTS)}")
    flags = {name: flag(name, given[name]) for name in FLAGS if name in given}
    diarize = [flag(name, given[name]) for name in DIARIZE if name in given]
    words = flags.get("word_timestamps", not webservice)
    values: dict[str, object] = {
        name: given[name] for name in PARAMETERS if name in given and name in Options.model_fields
    }
    # What is cut into sentences needs the times of words, and the webservice's answers are.
    values["word_timestamps"] = words or webservice
    values["diarize"] = all(diarize) if diarize else not webservice
    if language := given.get("language"):
        values["language"] = None if language.lower() == "auto" else _language(language)
    if model := given.get("model"):
        values["model"] = model_name(model.strip(), settings)
    return Parameters(
        _options(values),
        OUTPUTS[output],
        words=words,
        plain=preferred is not None and OUTPUTS[output] != "json",
        pcm=not flags.get("encode", True),
        dialect=settings.asr_dialect,
        choice=read_choice(given.get("tracks"), given.get("channels")),
    )


def _language(text: str) -> str:
    try:
        return language_code(text)
    except InvalidRequest as error:
        raise InvalidRequest(f"language: {error}") from None


def flag(name: str, value: str) -> bool:
    """A parameter that is true or false.

    Raises:
        InvalidRequest: it is neither.
    """
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
