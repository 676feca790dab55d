"""Whisper's vocabulary: its tokenizers by language and task, and text that goes before a chunk."""

from pathlib import Path

from faster_whisper.tokenizer import Tokenizer
from tokenizers import Tokenizer as TokenizerModel

from pipeline.options import Options
from pipeline.utf8 import as_utf8

MAX_TOKENS = 448  # Whisper's decoder context
MAX_PROMPT = MAX_TOKENS // 2 - 1  # tokens of what came before, as OpenAI's decoder


class Vocabulary:
    """The vocabulary of one Whisper, in the ``tokenizer.json`` of its folder."""

    def __init__(self, folder: Path, multilingual: bool) -> None:
        self._model = TokenizerModel.from_file(as_utf8(folder / "tokenizer.json"))
        self._multilingual = multilingual

    def tokenizer(self, language: str, task: str) -> Tokenizer:
        """For a chunk in which this language is spoken."""
        tokenizer = Tokenizer(self._model, self._multilingual, task=task, language=language)
        if task == "translate":
            tokenizer.language_code = "en"  # by which it tells words apart
        return tokenizer

    def previous_text(self, options: Options) -> list[int]:
        """The tokens that Whisper takes as what was said before the chunk."""
        text = " ".join(filter(None, (options.hotwords, options.initial_prompt)))
        if not text.strip():
            return []
        tokens = self._model.encode(" " + text.strip(), add_special_tokens=False).ids
        return [self._model.token_to_id("<|startofprev|>"), *tokens[-MAX_PROMPT:]]
