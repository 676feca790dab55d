"""The JSON of ``POST /v2/transcript``, checked, as the pipeline's options.

Fields are AssemblyAI's.  What cannot be done here is refused by name where a
client would take silence for consent; what changes nothing here is left aside.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from adapter.model_names import model_name
from pipeline.errors import InvalidRequest
from pipeline.languages import language_code
from pipeline.options import MAX_SPEAKERS, Options
from pipeline.settings import Settings

Json = dict[str, object]

# Their models, all of which are our default Whisper.
MODELS = frozenset(
    "best nano slam-1 universal universal-1 universal-2 universal-3 universal-3-pro "
    "universal-3-5-pro conformer-2".split()
)
SWITCHES_THAT_ARE_ON = {
    "punctuate": "the text has its punctuation always",
    "format_text": "the text is formatted always",
}
REFUSED = {
    **dict.fromkeys(
        ("redact_pii", "redact_pii_audio", "filter_profanity", "content_safety"),
        "nothing is taken out of the text or looked for in it here",
    ),
    **dict.fromkeys(
        (
            *("summarization", "auto_chapters", "auto_highlights", "iab_categories"),
            *("sentiment_analysis", "entity_detection", "speech_understanding"),
        ),
        "the text is not analysed here",
    ),
    "custom_spelling": "words are not replaced here; keyterms_prompt tells which to expect",
    "disfluencies": "filler words are as Whisper writes them, which leaves out most",
    "audio_start_from": "the whole recording is transcribed; cut it before",
    "audio_end_at": "the whole recording is transcribed; cut it before",
    "speech_threshold": "how much is speech is not measured here",
    "domain": "there are no models of a domain here",
    "dual_channel": "multichannel is its name now",
}
SECRET = "webhook_auth_header_value"  # is told to nobody but the webhook
NOT_FOR_WEBHOOKS = {"host", "content-length", "content-type", "connection", "transfer-encoding"}
REFUSED_OF_DETECTION = ("expected_languages", "fallback_language", "code_switching")


def _words(texts: list[str]) -> list[str]:
    for text in texts:
        if not text.strip() or len(text) > 200:
            raise ValueError("give words or phrases of at most 200 characters")
    return texts


Words = Annotated[list[str], Field(max_length=1000), AfterValidator(_words)]
Speakers = Annotated[int, Field(ge=1, le=MAX_SPEAKERS)]


class SpeakerOptions(BaseModel):
    """Bounds for the number of speakers."""

    min_speakers_expected: Speakers | None = None
    max_speakers_expected: Speakers | None = None


class TranscriptRequest(BaseModel):
    """What is asked for; fields that are not here are refused above or mean nothing."""

    model_config = ConfigDict(extra="allow")

    audio_url: str = Field(
        max_length=4096,
        description="what /v2/upload has answered, or a URL of FETCH_HOSTS",
    )
    language_code: str | None = Field(
        None, description="code or name of what is spoken; detected if left out"
    )
    language_codes: list[str] | None = Field(
        None, max_length=1, description="the same, as a list of one"
    )
    language_detection: bool | None = Field(
        None, description="accepted: a language that is not given is detected"
    )
    language_confidence_threshold: float | None = Field(
        None, ge=0, le=1, description="a language that is less sure makes the job an error"
    )
    speaker_labels: bool | None = Field(None, description="say who speaks")
    multichannel: bool | None = Field(None, description="each channel is one speaker's")
    speakers_expected: Speakers | None = Field(None, description="how many people speak, if known")
    speaker_options: SpeakerOptions | None = None
    word_boost: Words | None = Field(None, description="words to expect")
    keyterms_prompt: Words | None = Field(None, description="words to expect")
    task: Literal["transcribe", "translate"] | None = Field(
        None, description="translate is into English; not AssemblyAI's"
    )
    reuse: bool | None = Field(
        None, description="false: compute all anew, and keep nothing of it; not AssemblyAI's"
    )
    prompt: str | None = Field(None, description="text that Whisper takes as what was said before")
    temperature: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    speech_model: str | None = Field(None, max_length=200)
    speech_models: list[str] | None = Field(
        None,
        max_length=20,
        description="theirs mean the default; ours are those of /v1/models",
    )
    webhook_url: str | None = Field(
        None, max_length=4096, description="is told the end; FETCH_HOSTS must allow it"
    )
    webhook_auth_header_name: str | None = Field(None, max_length=200, pattern=r"^[A-Za-z0-9-]+$")
    webhook_auth_header_value: str | None = Field(None, max_length=2000, pattern=r"^[\x20-\x7e]*$")

    def webhook_headers(self) -> dict[str, str]:
        """What goes with the news of a job's end.

        Raises:
            InvalidRequest: there is only half of it, or the name is HTTP's own.
        """
        name, value = self.webhook_auth_header_name, self.webhook_auth_header_value
        if (name is None) != (value is None):
            raise InvalidRequest("webhook_auth_header_name: give it and its value, or neither")
        if name and name.lower() in NOT_FOR_WEBHOOKS:
            raise InvalidRequest(f"webhook_auth_header_name: {name!r} is HTTP's own, give another")
        return {name: value} if name else {}


def read_request(body: object) -> TranscriptRequest:
    """Check the JSON of a request.

    Raises:
        InvalidRequest: naming the field that cannot be used and what would do.
    """
    if not isinstance(body, dict):
        raise InvalidRequest("the body: send a JSON object with the field audio_url")
    for name, why in REFUSED.items():
        if body.get(name) not in (None, False, [], {}, ""):
            raise InvalidRequest(f"{name}: {why}; leave it out")
    for name, why in SWITCHES_THAT_ARE_ON.items():
        if body.get(name) is False:
            raise InvalidRequest(f"{name}: {why}; leave it out")
    detection = body.get("language_detection_options")
    for name in REFUSED_OF_DETECTION:
        if isinstance(detection, dict) and detection.get(name):
            raise InvalidRequest(
                f"language_detection_options.{name}: the language is the one that is heard; "
                "leave it out"
            )
    try:
        return TranscriptRequest.model_validate(body)
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(map(str, fault["loc"]))
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "missing":
            raise InvalidRequest(f"{name}: it is missing; send what /v2/upload answers") from None
        expectation = message[0].lower() + message[1:]
        given = str(fault["input"])[:100]
        raise InvalidRequest(f"{name}: {given!r} cannot be used, {expectation}") from None


def options_of(request: TranscriptRequest, settings: Settings) -> Options:
    """The pipeline's options of a request.

    Raises:
        InvalidRequest: naming the field that cannot be used and what would do.
    """
    speakers = request.speaker_options or SpeakerOptions()
    if request.speakers_expected and not request.speaker_labels:
        raise InvalidRequest("speakers_expected: it needs speaker_labels=true")
    least, most = speakers.min_speakers_expected, speakers.max_speakers_expected
    if least and most and least > most:
        raise InvalidRequest(
            f"speaker_options: min_speakers_expected ({least}) is larger than "
            f"max_speakers_expected ({most})"
        )
    words = [*(request.word_boost or ()), *(request.keyterms_prompt or ())]
    return Options(
        model=_model(request, settings),
        language=_language(request),
        task=request.task or "transcribe",
        initial_prompt=request.prompt or None,
        hotwords=", ".join(dict.fromkeys(word.strip() for word in words)) or None,
        temperature=request.temperature or 0.0,
        reuse=request.reuse is not False,
        diarize=bool(request.speaker_labels),
        num_speakers=request.speakers_expected,
        min_speakers=least,
        max_speakers=most,
    )


def _model(request: TranscriptRequest, settings: Settings) -> str | None:
    names = request.speech_models or ([request.speech_model] if request.speech_model else [])
    field = "speech_models" if request.speech_models else "speech_model"
    for name in names:  # in the order of the client's liking
        if name.lower() in MODELS and name not in settings.model_aliases:
            return None
        try:
            return model_name(name, settings)
        except InvalidRequest as error:
            reason = str(error).removeprefix("model: ")
    if not names:
        return None
    raise InvalidRequest(f"{field}: {reason}")


def _language(request: TranscriptRequest) -> str | None:
    name, text = "language_code", request.language_code
    if text is None and request.language_codes:
        name, (text,) = "language_codes", request.language_codes
    if not text or text.lower() == "auto":
        return None
    try:
        return language_code(text)
    except InvalidRequest as error:
        raise InvalidRequest(f"{name}: {error}") from None
