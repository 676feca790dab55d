"""The set, and what the networks hear in it: made once, then kept in a folder."""

import hashlib
import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from benchmarks.running.local import Batches
from benchmarks.speakers import conversations, rooms
from benchmarks.speakers.clips import Ear, EarForPieces, Speech, clip_of, speech_of
from benchmarks.speakers.conversations import Conversation, Plan, converse, plans
from benchmarks.speakers.meetings import meetings
from benchmarks.speakers.sources import Voice, music, read, voices
from documents import Transcript, Turn, Word
from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.diarize import listen
from pipeline.diarization.local import LocalDiarizer
from pipeline.diarization.pieces.cutting import Pieces
from pipeline.settings import current_settings
from pipeline.transcription import transcribe

WINDOWS_TOGETHER = 8


@dataclass(frozen=True)
class Heard:
    """A conversation, what the pair of networks heard in it, and what Whisper did."""

    talk: Conversation
    activity: np.ndarray  # UINT8 [W, 589, 3]
    embeddings: np.ndarray  # FP32 [W, 3, D]
    pieces: Pieces | None
    transcript: Transcript  # words without speakers
    alone: list[Word]  # what it hears in the clips that the conversation is made of

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return len(self.talk.audio) / SAMPLE_RATE

    @property
    def people(self) -> int:
        """How many people speak."""
        return len({turn.speaker for turn in self.talk.turns})


class Listening:
    """Makes the conversations and listens to them."""

    def __init__(self, cache: Path, own: Path | None) -> None:
        self._cache, self._own = cache, own
        recipe = inspect.getsource(conversations) + inspect.getsource(rooms) + str(own is None)
        self.folder = cache / hashlib.sha256(recipe.encode()).hexdigest()[:12]
        self._ear, self._ear_of_clips = Ear(cache / "clips"), Ear(cache / "alone")

    @cached_property
    def _voices(self) -> list[Voice]:
        return voices(self._own)

    @cache  # noqa: B019 - as long as the program
    def _speech(self, voice: Voice) -> Speech:
        return speech_of(voice, self._cache, self._ear)

    @cached_property
    def _music(self) -> np.ndarray:
        return np.concatenate([read(file) for file in music()])

    @cached_property
    def _diarizer(self) -> LocalDiarizer:
        return LocalDiarizer.load(current_settings())

    def talks(self) -> Iterator[Conversation]:
        """All conversations, in the order of the plans, and all meetings."""
        yield from map(self.talk, plans())
        yield from meetings(self._cache)

    def talk(self, plan: Plan) -> Conversation:
        """One conversation."""
        file = self.folder / "talks" / f"{plan.name}.npz"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            talk = converse(plan, self._voices, self._speech, self._music)
            truth = json.dumps(
                [[each.model_dump() for each in part] for part in (talk.turns, talk.words)]
            )
            np.savez(file, audio=talk.audio, truth=np.array(truth))
        kept = np.load(file)
        turns, words = json.loads(str(kept["truth"]))
        return Conversation(
            plan, kept["audio"], [Turn(**each) for each in turns], [Word(**each) for each in words]
        )

    def voices(self, talk: Conversation) -> tuple[np.ndarray, np.ndarray, Pieces | None]:
        """Activity, embeddings and pieces, as :func:`pipeline.diarization.diarize.listen` does."""
        file = self.folder / "voices" / f"{talk.plan.name}.npz"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            network = self._diarizer.segmentation
            windows = Batches(lambda batch: network(np.stack(batch)), WINDOWS_TOGETHER)
            submit, embed = windows.submit, self._diarizer.embed
            activity, embeddings, pieces = listen(talk.audio, submit, embed, self._diarizer.recipe)
            kept = (
                {f"piece_{name}": array for name, array in vars(pieces).items()} if pieces else {}
            )
            np.savez(file, activity=activity, embeddings=embeddings, **kept)
        kept = np.load(file)
        columns = {name.name: kept.get(f"piece_{name.name}") for name in fields(Pieces)}
        pieces = Pieces(**columns) if columns["begin"] is not None else None
        return kept["activity"], kept["embeddings"], pieces

    def words(self, talk: Conversation) -> Transcript:
        """What Whisper hears in it, its language given, as sentences of timed words.

        Nothing where nobody knows what is said.
        """
        if not talk.words:
            return Transcript(model="base", language_probability=1.0, duration=0.0)
        ear = Ear(self.folder / f"whisper-{_version()}", fills_gaps=True)
        return ear.hear(talk.plan.name, talk.audio, talk.plan.language)

    def for_pieces(self) -> EarForPieces:
        """Whisper for what it is asked about again."""
        return EarForPieces(self.folder / f"pieces-{_version()}")

    def alone(self, talk: Conversation) -> list[Word]:
        """What Whisper hears in each clip alone, before they are mixed, with speakers."""
        named = {voice.name: voice for voice in self._voices}
        found = []
        for turn in talk.turns if talk.words else []:
            words = [word for word in talk.words if word.speaker == turn.speaker]
            clip = clip_of(turn, words, self._speech(named[turn.speaker]))
            name = hashlib.sha256(clip.audio.tobytes()).hexdigest()[:16]
            segments = self._ear_of_clips.hear(name, clip.audio, talk.plan.language).segments
            for word in (word for segment in segments for word in segment.words):
                times = {"start": turn.start + word.start, "end": turn.start + word.end}
                found.append(word.model_copy(update={**times, "speaker": turn.speaker}))
        return found

    def heard(self, longest: float) -> Iterator[Heard]:
        """All of it that is meant to take so many seconds at most."""
        for talk in self.talks():
            if talk.plan.seconds <= longest:
                yield Heard(talk, *self.voices(talk), self.words(talk), self.alone(talk))


def _version() -> str:
    """What words there are depends on the code that asks for them."""
    sources = sorted(Path(transcribe.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:12]
