"""The recordings, cut where nobody speaks, and what Whisper hears in each of them alone."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.running.local import Batches, recognise
from benchmarks.speakers.sources import Voice, read, recordings
from documents import Transcript, Turn, Word
from pipeline.alignment.align import align
from pipeline.audio import SAMPLE_RATE
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.settings import current_settings
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.transcribe import transcribe
from pipeline.transcription.voice_activity import VoiceActivityDetector
from pipeline.transcription.whisper_models import WhisperModels

LONGEST_PIECE = 10 * SAMPLE_RATE
EDGE = round(0.03 * SAMPLE_RATE)  # kept around what is cut out
SHORT_WORD = (0.2, 0.7)  # seconds of a word that answers somebody
CLEAR = 0.7  # score of a word that is cut out of a sentence


@dataclass(frozen=True)
class Piece:
    """Some words said without a pause: INT16 [N], and the words with times from its start."""

    audio: np.ndarray
    words: tuple[Word, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.audio) / SAMPLE_RATE


@dataclass(frozen=True)
class Speech:
    """What there is of a voice: runs of pieces as they were spoken, and single words."""

    voice: Voice
    runs: tuple[tuple[Piece, ...], ...]
    answers: tuple[Piece, ...]


class Ear:
    """Whisper base; what it heard is kept in a folder."""

    def __init__(self, kept: Path, fills_gaps: bool = False) -> None:
        """Args:
        kept: the folder.
        fills_gaps: whether it is asked again about speech that it left out, as the service does.
        """
        self._kept = kept
        self._recognise = partial(recognise, fills_gaps=fills_gaps)
        self._settings = current_settings()
        self._detector = VoiceActivityDetector()
        self._models: WhisperModels | None = None

    def hear(self, name: str, audio: np.ndarray, language: str | None) -> Transcript:
        """The transcript of a recording, INT16 [N]."""
        file = self._kept / f"{name}.json"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._models = self._models or WhisperModels(self._settings)
            with self._models.use(None) as network:
                recognise = partial(self._recognise, network)
                chunks = Batches(recognise, self._settings.whisper_batch_size)
                options = Options(language=language)
                heard = transcribe(audio, options, self._detector, chunks.submit, "base")
            file.write_text(align(audio, heard, None).model_dump_json(), encoding="utf-8")
        return Transcript.model_validate(json.loads(file.read_text(encoding="utf-8")))

    def spans(self, audio: np.ndarray) -> list[tuple[int, int]]:
        """Stretches of speech, in samples."""
        return [(span.start, span.end) for span in self._detector.spans(audio, LONGEST_PIECE)]


class EarForPieces:
    """Whisper base, one attempt at each piece; what it heard is kept in a folder."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._models: WhisperModels | None = None

    def hear(self, piece: Chunk) -> "Future[ChunkTranscript]":
        """What it hears in a piece of a recording."""
        digest = hashlib.sha256(piece.audio.tobytes() + piece.options.model_dump_json().encode())
        file = self._kept / f"{digest.hexdigest()[:16]}.json"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._models = self._models or WhisperModels(current_settings())
            with self._models.use(None) as network:
                (heard,) = network.recognise([piece])
            file.write_text(heard.model_dump_json(), encoding="utf-8")
        answer: Future[ChunkTranscript] = Future()
        answer.set_result(ChunkTranscript.model_validate_json(file.read_text(encoding="utf-8")))
        return answer


def speech_of(voice: Voice, cache: Path, ear: Ear) -> Speech:
    """All pieces of a voice."""
    runs, answers = [], []
    for number, file in enumerate(recordings(voice, cache)):
        audio = read(file)
        heard = ear.hear(f"{voice.name}-{number:02d}", audio, voice.language)
        words = [word for segment in heard.segments for word in segment.words]
        run = [_piece(audio, words, first, last) for first, last in ear.spans(audio)]
        runs += [tuple(piece for piece in run if piece.words)]
        answers += [_word(audio, word) for word in words if _is_answer(word)]
    return Speech(voice, tuple(filter(None, runs)), tuple(answers))


def clip_of(turn: Turn, words: Sequence[Word], speech: Speech) -> Piece:
    """The piece that was said in a turn.

    Args:
        words: those of its speaker in the conversation.
        speech: all that its speaker may say.
    """
    said = {(word.word, round(word.start - turn.start, 6)) for word in words}
    for piece in (*speech.answers, *(piece for run in speech.runs for piece in run)):
        if abs(piece.seconds - (turn.end - turn.start)) < 1e-6 and said.issuperset(
            (word.word, round(word.start, 6)) for word in piece.words
        ):
            return piece
    raise LookupError(f"{turn}: none of the recordings of {turn.speaker} is said in it")


def _piece(audio: np.ndarray, words: Sequence[Word], first: int, last: int) -> Piece:
    begin = first / SAMPLE_RATE
    inside = [word for word in words if begin <= (word.start + word.end) / 2 < last / SAMPLE_RATE]
    return Piece(audio[first:last], tuple(_moved(word, -begin) for word in inside))


def _word(audio: np.ndarray, word: Word) -> Piece:
    first = max(0, round(word.start * SAMPLE_RATE) - EDGE)
    last = round(word.end * SAMPLE_RATE) + EDGE
    return Piece(audio[first:last], (_moved(word, -first / SAMPLE_RATE),))


def _is_answer(word: Word) -> bool:
    shortest, longest = SHORT_WORD
    return shortest <= word.end - word.start <= longest and word.score > CLEAR


def _moved(word: Word, by: float) -> Word:
    return word.model_copy(update={"start": word.start + by, "end": word.end + by})
