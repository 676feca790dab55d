"""Whisper's vocabulary: its tokenizers by language and task, and text that goes before a chunk."""

from functools import lru_cache
from pathlib import Path

from faster_whisper.tokenizer import Tokenizer
from tokenizers import Tokenizer as TokenizerModel

from pipeline.options import Options
from pipeline.utf8 import as_utf8

MAX_TOKENS = 448  # Whisper's decoder context
MAX_PROMPT = MAX_TOKENS // 2 - 1  # tokens of what came before, as OpenAI's decoder
TEXTS_REMEMBERED = 128  # two of each recording in flight, which has hundreds of chunks


class Vocabulary:
    """The vocabulary of one Whisper, in the ``tokenizer.json`` of its folder."""

    def __init__(self, folder: Path, multilingual: bool) -> None:
        self._model = TokenizerModel.from_file(as_utf8(folder / "tokenizer.json"))
        # A client's «<|startoftranscript|>» is text, not the token that begins each answer.
        self._model.encode_special_tokens = True
        self._tokens = lru_cache(TEXTS_REMEMBERED)(self._encode)
        self._multilingual = multilingual

    def tokenizer(self, language: str, task: str) -> Tokenizer:
        """For a chunk in which this language is spoken."""
        tokenizer = Tokenizer(self._model, self._multilingual, task=task, language=language)
        if task == "translate":
            tokenizer.language_code = "en"  # by which it tells words apart
        return tokenizer

    def previous_text(self, options: Options) -> list[int]:
        """The tokens that Whisper takes as what was said before the chunk.

        The end of the prompt, as OpenAI's decoder takes it, and before that the first
        hotwords as far as there is room.
        """
        prompt = self._tokens(options.initial_prompt or "")[-MAX_PROMPT:]
        hotwords = self._tokens(options.hotwords or "")[: MAX_PROMPT - len(prompt)]
        if not hotwords and not prompt:
            return []
        return [self._model.token_to_id("<|startofprev|>"), *hotwords, *prompt]

    def _encode(self, text: str) -> tuple[int, ...]:
        text = text.strip()
        return tuple(self._model.encode(f" {text}", add_special_tokens=False).ids) if text else ()
