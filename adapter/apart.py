"""People who were recorded apart: each track or channel is transcribed by itself."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from adapter.intake.decoders import Decoded
from adapter.intake.recording import Recording
from adapter.threads import in_thread
from documents import Transcript
from pipeline.attribution.tracks import Voice, levels, together
from pipeline.options import Options

AT_ONCE = 2  # voices of a recording that the graph works on: others' recordings have their turns

Ask = Callable[[Decoded, Options], Awaitable[Transcript]]  # the graph's WORDS


async def transcribe_apart(
    recordings: Mapping[str, Decoded], options: Options, ask: Ask
) -> Transcript:
    """One transcript of several voices, each of which is alone in its recording.

    Args:
        recordings: by who speaks in them.
        options: of which those about speakers mean nothing here.
        ask: the graph, for the words of one recording, which may be gone afterwards.

    Raises:
        PipelineError: of the kind that says what went wrong with one of them.
    """
    alone = options.model_copy(
        update={
            "diarize": False,
            "word_timestamps": True,
            "known_voices": (),
            "hear_gaps": False,  # of one's own microphone they are the others, faintly
        }
    )
    turn = asyncio.Semaphore(AT_ONCE)
    begun = time.monotonic()

    async def voice(name: str, heard: Decoded) -> Voice:
        async with turn:
            loudness = await in_thread(_levels, heard.recording)
            return Voice(name, await ask(heard, alone), loudness)

    tasks = [asyncio.ensure_future(voice(*each)) for each in recordings.items()]
    try:
        voices = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    transcript = await in_thread(together, voices)
    took = shares([voice.transcript.seconds for voice in voices], time.monotonic() - begun)
    transcript = transcript.model_copy(update={"seconds": took})
    if options.word_timestamps:
        return transcript
    bare = [segment.model_copy(update={"words": []}) for segment in transcript.segments]
    return transcript.model_copy(update={"segments": bare})


def shares(of_voices: Sequence[Mapping[str, float]], seconds: float) -> dict[str, float]:
    """The steps' parts of the seconds by the clock, in which they worked on several voices.

    Args:
        of_voices: the seconds of each step for each voice; some of them are the same seconds.
        seconds: by the clock, for all of them.
    """
    steps: Counter[str] = Counter()
    for each in of_voices:
        steps.update(each)
    whole = sum(steps.values())
    return {step: seconds * took / whole for step, took in steps.items()} if whole else {}


def _levels(recording: Recording) -> object:
    return levels(recording.pcm()[0])
