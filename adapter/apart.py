"""People who were recorded apart: each track or channel is transcribed by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from adapter.intake.recording import Recording
from adapter.threads import in_thread
from documents import Transcript
from pipeline.attribution.tracks import Voice, is_same_signal, levels, together
from pipeline.options import Options

AT_ONCE = 2  # voices of a recording that the graph works on: others' recordings have their turns

Ask = Callable[[Recording, Options], Awaitable[Transcript]]  # the graph's WORDS


def names_of(titles: Sequence[str]) -> list[str]:
    """What each voice is called: as its track is, or by its number."""
    return [
        title if title and titles.count(title) == 1 else f"SPEAKER_{number:02d}"
        for number, title in enumerate(titles)
    ]


def distinct(recordings: Sequence[Recording]) -> list[int]:
    """Which of them are not the same signal as one before, as both channels often are."""
    kept: list[int] = []
    for number, recording in enumerate(recordings):
        before = (recordings[other] for other in kept)
        if not any(is_same_signal(other.pcm()[0], recording.pcm()[0]) for other in before):
            kept.append(number)
    return kept


async def transcribe_apart(
    recordings: Mapping[str, Recording], options: Options, ask: Ask
) -> Transcript:
    """One transcript of several voices, each of which is alone in its recording.

    Args:
        recordings: by who speaks in them.
        options: of which those about speakers mean nothing here.
        ask: the graph, for the words of one recording.

    Raises:
        PipelineError: of the kind that says what went wrong with one of them.
    """
    alone = options.model_copy(
        update={"diarize": False, "word_timestamps": True, "known_voices": ()}
    )
    turn = asyncio.Semaphore(AT_ONCE)

    async def voice(name: str, recording: Recording) -> Voice:
        async with turn:
            transcript = await ask(recording, alone)
        return Voice(name, transcript, await in_thread(_levels, recording))

    tasks = [asyncio.ensure_future(voice(*each)) for each in recordings.items()]
    try:
        voices = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    transcript = await in_thread(together, voices)
    if options.word_timestamps:
        return transcript
    bare = [segment.model_copy(update={"words": []}) for segment in transcript.segments]
    return transcript.model_copy(update={"segments": bare})


def _levels(recording: Recording) -> object:
    return levels(recording.pcm()[0])
