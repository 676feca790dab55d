"""From clips of known speakers to voices that the graph compares with those of a recording."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import IO

from adapter.errors import TooLarge
from adapter.intake.recording import Recording
from adapter.intake.references import LONGEST, SHORTEST, Reference
from adapter.intake.uploads import Upload
from adapter.threads import in_thread
from documents import Turns
from pipeline.errors import InvalidRequest
from pipeline.options import KnownVoice, Options

# Who speaks where diarization heard no voice; clients send clips of nobody, too.
NOBODY = "unknown"
# Whatever is heard in a clip is one voice.
ONE_VOICE = Options(num_speakers=1, return_speaker_embeddings=True)

Decode = Callable[[Upload, contextlib.AsyncExitStack], Awaitable[Recording]]
Hear = Callable[[Recording, Options], Awaitable[Turns]]  # the graph's TURNS

logger = logging.getLogger(__name__)


async def known_voices(
    references: Sequence[Reference], decode: Decode, hear: Hear
) -> tuple[KnownVoice, ...]:
    """The voice of each clip; without an embedding where nobody is heard in it.

    Raises:
        InvalidRequest: naming the clip that cannot be used.
        PipelineError: of the kind that says what went wrong in the graph.
    """
    tasks = [asyncio.ensure_future(_voice(each, decode, hear)) for each in references]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _voice(reference: Reference, decode: Decode, hear: Hear) -> KnownVoice:
    if reference.name == NOBODY:
        return KnownVoice(name=NOBODY)
    async with contextlib.AsyncExitStack() as kept:
        file: IO[bytes] = await in_thread(reference.open)
        kept.callback(file.close)
        clip = Upload(file.fileno(), "", {}, reference.clip.part)
        try:
            recording = await decode(clip, kept)
        except TooLarge:
            raise reference.refusal(f"is longer than {LONGEST:g} seconds") from None
        except InvalidRequest:
            raise reference.refusal("could not be decoded") from None
        if recording.duration < SHORTEST:
            raise reference.refusal(f"is shorter than {SHORTEST:g} seconds")
        voices = (await hear(recording, ONE_VOICE)).speaker_embeddings
    if not voices:
        # Not refused: Speakr cuts its clips by itself, and would lose the recording over one.
        logger.warning("%s: nobody is heard in a clip; it is left aside", reference.clip.part)
    return KnownVoice(name=reference.name, embedding=next(iter(voices.values()), ()))
