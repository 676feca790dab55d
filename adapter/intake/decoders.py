"""From an upload to its recordings, with a few decoders for all that one service works on."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable, Sequence

from adapter.errors import TooLarge, exhaustion_is_overload
from adapter.intake.decoding import FIRST_TRACK, Limits, decode
from adapter.intake.pcm import PcmUpload, copy_pcm
from adapter.intake.recording import Recording
from adapter.intake.tracks import FIRST_MIXED, find_sources
from adapter.intake.uploads import Upload
from adapter.telemetry.record import DECODE, WAIT, current
from adapter.threads import in_thread
from pipeline.attribution.tracks import is_same_signal
from pipeline.errors import Overloaded


@dataclasses.dataclass(frozen=True)
class Decoded:
    """A recording of a request, and what takes it away."""

    recording: Recording
    held: contextlib.AsyncExitStack  # of this recording alone: others may need it longer


class Decoders:
    """Those of one service; belong to its event loop."""

    def __init__(
        self, ffmpeg: str, limits: Limits, most: int, shares_memory: Callable[[], bool]
    ) -> None:
        """Args:
        ffmpeg: its path.
        limits: of each recording.
        most: how many work at once, for those who wait.
        shares_memory: whether the graph can read recordings there.
        """
        self._ffmpeg = ffmpeg
        self.limits = limits
        self._turns = asyncio.Semaphore(most)
        # One more, for recordings of hours that would keep those who wait from the others.
        self._background_turns = asyncio.Semaphore(1)
        self._shares_memory = shares_memory

    async def voices(
        self, upload: Upload, kept: contextlib.AsyncExitStack, background: bool = False
    ) -> dict[str, Decoded]:
        """The recordings of an upload by who speaks in them; one, unless they are to be apart.

        Args:
            kept: takes away what nobody else takes on.
            background: whether nobody waits for it.
        """
        turns = self._background_turns if background else self._turns
        if upload.choice == FIRST_MIXED or isinstance(upload, PcmUpload):
            return {"": await self._voice(upload, kept, FIRST_TRACK, turns)}
        async with turns:
            sources = await find_sources(
                self._ffmpeg, upload.fd, self.limits, upload.choice, upload.part
            )
        voices: list[Decoded] = []
        for source in sources:
            voices.append(await self._voice(upload, kept, source.arguments, turns))
            if sum(each.recording.duration for each in voices) > self.limits.duration:
                raise TooLarge(
                    f"{upload.part}: file too large: its {len(sources)} tracks and channels last "
                    f"longer than {self.limits.duration:g} seconds together; give tracks=mix or "
                    "channels=mix"
                )
        names = _names_of([source.name for source in sources])
        different = await in_thread(_distinct, [each.recording for each in voices])
        return {names[each]: voices[each] for each in different}

    async def _voice(
        self,
        upload: Upload,
        kept: contextlib.AsyncExitStack,
        chosen: Sequence[str],
        turns: asyncio.Semaphore,
    ) -> Decoded:
        held = await kept.enter_async_context(contextlib.AsyncExitStack())
        return Decoded(await self._decode(upload, held, self.limits, chosen, turns), held)

    async def decode(
        self,
        upload: Upload,
        kept: contextlib.AsyncExitStack,
        limits: Limits | None = None,
    ) -> Recording:
        """The first track of an upload, once it is its turn.

        Args:
            kept: takes it away.
            limits: other ones than the service's.

        Raises:
            PipelineError: of the kind that says what is wrong with it, or that there is no room.
        """
        return await self._decode(upload, kept, limits or self.limits, FIRST_TRACK, self._turns)

    async def _decode(
        self,
        upload: Upload,
        kept: contextlib.AsyncExitStack,
        limits: Limits,
        chosen: Sequence[str],
        turns: asyncio.Semaphore,
    ) -> Recording:
        async with contextlib.AsyncExitStack() as turn:
            with current().stage(WAIT):
                await turn.enter_async_context(turns)
            with current().stage(DECODE):
                if self._shares_memory():
                    # Containers often have a /dev/shm of 64 MB.
                    with contextlib.suppress(Overloaded):
                        return await self._decode_to(upload, kept, limits, chosen, shared=True)
                return await self._decode_to(upload, kept, limits, chosen, shared=False)

    async def _decode_to(
        self,
        upload: Upload,
        kept: contextlib.AsyncExitStack,
        limits: Limits,
        chosen: Sequence[str],
        shared: bool,
    ) -> Recording:
        with exhaustion_is_overload("the decoded audio"):
            recording = Recording(shared)
            try:
                if isinstance(upload, PcmUpload):
                    await copy_pcm(upload.fd, recording, limits, upload.part)
                else:
                    await decode(self._ffmpeg, upload.fd, recording, limits, upload.part, chosen)
                recording.settle()
            except BaseException:
                await in_thread(recording.close)
                raise
        # Not returned without an owner: who waits for it may have given up meanwhile.
        kept.push_async_callback(in_thread, recording.close)
        return recording


def _names_of(titles: Sequence[str]) -> list[str]:
    """What each voice is called: as its track is, or by its number."""
    return [
        title if title and titles.count(title) == 1 else f"SPEAKER_{number:02d}"
        for number, title in enumerate(titles)
    ]


def _distinct(recordings: Sequence[Recording]) -> list[int]:
    """Which of them are not the same signal as one before, as both channels often are."""
    kept: list[int] = []
    for number, recording in enumerate(recordings):
        before = (recordings[other] for other in kept)
        if not any(is_same_signal(other.pcm()[0], recording.pcm()[0]) for other in before):
            kept.append(number)
    return kept
