"""The fields of ``/v1/audio/…``: OpenAI's, Mistral's where it has others, and a few of ours."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from adapter.intake.references import MAX_CLIPS


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
    hotwords: str | None = Field(None, description="words to expect, in one text")
    reuse: bool = Field(True, description="false: compute all anew, and keep nothing of it")
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
    context_bias: list[str] = Field([], alias="context_bias[]", description="words to expect")
    diarize: bool | None = Field(None, description="say who speaks; diarized_json does anyway")
    num_speakers: int | None = Field(None, ge=1, le=50, description="how many people speak")
    min_speakers: int | None = Field(None, ge=1, le=50, description="at least so many people speak")
    max_speakers: int | None = Field(None, ge=1, le=50, description="at most so many people speak")
    names: list[str] = Field(
        [],
        alias="known_speaker_names[]",
        max_length=MAX_CLIPS,
        description="who may speak; a clip of each goes with them",
    )
    return_speaker_embeddings: bool = Field(
        False, description="give a vector for each speaker's voice"
    )
    tracks: str | None = Field(
        None, description="first (default), mix, or split: each track is one speaker's"
    )
    channels: str | None = Field(
        None, description="mix (default), or split: each channel is one speaker's"
    )


FORMS: dict[str, type[TranslationForm]] = {
    "transcribe": TranscriptionForm,
    "translate": TranslationForm,
}
